// What a stream comes to: bytes of the last second, in steps of 125 ms. No allocation; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace upcall::sfu {

class RateMeter {
 public:
  void add(Instant now, std::size_t bytes) {
    move_to(now);
    bytes_[index(newest_)] += bytes;
  }
  // The step that is not over yet is left out; before a second has passed, of what there was.
  std::uint64_t bps(Instant now) {
    move_to(now);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < kSteps; ++i) sum += i == index(newest_) ? 0 : bytes_[i];
    const std::int64_t known = std::clamp<std::int64_t>(newest_ - first_, 1, static_cast<std::int64_t>(kSteps) - 1);
    return sum * 8 * 1'000'000 / static_cast<std::uint64_t>(known * kStepUs);
  }

 private:
  static constexpr std::int64_t kStepUs = 125'000;
  static constexpr std::size_t kSteps = 9;
  static std::size_t index(std::int64_t step) { return static_cast<std::size_t>(step) % kSteps; }
  void move_to(Instant now) {
    const std::int64_t step = now.us() / kStepUs;
    if (step <= newest_) return;
    if (step - newest_ > static_cast<std::int64_t>(kSteps)) {
      bytes_.fill(0);
      first_ = step;
    } else {
      for (std::int64_t s = newest_ + 1; s <= step; ++s) bytes_[index(s)] = 0;
    }
    newest_ = step;
  }
  std::array<std::uint64_t, kSteps> bytes_{};
  std::int64_t first_ = 0, newest_ = -1;
};

}  // namespace upcall::sfu
