// NTP time (RFC 3550 §4) on the server's steady clock, and the mapping of a sender's NTP clock onto it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/time.hpp"

namespace upcall::sfu {

// 32.32 fixed point seconds since 1900 for instants of one process.
class NtpClock {
 public:
  explicit NtpClock(Now base) : base_(base) {}
  std::uint64_t at(Instant now) const {
    constexpr std::int64_t k1900To1970 = 2'208'988'800;
    const std::int64_t us = base_.wall.unix_ms() * 1000 + (now - base_.mono).us();
    const std::int64_t seconds = us / 1'000'000 + k1900To1970;
    const std::int64_t fraction = us % 1'000'000;
    return static_cast<std::uint64_t>(seconds) << 32 | static_cast<std::uint64_t>((fraction << 32) / 1'000'000);
  }

 private:
  Now base_;
};

// Maps a sender's NTP times to ours: the smallest (arrival - sent) of the last reports is the path with the least
// queueing, and all streams of that sender keep their relation.
class SenderClock {
 public:
  void on_report(std::uint64_t sender_ntp, std::uint64_t arrival_ntp) {
    offsets_[count_++ % kWindow] = static_cast<std::int64_t>(arrival_ntp - sender_ntp);
    best_ = *std::min_element(offsets_.begin(), offsets_.begin() + static_cast<std::ptrdiff_t>(std::min(count_, kWindow)));
  }
  std::uint64_t to_ours(std::uint64_t sender_ntp) const { return sender_ntp + static_cast<std::uint64_t>(best_); }
  bool known() const { return count_ > 0; }

 private:
  static constexpr std::size_t kWindow = 16;
  std::array<std::int64_t, kWindow> offsets_{};
  std::size_t count_ = 0;
  std::int64_t best_ = 0;
};

}  // namespace upcall::sfu
