// RTP packets of one source back into whole frames, in order, whichever its codec. Waits for reordered and retransmitted
// packets for a bounded time of the recording's clock; what is then still missing costs everything up to the next key
// frame, because a frame that was predicted from nothing shows garbage. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/bytes.hpp"
#include "base/seq.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::compose {

struct VideoPacket {
  std::uint16_t sequence = 0;
  std::int64_t timestamp = 0;      // unwrapped
  bool marker = false;
  std::optional<std::uint8_t> rotation;
  std::int64_t arrival_us = 0;
  Bytes payload;                   // with descriptor
};

struct VideoFrame {
  std::int64_t timestamp = 0;
  bool key_frame = false;
  std::uint8_t rotation = 0;       // quarter turns clockwise to upright
  ByteVector data;                 // what the codec's decoder takes (rtc::append_video_payload)
};

class VideoAssembler {
 public:
  explicit VideoAssembler(std::int64_t wait_us = 800'000, rtc::VideoCodec codec = rtc::VideoCodec::vp8) : codec_(codec), wait_us_(wait_us) {}

  void push(const VideoPacket& packet);
  // The next frame in order, if it is whole or the wait for it is over at now_us.
  std::optional<VideoFrame> next(std::int64_t now_us);
  // The decoder could not use a frame: start again with a key frame.
  void require_key_frame() { need_key_ = true; }

  std::uint64_t lost_packets() const { return lost_packets_; }
  std::uint64_t freezes() const { return freezes_; }

 private:
  struct Packet {
    std::int64_t timestamp = 0, arrival_us = 0;
    bool marker = false, begins = false, key = false;
    std::optional<std::uint8_t> rotation;
    ByteVector payload;            // with descriptor
  };
  std::optional<VideoFrame> assemble();

  rtc::VideoCodec codec_;
  std::int64_t wait_us_;
  Unwrapper<std::uint16_t> unwrapper_;
  std::map<std::int64_t, Packet> packets_;
  std::int64_t next_sequence_ = 0;
  bool need_key_ = true;
  std::uint8_t rotation_ = 0;      // holds until another is sent (RTP extension only on changes and key frames)
  std::uint64_t lost_packets_ = 0, freezes_ = 0;
};

}  // namespace upcall::compose
