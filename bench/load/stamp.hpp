// What a generated packet carries at the end of its payload: who sent it, which one it is, when. Times are nanoseconds
// of CLOCK_REALTIME, the clock in which the kernel says when a datagram was put into a socket's queue. One machine.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace upcall::bench {

struct Stamp {
  static constexpr std::size_t kBytes = 24;
  static constexpr std::uint32_t kMagic = 0x7570c411;
  std::uint32_t magic = kMagic;
  std::uint32_t sender = 0;
  std::uint32_t index = 0;     // of its kind, in this window
  std::uint16_t window = 0;    // packets of other windows are not counted
  std::uint16_t video = 0;
  std::int64_t sent_ns = 0;

  void write_tail(MutBytes payload) const { std::memcpy(payload.last(kBytes).data(), this, kBytes); }
  static std::optional<Stamp> read_tail(Bytes payload) {
    if (payload.size() < kBytes) return std::nullopt;
    Stamp out;
    std::memcpy(&out, payload.last(kBytes).data(), kBytes);
    return out.magic == kMagic ? std::optional(out) : std::nullopt;
  }
};
static_assert(sizeof(Stamp) == Stamp::kBytes);

// Delays in microseconds, kept to 3 %; constant memory.
class DelayHistogram {
 public:
  void add(std::int64_t ns) {
    const auto us = static_cast<std::uint64_t>(std::max<std::int64_t>(0, ns) / 1000);
    ++counts_[slot(us)];
    ++total_;
    most_us_ = std::max(most_us_, us);
  }
  void add(const DelayHistogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    total_ += other.total_;
    most_us_ = std::max(most_us_, other.most_us_);
  }
  std::uint64_t total() const { return total_; }
  double most_ms() const { return static_cast<double>(most_us_) / 1000; }
  // The delay that the share `p` of all did not exceed, in ms; 0 of none.
  double at(double p) const {
    if (total_ == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(p * static_cast<double>(total_ - 1));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > rank) return static_cast<double>(std::min(upper_us(i), most_us_)) / 1000;
    }
    return most_ms();
  }

 private:
  // 32 steps each doubling.
  static std::size_t slot(std::uint64_t us) {
    if (us < 32) return us;
    const auto log = static_cast<std::size_t>(std::bit_width(us)) - 6;  // us >> log is 32..63
    return std::min<std::size_t>(kSlots - 1, 32 * log + (us >> log));
  }
  static std::uint64_t upper_us(std::size_t i) {
    if (i < 64) return i;
    const std::size_t log = i / 32 - 1;
    return ((i - 32 * log + 1) << log) - 1;
  }
  static constexpr std::size_t kSlots = 32 * 30;
  std::array<std::uint64_t, kSlots> counts_{};
  std::uint64_t total_ = 0, most_us_ = 0;
};

// Which of a sender's packets have come.
class Arrived {
 public:
  // False: had come before.
  bool insert(std::uint32_t index) {
    const std::size_t word = index / 64;
    if (word >= words_.size()) words_.resize(std::max<std::size_t>(word + 1, words_.size() * 2));
    const std::uint64_t bit = std::uint64_t(1) << (index % 64);
    if (words_[word] & bit) return false;
    words_[word] |= bit;
    ++count_;
    return true;
  }
  std::uint64_t count() const { return count_; }
  void clear() {
    words_.clear();
    count_ = 0;
  }

 private:
  std::vector<std::uint64_t> words_;
  std::uint64_t count_ = 0;
};

}  // namespace upcall::bench
