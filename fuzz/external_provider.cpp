// What another OpenID Connect provider sends: discovery, keys, tokens. What is taken names the issuer that was asked for and
// addresses that may be asked; no token passes without a key that was made for it.
// link: upcall_identity
#include <cstdint>
#include <cstdlib>
#include <string>

#include "identity/external_provider.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kIssuer = "https://idp.example";
  if (const auto metadata = identity::parse_metadata(text, kIssuer)) {
    if (metadata->issuer != kIssuer) std::abort();
    for (const std::string* url : {&metadata->authorization_endpoint, &metadata->token_endpoint, &metadata->jwks_uri}) {
      if (!url->starts_with("https://")) std::abort();
    }
  }
  const auto keys = identity::parse_jwks(text);
  if (keys && keys->size() > 32) std::abort();
  if (identity::verify_jws(text, {}) || (keys && identity::verify_jws(text, *keys))) std::abort();
  const auto who = identity::read_id_token(text, kIssuer, "client", "nonce", {}, WallTime::from_unix_ms(1'800'000'000'000));
  if (who && (who->subject.empty() || who->issuer != kIssuer)) std::abort();
  if (identity::domain_allowed(text, "example.com") && (text.size() < 13 || text[text.size() - 12] != '@')) std::abort();
  return 0;
}
