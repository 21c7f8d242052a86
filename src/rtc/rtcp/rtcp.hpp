// RTCP compound packets: reading (RFC 3550 §6, RFC 4585 feedback, RFC 5104 FIR, REMB draft-alvestrand-rmcat-remb,
// transport-cc draft-holmer-rmcat-transport-wide-cc-extensions-01) and writing. Views live as long as the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "base/bytes.hpp"

namespace upcall::rtc {

struct ReportBlock {
  std::uint32_t ssrc = 0;             // the stream that is reported on
  std::uint8_t fraction_lost = 0;     // of 256 since the last report
  std::int32_t cumulative_lost = 0;   // 24 bits signed
  std::uint32_t extended_highest_sequence = 0;
  std::uint32_t jitter = 0;           // timestamp units
  std::uint32_t last_sr = 0;          // middle 32 bits of the NTP time of the last SR
  std::uint32_t delay_since_last_sr = 0;  // 1/65536 s
};

inline constexpr std::size_t kReportBlocksMax = 31;

struct SenderReport {
  std::uint32_t ssrc = 0;
  std::uint64_t ntp = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t packets = 0;
  std::uint32_t octets = 0;
  Bytes report_blocks;  // n × 24 bytes; read_report_block
};
struct ReceiverReport {
  std::uint32_t ssrc = 0;
  Bytes report_blocks;
};
struct Nack {  // RFC 4585 §6.2.1
  std::uint32_t sender_ssrc = 0, media_ssrc = 0;
  Bytes items;  // n × (u16 pid, u16 blp)
};
struct Pli {
  std::uint32_t sender_ssrc = 0, media_ssrc = 0;
};
struct Fir {  // each entry asks one stream
  std::uint32_t sender_ssrc = 0;
  Bytes entries;  // n × (u32 ssrc, u8 seq, 3 reserved)
};
struct Remb {
  std::uint32_t sender_ssrc = 0;
  std::uint64_t bitrate_bps = 0;
  Bytes ssrcs;
};
struct TransportFeedback {
  std::uint32_t sender_ssrc = 0, media_ssrc = 0;
  Bytes fci;
};
struct Goodbye {
  Bytes ssrcs;
};
struct ExtendedReport {  // RFC 3611; blocks are not interpreted here
  std::uint32_t ssrc = 0;
  Bytes blocks;
};
struct OtherRtcp {
  std::uint8_t packet_type = 0;
};

using RtcpItem = std::variant<SenderReport, ReceiverReport, Nack, Pli, Fir, Remb, TransportFeedback, Goodbye,
                              ExtendedReport, OtherRtcp>;

// Walks a compound packet: next() until it answers nothing; failed() then says whether the rest was malformed.
class RtcpReader {
 public:
  explicit RtcpReader(Bytes compound) : in_(compound) {}
  std::optional<RtcpItem> next();
  bool failed() const { return failed_; }

 private:
  Reader in_;
  bool failed_ = false;
};

inline std::size_t report_block_count(Bytes blocks) { return blocks.size() / 24; }
ReportBlock read_report_block(Bytes blocks, std::size_t index);

// Calls fn(sequence) for each sequence number that a NACK names, at most 17 an item.
template <class Fn>
void for_each_nacked(const Nack& nack, Fn&& fn) {
  Reader in(nack.items);
  while (in.remaining() >= 4) {
    const std::uint16_t pid = in.u16();
    const std::uint16_t mask = in.u16();
    fn(pid);
    for (int bit = 0; bit < 16; ++bit) {
      if (mask >> bit & 1) fn(static_cast<std::uint16_t>(pid + 1 + bit));
    }
  }
}

// Writers append one RTCP packet to `out`; false (and a failed writer) when it does not fit.
bool write_sender_report(Writer& out, const SenderReport& report, std::span<const ReportBlock> blocks);
bool write_receiver_report(Writer& out, std::uint32_t ssrc, std::span<const ReportBlock> blocks);
bool write_sdes_cname(Writer& out, std::uint32_t ssrc, std::string_view cname);
bool write_pli(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc);
// `sequences` ascending (wrapping); packed into pid/blp items.
bool write_nack(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc,
                std::span<const std::uint16_t> sequences);
bool write_remb(Writer& out, std::uint32_t sender_ssrc, std::uint64_t bitrate_bps,
                std::span<const std::uint32_t> ssrcs);
bool write_goodbye(Writer& out, std::uint32_t ssrc);

}  // namespace upcall::rtc
