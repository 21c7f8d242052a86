// RTP parsing, extension lookup and the VP8 descriptor on arbitrary bytes; a rewrite must stay inside the packet.
// link: upcall_rtc_rtp upcall_rtc_codec
#include <cstdint>

#include "base/invariant.hpp"
#include "rtc/codec/vp8.hpp"
#include "rtc/rtp/rtp_packet.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  upcall::ByteVector copy(data, data + size);
  const auto view = upcall::rtc::parse_rtp(copy);
  if (!view) return 0;
  UPCALL_INVARIANT(view->header_size + view->payload.size() + view->padding == size, "the parts make the packet");
  for (unsigned id = 0; id < 256; ++id) (void)view->extension(static_cast<std::uint8_t>(id));
  upcall::rtc::is_vp8_key_frame(view->payload);
  upcall::rtc::vp8_key_frame_size(view->payload);
  if (const auto descriptor = upcall::rtc::parse_vp8_descriptor(view->payload)) {
    upcall::MutBytes payload = upcall::MutBytes(copy).subspan(view->header_size, view->payload.size());
    upcall::rtc::rewrite_vp8_ids(payload, *descriptor, 0x7abc, 77);
    const auto again = upcall::rtc::parse_vp8_descriptor(payload);
    UPCALL_INVARIANT(again && again->header_size == descriptor->header_size, "a rewrite never changes the shape");
  }
  return 0;
}
