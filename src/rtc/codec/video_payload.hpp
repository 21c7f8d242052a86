// One front for the payloads of all codecs that are forwarded, recorded and received: what SFU and assemblers ask of a
// packet, whichever codec it is of. Stateless; nothing allocates but append_video_payload and packetize_video.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "rtc/codec/video_size.hpp"

namespace upcall::rtc {

enum class VideoCodec : std::uint8_t { vp8, h264, vp9 };
inline constexpr VideoCodec kVideoCodecs[] = {VideoCodec::vp8, VideoCodec::h264, VideoCodec::vp9};

// As in SDP (a=rtpmap) and in our parameters.
constexpr std::string_view to_string(VideoCodec codec) {
  return codec == VideoCodec::vp8 ? "VP8" : codec == VideoCodec::h264 ? "H264" : "VP9";
}
std::optional<VideoCodec> video_codec_of(std::string_view name);

struct VideoPayload {
  // The packet may be a picture's first one. With VP8 and VP9 it is; H.264 does not say, the packet before it does.
  bool begins_picture = false;
  // The first packet from which a decoder can begin: of a key frame; with H.264 the one with the parameter sets, which
  // come before the picture and may have a packet of their own.
  bool key_frame = false;
  std::optional<VideoSize> size;                   // told by key frames
  std::optional<std::uint16_t> picture_id;         // 7 or 15 bits
  std::optional<std::uint8_t> tl0_picture_index;
  std::optional<std::uint8_t> temporal_layer;
};

ParseResult<VideoPayload> parse_video_payload(VideoCodec codec, Bytes payload);

// Adds to the picture id (in its own width) and to TL0PICIDX in place; absent fields stay absent, bytes that cannot be
// parsed stay as they are.
void shift_video_ids(VideoCodec codec, MutBytes payload, std::uint16_t picture_id_offset, std::uint8_t tl0_offset);

// Appends what the packet carries of its picture, without descriptors: packets of a picture, given in order, become what
// a decoder takes. H.264 becomes a byte stream (Annex B).
void append_video_payload(VideoCodec codec, Bytes payload, ByteVector& picture);

// Of a whole picture as append_video_payload gives it: can a decoder begin here?
bool is_key_picture(VideoCodec codec, Bytes picture);

// Cuts a picture, as an encoder gives it (H.264: Annex B), into RTP payloads of at most `payload_max` bytes; each lives
// until emit returns. For publishers of our own; VP8 and VP9 carry a 15-bit picture id.
void packetize_video(VideoCodec codec, Bytes picture, std::uint16_t picture_id, std::size_t payload_max,
                     const std::function<void(Bytes payload, bool last)>& emit);

}  // namespace upcall::rtc
