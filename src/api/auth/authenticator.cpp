#include "api/auth/authenticator.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "crypto/sigv4.hpp"
#include "identity/access.hpp"
#include "identity/token_claims.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/oauth_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::api {
namespace {

// A retired key still verifies: the longest life of what it has signed, and the skew of the clocks that check it.
constexpr Duration kKeyKept = identity::kAccessTokenLife + Duration::s(60);

tl::unexpected<Error> not_logged_in() { return fail(ErrorCode::unauthenticated, "You are not logged in."); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

Authenticator::Authenticator(store::Store& store, store::Sealer& sealer, RandomSource& random, std::string issuer)
    : store_(store), sealer_(sealer), random_(random), issuer_(std::move(issuer)), log_ins_(store, sealer, random) {}

Result<std::unique_ptr<Authenticator>> Authenticator::open(store::Store& store, store::Sealer& sealer, RandomSource& random,
                                                           std::string issuer, WallTime now) {
  std::unique_ptr<Authenticator> out(new Authenticator(store, sealer, random, std::move(issuer)));
  if (auto loaded = out->load_keys(now); !loaded) return tl::unexpected(loaded.error());
  return out;
}

Result<void> Authenticator::load_keys(WallTime now) {
  auto rows = store_.read([](store::Database& db) { return store::signing_keys::all(db); });
  if (!rows) return tl::unexpected(rows.error());
  crypto::JwsVerifier verifier;
  std::unique_ptr<crypto::Es256PrivateKey> signing;
  for (const store::SigningKeyRow& row : *rows) {
    if (row.retired && now > *row.retired + kKeyKept) continue;
    auto der = sealer_.unseal("signing_keys/" + row.kid, row.private_sealed);
    if (!der) return tl::unexpected(der.error());
    auto key = crypto::Es256PrivateKey::from_pkcs8(*der);
    if (!key) return fail(ErrorCode::corrupt, "a stored signing key is damaged");
    verifier.add(key->public_key());
    if (!row.retired && !signing) signing = std::make_unique<crypto::Es256PrivateKey>(std::move(*key));
  }
  if (!signing) {
    if (auto made = add_key(now); !made) return made;
    return load_keys(now);
  }
  const std::unique_lock lock(keys_mutex_);
  verifier_ = std::move(verifier);
  signing_key_ = std::move(signing);
  return {};
}

Result<void> Authenticator::add_key(WallTime now) {
  const auto key = crypto::Es256PrivateKey::generate();
  const std::string kid = key.public_key().kid();
  const ByteVector sealed = sealer_.seal("signing_keys/" + kid, key.pkcs8(), random_);
  return store_.write([&](store::Database& db) -> Result<void> {
    if (auto done = store::signing_keys::prune(db, now - kKeyKept); !done) return done;
    if (auto done = store::signing_keys::retire(db, now); !done) return done;
    return store::signing_keys::insert(db, {kid, sealed, now, std::nullopt});
  });
}

Result<void> Authenticator::rotate_keys(WallTime now) {
  if (auto made = add_key(now); !made) return made;
  return load_keys(now);
}

ParseResult<std::string> Authenticator::verified(std::string_view token) const {
  const std::shared_lock lock(keys_mutex_);
  return verifier_.verify(token);
}

std::string Authenticator::sign(const identity::TokenClaims& claims) const {
  const std::shared_lock lock(keys_mutex_);
  return crypto::jws_sign(*signing_key_, identity::to_payload(claims));
}

std::string Authenticator::jwks() const {
  const std::shared_lock lock(keys_mutex_);
  return verifier_.jwks();
}

Result<identity::Principal> Authenticator::authenticate(const wire::HttpRequest& request) {
  if (const auto header = request.header("authorization")) {
    if (header->starts_with("AWS4-HMAC-SHA256")) return by_access_key(request, *header);
    constexpr std::string_view kBearer = "bearer ";
    if (header->size() > kBearer.size() && lower(header->substr(0, kBearer.size())) == kBearer) {
      return authenticate_token(header->substr(kBearer.size()), request.now.wall);
    }
    return not_logged_in();
  }
  if (const auto header = request.header("cognitoidtoken")) return authenticate_token(*header, request.now.wall);
  return not_logged_in();
}

Result<identity::Principal> Authenticator::authorize(const wire::HttpRequest& request) {
  const identity::RouteRule* rule = identity::route_rule(request.method, request.route_pattern);
  auto principal = authenticate(request);
  if (!principal) return principal;
  const auto verdict = identity::may_call(*principal, rule);
  if (verdict == identity::RouteVerdict::no_permission) return fail(ErrorCode::forbidden, "You are not allowed to do this.");
  if (verdict == identity::RouteVerdict::not_a_person) return fail(ErrorCode::forbidden, "Only a user can do this.");
  return principal;
}

Result<identity::Principal> Authenticator::authorize(const wire::HttpRequest& request, identity::Permission permission) {
  auto principal = authenticate(request);
  if (principal && !principal->may(permission)) return fail(ErrorCode::forbidden, "You are not allowed to do this.");
  return principal;
}

// An id token says who somebody is to its own client; only ours may be shown to us (the original's header does).
Result<bool> Authenticator::client_may_use_api(store::Database& db, std::string_view client_id) {
  if (client_id == identity::kClientId) return true;
  auto client = store::oauth_clients::find(db, client_id);
  if (!client) return tl::unexpected(client.error());
  return *client && (*client)->api_access;
}

Result<identity::Principal> Authenticator::authenticate_token(std::string_view token, WallTime now) {
  auto payload = verified(token);
  if (!payload) return not_logged_in();
  auto claims = identity::claims_from_payload(*payload, issuer_, now);
  if (!claims) return not_logged_in();
  if (claims->use == identity::TokenClaims::Use::id && claims->client_id != identity::kClientId) return not_logged_in();
  return store_.read([&](store::Database& db) -> Result<identity::Principal> {
    auto session = store::sessions::find(db, claims->session_id);
    if (!session) return tl::unexpected(session.error());
    if (!*session || (*session)->revoked || (*session)->user_id != claims->subject || now >= (*session)->expires) return not_logged_in();
    auto may = client_may_use_api(db, claims->client_id);
    if (!may) return tl::unexpected(may.error());
    if (!*may || (*session)->client_id != claims->client_id) return not_logged_in();
    auto principal = store::users::principal(db, claims->subject);
    if (!principal) return tl::unexpected(principal.error());
    if (!*principal) return not_logged_in();
    return std::move(**principal);
  });
}

Result<Authenticator::Who> Authenticator::who_is(std::string_view token, WallTime now) {
  auto payload = verified(token);
  if (!payload) return not_logged_in();
  auto claims = identity::claims_from_payload(*payload, issuer_, now);
  if (!claims || claims->use != identity::TokenClaims::Use::access) return not_logged_in();
  return store_.read([&](store::Database& db) -> Result<Who> {
    auto session = store::sessions::find(db, claims->session_id);
    if (!session) return tl::unexpected(session.error());
    if (!*session || (*session)->revoked || now >= (*session)->expires || (*session)->user_id != claims->subject) return not_logged_in();
    auto principal = store::users::principal(db, claims->subject);
    if (!principal) return tl::unexpected(principal.error());
    if (!*principal) return not_logged_in();
    auto onboarded = store::users::is_onboarded(db, claims->subject);
    if (!onboarded) return tl::unexpected(onboarded.error());
    return Who{std::move(**principal), *onboarded};
  });
}

std::optional<identity::TokenClaims> Authenticator::hinted(std::string_view token, WallTime now) {
  auto payload = verified(token);
  if (!payload) return std::nullopt;
  auto claims = identity::claims_from_payload(*payload, issuer_, now);
  if (claims) return *claims;
  // A hint may have expired (OpenID Connect RP-Initiated Logout §2): read again as of its own time.
  const auto issued = identity::issue_time(*payload);
  if (!issued) return std::nullopt;
  claims = identity::claims_from_payload(*payload, issuer_, *issued);
  return claims ? std::optional(*claims) : std::nullopt;
}

Result<KeyHolder> Authenticator::key_holder(std::string_view id) {
  auto found = store_.read([&](store::Database& db) -> Result<KeyHolder> {
    auto key = store::access_keys::find(db, id);
    if (!key) return tl::unexpected(key.error());
    if (!*key || (*key)->disabled) return not_logged_in();
    KeyHolder holder{std::move(**key), std::nullopt, {}};
    if (holder.key.user_id) {
      auto user = store::users::principal(db, *holder.key.user_id);
      if (!user) return tl::unexpected(user.error());
      if (!*user) return not_logged_in();
      holder.user = std::move(*user);
    }
    return holder;
  });
  if (!found) return found;
  auto secret = sealer_.unseal("access_keys/" + found->key.id, found->key.secret_sealed);
  if (!secret) return tl::unexpected(secret.error());
  found->secret = std::string(as_text(*secret));
  return found;
}

identity::Principal KeyHolder::principal() const {
  identity::Principal out;
  if (user) {
    out = *user;
    out.permissions = {};
    for (identity::Permission p : identity::all_permissions()) {
      if (user->permissions.has(p) && key.permissions.has(p)) out.permissions.add(p);
    }
    // By these alone a user may play.
    if (!key.s3_prefix.empty()) out.security_profile_ids.clear();
    return out;
  }
  out.kind = identity::Principal::Kind::service;
  out.id = "key/" + key.id;
  out.username = key.name;
  out.name = key.name;
  for (identity::Permission p : identity::all_permissions()) {
    const bool limited = p == identity::Permission::recording_playback && !key.s3_prefix.empty();
    if (key.permissions.has(p) && !limited) out.permissions.add(p);
  }
  return out;
}

Result<identity::Principal> Authenticator::by_access_key(const wire::HttpRequest& request, std::string_view header) {
  auto authorization = crypto::SigV4Authorization::parse(header);
  if (!authorization) return not_logged_in();
  auto holder = key_holder(authorization->access_key_id);
  if (!holder) return tl::unexpected(holder.error());
  const std::size_t question = request.target.find('?');
  const std::string_view query = question == std::string::npos ? "" : std::string_view(request.target).substr(question + 1);
  const crypto::SigV4Request signed_request{request.method, request.path, query, request.headers, request.body};
  const auto rule = authorization->service == "s3" ? crypto::SigV4Path::as_sent : crypto::SigV4Path::encoded_again;
  if (auto verified = crypto::sigv4_verify(signed_request, *authorization, holder->secret, request.now.wall, rule); !verified) {
    return tl::unexpected(verified.error());
  }
  return holder->principal();
}

Result<TokenSet, Authenticator::LogInFault> Authenticator::log_in(const Credentials& given, std::uint64_t peer, Now now) {
  const auto proven = log_ins_.all(given.login, given.password, given.code, given.new_password, peer, now.wall);
  if (proven.stop != service::LogInService::Stop::none) return tl::unexpected(proven);
  auto tokens = begin_session(NewSession{.user_id = proven.user_id}, now);
  if (tokens) return std::move(*tokens);
  const bool out = tokens.error().code == ErrorCode::forbidden;
  return tl::unexpected(LogInFault{out ? service::LogInService::Stop::disabled : service::LogInService::Stop::unavailable, {}, {}, {}});
}

Result<TokenSet> Authenticator::begin_session(const NewSession& asked, Now now) {
  store::Session session;
  session.id = asked.session_id.empty() ? make_uuid(random_) : asked.session_id;
  session.user_id = asked.user_id;
  session.authenticated = asked.authenticated.value_or(now.wall);
  session.client_id = asked.client_id;
  session.nonce = asked.nonce;
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto pruned = store::sessions::prune(db, now.wall); !pruned) return tl::unexpected(pruned.error());
    auto life = store::session_life(db);
    if (!life) return tl::unexpected(life.error());
    session.expires = session.authenticated + *life;
    if (auto done = store::sessions::insert(db, session); !done) return done;
    return store::audit::add(db, {now.wall, asked.user_id, "login.succeeded", asked.user_id, std::string(asked.how) + " " + asked.client_id});
  });
  if (!stored) return tl::unexpected(stored.error());
  return issue(session, {}, now.wall);
}

