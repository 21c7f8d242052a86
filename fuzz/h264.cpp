// H.264 packets on arbitrary bytes: what is taken apart never grows by more than start codes, and an access unit that was
// cut into packets comes back.
// link: upcall_rtc_codec
#include <cstdint>

#include "base/invariant.hpp"
#include "rtc/codec/h264.hpp"
#include "rtc/codec/h264_packetizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  const upcall::Bytes input(data, size);
  (void)rtc::h264_sps_size(input);
  (void)rtc::is_h264_key_picture(input);
  upcall::ByteVector joined;
  rtc::append_h264_packet(input, joined);
  UPCALL_INVARIANT(rtc::parse_h264_packet(input).has_value() == !joined.empty(), "what is understood carries something");
  UPCALL_INVARIANT(joined.size() <= size * 2 + 4, "no more than start codes is added");
  std::size_t nals = 0, packets = 0, lasts = 0;
  rtc::for_each_h264_nal(input, [&](upcall::Bytes) { ++nals; });
  rtc::packetize_h264(input, 20, [&](upcall::Bytes payload, bool last) {
    UPCALL_INVARIANT(!payload.empty() && payload.size() <= 20, "packets fit");
    ++packets;
    lasts += last;
  });
  UPCALL_INVARIANT((nals > 0) == (packets > 0) && lasts == (packets > 0 ? 1u : 0u), "what has NAL units has packets, and one ends them");
  return 0;
}
