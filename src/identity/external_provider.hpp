// What another OpenID Connect provider sends us: its discovery document, its keys, its id tokens (OpenID Connect Discovery
// §4, RFC 7517, Core §3.1.3.7), and to whom of us it belongs. Bytes from outside; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::identity {

struct ProviderMetadata {
  std::string issuer, authorization_endpoint, token_endpoint, jwks_uri;
};
// The issuer must be the configured one, character by character, and every address https (http on the loopback alone).
ParseResult<ProviderMetadata> parse_metadata(std::string_view json, std::string_view issuer);
bool is_provider_address(std::string_view url);

// RSA and P-256 signing keys; others, and those that are for encryption, are left out.
struct ProviderKey {
  enum class Kind : std::uint8_t { rsa, p256 };
  Kind kind = Kind::rsa;
  std::string kid;
  ByteVector a, b;  // n and e, or x and y
};
ParseResult<std::vector<ProviderKey>> parse_jwks(std::string_view json);

// The payload of a compact JWS. The algorithm follows from the key's kind, never from the token: a head that names another
// is refused, so are `crit` and heads without a kid when there are several keys. bad_integrity: no key fits (they may have
// been rotated).
ParseResult<std::string> verify_jws(std::string_view token, const std::vector<ProviderKey>& keys);

struct ClaimNames {
  std::string email = "email", name = "name";
};
struct ExternalIdentity {
  std::string issuer, subject, email, name;
  bool email_verified = false;
};
// From a verified payload; unauthenticated says what does not hold. Clocks may differ by two minutes.
Result<ExternalIdentity> read_id_token(std::string_view payload, std::string_view issuer, std::string_view client_id, std::string_view nonce, const ClaimNames& names, WallTime now);

// "example.com, example.org" against the part behind the last '@'; an empty list allows nobody.
bool domain_allowed(std::string_view email, std::string_view list);

}  // namespace upcall::identity
