// Payload types of a headless attendee's video, the same in all its sections: those that Chromium offers.
#pragma once

#include <cstdint>
#include <optional>

#include "rtc/codec/video_payload.hpp"

namespace upcall::client {

constexpr std::uint8_t video_type(rtc::VideoCodec codec) {
  return codec == rtc::VideoCodec::vp8 ? 96 : codec == rtc::VideoCodec::h264 ? 102 : 98;
}
constexpr std::uint8_t rtx_type(rtc::VideoCodec codec) { return static_cast<std::uint8_t>(video_type(codec) + 1); }

// Of a payload type, whether media or its retransmission.
constexpr std::optional<rtc::VideoCodec> codec_of_type(std::uint8_t payload_type) {
  for (const rtc::VideoCodec codec : rtc::kVideoCodecs) {
    if (payload_type == video_type(codec) || payload_type == rtx_type(codec)) return codec;
  }
  return std::nullopt;
}

}  // namespace upcall::client
