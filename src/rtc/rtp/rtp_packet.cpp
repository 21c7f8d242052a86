#include "rtc/rtp/rtp_packet.hpp"

#include "base/invariant.hpp"

namespace upcall::rtc {

namespace {
constexpr std::uint16_t kOneByteProfile = 0xBEDE;  // RFC 8285 §4.2
constexpr std::uint16_t kTwoByteProfile = 0x1000;  // §4.3, low 4 bits are "appbits"

constexpr std::array<std::string_view, kRtpExtensionCount> kUris = {
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "urn:3gpp:video-orientation",
};
}  // namespace

std::string_view extension_uri(RtpExtension extension) { return kUris[static_cast<std::size_t>(extension)]; }

std::optional<RtpExtension> extension_from_uri(std::string_view uri) {
  for (std::size_t i = 0; i < kUris.size(); ++i) {
    if (kUris[i] == uri) return static_cast<RtpExtension>(i);
  }
  return std::nullopt;
}

ParseResult<RtpView> parse_rtp(Bytes packet) {
  if (packet.size() < kRtpHeaderMin) return fail(ParseError::truncated);
  if (packet[0] >> 6 != 2) return fail(ParseError::malformed);
  RtpView out;
  const bool has_padding = (packet[0] & 0x20) != 0;
  const bool has_extension = (packet[0] & 0x10) != 0;
  const std::size_t csrc_count = packet[0] & 0x0f;
  Reader in(packet);
  in.skip(1);
  const std::uint8_t second = in.u8();
  out.marker = (second & 0x80) != 0;
  out.payload_type = second & 0x7f;
  out.sequence = in.u16();
  out.timestamp = in.u32();
  out.ssrc = in.u32();
  in.skip(csrc_count * 4);
  if (has_extension) {
    const std::uint16_t profile = in.u16();
    const std::size_t size = std::size_t(in.u16()) * 4;
    const Bytes block = in.bytes(size);
    if (profile == kOneByteProfile) {
      out.extension_block = block;
    } else if ((profile & 0xfff0) == kTwoByteProfile) {
      out.extension_block = block;
      out.two_byte_extensions = true;
    }  // other profiles: skipped, RFC 3550 §5.3.1
  }
  if (!in.ok()) return fail(ParseError::truncated);
  out.header_size = in.position();
  std::size_t payload_size = in.remaining();
  if (has_padding) {
    if (payload_size == 0) return fail(ParseError::malformed);
    out.padding = packet.back();
    if (out.padding == 0 || out.padding > payload_size) return fail(ParseError::malformed);
    payload_size -= out.padding;
  }
  out.payload = packet.subspan(out.header_size, payload_size);
  return out;
}

std::optional<Bytes> RtpView::extension(std::uint8_t id) const {
  if (id == 0) return std::nullopt;
  std::size_t at = 0;
  while (at < extension_block.size()) {
    const std::uint8_t head = extension_block[at];
    if (head == 0) {  // padding between elements
      ++at;
      continue;
    }
    std::uint8_t this_id;
    std::size_t size, value_at;
    if (two_byte_extensions) {
      if (at + 2 > extension_block.size()) return std::nullopt;
      this_id = head;
      size = extension_block[at + 1];
      value_at = at + 2;
    } else {
      this_id = head >> 4;
      if (this_id == 15) return std::nullopt;  // RFC 8285 §4.2: stop here
      size = (head & 0x0f) + std::size_t(1);
      value_at = at + 1;
    }
    if (value_at + size > extension_block.size()) return std::nullopt;
    if (this_id == id) return extension_block.subspan(value_at, size);
    at = value_at + size;
  }
  return std::nullopt;
}

RtpBuilder::RtpBuilder(MutBytes buffer, const Header& header) : writer_(buffer) {
  writer_.u8(0x80);
  writer_.u8(static_cast<std::uint8_t>((header.marker ? 0x80 : 0) | (header.payload_type & 0x7f)));
  writer_.u16(header.sequence);
  writer_.u32(header.timestamp);
  writer_.u32(header.ssrc);
}

void RtpBuilder::add_extension(std::uint8_t id, Bytes value) {
  UPCALL_INVARIANT(id >= 1 && id <= 14 && !value.empty() && value.size() <= 16, "extension outside the one-byte form");
  if (!started_) {
    started_ = true;
    writer_.u16(kOneByteProfile);
    writer_.u16(0);  // patched by finish_header
  }
  writer_.u8(static_cast<std::uint8_t>(id << 4 | (value.size() - 1)));
  writer_.bytes(value);
}

std::size_t RtpBuilder::finish_header() {
  if (started_ && writer_.ok()) {
    const std::size_t body = writer_.size() - kRtpHeaderMin - 4;
    writer_.zeros((4 - body % 4) % 4);
    if (writer_.ok()) {
      writer_.patch_u16(kRtpHeaderMin + 2, static_cast<std::uint16_t>((writer_.size() - kRtpHeaderMin - 4) / 4));
      writer_.written()[0] |= 0x10;
    }
  }
  return writer_.size();
}

MutBytes RtpBuilder::finish(Bytes payload) {
  finish_header();
  writer_.bytes(payload);
  return writer_.ok() ? writer_.written() : MutBytes{};
}

}  // namespace upcall::rtc
