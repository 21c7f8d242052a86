// H.264 in RTP (RFC 6184, packetization-mode 1: single NAL units, STAP-A, FU-A): what an SFU and a depacketizer need to
// know of one packet. Nothing in it is ever rewritten: H.264 has no numbers of its own.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "rtc/codec/video_size.hpp"

namespace upcall::rtc {

// nal_unit_type (ITU-T H.264 table 7-1) and the packet types of RFC 6184 table 1.
enum class H264Nal : std::uint8_t { slice = 1, idr = 5, sei = 6, sps = 7, pps = 8, delimiter = 9, stap_a = 24, fu_a = 28 };

struct H264Packet {
  bool has_sps = false;        // with parameter sets, which a decoder that begins here needs
  bool has_idr = false;        // (part of) a picture that needs no other
  // May be the first packet of an access unit; whether it is, the one before it says (its marker, its timestamp).
  bool may_begin_picture = false;
  std::optional<VideoSize> size;  // from a sequence parameter set, cropping applied
};

// malformed: empty NAL units, an aggregate whose parts do not fill it, a forbidden bit; unsupported: a packet type that
// packetization-mode 1 does not have.
ParseResult<H264Packet> parse_h264_packet(Bytes payload);

// Size of the picture that a sequence parameter set (a whole NAL unit, with its header byte) announces.
std::optional<VideoSize> h264_sps_size(Bytes nal);

// Appends what the packet carries as a byte stream (Annex B). Packets of a picture are given in order. Nothing is
// appended for a packet that cannot be parsed.
void append_h264_packet(Bytes payload, ByteVector& annex_b);

// Of a whole access unit as a byte stream: can a decoder begin here? (It has a sequence parameter set and an IDR slice.)
bool is_h264_key_picture(Bytes annex_b);

// Calls `see(nal)` for every NAL unit of a byte stream, without its start code.
template <class See>
void for_each_h264_nal(Bytes annex_b, See&& see) {
  const auto start_code = [&](std::size_t at) { return annex_b[at] == 0 && annex_b[at + 1] == 0 && annex_b[at + 2] == 1; };
  std::size_t begin = annex_b.size();
  for (std::size_t at = 0; at + 3 <= annex_b.size(); ++at) {
    if (!start_code(at)) continue;
    if (begin < at) {
      std::size_t end = at;
      while (end > begin && annex_b[end - 1] == 0) --end;  // the zero byte of a long start code, trailing zeros
      if (end > begin) see(annex_b.subspan(begin, end - begin));
    }
    begin = at + 3;
    at += 2;
  }
  if (begin < annex_b.size()) see(annex_b.subspan(begin));
}

}  // namespace upcall::rtc
