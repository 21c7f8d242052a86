// How far a journal has come, by the heads of its blocks alone: for a composer that trails behind by the time in which
// something may still be forgotten. What it says is not authenticated: it decides when something is read, not what. One
// thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.hpp"

namespace upcall::journal {

class JournalHorizon {
 public:
  explicit JournalHorizon(std::string directory);
  ~JournalHorizon();
  JournalHorizon(const JournalHorizon&) = delete;
  JournalHorizon& operator=(const JournalHorizon&) = delete;

  // Looks at what has been written since.
  void look();
  // Everything before this moment is sealed; it never falls.
  std::uint64_t until_us() const { return until_us_; }
  // The journal has ended: nothing of it will be forgotten any more.
  bool complete() const { return complete_; }

 private:
  void walk();

  std::string directory_;
  std::int64_t segment_ = -1;
  int fd_ = -1;
  std::uint64_t offset_ = 0;
  std::uint16_t version_ = 0;      // 0: the header is not read
  std::uint64_t until_us_ = 0;
  bool complete_ = false;
};

}  // namespace upcall::journal
