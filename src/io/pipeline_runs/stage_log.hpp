// The log of one stage: what a command writes, cut into lines, masked, appended. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pipeline/mask.hpp"

namespace upcall::pipeline {

class StageLog {
 public:
  static constexpr std::size_t kLineMax = 16 << 10;        // longer lines are cut into several
  static constexpr std::uint64_t kLogMax = 64 << 20;       // what comes then is left out, and the log says so

  StageLog(const std::string& file, const Mask& mask);
  ~StageLog();
  StageLog(const StageLog&) = delete;
  StageLog& operator=(const StageLog&) = delete;

  // Any bytes; lines that are not whole yet wait. Errors: unavailable (no room), told once: what was not written
  // then, and all that follows, is lost.
  Result<void> write(std::string_view bytes);
  Result<void> line(std::string_view text) { return write(std::string(text) + "\n"); }
  // The last line, although it has no end.
  Result<void> flush();

 private:
  Result<void> put(std::string_view text);
  const Mask& mask_;
  int fd_;
  std::uint64_t written_ = 0;
  bool full_ = false, failed_ = false;
  std::string partial_;
};

}  // namespace upcall::pipeline
