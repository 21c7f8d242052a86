#include "identity/external_provider.hpp"

#include <algorithm>

#include "crypto/rsa_verify.hpp"
#include "crypto/signature.hpp"
#include "identity/redirect.hpp"
#include "json/json.hpp"

namespace upcall::identity {
namespace {

constexpr std::size_t kDocumentMax = 64 << 10;
constexpr std::size_t kTokenMax = 16 << 10;
constexpr std::size_t kKeysMax = 32;
constexpr std::size_t kTextMax = 256;
constexpr Duration kSkew = Duration::s(120);

tl::unexpected<Error> refuse(std::string why) { return fail(ErrorCode::unauthenticated, std::move(why)); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

bool is_provider_address(std::string_view url) { return is_registrable_redirect(url); }

ParseResult<ProviderMetadata> parse_metadata(std::string_view text, std::string_view issuer) {
  auto object = json::parse_object(text, kDocumentMax);
  if (!object) return fail(object.error());
  ProviderMetadata out{json::text_or(*object, "issuer"), json::text_or(*object, "authorization_endpoint"), json::text_or(*object, "token_endpoint"), json::text_or(*object, "jwks_uri")};
  if (out.issuer != issuer) return fail(ParseError::bad_integrity);
  for (const std::string* url : {&out.authorization_endpoint, &out.token_endpoint, &out.jwks_uri}) {
    if (!is_provider_address(*url)) return fail(ParseError::malformed);
    // A provider on the network must not send us to a service of this host.
    if (issuer.starts_with("https://") && !url->starts_with("https://")) return fail(ParseError::malformed);
  }
  return out;
}

ParseResult<std::vector<ProviderKey>> parse_jwks(std::string_view text) {
  auto object = json::parse_object(text, kDocumentMax);
  if (!object) return fail(object.error());
  const boost::json::array* list = json::array_at(*object, "keys");
  if (list == nullptr) return fail(ParseError::malformed);
  std::vector<ProviderKey> out;
  for (const boost::json::value& value : *list) {
    const boost::json::object* key = value.if_object();
    if (key == nullptr || out.size() == kKeysMax) continue;
    const std::string use = json::text_or(*key, "use", "sig"), type = json::text_or(*key, "kty"), algorithm = json::text_or(*key, "alg");
    if (use != "sig") continue;
    const bool rsa = type == "RSA" && (algorithm.empty() || algorithm == "RS256");
    const bool p256 = type == "EC" && json::text_or(*key, "crv") == "P-256" && (algorithm.empty() || algorithm == "ES256");
    if (!rsa && !p256) continue;
    auto a = from_base64url(json::text_or(*key, rsa ? "n" : "x")), b = from_base64url(json::text_or(*key, rsa ? "e" : "y"));
    if (!a || !b || a->empty() || b->empty()) continue;
    out.push_back({rsa ? ProviderKey::Kind::rsa : ProviderKey::Kind::p256, json::text_or(*key, "kid"), std::move(*a), std::move(*b)});
  }
  return out;
}

ParseResult<std::string> verify_jws(std::string_view token, const std::vector<ProviderKey>& keys) {
  if (token.size() > kTokenMax) return fail(ParseError::too_long);
  const std::size_t first = token.find('.'), last = token.rfind('.');
  if (first == std::string_view::npos || last == first || token.find('.', first + 1) != last) return fail(ParseError::malformed);
  const auto head_bytes = from_base64url(token.substr(0, first)), payload = from_base64url(token.substr(first + 1, last - first - 1)), signature = from_base64url(token.substr(last + 1));
  if (!head_bytes || !payload || !signature) return fail(ParseError::malformed);
  const auto head = json::parse_object(as_text(*head_bytes), kTokenMax);
  if (!head) return fail(ParseError::malformed);
  if (head->contains("crit") || head->contains("b64") || head->contains("zip")) return fail(ParseError::unsupported);
  const std::string algorithm = json::text_or(*head, "alg"), kid = json::text_or(*head, "kid");
  if (kid.empty() && keys.size() > 1) return fail(ParseError::unsupported);
  const Bytes signed_part = as_bytes(token.substr(0, last));
  for (const ProviderKey& key : keys) {
    if (!kid.empty() && key.kid != kid) continue;
    const bool rsa = key.kind == ProviderKey::Kind::rsa;
    if (algorithm != (rsa ? "RS256" : "ES256")) continue;
    bool right = false;
    if (rsa) {
      right = crypto::rs256_verify(key.a, key.b, signed_part, *signature);
    } else if (const auto point = crypto::Es256PublicKey::from_point(key.a, key.b)) {
      right = point->verify(signed_part, *signature);
    }
    if (right) return std::string(as_text(*payload));
  }
  return fail(ParseError::bad_integrity);
}

Result<ExternalIdentity> read_id_token(std::string_view payload, std::string_view issuer, std::string_view client_id, std::string_view nonce, const ClaimNames& names, WallTime now) {
  const auto object = json::parse_object(payload, kTokenMax);
  if (!object) return refuse("the id token is not readable");
  ExternalIdentity out;
  out.issuer = json::text_or(*object, "iss");
  if (out.issuer != issuer) return refuse("the id token comes from another issuer");
  const auto audience = json::text_at(*object, "aud");
  const boost::json::array* audiences = json::array_at(*object, "aud");
  bool ours = audience && *audience == client_id;
  for (std::size_t i = 0; audiences != nullptr && i < audiences->size(); ++i) ours = ours || ((*audiences)[i].is_string() && std::string_view((*audiences)[i].get_string()) == client_id);
  if (!ours) return refuse("the id token is for another client");
  const bool several = audiences != nullptr && audiences->size() > 1;
  if ((several || object->contains("azp")) && json::text_or(*object, "azp") != client_id) return refuse("the id token is for another party");
  if (nonce.empty() || json::text_or(*object, "nonce") != nonce) return refuse("the id token is for another log-in");
  const auto expires = json::integer_at(*object, "exp"), issued = json::integer_at(*object, "iat");
  constexpr std::int64_t kLatest = 100'000'000'000;
  if (!expires || !issued || *expires < 0 || *issued < 0 || *expires > kLatest || *issued > kLatest) return refuse("the id token has no times");
  if (now >= WallTime::from_unix_ms(*expires * 1000) + kSkew) return refuse("the id token has expired");
  if (WallTime::from_unix_ms(*issued * 1000) > now + kSkew) return refuse("the id token is not valid yet");
  out.subject = json::text_or(*object, "sub");
  if (out.subject.empty() || out.subject.size() > kTextMax || !json::is_clean_text(out.subject)) return refuse("the id token names nobody");
  out.email = lower(json::text_or(*object, names.email));
  out.name = json::text_or(*object, names.name);
  if (out.email.size() > kTextMax || !json::is_clean_text(out.email)) out.email.clear();
  if (out.name.size() > 127 || !json::is_clean_text(out.name)) out.name.clear();
  out.email_verified = json::boolean_at(*object, "email_verified").value_or(false);
  return out;
}

bool domain_allowed(std::string_view email, std::string_view list) {
  const std::size_t at = email.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == email.size() || email.find('@') != at) return false;
  const std::string domain = lower(email.substr(at + 1));
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view entry = list.substr(0, comma);
    list.remove_prefix(std::min(list.size(), comma + 1));
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (!entry.empty() && lower(entry) == domain) return true;
  }
  return false;
}

}  // namespace upcall::identity
