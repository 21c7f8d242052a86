#include "signaling/relay_offer.hpp"

#include <array>

#include "base/bytes.hpp"
#include "crypto/hmac.hpp"
#include "wire/turn_uri.hpp"

namespace upcall::signaling {

RelayCredentials make_relay_credentials(WallTime now, const std::string& secret, RandomSource& random) {
  std::array<std::uint8_t, 9> id;
  random.fill(id);
  RelayCredentials out;
  out.username = std::to_string((now + kRelayLife).unix_ms() / 1000) + ":" + to_base64url(id);
  out.password = to_base64(crypto::hmac_sha1(as_bytes(secret), as_bytes(out.username)));
  out.ttl_s = static_cast<std::uint32_t>(kRelayLife.ns() / Duration::s(1).ns());
  return out;
}

Result<void> check_relay(const RelaySettings& settings) {
  if (settings.uris.empty() != settings.secret.empty()) return fail(ErrorCode::invalid_argument, "addresses of TURN servers and the secret shared with them go together");
  if (settings.uris.size() > 8) return fail(ErrorCode::invalid_argument, "at most 8 addresses of TURN servers");
  for (const std::string& uri : settings.uris) {
    if (!wire::is_turn_uri(uri)) {
      return fail(ErrorCode::invalid_argument, "a TURN server is written as turn:HOST:PORT?transport=udp (or tcp), or turns:HOST:PORT?transport=tcp; not \"" + uri + "\"");
    }
  }
  return {};
}

}  // namespace upcall::signaling
