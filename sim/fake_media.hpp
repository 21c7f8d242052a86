// Media that can be judged without a codec: VP8 frames and Opus packets whose bodies say which meeting, which sender and
// which number they are, with real VP8 frame headers (RFC 7741 §4.3, RFC 6386 §9.1) and a checksum over the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/rng.hpp"

namespace upcall::sim {

struct MediaLabel {
  std::uint32_t meeting = 0;
  std::uint32_t sender = 0;
  std::uint32_t number = 0;
  bool operator==(const MediaLabel&) const = default;
};

// `size`: of the whole frame, at least kVideoMin.
inline constexpr std::size_t kVideoMin = 40;
ByteVector make_video_frame(const MediaLabel& label, bool key, std::size_t size, RandomSource& random);
// Nothing when a byte is missing or changed.
std::optional<MediaLabel> read_video_frame(Bytes frame);

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
