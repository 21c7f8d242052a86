// Media that can be judged without a codec: video frames and Opus packets whose bodies say which meeting, which sender and
// which number they are, with real frame headers of each codec, as far as anybody on the way looks, and a checksum over the
// whole.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::sim {

struct MediaLabel {
  std::uint32_t meeting = 0;
  std::uint32_t sender = 0;
  std::uint32_t number = 0;
  bool operator==(const MediaLabel&) const = default;
};

// `size`: of the whole frame with VP8, at least kVideoMin; a little more with VP9, twice as much with H.264.
inline constexpr std::size_t kVideoMin = 40;
ByteVector make_video_frame(const MediaLabel& label, bool key, std::size_t size, RandomSource& random, rtc::VideoCodec codec = rtc::VideoCodec::vp8);
// Nothing when a byte is missing or changed.
std::optional<MediaLabel> read_video_frame(Bytes frame, rtc::VideoCodec codec = rtc::VideoCodec::vp8);

ByteVector make_audio_packet(const MediaLabel& label);
// What a listener hears: one sender's packet as it was, or several by the mixer.
struct HeardAudio {
  std::optional<MediaLabel> one;
  std::vector<std::uint32_t> mixed;  // connection numbers
};
std::optional<HeardAudio> read_audio_packet(Bytes packet);
// A mixed packet as the fake mixer makes it.
std::size_t write_mixed_packet(std::span<const std::uint32_t> sources, MutBytes out);

}  // namespace upcall::sim
