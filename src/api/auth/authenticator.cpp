#include "api/auth/authenticator.hpp"

#include "base/ids.hpp"
#include "crypto/password.hpp"
#include "crypto/sigv4.hpp"
#include "identity/access.hpp"
#include "identity/token_claims.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::api {
namespace {

// Ten wrong passwords at once, then one more every six seconds.
constexpr double kFailuresPerSecond = 1.0 / 6;
constexpr double kFailuresBurst = 10;

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
    : store_(store),
      sealer_(sealer),
      random_(random),
      issuer_(std::move(issuer)),
      failures_by_peer_(kFailuresPerSecond, kFailuresBurst),
      failures_by_name_(kFailuresPerSecond, kFailuresBurst) {}

Result<std::unique_ptr<Authenticator>> Authenticator::open(store::Store& store, store::Sealer& sealer, RandomSource& random,
                                                           std::string issuer, WallTime now) {
  std::unique_ptr<Authenticator> out(new Authenticator(store, sealer, random, std::move(issuer)));
  if (auto loaded = out->load_keys(now); !loaded) return tl::unexpected(loaded.error());
  return out;
}

Result<void> Authenticator::load_keys(WallTime now) {
  auto rows = store_.read([](store::Database& db) { return store::signing_keys::all(db); });
  if (!rows) return tl::unexpected(rows.error());
  for (const store::SigningKeyRow& row : *rows) {
    auto der = sealer_.unseal("signing_keys/" + row.kid, row.private_sealed);
    if (!der) return tl::unexpected(der.error());
    auto key = crypto::Es256PrivateKey::from_pkcs8(*der);
    if (!key) return fail(ErrorCode::corrupt, "a stored signing key is damaged");
    verifier_.add(key->public_key());
    if (!row.retired && !signing_key_) signing_key_ = std::make_unique<crypto::Es256PrivateKey>(std::move(*key));
  }
  if (signing_key_) return {};
  signing_key_ = std::make_unique<crypto::Es256PrivateKey>(crypto::Es256PrivateKey::generate());
  verifier_.add(signing_key_->public_key());
  const std::string kid = signing_key_->public_key().kid();
  const ByteVector sealed = sealer_.seal("signing_keys/" + kid, signing_key_->pkcs8(), random_);
  return store_.write([&](store::Database& db) { return store::signing_keys::insert(db, {kid, sealed, now, std::nullopt}); });
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

Result<identity::Principal> Authenticator::authenticate_token(std::string_view token, WallTime now) {
  auto payload = verifier_.verify(token);
  if (!payload) return not_logged_in();
  auto claims = identity::claims_from_payload(*payload, issuer_, now);
  if (!claims) return not_logged_in();
  return store_.read([&](store::Database& db) -> Result<identity::Principal> {
    auto session = store::sessions::find(db, claims->session_id);
    if (!session) return tl::unexpected(session.error());
    if (!*session || (*session)->revoked || (*session)->user_id != claims->subject) return not_logged_in();
    auto principal = store::users::principal(db, claims->subject);
    if (!principal) return tl::unexpected(principal.error());
    if (!*principal) return not_logged_in();
    return std::move(**principal);
  });
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

Result<TokenSet> Authenticator::log_in(std::string_view login, std::string_view password, std::uint64_t peer_key, Now now) {
  const std::string peer = std::to_string(peer_key);
  const std::string name = lower(login.substr(0, 256));
  if (!failures_by_peer_.has(peer, now.mono) || !failures_by_name_.has(name, now.mono)) {
    return fail(ErrorCode::exhausted, "Too many failed log-ins. Please wait a little.");
  }
  auto user = store_.read([&](store::Database& db) { return store::users::find_login(db, login.substr(0, 256)); });
  if (!user) return tl::unexpected(user.error());
  // The full work is done for unknown and disabled users too, so that time tells nothing.
  const bool right = crypto::verify_password(*user ? (*user)->password_hash : "", password);
  if (!right) {
    failures_by_peer_.charge(peer, now.mono);
    failures_by_name_.charge(name, now.mono);
    return fail(ErrorCode::unauthenticated, "The user name or the password is wrong.");
  }
  // Who knows the password may know this; nobody else learns that the user exists.
  if ((*user)->disabled) return fail(ErrorCode::forbidden, "This user is disabled. Ask your administrator.");
  return begin_session((*user)->id, now);
}

Result<TokenSet> Authenticator::begin_session(const std::string& user_id, Now now) {
  const std::string session_id = make_uuid(random_);
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto pruned = store::sessions::prune(db, now.wall); !pruned) return tl::unexpected(pruned.error());
    return store::sessions::insert(db, {session_id, user_id, now.wall, now.wall + identity::kRefreshTokenLife, false});
  });
  if (!stored) return tl::unexpected(stored.error());
  return issue(user_id, session_id, now.wall, now.wall);
}

Result<TokenSet> Authenticator::refresh(std::string_view token, Now now) {
  auto session = store_.write([&](store::Database& db) { return store::sessions::use_refresh_token(db, token, now.wall); });
  if (!session) return tl::unexpected(session.error());
  if (!*session) return fail(ErrorCode::unauthenticated, "The refresh token is not valid.");
  return issue((*session)->user_id, (*session)->id, (*session)->authenticated, now.wall);
}

Result<TokenSet> Authenticator::issue(const std::string& user_id, const std::string& session_id, WallTime authenticated, WallTime now) {
  auto principal = store_.read([&](store::Database& db) { return store::users::principal(db, user_id); });
  if (!principal) return tl::unexpected(principal.error());
  // Said to nobody but who has the password, or held a session.
  if (!*principal) return fail(ErrorCode::forbidden, "This user is disabled. Ask your administrator.");
  TokenSet out;
  out.refresh_token = make_token(random_);
  auto stored = store_.write([&](store::Database& db) {
    return store::sessions::add_refresh_token(db, out.refresh_token, session_id, now + identity::kRefreshTokenLife);
  });
  if (!stored) return tl::unexpected(stored.error());
  identity::TokenClaims claims{identity::TokenClaims::Use::access, issuer_, user_id, session_id, make_uuid(random_),
                               (*principal)->username, (*principal)->email, (*principal)->name, authenticated, now,
                               now + identity::kAccessTokenLife};
  out.access_token = crypto::jws_sign(*signing_key_, identity::to_payload(claims));
  claims.use = identity::TokenClaims::Use::id;
  claims.token_id = make_uuid(random_);
  out.id_token = crypto::jws_sign(*signing_key_, identity::to_payload(claims));
  out.expires_in_s = static_cast<std::int64_t>(identity::kAccessTokenLife.seconds());
  return out;
}

}  // namespace upcall::api
