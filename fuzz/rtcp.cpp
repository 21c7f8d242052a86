// Compound RTCP and transport-wide feedback on arbitrary bytes.
// link: upcall_rtc_rtcp
#include <cstdint>

#include "rtc/rtcp/rtcp.hpp"
#include "rtc/rtcp/transport_feedback.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  rtc::RtcpReader reader(upcall::Bytes(data, size));
  rtc::TransportArrival arrivals[512];
  std::size_t nacked = 0;
  while (auto item = reader.next()) {
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
  return 0;
}
