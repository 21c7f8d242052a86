// SDP offers: whatever parses can be written back and parses again.
// link: upcall_rtc_sdp
#include <cstdint>

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "rtc/sdp/sdp_writer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  const auto sdp = rtc::parse_sdp(upcall::as_text(upcall::Bytes(data, size)));
  if (!sdp) return 0;
  UPCALL_INVARIANT(sdp->media.size() <= rtc::kSdpSectionsMax, "limit of sections");
  for (const auto& media : sdp->media) {
    UPCALL_INVARIANT(media.codecs.size() <= rtc::kSdpPayloadsMax, "limit of payloads");
    if (const auto* vp8 = media.codec("VP8")) (void)media.rtx_for(vp8->payload_type);
  }
  rtc::SdpTransport transport{.ice_ufrag = "u", .ice_pwd = "p", .fingerprint = "AA", .setup = "passive", .ice_lite = true, .candidates = {}};
  const std::string text = rtc::write_sdp(1, 1, transport, sdp->media);
  UPCALL_INVARIANT(text.size() <= 4 * size + 64 * 512, "an answer is not an amplifier");
  return 0;
}
