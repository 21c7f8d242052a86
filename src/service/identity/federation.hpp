// Log-in by another OpenID Connect provider: discovery and keys (kept for a while), the code flow with state, nonce and
// PKCE, and whose account it is.
//
// Whose account it is, in this order:
//   1. issuer and subject are linked to a user: that one.
//   2. The provider says that the e-mail address is verified (or the administrator trusts it in general), its domain is
//      in the allowed list, a user has this address and is linked to nobody else of this provider: linked from now on.
//   3. The same, but nobody has the address, and provisioning is on: a user is made, without a password.
//   4. Otherwise nobody. The page does not say which of the conditions failed; the audit does.
// The e-mail address counts once, at linking: who changes it at the provider later becomes nobody else.
//
// Any thread; requests to the provider block the caller, with the fetcher's time-outs.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "identity/external_provider.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

struct FederationSettings {
  std::string issuer;  // empty: no federation
  std::string name, client_id, client_secret;
  std::string allowed_domains;
  bool trust_email = false;  // the provider's addresses count as verified
  bool provision = false;
  std::string profile = "Agent";  // of users that are made
  identity::ClaimNames claims;
};

struct FetchRequest {
  std::string url;
  std::string form;                // empty: GET
  std::string authorization;       // header, empty: none
};
// The body of a 200; unavailable otherwise.
using Fetcher = std::function<Result<std::string>(const FetchRequest&)>;

struct FederationOptions {
  std::string redirect_uri;  // as registered at the provider: <public URL>/oauth2/callback
  std::function<Result<FederationSettings>()> settings;
  Fetcher fetch;
};

class Federation {
 public:
  Federation(FederationOptions options, store::Store& store, store::Sealer& sealer, RandomSource& random)
      : options_(std::move(options)), store_(store), sealer_(sealer), random_(random) {}

  // Empty: there is none.
  std::string name();

  struct Begun {
    std::string address;  // where the browser goes
    std::string cookie;   // what it brings back: sealed, for ten minutes
  };
  Result<Begun> begin(std::string_view authorize_query, std::string_view return_to, WallTime now);

  struct Finished {
    std::string user_id, authorize_query, return_to;
  };
  struct Answer {
    std::string state, code, issuer;
    std::string cookie;
  };
  // unauthenticated: forged, late, or the provider's word does not hold; forbidden: nobody's account; unavailable.
  Result<Finished> finish(const Answer& answer, WallTime now);

 private:
  Result<identity::ProviderMetadata> metadata(const FederationSettings& settings, WallTime now);
  Result<std::string> verified(const std::string& token, const identity::ProviderMetadata& provider, WallTime now);
  Result<std::string> account_of(const identity::ExternalIdentity& who, const FederationSettings& settings, WallTime now);

  const FederationOptions options_;
  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  std::mutex mutex_;  // of what is kept
  std::optional<identity::ProviderMetadata> metadata_;
  WallTime metadata_read_ = WallTime::from_unix_ms(0);
  std::string keys_of_;
  std::vector<identity::ProviderKey> keys_;
  WallTime keys_read_ = WallTime::from_unix_ms(0);
};

}  // namespace upcall::service
