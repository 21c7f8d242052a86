// How much arrives at a receiver, by its own clock: bytes of the last half second in steps of 25 ms. No allocation.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace upcall::rtc::bwe {

class AcknowledgedRate {
 public:
  void on_packet(std::int64_t arrival_us, std::size_t bytes) {
    const std::int64_t step = arrival_us / kStepUs;
    if (first_ < 0) first_ = newest_ = step;
    if (step > newest_) {
      if (step - newest_ >= kLongSilence) first_ = step;   // nothing to average over
      for (std::int64_t s = std::max(newest_ + 1, step - kSteps + 1); s <= step; ++s) bytes_[index(s)] = 0;
      newest_ = step;
    }
    if (newest_ - step < kSteps) bytes_[index(step)] += bytes;
  }
  // Of the last half second; nothing before 150 ms are known.
  std::optional<std::uint64_t> bps() const { return over(kSteps); }
  // Of the last 200 ms: after a link's capacity fell the longer window still holds what came before.
  std::optional<std::uint64_t> recent_bps() const { return over(kRecent); }

 private:
  static constexpr std::int64_t kStepUs = 25'000, kSteps = 20, kRecent = 8, kLeast = 6, kLongSilence = 80;
  static std::size_t index(std::int64_t step) { return static_cast<std::size_t>(step % kSteps); }
  // The newest step is not over yet and is left out.
  std::optional<std::uint64_t> over(std::int64_t steps) const {
    if (first_ < 0) return std::nullopt;
    const std::int64_t known = std::min({newest_ - first_, steps, kSteps - 1});
    if (known < kLeast) return std::nullopt;
    std::uint64_t sum = 0;
    for (std::int64_t s = newest_ - known; s < newest_; ++s) sum += bytes_[index(s)];
    return sum * 8 * 1'000'000 / static_cast<std::uint64_t>(known * kStepUs);
  }
  std::array<std::uint64_t, kSteps> bytes_{};
  std::int64_t first_ = -1, newest_ = -1;
};

}  // namespace upcall::rtc::bwe
