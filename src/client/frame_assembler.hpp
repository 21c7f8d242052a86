// Puts the packets of one received stream back into whole frames, in order. Bounded: when a gap is not filled in
// time it asks for a key frame and goes on there. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::client {

struct AssembledFrame {
  std::uint32_t timestamp = 0;
  bool key_frame = false;
  std::optional<std::uint8_t> rotation;
  Instant arrival;       // of the last packet
  ByteVector data;
};

class FrameAssembler {
 public:
  FrameAssembler() = default;
  explicit FrameAssembler(rtc::VideoCodec codec) : codec_(codec) {}
  // `sequence` unwrapped. Appends complete frames to `out`.
  void push(std::int64_t sequence, std::uint32_t timestamp, bool marker, std::optional<std::uint8_t> rotation, Bytes payload,
            Instant now, std::vector<AssembledFrame>& out);
  // True once when frames cannot go on without a key frame.
  bool take_key_frame_wanted();

 private:
  struct Packet {
    std::int64_t sequence = -1;
    std::uint32_t timestamp = 0;
    bool marker = false, begins = false, key = false;
    std::optional<std::uint8_t> rotation;
    ByteVector payload;  // with descriptor
  };
  static constexpr std::size_t kSlots = 1024;
  static constexpr Duration kGapLimit = Duration::ms(600);
  Packet& slot(std::int64_t sequence) { return slots_[static_cast<std::size_t>(sequence) % kSlots]; }

  rtc::VideoCodec codec_ = rtc::VideoCodec::vp8;
  std::vector<Packet> slots_ = std::vector<Packet>(kSlots);
  std::int64_t next_ = -1;           // first sequence of the next frame; -1: waiting for a key frame
  std::int64_t highest_ = -1;
  Instant blocked_since_ = Instant::never();
  bool key_wanted_ = false;
};

}  // namespace upcall::client
