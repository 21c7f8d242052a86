// The last packets of one publication, kept once for all receivers' retransmissions: a byte ring with an index by
// unwrapped sequence number. The ring doubles while it holds less than 0.6 s of the stream, up to a limit: what is asked for
// later comes too late for a call, and a small camera takes an eighth of the memory of a large one. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"

namespace upcall::sfu {

class PacketHistory {
 public:
  static constexpr std::size_t kSlots = 512;
  static constexpr std::size_t kLeastBytes = 28 * 1024;
  static constexpr std::size_t kMostBytes = 8 * kLeastBytes;  // about a second at 1.7 Mbit/s
  static constexpr std::uint32_t kKept = 54'000;              // RTP clock of video: 0.6 s

  struct Stored {
    std::uint32_t timestamp = 0;
    bool marker = false;
    std::optional<std::uint8_t> rotation;
    Bytes payload;  // valid until the next put()
  };

  void put(std::int64_t sequence, std::uint32_t timestamp, bool marker, std::optional<std::uint8_t> rotation,
           Bytes payload) {
    if (payload.size() > kLeastBytes / 8) return;
    if (!memory_) memory_ = std::make_unique<std::uint8_t[]>(bytes_);
    std::size_t at = static_cast<std::size_t>(head_ % bytes_);
    if (at + payload.size() > bytes_) {
      // The ring has gone round: is the oldest, at its beginning, younger than what is to be kept?
      if (timestamp - round_timestamp_ < kKept && bytes_ < kMostBytes) {
        grow();
        at = static_cast<std::size_t>(head_ % bytes_);
      }
      if (at + payload.size() > bytes_) {  // records are contiguous: skip the crumb at the end
        head_ += bytes_ - at;
        at = 0;
      }
    }
    if (at == 0) round_timestamp_ = timestamp;
    std::copy(payload.begin(), payload.end(), memory_.get() + at);
    slots_[static_cast<std::size_t>(sequence) % kSlots] =
        Slot{sequence, head_, timestamp, static_cast<std::uint16_t>(payload.size()), marker, rotation};
    head_ += payload.size();
  }

  std::optional<Stored> find(std::int64_t sequence) const {
    const Slot& slot = slots_[static_cast<std::size_t>(sequence) % kSlots];
    if (slot.sequence != sequence || !memory_ || head_ - slot.at > bytes_) return std::nullopt;
    return Stored{slot.timestamp, slot.marker, slot.rotation,
                  Bytes(memory_.get() + slot.at % bytes_, slot.size)};
  }

  void clear() {
    for (Slot& slot : slots_) slot.sequence = -1;
  }

  std::size_t capacity() const { return bytes_; }

 private:
  // To twice the size; records keep their running positions, so they stay contiguous.
  void grow() {
    auto larger = std::make_unique<std::uint8_t[]>(2 * bytes_);
    for (std::uint64_t at = head_ > bytes_ ? head_ - bytes_ : 0; at < head_;) {
      const std::size_t from = static_cast<std::size_t>(at % bytes_);
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(head_ - at, bytes_ - from));
      std::copy_n(memory_.get() + from, size, larger.get() + at % (2 * bytes_));
      at += size;
    }
    for (Slot& slot : slots_) {
      if (head_ - slot.at > bytes_) slot.sequence = -1;   // was overwritten; the larger ring does not have it either
    }
    memory_ = std::move(larger);
    bytes_ *= 2;
  }
  struct Slot {
    std::int64_t sequence = -1;
    std::uint64_t at = 0;  // running byte position
    std::uint32_t timestamp = 0;
    std::uint16_t size = 0;
    bool marker = false;
    std::optional<std::uint8_t> rotation;
  };
  std::array<Slot, kSlots> slots_{};
  std::unique_ptr<std::uint8_t[]> memory_;
  std::size_t bytes_ = kLeastBytes;
  std::uint64_t head_ = 0;
  std::uint32_t round_timestamp_ = 0;   // of what lies at the beginning of the ring
};

}  // namespace upcall::sfu