Result<TokenSet> Authenticator::refresh(std::string_view token, std::string_view client_id, Now now) {
  auto session = store_.write([&](store::Database& db) -> Result<std::optional<store::Session>> {
    auto id = store::sessions::of_refresh_token(db, token);
    if (!id) return tl::unexpected(id.error());
    if (!*id) return std::nullopt;
    auto own = store::sessions::find(db, **id);
    if (!own) return own;
    // Another client's token is not used up: that client did nothing wrong.
    if (!*own || (*own)->client_id != client_id) return std::nullopt;
    return store::sessions::use_refresh_token(db, token, now.wall);
  });
  if (!session) return tl::unexpected(session.error());
  if (!*session) return fail(ErrorCode::unauthenticated, "The refresh token is not valid.");
  return issue(**session, token, now.wall);
}

Result<void> Authenticator::revoke(std::string_view token, std::string_view client_id, Now now) {
  std::string session_id;
  if (const auto payload = verified(token)) {
    const auto claims = identity::claims_from_payload(*payload, issuer_, now.wall);
    if (claims && claims->client_id == client_id) session_id = claims->session_id;
  }
  return store_.write([&](store::Database& db) -> Result<void> {
    if (session_id.empty()) {
      auto id = store::sessions::of_refresh_token(db, token);
      if (!id) return tl::unexpected(id.error());
      if (!*id) return {};
      session_id = **id;
    }
    auto session = store::sessions::find(db, session_id);
    if (!session) return tl::unexpected(session.error());
    if (!*session || (*session)->client_id != client_id || (*session)->revoked) return {};
    if (auto done = store::sessions::revoke(db, session_id, now.wall); !done) return done;
    return store::audit::add(db, {now.wall, (*session)->user_id, "session.revoked", (*session)->user_id, session_id});
  });
}

