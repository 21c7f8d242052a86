// STUN datagrams into the parser and a live ICE-lite server: no answer grows before authentication, no stranger's path.
// link: upcall_rtc_ice
#include <cstdlib>

#include "rtc/ice/lite_server.hpp"
#include "rtc/stun/builder.hpp"

using namespace upcall;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes datagram(data, size);
  static const ice::Credentials local{"fuzz", "fuzz-password-of-24-char"};
  static const crypto::HmacSha1 key(as_bytes(local.pwd));
  ice::IceLiteServer server(local);
  std::array<std::uint8_t, stun::kBuildBufferSize> reply;
  const ice::Path path{0, NetAddress::v4(192, 0, 2, 1, 1234)};
  const auto message = stun::parse(datagram);
  const bool authentic = message && stun::integrity_ok(*message, key);
  const ice::CheckResult result = server.handle(Instant::from_ms(1), path, datagram, reply);
  if (!authentic && (result.reply.size() > size || server.path_count() != 0)) std::abort();
  if (!message && result.outcome != ice::CheckOutcome::ignored) std::abort();
  if (!result.reply.empty() && !stun::parse(result.reply)) std::abort();
  return 0;
}
