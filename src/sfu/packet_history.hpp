// The last packets of one publication, kept once for all receivers' retransmissions: a byte ring with an index by
// unwrapped sequence number. Fixed memory, allocated when the first packet comes. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"

namespace upcall::sfu {

class PacketHistory {
 public:
  static constexpr std::size_t kSlots = 512;
  static constexpr std::size_t kBytes = 224 * 1024;  // about a second at 1.7 Mbit/s

  struct Stored {
    std::uint32_t timestamp = 0;
    bool marker = false;
    std::optional<std::uint8_t> rotation;
    Bytes payload;  // valid until the next put()
  };

  void put(std::int64_t sequence, std::uint32_t timestamp, bool marker, std::optional<std::uint8_t> rotation,
           Bytes payload) {
    if (payload.size() > kBytes / 8) return;
    if (!memory_) memory_ = std::make_unique<std::uint8_t[]>(kBytes);
    std::size_t at = static_cast<std::size_t>(head_ % kBytes);
    if (at + payload.size() > kBytes) {  // records are contiguous: skip the crumb at the end
      head_ += kBytes - at;
      at = 0;
    }
    std::copy(payload.begin(), payload.end(), memory_.get() + at);
    slots_[static_cast<std::size_t>(sequence) % kSlots] =
        Slot{sequence, head_, timestamp, static_cast<std::uint16_t>(payload.size()), marker, rotation};
    head_ += payload.size();
  }

  std::optional<Stored> find(std::int64_t sequence) const {
    const Slot& slot = slots_[static_cast<std::size_t>(sequence) % kSlots];
    if (slot.sequence != sequence || !memory_ || head_ - slot.at > kBytes) return std::nullopt;
    return Stored{slot.timestamp, slot.marker, slot.rotation,
                  Bytes(memory_.get() + slot.at % kBytes, slot.size)};
  }

  void clear() {
    for (Slot& slot : slots_) slot.sequence = -1;
  }

 private:
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
  std::uint64_t head_ = 0;
};

}  // namespace upcall::sfu
