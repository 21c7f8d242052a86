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

namespace sessions {
Result<void> insert(Database& db, const Session& session);
Result<std::optional<Session>> find(Database& db, std::string_view id);
Result<void> revoke(Database& db, std::string_view id, WallTime at);

Result<void> add_refresh_token(Database& db, std::string_view token, std::string_view session_id, WallTime expires);
// Uses a token up: the session it belongs to, or nothing when it is unknown, expired, or its session is revoked. A token
// used a second time revokes its session (RFC 9700 §4.14.2): somebody has a copy.
Result<std::optional<Session>> use_refresh_token(Database& db, std::string_view token, WallTime now);
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
}  // namespace signing_keys

}  // namespace upcall::store
