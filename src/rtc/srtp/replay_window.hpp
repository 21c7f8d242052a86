// Which of the last N packet indices were used (RFC 3711 §3.3.2). The receiver refuses repeats with it; the sender
// refuses to use an index twice, which with AES-GCM would give the key away.
#pragma once

#include <array>
#include <cstdint>

namespace upcall::srtp {

enum class Freshness : std::uint8_t { fresh, repeated, too_old };

template <std::size_t N>
class ReplayWindow {
  static_assert(N % 64 == 0 && (N & (N - 1)) == 0);

 public:
  bool started() const { return started_; }
  // The highest index that was set.
  std::uint64_t highest() const { return highest_; }

  Freshness check(std::uint64_t index) const {
    if (!started_ || index > highest_) return Freshness::fresh;
    if (highest_ - index >= N) return Freshness::too_old;
    return (word(index) & bit(index)) != 0 ? Freshness::repeated : Freshness::fresh;
  }

  // Goes on behind `highest`: everything up to it counts as seen.
  void resume(std::uint64_t highest) {
    started_ = true;
    highest_ = highest;
    bits_.fill(~std::uint64_t(0));
  }

  // `index` was checked fresh and its packet is authentic.
  void set(std::uint64_t index) {
    if (!started_) {
      started_ = true;
      highest_ = index;
    } else if (index > highest_) {
      if (index - highest_ >= N) {
        bits_.fill(0);
      } else {
        for (std::uint64_t i = highest_ + 1; i <= index; ++i) bits_[i / 64 % kWords] &= ~bit(i);
      }
      highest_ = index;
    }
    bits_[index / 64 % kWords] |= bit(index);
  }

 private:
  static constexpr std::size_t kWords = N / 64;
  static constexpr std::uint64_t bit(std::uint64_t index) { return std::uint64_t(1) << (index % 64); }
  std::uint64_t word(std::uint64_t index) const { return bits_[index / 64 % kWords]; }

  std::array<std::uint64_t, kWords> bits_{};
  std::uint64_t highest_ = 0;
  bool started_ = false;
};

}  // namespace upcall::srtp
