// The state of our OpenID Connect provider between requests: clients, codes, browsers that have logged in, and the proofs
// that a log-in in several pages carries along. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/auth/authenticator.hpp"
#include "identity/authorize_request.hpp"
#include "io/store/oauth_repository.hpp"

namespace upcall::api {

inline constexpr Duration kCodeLife = Duration::s(60);
inline constexpr Duration kStepLife = Duration::s(10 * 60);

class AuthorizationServer {
 public:
  AuthorizationServer(store::Store& store, store::Sealer& sealer, RandomSource& random, Authenticator& authenticator)
      : store_(store), sealer_(sealer), random_(random), authenticator_(authenticator), form_key_(sealer.derive("log-in forms")) {}

  // A registered client, or our own agent app, whose addresses are this server's.
  Result<std::optional<store::OauthClient>> client(std::string_view id, const std::string& base_url);

  Result<std::string> make_code(const identity::AuthorizeRequest& request, const store::browser_sessions::Entry& who, WallTime now);
  // unauthenticated: unknown, expired, of another client or address, or the verifier does not fit. A code that is used
  // again ends the session that it began (RFC 6749 §4.1.2).
  struct Exchange {
    std::string code, client_id, redirect_uri, verifier;
  };
  Result<TokenSet> exchange(const Exchange& given, Now now);

  // The browser's own log-in.
  Result<std::string> begin_browser_session(const std::string& user_id, WallTime now);
  Result<std::optional<store::browser_sessions::Entry>> browser_session(std::string_view cookie, WallTime now);
  Result<void> end_browser_session(std::string_view cookie);
  // A client's session, by a log-out.
  Result<void> end_session(const std::string& session_id, WallTime now);

  // What has been proven so far, for the form of the next page: sealed, short-lived and bound to the browser's cookie.
  struct Step {
    std::string user_id;
    bool code_proven = false;
    bool done = false;  // everything is proven: only "go on" is left
  };
  std::string seal_step(const Step& step, std::string_view browser, WallTime now);
  std::optional<Step> open_step(std::string_view text, std::string_view browser, WallTime now);

  // The form's answer to the cookie `browser`, against forged posts.
  std::string form_token(std::string_view browser) const;
  bool form_token_fits(std::string_view browser, std::string_view token) const;
  std::string new_browser();

  Authenticator& authenticator() { return authenticator_; }
  store::Store& store() { return store_; }
  RandomSource& random() { return random_; }
  store::Sealer& sealer() { return sealer_; }

 private:
  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  Authenticator& authenticator_;
  const crypto::Secret<32> form_key_;
};

}  // namespace upcall::api
