// Which of the last sequence numbers were received: an original and its retransmission are one packet.
#pragma once

#include <array>
#include <cstdint>

namespace upcall::sfu {

class SeenWindow {
 public:
  // True when `sequence` (unwrapped) is new; false for a repeat or something older than the window.
  bool insert(std::int64_t sequence) {
    if (highest_ < 0) {
      highest_ = sequence;
    } else if (sequence > highest_) {
      if (sequence - highest_ >= kSize) {
        bits_.fill(0);
      } else {
        for (std::int64_t s = highest_ + 1; s < sequence; ++s) clear(s);
      }
      highest_ = sequence;
    } else if (highest_ - sequence >= kSize) {
      return false;
    } else if (test(sequence)) {
      return false;
    }
    set(sequence);
    return true;
  }

 private:
  static constexpr std::int64_t kSize = 1024;
  static std::size_t word(std::int64_t s) { return static_cast<std::size_t>(s % kSize / 64); }
  static std::uint64_t bit(std::int64_t s) { return std::uint64_t(1) << (s % 64); }
  bool test(std::int64_t s) const { return (bits_[word(s)] & bit(s)) != 0; }
  void set(std::int64_t s) { bits_[word(s)] |= bit(s); }
  void clear(std::int64_t s) { bits_[word(s)] &= ~bit(s); }
  std::array<std::uint64_t, kSize / 64> bits_{};
  std::int64_t highest_ = -1;
};

}  // namespace upcall::sfu
