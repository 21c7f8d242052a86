// Who asks: log-in, tokens, access keys. Every other folder of routes uses authenticate().
//
// Tokens carry identity only; the principal's permissions, group and whether the user is enabled are read from the
// store at each request, so a change counts at once. Any thread.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "base/rng.hpp"
#include "crypto/signature.hpp"
#include "identity/principal.hpp"
#include "identity/token_claims.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"
#include "service/identity/log_in.hpp"
#include "wire/http.hpp"

namespace upcall::api {

struct TokenSet {
  std::string access_token;
  std::string id_token;
  std::string refresh_token;
  std::int64_t expires_in_s = 0;
};

// An access key that is in force, for whoever checks a signature.
struct KeyHolder {
  store::AccessKey key;
  std::optional<identity::Principal> user;  // for whom it acts, with all that this user may; none: a service principal
  std::string secret;

  // What user and key may both do. A key that is limited to a prefix plays recordings through /aws/s3 alone.
  identity::Principal principal() const;
};

class Authenticator {
 public:
  // `issuer`: the public URL. Makes the signing key on first use. References must outlive this.
  static Result<std::unique_ptr<Authenticator>> open(store::Store& store, store::Sealer& sealer, RandomSource& random,
                                                     std::string issuer, WallTime now);

  // Authorization: Bearer <token>, the original's cognitoIdToken header, or an AWS4-HMAC-SHA256 signature of an access
  // key. 401 for anything that does not hold.
  Result<identity::Principal> authenticate(const wire::HttpRequest& request);
  // The same and what the route's row asks for (identity/route_access.hpp): 403 without it.
  Result<identity::Principal> authorize(const wire::HttpRequest& request);
  // The same and a permission: 403 without it.
  Result<identity::Principal> authorize(const wire::HttpRequest& request, identity::Permission permission);
  Result<identity::Principal> authenticate_token(std::string_view token, WallTime now);

  // unauthenticated: unknown, disabled, or its user is.
  Result<KeyHolder> key_holder(std::string_view access_key_id);

  // The password grant, behind the same rules as the log-in page (service/identity/log_in.hpp).
  struct Credentials {
    std::string login, password, code, new_password;
  };
  using LogInFault = service::LogInService::Outcome;
  Result<TokenSet, LogInFault> log_in(const Credentials& given, std::uint64_t peer_key, Now now);
  // For a user who has proven to be it. It lives as long as the parameter sessionLifeMinutes says, from `authenticated` on.
  struct NewSession {
    std::string user_id;
    std::string client_id{identity::kClientId};
    std::string nonce;
    std::optional<WallTime> authenticated;  // nothing: now
    std::string session_id;                 // empty: a new one
    std::string_view how = "password";      // for the audit
  };
  Result<TokenSet> begin_session(const NewSession& session, Now now);
  Result<TokenSet> begin_session(const std::string& user_id, Now now) { return begin_session(NewSession{.user_id = user_id}, now); }
  // A refresh token works once (but see store::sessions::use_refresh_token), for its own client; forbidden for a disabled user
  // who held one that was good.
  Result<TokenSet> refresh(std::string_view refresh_token, std::string_view client_id, Now now);
  // RFC 7009: a refresh token or an access token ends its session. Nothing tells whether it was one.
  Result<void> revoke(std::string_view token, std::string_view client_id, Now now);
  // The session of a token that was signed here, expired or not (id_token_hint), nothing otherwise.
  std::optional<identity::TokenClaims> hinted(std::string_view token, WallTime now);
  // Of an access token that holds, of any client: for userInfo.
  struct Who {
    identity::Principal principal;
    bool onboarded = false;
  };
  Result<Who> who_is(std::string_view access_token, WallTime now);

  // A new key signs from now on; the old ones verify until the last token that they signed has expired.
  Result<void> rotate_keys(WallTime now);
  // Reads the keys again: another process may have rotated them.
  Result<void> load_keys(WallTime now);

  service::LogInService& log_ins() { return log_ins_; }
  const std::string& issuer() const { return issuer_; }
  std::string jwks() const;

 private:
  Authenticator(store::Store& store, store::Sealer& sealer, RandomSource& random, std::string issuer);
  Result<void> add_key(WallTime now);
  Result<identity::Principal> by_access_key(const wire::HttpRequest& request, std::string_view authorization);
  // The session's next tokens; `parent` is the refresh token that they are given for.
  Result<TokenSet> issue(const store::Session& session, std::string_view parent, WallTime now);
  ParseResult<std::string> verified(std::string_view token) const;
  std::string sign(const identity::TokenClaims& claims) const;
  Result<bool> client_may_use_api(store::Database& db, std::string_view client_id);

  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  std::string issuer_;
  service::LogInService log_ins_;
  mutable std::shared_mutex keys_mutex_;  // of the two below
  std::unique_ptr<crypto::Es256PrivateKey> signing_key_;
  crypto::JwsVerifier verifier_;
};

}  // namespace upcall::api
