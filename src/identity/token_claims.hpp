// Claims of our access and id tokens: identity only, permissions are read from the store. Names as standard clients and
// the original's front end read them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::identity {

inline constexpr Duration kAccessTokenLife = Duration::s(3600);
inline constexpr Duration kRefreshTokenLife = Duration::s(30 * 24 * 3600);
inline constexpr std::string_view kClientId = "upcall";

struct TokenClaims {
  enum class Use : std::uint8_t { access, id };
  Use use = Use::access;
  std::string issuer;
  std::string subject;     // user id
  std::string session_id;  // claim sid: a revoked session ends its tokens
  std::string token_id;    // jti
  std::string username;
  std::string email;  // id token only
  std::string name;   // id token only
  WallTime authenticated;
  WallTime issued;
  WallTime expires;
};

// JSON, ready to be signed.
std::string to_payload(const TokenClaims& claims);

// From a payload whose signature was verified: issuer, audience or client, use and times must hold. The error's text
// names what does not, `unauthenticated`. Clock skew of 30 s is allowed for `iat`.
Result<TokenClaims> claims_from_payload(std::string_view payload, std::string_view issuer, WallTime now);

}  // namespace upcall::identity
