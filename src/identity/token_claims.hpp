// Claims of our access and id tokens: identity only, permissions are read from the store. Names as standard clients and
// the original's front end read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::identity {

inline constexpr Duration kAccessTokenLife = Duration::s(3600);
// A panel session: so long after the log-in it must be done again (parameter sessionLifeMinutes).
inline constexpr Duration kSessionLife = Duration::s(10 * 3600);
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
  std::string client_id{kClientId};  // claim client_id of an access token, aud of an id token
  std::string nonce;                 // id token only, when it was asked for
  std::string scope = "openid email profile";
  bool onboarded = true;             // id token only: the claim custom:connectUserId, which nobody but the server writes
};

// JSON, ready to be signed.
std::string to_payload(const TokenClaims& claims);

// From a payload whose signature was verified: issuer, use and times must hold, and somebody must be named as audience or
// client; whether that client may use what is asked for is the caller's to decide. The error's text
// names what does not, `unauthenticated`. Clock skew of 30 s is allowed for `iat`.
Result<TokenClaims> claims_from_payload(std::string_view payload, std::string_view issuer, WallTime now);

// When a verified payload says that it was issued; nothing when it does not.
std::optional<WallTime> issue_time(std::string_view payload);

}  // namespace upcall::identity
