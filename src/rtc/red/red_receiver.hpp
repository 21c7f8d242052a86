// Takes a stream of redundant audio apart: which frames of a packet are still missing, with the sequence numbers they were
// lost under. Plain state, no allocation; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "rtc/red/red.hpp"

namespace upcall::rtc {

struct RedFrame {
  std::int64_t sequence = 0;
  std::uint32_t timestamp = 0;
  Bytes payload;            // of the packet that was parsed
};

class RedReceiver {
 public:
  static constexpr std::int64_t kBackMax = 32;   // packets; what is repeated from further behind is not taken

  // Frames of `payload_type` in the packet, the oldest first and its own last. Who calls leaves out those it has already.
  // RFC 2198 numbers blocks by time alone: the frame's length, which turns a time into a sequence number, is learned from
  // packets that followed each other (a few of the same length: streams may jump in time), and is 20 ms before that.
  std::span<const RedFrame> split(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type, const RedPayload& packet);

 private:
  std::array<RedFrame, RedPayload::kRedundantMax + 1> frames_;
  std::int64_t last_sequence_ = -1;
  std::uint32_t last_timestamp_ = 0;
  std::uint32_t samples_ = 960, step_ = 0;
  int steps_ = 0;             // of the same length in a row
};

}  // namespace upcall::rtc
