#include "api/auth/authorization.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "crypto/hmac.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "parameters/rules.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr std::string_view kStepPurpose = "log_in_step";

// Pages on other sites that log people in here, by the original's parameters: whole addresses.
Result<void> add_other_pages(store::Database& db, store::OauthClient& own) {
  const auto value = [&](std::string_view name) { return store::parameters::get_or(db, name, ""); };
  const auto switched = value("cognitoSAMLEnabled"), issuer = value("federationIssuer");
  if (!switched) return tl::unexpected(switched.error());
  if (!issuer) return tl::unexpected(issuer.error());
  if (!parameters::federation_on(*switched, *issuer)) return {};
  for (const auto& [name, list] : {std::pair{"cognitoSAMLCallbackUrls", &own.redirect_uris}, {"cognitoSAMLLogoutUrls", &own.logout_uris}}) {
    const auto joined = value(name);
    if (!joined) return tl::unexpected(joined.error());
    for (std::string_view rest = *joined; !rest.empty();) {
      const std::string_view one = rest.substr(0, rest.find(','));
      list->emplace_back(one);
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    }
  }
  return {};
}

tl::unexpected<Error> no_grant() { return fail(ErrorCode::unauthenticated, "The code is not valid."); }

}  // namespace

Result<std::optional<store::OauthClient>> AuthorizationServer::client(std::string_view id, const std::string& base_url) {
  if (id == identity::kClientId) {
    store::OauthClient own;
    own.id = identity::kClientId;
    own.name = "Upcall";
    own.redirect_uris = {authenticator_.issuer() + "/", base_url + "/"};
    own.logout_uris = {authenticator_.issuer() + "/", base_url + "/", authenticator_.issuer() + "/?logout", base_url + "/?logout"};
    own.api_access = true;
    auto more = store_.read([&](store::Database& db) { return add_other_pages(db, own); });
    if (!more) return tl::unexpected(more.error());
    return own;
  }
  return store_.read([&](store::Database& db) { return store::oauth_clients::find(db, id); });
}

Result<std::string> AuthorizationServer::make_code(const identity::AuthorizeRequest& r, const store::browser_sessions::Entry& who, WallTime now) {
  const std::string code = make_token(random_);
  const store::AuthorizationCode row{r.client_id, who.user_id, r.redirect_uri, r.challenge, r.nonce, r.scope, who.authenticated, now + kCodeLife, {}};
  auto stored = store_.write([&](store::Database& db) { return store::authorization_codes::insert(db, code, row, now); });
  if (!stored) return tl::unexpected(stored.error());
  return code;
}

Result<TokenSet> AuthorizationServer::exchange(const Exchange& given, Now now) {
  auto found = store_.read([&](store::Database& db) { return store::authorization_codes::find(db, given.code); });
  if (!found) return tl::unexpected(found.error());
  if (!*found) return no_grant();
  const store::AuthorizationCode& row = **found;
  if (row.client_id != given.client_id || row.redirect_uri != given.redirect_uri || !identity::pkce_matches(row.challenge, given.verifier)) return no_grant();
  const std::string session_id = make_uuid(random_);
  const bool fresh = row.session_id.empty() && now.wall < row.expires;
  auto mine = fresh ? store_.write([&](store::Database& db) { return store::authorization_codes::exchange(db, given.code, session_id); }) : Result<bool>(false);
  if (!mine) return tl::unexpected(mine.error());
  if (!*mine) {
    auto again = store_.write([&](store::Database& db) -> Result<void> {
      auto used = store::authorization_codes::find(db, given.code);
      if (!used) return tl::unexpected(used.error());
      if (!*used || (*used)->session_id.empty()) return {};
      if (auto done = store::sessions::revoke(db, (*used)->session_id, now.wall); !done) return done;
      return store::audit::add(db, {now.wall, (*used)->user_id, "session.revoked", (*used)->user_id, "a code was used twice"});
    });
    if (!again) return tl::unexpected(again.error());
    return no_grant();
  }
  return authenticator_.begin_session({row.user_id, row.client_id, row.nonce, row.authenticated, session_id, "code"}, now);
}

Result<std::string> AuthorizationServer::begin_browser_session(const std::string& user_id, WallTime now) {
  const std::string token = make_token(random_);
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    auto life = store::session_life(db);
    if (!life) return tl::unexpected(life.error());
    return store::browser_sessions::insert(db, token, {user_id, now}, now + *life, now);
  });
  if (!stored) return tl::unexpected(stored.error());
  return token;
}

Result<std::optional<store::browser_sessions::Entry>> AuthorizationServer::browser_session(std::string_view cookie, WallTime now) {
  if (cookie.empty() || cookie.size() > 128) return std::nullopt;
  return store_.read([&](store::Database& db) { return store::browser_sessions::find(db, cookie, now); });
}

Result<void> AuthorizationServer::end_browser_session(std::string_view cookie) {
  return store_.write([&](store::Database& db) { return store::browser_sessions::remove(db, cookie); });
}

Result<void> AuthorizationServer::end_session(const std::string& session_id, WallTime now) {
  return store_.write([&](store::Database& db) -> Result<void> {
    auto session = store::sessions::find(db, session_id);
    if (!session) return tl::unexpected(session.error());
    if (!*session || (*session)->revoked) return {};
    if (auto done = store::sessions::revoke(db, session_id, now); !done) return done;
    return store::audit::add(db, {now, (*session)->user_id, "logout", (*session)->user_id, (*session)->client_id});
  });
}

std::string AuthorizationServer::seal_step(const Step& step, std::string_view browser, WallTime now) {
  const std::string text = bj::serialize(bj::object{
      {"u", step.user_id}, {"c", step.code_proven}, {"d", step.done}, {"b", store::token_hash(browser)}, {"e", (now + kStepLife).unix_ms()}});
  return to_base64url(sealer_.seal(kStepPurpose, as_bytes(std::string_view(text)), random_));
}

std::optional<AuthorizationServer::Step> AuthorizationServer::open_step(std::string_view text, std::string_view browser, WallTime now) {
  if (text.size() > 2048) return std::nullopt;
  const auto sealed = from_base64url(text);
  if (!sealed) return std::nullopt;
  const auto plain = sealer_.unseal(kStepPurpose, *sealed);
  if (!plain) return std::nullopt;
  const auto object = json::parse_object(as_text(*plain));
  if (!object || json::text_or(*object, "b") != store::token_hash(browser)) return std::nullopt;
  if (json::integer_at(*object, "e").value_or(0) <= now.unix_ms()) return std::nullopt;
  return Step{json::text_or(*object, "u"), json::boolean_at(*object, "c").value_or(false), json::boolean_at(*object, "d").value_or(false)};
}

std::string AuthorizationServer::form_token(std::string_view browser) const { return to_base64url(crypto::hmac_sha256(form_key_.bytes(), as_bytes(browser))); }

std::string AuthorizationServer::new_browser() { return make_token(random_); }

bool AuthorizationServer::form_token_fits(std::string_view browser, std::string_view token) const {
  const std::string right = form_token(browser);
  return !browser.empty() && crypto::constant_time_equal(as_bytes(std::string_view(right)), as_bytes(token));
}

}  // namespace upcall::api
