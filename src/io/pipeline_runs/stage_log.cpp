#include "io/pipeline_runs/stage_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace upcall::pipeline {

StageLog::StageLog(const std::string& file, const Mask& mask) : mask_(mask), fd_(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
StageLog::~StageLog() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> StageLog::put(std::string_view text) {
  if (full_ || failed_) return {};
  std::string out = mask_.line(text) + "\n";
  if (written_ + out.size() > kLogMax) {
    full_ = true;
    out = "[the log has reached its limit of 64 MiB; what follows is left out]\n";
  }
  for (std::string_view rest = out; !rest.empty();) {
    const ssize_t n = fd_ < 0 ? -1 : ::write(fd_, rest.data(), rest.size());
    if (n < 0 && fd_ >= 0 && errno == EINTR) continue;
    if (n <= 0) {
      failed_ = true;
      return fail(ErrorCode::unavailable, std::string("The log cannot be written: ") + std::strerror(fd_ < 0 ? EBADF : errno));
    }
    rest.remove_prefix(static_cast<std::size_t>(n));
    written_ += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<void> StageLog::write(std::string_view bytes) {
  partial_ += bytes;
  for (;;) {
    const std::size_t end = partial_.find('\n');
    const bool cut = end == std::string::npos && partial_.size() >= 2 * kLineMax;
    if (end == std::string::npos && !cut) return {};
    if (cut) {
      // Masked before it is cut, so that no secret lies across the cut; one at the end, not yet whole, stays for the next time.
      partial_ = mask_.line(partial_);
      if (partial_.size() < 2 * kLineMax) return {};
    }
    const std::size_t size = cut ? kLineMax : end;
    std::string line = partial_.substr(0, size);
    partial_.erase(0, cut ? size : size + 1);
    if (line.ends_with('\r')) line.pop_back();
    if (auto done = put(line); !done) return done;
  }
}

Result<void> StageLog::flush() {
  if (partial_.empty()) return {};
  const std::string line = std::move(partial_);
  partial_.clear();
  return put(line);
}

}  // namespace upcall::pipeline
