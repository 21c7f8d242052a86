// Compound RTCP and transport-wide feedback on arbitrary bytes: every item lies in the compound, its lists are as long as that.
// link: upcall_rtc_rtcp
#include <cstdint>

#include "base/invariant.hpp"
#include "rtc/rtcp/rtcp.hpp"
#include "rtc/rtcp/transport_feedback.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  rtc::RtcpReader reader(upcall::Bytes(data, size));
  rtc::TransportArrival arrivals[512];
  std::size_t nacked = 0, items = 0;
  while (auto item = reader.next()) {
    ++items;
    if (auto* feedback = std::get_if<rtc::TransportFeedback>(&*item)) {
      (void)rtc::decode_transport_feedback(feedback->fci, arrivals);
    } else if (auto* nack = std::get_if<rtc::Nack>(&*item)) {
      rtc::for_each_nacked(*nack, [&](std::uint16_t) { ++nacked; });
    } else if (auto* report = std::get_if<rtc::SenderReport>(&*item)) {
      for (std::size_t i = 0; i <= rtc::report_block_count(report->report_blocks); ++i) {
        rtc::read_report_block(report->report_blocks, i);
      }
    }
  }
  UPCALL_INVARIANT(items <= size / 4, "a packet has a header");
  UPCALL_INVARIANT(nacked <= 17 * (size / 4), "17 numbers an item");
  // What was not malformed is used to the last byte: lengths of the packets' headers add up.
  std::size_t at = 0, packets = 0;
  while (at + 4 <= size) {
    at += 4 + 4 * (std::size_t(data[at + 2]) << 8 | data[at + 3]);
    ++packets;
  }
  UPCALL_INVARIANT(reader.failed() || (at == size && packets == items), "lengths add up");
  return 0;
}
