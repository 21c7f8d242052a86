#include "identity/token_claims.hpp"

#include "json/json.hpp"

namespace upcall::identity {
namespace {

constexpr Duration kSkew = Duration::s(30);

std::int64_t seconds(WallTime t) { return t.unix_ms() / 1000; }

tl::unexpected<Error> refuse(std::string why) { return fail(ErrorCode::unauthenticated, std::move(why)); }

}  // namespace

std::string to_payload(const TokenClaims& c) {
  boost::json::object o;
  o["iss"] = c.issuer;
  o["sub"] = c.subject;
  o["sid"] = c.session_id;
  o["jti"] = c.token_id;
  o["auth_time"] = seconds(c.authenticated);
  o["iat"] = seconds(c.issued);
  o["exp"] = seconds(c.expires);
  if (c.use == TokenClaims::Use::access) {
    o["token_use"] = "access";
    o["client_id"] = c.client_id;
    o["scope"] = c.scope;
    o["username"] = c.username;
  } else {
    o["token_use"] = "id";
    o["aud"] = c.client_id;
    o["cognito:username"] = c.username;
    o["preferred_username"] = c.username;
    o["email"] = c.email;
    o["email_verified"] = true;
    o["name"] = c.name;
    if (c.onboarded) o["custom:connectUserId"] = c.subject;
    if (!c.nonce.empty()) o["nonce"] = c.nonce;
  }
  return boost::json::serialize(o);
}

std::optional<WallTime> issue_time(std::string_view payload) {
  const auto object = json::parse_object(payload, 16 << 10);
  const auto issued = object ? json::integer_at(*object, "iat") : std::nullopt;
  if (!issued || *issued < 0 || *issued > 100'000'000'000) return std::nullopt;
  return WallTime::from_unix_ms(*issued * 1000);
}

Result<TokenClaims> claims_from_payload(std::string_view payload, std::string_view issuer, WallTime now) {
  auto object = json::parse_object(payload, 16 << 10);
  if (!object) return refuse("the token is not readable");
  TokenClaims c;
  c.issuer = json::text_or(*object, "iss");
  if (c.issuer != issuer) return refuse("the token comes from another issuer");
  const std::string use = json::text_or(*object, "token_use");
  if (use == "access") {
    c.use = TokenClaims::Use::access;
    c.client_id = json::text_or(*object, "client_id");
    c.scope = json::text_or(*object, "scope");
    c.username = json::text_or(*object, "username");
  } else if (use == "id") {
    c.use = TokenClaims::Use::id;
    c.client_id = json::text_or(*object, "aud");
    c.onboarded = object->contains("custom:connectUserId");
    c.nonce = json::text_or(*object, "nonce");
    c.username = json::text_or(*object, "cognito:username");
  } else {
    return refuse("the token has another use");
  }
  c.subject = json::text_or(*object, "sub");
  c.session_id = json::text_or(*object, "sid");
  c.token_id = json::text_or(*object, "jti");
  c.email = json::text_or(*object, "email");
  c.name = json::text_or(*object, "name");
  const auto expires = json::integer_at(*object, "exp");
  const auto issued = json::integer_at(*object, "iat");
  const auto authenticated = json::integer_at(*object, "auth_time");
  // Bounded before the multiplication below.
  constexpr std::int64_t kLatest = 100'000'000'000;
  for (const auto& t : {expires, issued, authenticated}) {
    if (!t || *t < 0 || *t > kLatest) return refuse("the token has no times");
  }
  if (c.client_id.empty()) return refuse("the token is for nobody");
  if (c.subject.empty() || c.session_id.empty()) return refuse("the token names nobody");
  c.expires = WallTime::from_unix_ms(*expires * 1000);
  c.issued = WallTime::from_unix_ms(*issued * 1000);
  c.authenticated = WallTime::from_unix_ms(*authenticated * 1000);
  if (now >= c.expires) return refuse("the token has expired");
  if (c.issued > now + kSkew) return refuse("the token is not valid yet");
  return c;
}

}  // namespace upcall::identity
