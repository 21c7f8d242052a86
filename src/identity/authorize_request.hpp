// GET /oauth2/authorize (OpenID Connect Core §3.1.2.1, RFC 6749 §4.1.1, RFC 7636): reading it, in two steps, because
// nothing may be sent to a redirect address that was not checked.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace upcall::identity {

struct AuthorizeRequest {
  std::string client_id;
  std::string redirect_uri;
  std::string scope;
  std::string state;
  std::string nonce;
  std::string challenge;  // S256
  std::string login_hint;
  std::string identity_provider;  // a hint of the vendor's: a federation, by name
  bool prompt_none = false;
  bool prompt_login = false;
  std::optional<std::int64_t> max_age_s;
};

// The value of a parameter, or nothing. A parameter that stands twice must give nothing for `client_id` and
// `redirect_uri` and is an error for all (RFC 6749 §3.1).
using ParameterOf = std::function<std::optional<std::string>(std::string_view name)>;

// First: whom it is for. Always readable; the caller looks the client up and compares the address.
AuthorizeRequest read_client(const ParameterOf& parameter);
// Then the rest. The answer is an error word for the redirect ("invalid_request", "unsupported_response_type",
// "invalid_scope"), empty when all is well.
std::string_view read_rest(const ParameterOf& parameter, AuthorizeRequest& request);

// RFC 7636 §4.1, §4.6: 43 to 128 unreserved characters whose SHA-256 is the challenge.
bool pkce_matches(std::string_view challenge, std::string_view verifier);

// Those of openid, email, profile that were asked for, joined by blanks, in this order.
std::string known_scopes(std::string_view asked);

}  // namespace upcall::identity
