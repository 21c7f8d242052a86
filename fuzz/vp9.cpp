// The VP9 payload descriptor on arbitrary bytes; a rewrite must stay inside the packet and keep its shape.
// link: upcall_rtc_codec
#include <cstdint>

#include "base/invariant.hpp"
#include "rtc/codec/vp9.hpp"
#include "rtc/codec/vp9_packetizer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  upcall::ByteVector payload(data, data + size);
  (void)rtc::is_vp9_key_frame(payload);
  (void)rtc::vp9_key_frame_size(payload);
  const bool key = rtc::is_vp9_key_picture(payload);
  rtc::packetize_vp9(payload, 300, 30, [&](upcall::Bytes packet, bool) {
    const auto d = rtc::parse_vp9_descriptor(packet);
    UPCALL_INVARIANT(d && d->inter_predicted == !key, "what is written reads back");
  });
  const auto descriptor = rtc::parse_vp9_descriptor(payload);
  if (!descriptor) return 0;
  rtc::rewrite_vp9_ids(payload, *descriptor, 0x7abc, 77);
  const auto again = rtc::parse_vp9_descriptor(payload);
  UPCALL_INVARIANT(again && again->header_size == descriptor->header_size, "a rewrite never changes the shape");
  return 0;
}
