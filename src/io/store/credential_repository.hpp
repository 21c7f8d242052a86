// Log-in sessions, refresh tokens, access keys and signing keys. Bearer secrets are stored as hashes, secrets that we
// must use again are sealed by the caller (store::Sealer, purposes "access_keys/<id>" and "signing_keys/<kid>").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/permission.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct Session {
  std::string id;
  std::string user_id;
  WallTime authenticated;
  WallTime expires;
  bool revoked = false;
  std::string client_id = "upcall";  // whose tokens these are
  std::string nonce;                 // of the authorization request, for id tokens
};

struct AccessKey {
  std::string id;
  std::string name;
  ByteVector secret_sealed;
  std::optional<std::string> user_id;  // none: a service principal
  identity::PermissionSet permissions;
  WallTime created;
  bool disabled = false;
  std::string s3_prefix;  // what of the recordings it sees through /aws/s3, and then only there; empty: everything
};

struct SigningKeyRow {
  std::string kid;
  ByteVector private_sealed;
  WallTime created;
  std::optional<WallTime> retired;
};

// The parameter sessionLifeMinutes: how long a session lives from its log-in on.
Result<Duration> session_life(Database& db);

namespace sessions {
Result<void> insert(Database& db, const Session& session);
Result<std::optional<Session>> find(Database& db, std::string_view id);
Result<void> revoke(Database& db, std::string_view id, WallTime at);
// All of a user's, browser sessions too.
Result<void> revoke_all(Database& db, std::string_view user_id, WallTime at);

// `parent`: the token that it was given for, empty at the log-in.
Result<void> add_refresh_token(Database& db, std::string_view token, std::string_view session_id, WallTime expires, std::string_view parent = {});
// Uses a token up: the session it belongs to, or nothing when it is unknown, expired, or its session is over. A token that is
// used a second time revokes its session, with all its tokens (RFC 9700 §4.14.2): somebody has a copy.
//
// One exception: within kRefreshRetry of its first use, while nothing that was given for it has been used, it works again,
// because the answer may have been lost on its way. What was given for it before is then void, and its use, at any time,
// means a copy and revokes the session.
Result<std::optional<Session>> use_refresh_token(Database& db, std::string_view token, WallTime now);
inline constexpr Duration kRefreshRetry = Duration::s(10);
// The session of a refresh token, whatever state it is in (for its revocation).
Result<std::optional<std::string>> of_refresh_token(Database& db, std::string_view token);
// Removes what expired; gives how many sessions.
Result<std::int64_t> prune(Database& db, WallTime now);
}  // namespace sessions

namespace access_keys {
Result<void> insert(Database& db, const AccessKey& key);
Result<std::optional<AccessKey>> find(Database& db, std::string_view id);
Result<std::vector<AccessKey>> all(Database& db);
}  // namespace access_keys

namespace signing_keys {
Result<void> insert(Database& db, const SigningKeyRow& key);
// The newest first.
Result<std::vector<SigningKeyRow>> all(Database& db);
// All that are in use.
Result<void> retire(Database& db, WallTime at);
// Those retired before: nothing that they signed is valid any more.
Result<void> prune(Database& db, WallTime retired_before);
}  // namespace signing_keys

}  // namespace upcall::store
