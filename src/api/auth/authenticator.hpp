// Who asks: log-in, tokens, access keys. Every other folder of routes uses authenticate().
//
// Tokens carry identity only; the principal's permissions, group and whether the user is enabled are read from the
// store at each request, so a change counts at once. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/common/rate_limiter.hpp"
#include "base/rng.hpp"
#include "crypto/signature.hpp"
#include "identity/principal.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"
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

  // unauthenticated for a wrong name or password without telling which, forbidden for a disabled user with the right one,
  // exhausted after too many failures of one peer or one name.
  Result<TokenSet> log_in(std::string_view login, std::string_view password, std::uint64_t peer_key, Now now);
  // For a user who has proven to be it.
  Result<TokenSet> begin_session(const std::string& user_id, Now now);
  // Each refresh token works once; forbidden for a disabled user who held one that was good.
  Result<TokenSet> refresh(std::string_view refresh_token, Now now);

  const std::string& issuer() const { return issuer_; }
  std::string jwks() const { return verifier_.jwks(); }

 private:
  Authenticator(store::Store& store, store::Sealer& sealer, RandomSource& random, std::string issuer);
  Result<void> load_keys(WallTime now);
  Result<identity::Principal> by_access_key(const wire::HttpRequest& request, std::string_view authorization);
  Result<TokenSet> issue(const std::string& user_id, const std::string& session_id, WallTime authenticated, WallTime now);

  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  std::string issuer_;
  std::unique_ptr<crypto::Es256PrivateKey> signing_key_;
  crypto::JwsVerifier verifier_;
  RateLimiter failures_by_peer_;
  RateLimiter failures_by_name_;
};

}  // namespace upcall::api
