#include "rtc/codec/vp8.hpp"

#include "rtc/codec/picture_ids.hpp"

namespace upcall::rtc {

ParseResult<Vp8Descriptor> parse_vp8_descriptor(Bytes payload) {
  Reader in(payload);
  Vp8Descriptor out;
  const std::uint8_t first = in.u8();
  out.non_reference = (first & 0x20) != 0;
  out.start_of_partition = (first & 0x10) != 0;
  out.partition_id = first & 0x07;
  if (first & 0x80) {  // X: extended control bits
    const std::uint8_t extended = in.u8();
    if (extended & 0x80) {  // I: picture id
      out.picture_id_offset = in.position();
      const std::uint8_t high = in.u8();
      if (high & 0x80) {
        out.picture_id_long = true;
        out.picture_id = static_cast<std::uint16_t>((high & 0x7f) << 8 | in.u8());
      } else {
        out.picture_id = high;
      }
    }
    if (extended & 0x40) {  // L
      out.tl0_offset = in.position();
      out.tl0_picture_index = in.u8();
    }
    if (extended & 0x30) {  // T or K share one byte
      const std::uint8_t layers = in.u8();
      if (extended & 0x20) {
        out.temporal_layer = static_cast<std::uint8_t>(layers >> 6);
        out.layer_sync = (layers & 0x20) != 0;
      }
      if (extended & 0x10) out.key_index = layers & 0x1f;
    }
  }
  if (!in.ok() || in.remaining() == 0) return fail(ParseError::truncated);
  out.header_size = in.position();
  return out;
}

bool is_vp8_key_frame(Bytes payload) {
  const auto descriptor = parse_vp8_descriptor(payload);
  return descriptor && descriptor->begins_frame() && (payload[descriptor->header_size] & 0x01) == 0;
}

std::optional<Vp8FrameSize> vp8_key_frame_size(Bytes payload) {
  const auto descriptor = parse_vp8_descriptor(payload);
  if (!descriptor || !descriptor->begins_frame()) return std::nullopt;
  const Bytes frame = payload.subspan(descriptor->header_size);
  // 3 bytes of frame tag, 3 of start code, then 14 bits each of width and height, little endian.
  if (frame.size() < 10 || (frame[0] & 1) != 0) return std::nullopt;
  if (frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a) return std::nullopt;
  Vp8FrameSize size;
  size.width = static_cast<std::uint16_t>((frame[6] | frame[7] << 8) & 0x3fff);
  size.height = static_cast<std::uint16_t>((frame[8] | frame[9] << 8) & 0x3fff);
  if (size.width == 0 || size.height == 0) return std::nullopt;  // no decoder takes it
  return size;
}

void rewrite_vp8_ids(MutBytes payload, const Vp8Descriptor& descriptor, std::uint16_t picture_id, std::uint8_t tl0_picture_index) {
  rewrite_picture_ids(payload, descriptor, picture_id, tl0_picture_index);
}

}  // namespace upcall::rtc
