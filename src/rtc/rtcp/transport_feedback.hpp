// Transport-wide congestion feedback, receiver side (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1): arrival
// times of transport-wide sequence numbers go in, RTPFB packets come out.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"
#include "base/seq.hpp"
#include "base/time.hpp"

namespace upcall::rtc {

// One connection's recorder. Bounded memory, no allocation. One thread.
class TransportFeedbackRecorder {
 public:
  void on_packet(std::uint16_t transport_sequence, Instant arrival);
  // Writes one feedback packet about everything since the last one; false when there is nothing (or no room).
  bool write(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc);
  bool pending() const { return count_ > 0; }

 private:
  static constexpr std::size_t kWindow = 1024;
  static constexpr std::int64_t kNone = -1;
  Unwrapper<std::uint16_t> unwrapper_;
  std::array<std::int64_t, kWindow> arrival_us_ = make_empty();  // by sequence modulo window
  std::int64_t next_base_ = kNone;   // first sequence of the next feedback
  std::int64_t highest_ = kNone;
  std::size_t count_ = 0;
  std::uint8_t feedback_count_ = 0;

  static constexpr std::array<std::int64_t, kWindow> make_empty() {
    std::array<std::int64_t, kWindow> a{};
    a.fill(kNone);
    return a;
  }
};

// One status of a feedback packet, for readers (tests, headless attendee).
struct TransportArrival {
  std::uint16_t sequence = 0;
  bool received = false;
  std::int64_t arrival_us = 0;  // relative to the reference clock of the receiver
};

// Decodes the FCI; at most `out.size()` statuses. Returns how many, or why not.
ParseResult<std::size_t> decode_transport_feedback(Bytes fci, std::span<TransportArrival> out);

}  // namespace upcall::rtc
