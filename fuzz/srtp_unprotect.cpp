// Packets of any shape into SRTP and SRTCP under a known key (zeros): first byte profile, then packets (u16 length).
// What is accepted once is refused the second time; what we protect comes back as it was; and where SRTP takes the header to
// end, the RTP parser does too (CVE-2019-20503: two parsers that disagree).
// link: upcall_rtc_srtp upcall_rtc_rtp
#include <algorithm>
#include <cstdlib>

#include "rtc/rtp/rtp_packet.hpp"
#include "rtc/srtp/session.hpp"

using namespace upcall;
using namespace upcall::srtp;

namespace {

SrtpResult run(SrtpSession& session, bool rtcp, MutBytes packet) {
  return rtcp ? session.unprotect_rtcp(packet) : session.unprotect_rtp(packet);
}

void once_only(SrtpSession& receiver, bool rtcp, Bytes packet) {
  ByteVector first(packet.begin(), packet.end()), second = first;
  const SrtpResult result = run(receiver, rtcp, first);
  if (!result) return;
  if (*result >= packet.size()) std::abort();
  const SrtpResult again = run(receiver, rtcp, second);
  if (again || again.error() != SrtpError::replayed) std::abort();
}

void round_trip(const MasterKey& key, bool rtcp, Bytes plain) {
  SrtpSession sender(key, Direction::protect), receiver(key, Direction::unprotect);
  ByteVector packet(plain.begin(), plain.end());
  packet.resize(plain.size() + kMaxExpansion);
  const SrtpResult sealed = rtcp ? sender.protect_rtcp(packet, plain.size()) : sender.protect_rtp(packet, plain.size());
  if (!sealed) {
    // Refused for its header: the RTP parser must refuse it as well, or it would be forwarded and never sent.
    if (!rtcp && sealed.error() == SrtpError::malformed && rtc::parse_rtp(plain)) std::abort();
    return;
  }
  const ByteVector sealed_copy(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(*sealed));
  const SrtpResult opened = run(receiver, rtcp, MutBytes(packet).first(*sealed));
  // The header stays in clear, what follows does not: the first byte that differs is where SRTP began.
  if (!rtcp) {
    const auto parsed = rtc::parse_rtp(plain);
    for (std::size_t i = 0; parsed && i < parsed->header_size; ++i) {
      if (sealed_copy[i] != plain[i]) std::abort();
    }
  }
  if (!opened || *opened != plain.size() || !std::equal(plain.begin(), plain.end(), packet.begin())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(Bytes(data, size));
  constexpr Profile kProfiles[] = {Profile::aead_aes_128_gcm, Profile::aead_aes_256_gcm, Profile::aes128_cm_sha1_80};
  MasterKey key;
  key.profile = kProfiles[reader.u8() % 3];
  SrtpSession receiver(key, Direction::unprotect, 4);
  for (int i = 0; i < 32 && reader.remaining() >= 2; ++i) {
    const std::size_t length = std::min<std::size_t>(reader.u16() % 1501, reader.remaining());
    const Bytes packet = reader.bytes(length);
    for (const bool rtcp : {false, true}) {
      once_only(receiver, rtcp, packet);
      round_trip(key, rtcp, packet);
    }
  }
  if (receiver.ssrc_count() > 4) std::abort();
  return 0;
}
