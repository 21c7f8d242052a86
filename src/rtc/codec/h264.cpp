#include "rtc/codec/h264.hpp"

#include <algorithm>
#include <array>

#include "rtc/codec/bit_reader.hpp"

namespace upcall::rtc {

namespace {

constexpr std::uint8_t kStartCode[] = {0, 0, 0, 1};

H264Nal type_of(std::uint8_t header) { return static_cast<H264Nal>(header & 0x1f); }

void skip_scaling_list(BitReader& in, int size) {
  int last = 8, next = 8;
  for (int i = 0; i < size && in.ok(); ++i) {
    // delta_scale is -128..127; what is beyond must not overflow.
    if (next != 0) next = static_cast<int>((static_cast<std::uint32_t>(last) + static_cast<std::uint32_t>(in.se())) % 256);
    last = next == 0 ? last : next;
  }
}

// first_mb_in_slice is 0: the picture's first slice.
bool first_slice(Bytes slice_header) {
  BitReader in(slice_header);
  return in.ue() == 0 && in.ok();
}

// What one NAL unit (its header byte and what follows, perhaps not all of it) says about its packet.
void look(Bytes nal, H264Packet& out) {
  switch (type_of(nal[0])) {
    case H264Nal::sps:
      out.has_sps = out.may_begin_picture = true;
      if (const auto size = h264_sps_size(nal)) out.size = size;
      break;
    case H264Nal::pps:
    case H264Nal::sei:
    case H264Nal::delimiter: out.may_begin_picture = true; break;
    case H264Nal::idr: out.has_idr = true; [[fallthrough]];
    case H264Nal::slice:
      if (first_slice(nal.subspan(1))) out.may_begin_picture = true;
      break;
    default: break;
  }
}

}  // namespace

ParseResult<H264Packet> parse_h264_packet(Bytes payload) {
  if (payload.empty()) return fail(ParseError::truncated);
  if (payload[0] & 0x80) return fail(ParseError::malformed);
  H264Packet out;
  switch (type_of(payload[0])) {
    case H264Nal::stap_a: {
      Reader in(payload.subspan(1));
      if (in.remaining() == 0) return fail(ParseError::truncated);
      while (in.remaining() > 0) {
        const Bytes nal = in.bytes(in.u16());
        if (!in.ok()) return fail(ParseError::truncated);
        if (nal.empty()) return fail(ParseError::malformed);
        look(nal, out);
      }
      return out;
    }
    case H264Nal::fu_a: {
      if (payload.size() < 3) return fail(ParseError::truncated);
      // FU header: S, E, R, type (§5.8). The whole NAL unit in one fragment is forbidden.
      const bool starts = (payload[1] & 0x80) != 0, ends = (payload[1] & 0x40) != 0;
      if (starts && ends) return fail(ParseError::malformed);
      const H264Nal type = type_of(payload[1]);
      out.has_idr = type == H264Nal::idr;
      if (!starts) return out;
      if (type == H264Nal::idr || type == H264Nal::slice) out.may_begin_picture = first_slice(payload.subspan(2));
      else out.may_begin_picture = true;
      // A parameter set in pieces is larger than any that is sent; it is carried all the same.
      out.has_sps = type == H264Nal::sps;
      return out;
    }
    default:
      if ((payload[0] & 0x1f) == 0 || (payload[0] & 0x1f) > 23) return fail(ParseError::unsupported);
      if (payload.size() < 2) return fail(ParseError::truncated);
      look(payload, out);
      return out;
  }
}

std::optional<VideoSize> h264_sps_size(Bytes nal) {
  // ITU-T H.264 §7.3.2.1.1. The emulation prevention bytes (§7.4.1) go first; what is read is short unless there are
  // scaling lists or a long cycle of picture orders; all of them fit.
  std::array<std::uint8_t, 1500> plain;
  std::size_t size = 0;
  int zeros = 0;
  for (std::size_t i = 1; i < nal.size() && size < plain.size(); ++i) {
    if (zeros >= 2 && nal[i] == 3) {
      zeros = 0;
      continue;
    }
    zeros = nal[i] == 0 ? zeros + 1 : 0;
    plain[size++] = nal[i];
  }
  BitReader in(Bytes(plain).first(size));
  const std::uint32_t profile = in.bits(8);
  in.skip(16);  // constraint flags, level
  in.ue();      // seq_parameter_set_id
  std::uint32_t chroma = 1;
  bool separate_planes = false;
  constexpr std::uint32_t kHighProfiles[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  if (std::find(std::begin(kHighProfiles), std::end(kHighProfiles), profile) != std::end(kHighProfiles)) {
    chroma = in.ue();
    if (chroma > 3) return std::nullopt;
    if (chroma == 3) separate_planes = in.flag();
    in.ue();      // bit_depth_luma_minus8
    in.ue();      // bit_depth_chroma_minus8
    in.skip(1);   // qpprime_y_zero_transform_bypass_flag
    if (in.flag()) {
      for (int i = 0; i < (chroma == 3 ? 12 : 8); ++i) {
        if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
      }
    }
  }
  in.ue();  // log2_max_frame_num_minus4
  switch (in.ue()) {
    case 0: in.ue(); break;
    case 1: {
      in.skip(1);
      in.se();
      in.se();
      const std::uint32_t cycle = in.ue();
      if (cycle > 255) return std::nullopt;
      for (std::uint32_t i = 0; i < cycle && in.ok(); ++i) in.se();
      break;
    }
    case 2: break;
    default: return std::nullopt;
  }
  in.ue();     // max_num_ref_frames
  in.skip(1);  // gaps_in_frame_num_value_allowed_flag
  const std::uint64_t width_mbs = std::uint64_t{in.ue()} + 1, height_units = std::uint64_t{in.ue()} + 1;
  const bool frames_only = in.flag();
  if (!frames_only) in.skip(1);
  in.skip(1);  // direct_8x8_inference_flag
  std::uint64_t left = 0, right = 0, top = 0, bottom = 0;
  if (in.flag()) {
    left = in.ue();
    right = in.ue();
    top = in.ue();
    bottom = in.ue();
  }
  if (!in.ok()) return std::nullopt;
  const std::uint64_t field = frames_only ? 1 : 2;
  const bool planes = chroma == 0 || separate_planes;
  const std::uint64_t crop_x = planes || chroma == 3 ? 1 : 2, crop_y = (planes || chroma != 1 ? 1 : 2) * field;
  const std::uint64_t width = width_mbs * 16, height = height_units * 16 * field;
  const std::uint64_t off_x = (left + right) * crop_x, off_y = (top + bottom) * crop_y;
  if (off_x >= width || off_y >= height || width - off_x > 0xffff || height - off_y > 0xffff) return std::nullopt;
  return VideoSize{static_cast<std::uint16_t>(width - off_x), static_cast<std::uint16_t>(height - off_y)};
}

void append_h264_packet(Bytes payload, ByteVector& annex_b) {
  if (!parse_h264_packet(payload)) return;
  const auto begin = [&] { annex_b.insert(annex_b.end(), std::begin(kStartCode), std::end(kStartCode)); };
  const auto append = [&](Bytes part) { annex_b.insert(annex_b.end(), part.begin(), part.end()); };
  switch (type_of(payload[0])) {
    case H264Nal::stap_a: {
      Reader in(payload.subspan(1));
      while (in.remaining() > 0) {
        begin();
        append(in.bytes(in.u16()));
      }
      break;
    }
    case H264Nal::fu_a:
      if (payload[1] & 0x80) {
        begin();
        annex_b.push_back(static_cast<std::uint8_t>((payload[0] & 0x60) | (payload[1] & 0x1f)));
      }
      append(payload.subspan(2));
      break;
    default:
      begin();
      append(payload);
  }
}

bool is_h264_key_picture(Bytes annex_b) {
  bool sps = false, idr = false;
  for_each_h264_nal(annex_b, [&](Bytes nal) {
    sps = sps || type_of(nal[0]) == H264Nal::sps;
    idr = idr || type_of(nal[0]) == H264Nal::idr;
  });
  return sps && idr;
}

}  // namespace upcall::rtc