Result<TokenSet> Authenticator::issue(const store::Session& session, std::string_view parent, WallTime now) {
  struct Found {
    std::optional<identity::Principal> principal;
    bool onboarded = false;
  };
  auto who = store_.read([&](store::Database& db) -> Result<Found> {
    auto principal = store::users::principal(db, session.user_id);
    if (!principal) return tl::unexpected(principal.error());
    auto onboarded = store::users::is_onboarded(db, session.user_id);
    if (!onboarded) return tl::unexpected(onboarded.error());
    return Found{std::move(*principal), *onboarded};
  });
  if (!who) return tl::unexpected(who.error());
  // Said to nobody but who has the password, or held a session.
  if (!who->principal) return fail(ErrorCode::forbidden, "This user is disabled. Ask your administrator.");
  TokenSet out;
  out.refresh_token = make_token(random_);
  auto stored = store_.write([&](store::Database& db) { return store::sessions::add_refresh_token(db, out.refresh_token, session.id, session.expires, parent); });
  if (!stored) return tl::unexpected(stored.error());
  identity::TokenClaims claims;
  claims.issuer = issuer_;
  claims.subject = session.user_id;
  claims.session_id = session.id;
  claims.token_id = make_uuid(random_);
  claims.username = who->principal->username;
  claims.email = who->principal->email;
  claims.name = who->principal->name;
  claims.authenticated = session.authenticated;
  claims.issued = now;
  // No token outlives its session.
  claims.expires = std::min(now + identity::kAccessTokenLife, session.expires);
  claims.client_id = session.client_id;
  claims.nonce = session.nonce;
  claims.onboarded = who->onboarded;
  out.access_token = sign(claims);
  claims.use = identity::TokenClaims::Use::id;
  claims.token_id = make_uuid(random_);
  out.id_token = sign(claims);
  out.expires_in_s = (claims.expires - now).ms() / 1000;
  return out;
}

}  // namespace upcall::api
