#include "rtc/codec/vp9.hpp"

#include "rtc/codec/picture_ids.hpp"

#include "rtc/codec/bit_reader.hpp"

namespace upcall::rtc {

namespace {

// What the head of an uncompressed header says (VP9 bitstream §6.2).
struct FrameHead {
  bool key = false;
  std::optional<VideoSize> size;   // of a key frame of profile 0
};

std::optional<FrameHead> read_head(Bytes frame) {
  BitReader in(frame);
  if (in.bits(2) != 2) return std::nullopt;  // frame_marker
  const std::uint32_t low = in.bits(1), profile = in.bits(1) << 1 | low;
  if (profile == 3) in.skip(1);
  FrameHead out;
  if (in.flag()) return in.ok() ? std::optional(out) : std::nullopt;  // show_existing_frame
  out.key = !in.flag();
  in.skip(2);  // show_frame, error_resilient_mode
  if (!in.ok()) return std::nullopt;
  if (!out.key || profile != 0) return out;
  if (in.bits(24) != 0x498342) return std::nullopt;
  constexpr std::uint32_t kRgb = 7;
  if (in.bits(3) == kRgb) return std::nullopt;  // not in profile 0
  in.skip(1);  // color_range
  const std::uint32_t width = in.bits(16) + 1, height = in.bits(16) + 1;
  if (!in.ok() || width > 0xffff || height > 0xffff) return std::nullopt;
  out.size = VideoSize{static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height)};
  return out;
}

// §4.2.1
void read_structure(Reader& in, Vp9Descriptor& out) {
  out.has_structure = true;
  const std::uint8_t first = in.u8();
  const unsigned layers = (first >> 5) + 1u;
  if (first & 0x10) {  // Y
    for (unsigned i = 0; i < layers; ++i) {
      const std::uint16_t width = in.u16(), height = in.u16();
      out.size = VideoSize{width, height};
    }
  }
  if (first & 0x08) {  // G
    const unsigned pictures = in.u8();
    for (unsigned i = 0; i < pictures && in.ok(); ++i) in.skip(in.u8() >> 2 & 3u);
  }
}

}  // namespace

ParseResult<Vp9Descriptor> parse_vp9_descriptor(Bytes payload) {
  Reader in(payload);
  Vp9Descriptor out;
  const std::uint8_t first = in.u8();
  out.inter_predicted = (first & 0x40) != 0;
  out.flexible = (first & 0x10) != 0;
  out.start_of_frame = (first & 0x08) != 0;
  out.end_of_frame = (first & 0x04) != 0;
  out.not_reference = (first & 0x01) != 0;
  if (first & 0x80) {  // I
    out.picture_id_offset = in.position();
    const std::uint8_t high = in.u8();
    if (high & 0x80) {
      out.picture_id_long = true;
      out.picture_id = static_cast<std::uint16_t>((high & 0x7f) << 8 | in.u8());
    } else {
      out.picture_id = high;
    }
  }
  if (first & 0x20) {  // L
    const std::uint8_t layers = in.u8();
    out.temporal_layer = static_cast<std::uint8_t>(layers >> 5);
    out.switching_up = (layers & 0x10) != 0;
    out.spatial_layer = static_cast<std::uint8_t>(layers >> 1 & 7);
    out.inter_layer = (layers & 0x01) != 0;
    if (!out.flexible) {
      out.tl0_offset = in.position();
      out.tl0_picture_index = in.u8();
    }
  }
  if (out.flexible && out.inter_predicted) {
    // References: at most three, the lowest bit says whether another follows.
    for (int i = 0;; ++i) {
      if (i == 3) return fail(ParseError::malformed);
      if ((in.u8() & 0x01) == 0) break;
    }
  }
  if (first & 0x02) read_structure(in, out);  // V
  if (!in.ok() || in.remaining() == 0) return fail(ParseError::truncated);
  out.header_size = in.position();
  return out;
}

bool is_vp9_key_frame(Bytes payload) {
  const auto d = parse_vp9_descriptor(payload);
  return d && d->begins_picture() && !d->inter_predicted;
}

std::optional<VideoSize> vp9_key_frame_size(Bytes payload) {
  const auto d = parse_vp9_descriptor(payload);
  if (!d || !d->begins_picture() || d->inter_predicted) return std::nullopt;
  if (d->size) return d->size;
  return vp9_frame_size(payload.subspan(d->header_size));
}

std::optional<VideoSize> vp9_frame_size(Bytes picture) {
  const auto head = read_head(picture);
  return head ? head->size : std::nullopt;
}

bool is_vp9_key_picture(Bytes picture) {
  const auto head = read_head(picture);
  return head && head->key;
}

void rewrite_vp9_ids(MutBytes payload, const Vp9Descriptor& descriptor, std::uint16_t picture_id, std::uint8_t tl0_picture_index) {
  rewrite_picture_ids(payload, descriptor, picture_id, tl0_picture_index);
}

}  // namespace upcall::rtc
