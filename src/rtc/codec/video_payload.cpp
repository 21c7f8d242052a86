#include "rtc/codec/video_payload.hpp"

#include "rtc/codec/h264.hpp"
#include "rtc/codec/h264_packetizer.hpp"
#include "rtc/codec/vp8.hpp"
#include "rtc/codec/vp8_packetizer.hpp"
#include "rtc/codec/vp9.hpp"
#include "rtc/codec/vp9_packetizer.hpp"

namespace upcall::rtc {

namespace {

VideoPayload of_vp8(Bytes payload, const Vp8Descriptor& d) {
  VideoPayload out;
  out.begins_picture = d.begins_frame();
  out.key_frame = out.begins_picture && (payload[d.header_size] & 0x01) == 0;
  if (out.key_frame) {
    if (const auto size = vp8_key_frame_size(payload)) out.size = VideoSize{size->width, size->height};
  }
  out.picture_id = d.picture_id;
  out.tl0_picture_index = d.tl0_picture_index;
  out.temporal_layer = d.temporal_layer;
  return out;
}

VideoPayload of_vp9(Bytes payload, const Vp9Descriptor& d) {
  VideoPayload out;
  out.begins_picture = d.begins_picture();
  out.key_frame = out.begins_picture && !d.inter_predicted;
  if (out.key_frame) out.size = vp9_key_frame_size(payload);
  out.picture_id = d.picture_id;
  out.tl0_picture_index = d.tl0_picture_index;
  out.temporal_layer = d.temporal_layer;
  return out;
}

}  // namespace

std::optional<VideoCodec> video_codec_of(std::string_view name) {
  for (const VideoCodec codec : kVideoCodecs) {
    if (to_string(codec) == name) return codec;
  }
  return std::nullopt;
}

ParseResult<VideoPayload> parse_video_payload(VideoCodec codec, Bytes payload) {
  switch (codec) {
    case VideoCodec::vp8: {
      const auto d = parse_vp8_descriptor(payload);
      if (!d) return tl::unexpected(d.error());
      return of_vp8(payload, *d);
    }
    case VideoCodec::vp9: {
      const auto d = parse_vp9_descriptor(payload);
      if (!d) return tl::unexpected(d.error());
      return of_vp9(payload, *d);
    }
    case VideoCodec::h264: break;
  }
  const auto packet = parse_h264_packet(payload);
  if (!packet) return tl::unexpected(packet.error());
  VideoPayload out;
  out.begins_picture = packet->may_begin_picture;
  out.key_frame = packet->has_sps;
  out.size = packet->size;
  return out;
}

void shift_video_ids(VideoCodec codec, MutBytes payload, std::uint16_t picture_id_offset, std::uint8_t tl0_offset) {
  const auto shifted = [&](const auto& d, auto rewrite) {
    rewrite(payload, d, static_cast<std::uint16_t>(d.picture_id.value_or(0) + picture_id_offset),
            static_cast<std::uint8_t>(d.tl0_picture_index.value_or(0) + tl0_offset));
  };
  if (codec == VideoCodec::vp8) {
    if (const auto d = parse_vp8_descriptor(payload)) shifted(*d, rewrite_vp8_ids);
  } else if (codec == VideoCodec::vp9) {
    if (const auto d = parse_vp9_descriptor(payload)) shifted(*d, rewrite_vp9_ids);
  }
}

void append_video_payload(VideoCodec codec, Bytes payload, ByteVector& picture) {
  if (codec == VideoCodec::h264) return append_h264_packet(payload, picture);
  std::size_t header = payload.size();
  if (codec == VideoCodec::vp8) {
    if (const auto d = parse_vp8_descriptor(payload)) header = d->header_size;
  } else if (const auto d = parse_vp9_descriptor(payload)) {
    header = d->header_size;
  }
  const Bytes data = payload.subspan(header);
  picture.insert(picture.end(), data.begin(), data.end());
}

bool is_key_picture(VideoCodec codec, Bytes picture) {
  switch (codec) {
    case VideoCodec::vp8: return !picture.empty() && (picture[0] & 1) == 0;  // RFC 6386 §9.1
    case VideoCodec::vp9: return is_vp9_key_picture(picture);
    case VideoCodec::h264: break;
  }
  return is_h264_key_picture(picture);
}

void packetize_video(VideoCodec codec, Bytes picture, std::uint16_t picture_id, std::size_t payload_max,
                     const std::function<void(Bytes payload, bool last)>& emit) {
  switch (codec) {
    case VideoCodec::vp8: return packetize_vp8(picture, picture_id, payload_max, emit);
    case VideoCodec::vp9: return packetize_vp9(picture, picture_id, payload_max, emit);
    case VideoCodec::h264: return packetize_h264(picture, payload_max, emit);
  }
}

}  // namespace upcall::rtc
