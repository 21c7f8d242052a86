// What was sent under which transport-wide sequence number, so that a receiver's feedback can be held against it. The
// last 2048 packets: a second at 20 Mbit/s. Bounded, no allocation; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.hpp"

namespace upcall::rtc::bwe {

class SentHistory {
 public:
  static constexpr std::size_t kSlots = 2048;

  enum class State : std::uint8_t { empty, unknown, lost, arrived };
  struct Sent {
    Instant at;
    std::uint32_t number = 0;     // low bits of the unwrapped sequence
    std::uint16_t bytes = 0;
    std::uint8_t cluster = 0;     // of a probe; 0: none
    State state = State::empty;
  };

  explicit SentHistory(std::uint16_t first_sequence) : next_(std::int64_t(first_sequence) + 65536) {}

  // The number of the packet that is to be sent next.
  std::uint16_t next_sequence() const { return static_cast<std::uint16_t>(next_); }
  void put(Instant now, std::size_t bytes, std::uint8_t cluster) {
    slots_[index(next_)] = {now, static_cast<std::uint32_t>(next_), static_cast<std::uint16_t>(bytes), cluster, State::unknown};
    ++next_;
  }
  // The last packet that carried this number; null when it was never sent or is forgotten.
  Sent* find(std::uint16_t sequence) {
    const std::int64_t number = next_ - 1 - static_cast<std::uint16_t>(static_cast<std::uint16_t>(next_ - 1) - sequence);
    Sent& slot = slots_[index(number)];
    return slot.state != State::empty && slot.number == static_cast<std::uint32_t>(number) ? &slot : nullptr;
  }

 private:
  static std::size_t index(std::int64_t number) { return static_cast<std::size_t>(number) % kSlots; }
  std::int64_t next_;
  std::array<Sent, kSlots> slots_{};
};

}  // namespace upcall::rtc::bwe
