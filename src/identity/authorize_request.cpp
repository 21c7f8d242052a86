#include "identity/authorize_request.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/hash.hpp"

namespace upcall::identity {
namespace {

constexpr std::size_t kStateMax = 1024;
constexpr std::size_t kTextMax = 256;
constexpr std::size_t kChallengeSize = 43;

bool is_unreserved(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

// Calls `each` with every word between blanks.
template <class F>
void words(std::string_view text, F each) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) each(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

bool visible(std::string_view text) { return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c != 0x7f; }); }

}  // namespace

std::string known_scopes(std::string_view asked) {
  std::string out;
  for (const std::string_view known : {"openid", "email", "profile"}) {
    bool there = false;
    words(asked, [&](std::string_view word) { there = there || word == known; });
    if (there) out += (out.empty() ? "" : " ") + std::string(known);
  }
  return out;
}

AuthorizeRequest read_client(const ParameterOf& parameter) {
  AuthorizeRequest out;
  out.client_id = parameter("client_id").value_or("").substr(0, kTextMax);
  out.redirect_uri = parameter("redirect_uri").value_or("");
  return out;
}

std::string_view read_rest(const ParameterOf& parameter, AuthorizeRequest& request) {
  // First, so that also an error goes back with it.
  request.state = parameter("state").value_or("");
  if (request.state.size() > kStateMax || !visible(request.state)) {
    request.state.clear();
    return "invalid_request";
  }
  const auto type = parameter("response_type");
  if (!type) return "invalid_request";
  if (*type != "code") return "unsupported_response_type";
  if (parameter("request") || parameter("request_uri")) return "request_not_supported";
  if (const auto mode = parameter("response_mode"); mode && *mode != "query") return "invalid_request";
  // Without PKCE, or with its plain form, a code is good for whoever sees it.
  request.challenge = parameter("code_challenge").value_or("");
  if (parameter("code_challenge_method").value_or("") != "S256") return "invalid_request";
  if (request.challenge.size() != kChallengeSize || !is_unreserved(request.challenge)) return "invalid_request";
  request.scope = known_scopes(parameter("scope").value_or("openid"));
  if (!request.scope.starts_with("openid")) return "invalid_scope";
  request.nonce = parameter("nonce").value_or("");
  if (request.nonce.size() > kTextMax || !visible(request.nonce)) return "invalid_request";
  request.login_hint = parameter("login_hint").value_or("").substr(0, kTextMax);
  request.identity_provider = parameter("identity_provider").value_or("").substr(0, kTextMax);
  bool other = false;
  words(parameter("prompt").value_or(""), [&](std::string_view word) {
    if (word == "none") request.prompt_none = true;
    else if (word == "login" || word == "select_account") request.prompt_login = true;
    else other = true;
  });
  if (other || (request.prompt_none && request.prompt_login)) return "invalid_request";
  if (const auto age = parameter("max_age"); age && !age->empty()) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(age->data(), age->data() + age->size(), seconds);
    if (error != std::errc() || end != age->data() + age->size() || seconds < 0) return "invalid_request";
    request.max_age_s = std::min<std::int64_t>(seconds, 100'000'000);
  }
  return {};
}

bool pkce_matches(std::string_view challenge, std::string_view verifier) {
  if (verifier.size() < 43 || verifier.size() > 128 || !is_unreserved(verifier) || challenge.size() != kChallengeSize) return false;
  const std::string made = to_base64url(crypto::sha256(as_bytes(verifier)));
  return crypto::constant_time_equal(as_bytes(std::string_view(made)), as_bytes(challenge));
}

}  // namespace upcall::identity
