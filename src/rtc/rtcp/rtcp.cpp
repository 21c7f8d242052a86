#include "rtc/rtcp/rtcp.hpp"

#include <algorithm>

namespace upcall::rtc {

namespace {

enum PacketType : std::uint8_t { kSr = 200, kRr = 201, kSdes = 202, kBye = 203, kRtpfb = 205, kPsfb = 206, kXr = 207 };
enum Rtpfb : std::uint8_t { kNack = 1, kTransportCc = 15 };
enum Psfb : std::uint8_t { kPli = 1, kFir = 4, kAfb = 15 };
constexpr std::uint32_t kRembName = 0x52454D42;  // "REMB"

// Opens a packet of `words` 32-bit words after the header.
void head(Writer& out, std::uint8_t count_or_format, std::uint8_t type, std::size_t words) {
  out.u8(static_cast<std::uint8_t>(0x80 | (count_or_format & 0x1f)));
  out.u8(type);
  out.u16(static_cast<std::uint16_t>(words));
}

void write_blocks(Writer& out, std::span<const ReportBlock> blocks) {
  for (const ReportBlock& b : blocks) {
    out.u32(b.ssrc);
    out.u8(b.fraction_lost);
    out.u24(static_cast<std::uint32_t>(std::clamp(b.cumulative_lost, -0x800000, 0x7fffff)) & 0xffffff);
    out.u32(b.extended_highest_sequence);
    out.u32(b.jitter);
    out.u32(b.last_sr);
    out.u32(b.delay_since_last_sr);
  }
}

std::optional<RtcpItem> read_payload_feedback(Reader& body, std::uint8_t format) {
  const std::uint32_t sender = body.u32();
  const std::uint32_t media = body.u32();
  if (!body.ok()) return std::nullopt;
  if (format == kPli) return Pli{sender, media};
  if (format == kFir) {
    const Bytes entries = body.rest();
    if (entries.size() % 8 != 0) return std::nullopt;
    return Fir{sender, entries};
  }
  if (format == kAfb && body.remaining() >= 8) {
    Reader probe = body;
    if (probe.u32() == kRembName) {
      Remb out;
      out.sender_ssrc = sender;
      const std::uint8_t count = probe.u8();
      const std::uint32_t rate = probe.u24();
      // exponent 6 bits, mantissa 18; a rate above 2^63 is nonsense and is capped.
      const std::uint32_t exponent = rate >> 18;
      const std::uint64_t mantissa = rate & 0x3ffff;
      out.bitrate_bps = exponent > 45 ? (mantissa == 0 ? 0 : ~std::uint64_t(0) >> 1) : mantissa << exponent;
      out.ssrcs = probe.bytes(std::size_t(count) * 4);
      if (!probe.ok()) return std::nullopt;
      return out;
    }
  }
  return OtherRtcp{kPsfb};
}

}  // namespace

std::optional<RtcpItem> RtcpReader::next() {
  if (failed_ || in_.remaining() == 0) return std::nullopt;
  const std::uint8_t first = in_.u8();
  const std::uint8_t type = in_.u8();
  const std::size_t size = std::size_t(in_.u16()) * 4;
  Bytes payload = in_.bytes(size);
  if (!in_.ok() || first >> 6 != 2) {
    failed_ = true;
    return std::nullopt;
  }
  if (first & 0x20) {  // padding, allowed on the last packet only
    if (payload.empty() || payload.back() == 0 || payload.back() > payload.size() || in_.remaining() != 0) {
      failed_ = true;
      return std::nullopt;
    }
    payload = payload.first(payload.size() - payload.back());
  }
  const std::uint8_t count = first & 0x1f;
  Reader body(payload);
  std::optional<RtcpItem> out;
  switch (type) {
    case kSr: {
      SenderReport r;
      r.ssrc = body.u32();
      r.ntp = body.u64();
      r.timestamp = body.u32();
      r.packets = body.u32();
      r.octets = body.u32();
      r.report_blocks = body.bytes(std::size_t(count) * 24);
      out = r;
      break;
    }
    case kRr: {
      ReceiverReport r;
      r.ssrc = body.u32();
      r.report_blocks = body.bytes(std::size_t(count) * 24);
      out = r;
      break;
    }
    case kBye:
      out = Goodbye{body.bytes(std::size_t(count) * 4)};
      break;
    case kRtpfb: {
      const std::uint32_t sender = body.u32();
      const std::uint32_t media = body.u32();
      const Bytes fci = body.rest();
      if (count == kNack) {
        if (fci.size() % 4 != 0) break;
        out = Nack{sender, media, fci};
      } else if (count == kTransportCc) {
        out = TransportFeedback{sender, media, fci};
      } else {
        out = OtherRtcp{type};
      }
      break;
    }
    case kPsfb:
      out = read_payload_feedback(body, count);
      break;
    case kXr: {
      ExtendedReport r;
      r.ssrc = body.u32();
      r.blocks = body.rest();
      out = r;
      break;
    }
    default:
      out = OtherRtcp{type};
  }
  if (!out || !body.ok()) {
    failed_ = true;
    return std::nullopt;
  }
  return out;
}

ReportBlock read_report_block(Bytes blocks, std::size_t index) {
  ReportBlock b;
  if ((index + 1) * 24 > blocks.size()) return b;
  Reader in(blocks.subspan(index * 24, 24));
  b.ssrc = in.u32();
  b.fraction_lost = in.u8();
  const std::uint32_t lost = in.u24();
  b.cumulative_lost = lost & 0x800000 ? static_cast<std::int32_t>(lost) - 0x1000000 : static_cast<std::int32_t>(lost);
  b.extended_highest_sequence = in.u32();
  b.jitter = in.u32();
  b.last_sr = in.u32();
  b.delay_since_last_sr = in.u32();
  return b;
}

bool write_sender_report(Writer& out, const SenderReport& report, std::span<const ReportBlock> blocks) {
  blocks = blocks.first(std::min(blocks.size(), kReportBlocksMax));
  head(out, static_cast<std::uint8_t>(blocks.size()), kSr, 6 + blocks.size() * 6);
  out.u32(report.ssrc);
  out.u64(report.ntp);
  out.u32(report.timestamp);
  out.u32(report.packets);
  out.u32(report.octets);
  write_blocks(out, blocks);
  return out.ok();
}

bool write_receiver_report(Writer& out, std::uint32_t ssrc, std::span<const ReportBlock> blocks) {
  blocks = blocks.first(std::min(blocks.size(), kReportBlocksMax));
  head(out, static_cast<std::uint8_t>(blocks.size()), kRr, 1 + blocks.size() * 6);
  out.u32(ssrc);
  write_blocks(out, blocks);
  return out.ok();
}

bool write_sdes_cname(Writer& out, std::uint32_t ssrc, std::string_view cname) {
  cname = cname.substr(0, 255);
  // ssrc, item type, length, text, at least one zero, padded to a word
  const std::size_t body = 4 + 2 + cname.size() + 1;
  const std::size_t words = (body + 3) / 4;
  head(out, 1, kSdes, words);
  out.u32(ssrc);
  out.u8(1);
  out.u8(static_cast<std::uint8_t>(cname.size()));
  out.bytes(as_bytes(cname));
  out.zeros(words * 4 - (body - 1));
  return out.ok();
}

bool write_pli(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc) {
  head(out, kPli, kPsfb, 2);
  out.u32(sender_ssrc);
  out.u32(media_ssrc);
  return out.ok();
}

bool write_nack(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                std::span<const std::uint16_t> sequences) {
  if (sequences.empty()) return false;
  const std::size_t start = out.size();
  head(out, kNack, kRtpfb, 0);
  out.u32(sender_ssrc);
  out.u32(media_ssrc);
  std::size_t items = 0;
  for (std::size_t i = 0; i < sequences.size();) {
    const std::uint16_t pid = sequences[i++];
    std::uint16_t mask = 0;
    while (i < sequences.size()) {
      const auto ahead = static_cast<std::uint16_t>(sequences[i] - pid);
      if (ahead == 0 || ahead > 16) break;
      mask |= static_cast<std::uint16_t>(1u << (ahead - 1));
      ++i;
    }
    out.u16(pid);
    out.u16(mask);
    ++items;
  }
  if (!out.ok()) return false;
  out.patch_u16(start + 2, static_cast<std::uint16_t>(2 + items));
  return true;
}

bool write_remb(Writer& out, std::uint32_t sender_ssrc, std::uint64_t bitrate_bps,
                std::span<const std::uint32_t> ssrcs) {
  std::uint32_t exponent = 0;
  while (bitrate_bps >> exponent > 0x3ffff) ++exponent;
  head(out, kAfb, kPsfb, 4 + ssrcs.size());
  out.u32(sender_ssrc);
  out.u32(0);
  out.u32(kRembName);
  out.u8(static_cast<std::uint8_t>(ssrcs.size()));
  out.u24(exponent << 18 | static_cast<std::uint32_t>(bitrate_bps >> exponent));
  for (const std::uint32_t ssrc : ssrcs) out.u32(ssrc);
  return out.ok();
}

bool write_goodbye(Writer& out, std::uint32_t ssrc) {
  head(out, 1, kBye, 1);
  out.u32(ssrc);
  return out.ok();
}

}  // namespace upcall::rtc
