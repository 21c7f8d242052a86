// Clients of our OpenID Connect provider, authorization codes, browser sessions, identities at other providers. Codes and
// cookies are stored as hashes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"

namespace upcall::store {

struct OauthClient {
  std::string id;
  std::string name;
  std::vector<std::string> redirect_uris;  // compared as a whole
  std::vector<std::string> logout_uris;
  bool api_access = false;  // its access tokens are good for /api
  WallTime created;
};

struct AuthorizationCode {
  std::string client_id;
  std::string user_id;
  std::string redirect_uri;
  std::string challenge;
  std::string nonce;
  std::string scope;
  WallTime authenticated;
  WallTime expires;
  std::string session_id;  // empty: not exchanged
};

namespace oauth_clients {
Result<void> insert(Database& db, const OauthClient& client);
Result<std::optional<OauthClient>> find(Database& db, std::string_view id);
Result<std::vector<OauthClient>> all(Database& db);
Result<bool> remove(Database& db, std::string_view id);
}  // namespace oauth_clients

namespace authorization_codes {
// Removes what expired an hour ago, too.
Result<void> insert(Database& db, std::string_view code, const AuthorizationCode& row, WallTime now);
Result<std::optional<AuthorizationCode>> find(Database& db, std::string_view code);
// False: somebody was faster.
Result<bool> exchange(Database& db, std::string_view code, std::string_view session_id);
}  // namespace authorization_codes

namespace browser_sessions {
struct Entry {
  std::string user_id;
  WallTime authenticated;
};
Result<void> insert(Database& db, std::string_view token, const Entry& entry, WallTime expires, WallTime now);
// Nothing: unknown, expired, or its user is disabled.
Result<std::optional<Entry>> find(Database& db, std::string_view token, WallTime now);
Result<void> remove(Database& db, std::string_view token);
}  // namespace browser_sessions

namespace federated {
Result<std::optional<std::string>> user_of(Database& db, std::string_view issuer, std::string_view subject);
Result<void> link(Database& db, std::string_view issuer, std::string_view subject, std::string_view user_id, WallTime now);
// Of this issuer: whether the user is linked to anybody there.
Result<bool> is_linked(Database& db, std::string_view issuer, std::string_view user_id);
}  // namespace federated

}  // namespace upcall::store
