#include "io/store/credential_repository.hpp"

#include <charconv>

#include "identity/token_claims.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::store {
namespace {

Session read_session(Row& r) { return {r.text(0), r.text(1), r.wall(2), r.wall(3), !r.is_null(4), r.text(5), r.text(6)}; }

// Permissions of a key as one text: "a b c", or "*" for everything there is and will be.
std::string permissions_text(const identity::PermissionSet& set) {
  if (set == identity::PermissionSet::everything()) return "*";
  std::string out;
  for (identity::Permission p : identity::all_permissions()) {
    if (!set.has(p)) continue;
    if (!out.empty()) out += ' ';
    out += identity::to_string(p);
  }
  return out;
}

identity::PermissionSet permissions_from(std::string_view text) {
  if (text == "*") return identity::PermissionSet::everything();
  identity::PermissionSet out;
  while (!text.empty()) {
    const std::size_t cut = text.find(' ');
    if (const auto p = identity::permission_from(text.substr(0, cut))) out.add(*p);
    text.remove_prefix(cut == std::string_view::npos ? text.size() : cut + 1);
  }
  return out;
}

AccessKey read_key(Row& r) {
  return {r.text(0), r.text(1), r.blob(2), r.optional_text(3), permissions_from(r.text(4)), r.wall(5), r.boolean(6), r.text(7)};
}

void ignore(std::int64_t) {}

}  // namespace

Result<Duration> session_life(Database& db) {
  auto text = parameters::get_or(db, "sessionLifeMinutes", "");
  if (!text) return tl::unexpected(text.error());
  std::int64_t minutes = 0;
  std::from_chars(text->data(), text->data() + text->size(), minutes);
  return minutes > 0 ? Duration::s(minutes * 60) : identity::kSessionLife;
}

Result<void> sessions::insert(Database& db, const Session& s) {
  return db
      .run("insert into sessions(id, user_id, auth_ms, expires_ms, client_id, nonce) values(?1, ?2, ?3, ?4, ?5, ?6)", s.id, s.user_id, s.authenticated, s.expires,
           s.client_id, s.nonce)
      .map(ignore);
}

Result<std::optional<Session>> sessions::find(Database& db, std::string_view id) {
  return db.one("select id, user_id, auth_ms, expires_ms, revoked_ms, client_id, nonce from sessions where id=?1", read_session, id);
}

Result<void> sessions::revoke(Database& db, std::string_view id, WallTime at) {
  return db.run("update sessions set revoked_ms=?2 where id=?1 and revoked_ms is null", id, at).map(ignore);
}

Result<void> sessions::revoke_all(Database& db, std::string_view user, WallTime at) {
  if (auto done = db.run("delete from browser_sessions where user_id=?1", user); !done) return tl::unexpected(done.error());
  return db.run("update sessions set revoked_ms=?2 where user_id=?1 and revoked_ms is null", user, at).map(ignore);
}

Result<void> sessions::add_refresh_token(Database& db, std::string_view token, std::string_view session, WallTime expires, std::string_view parent) {
  return db
      .run("insert into refresh_tokens(token_hash, session_id, expires_ms, parent_hash) values(?1, ?2, ?3, ?4)", token_hash(token), session, expires,
           parent.empty() ? std::string() : token_hash(parent))
      .map(ignore);
}

Result<std::optional<std::string>> sessions::of_refresh_token(Database& db, std::string_view token) {
  return db.one("select session_id from refresh_tokens where token_hash=?1", [](Row& r) { return r.text(0); }, token_hash(token));
}

Result<std::optional<Session>> sessions::use_refresh_token(Database& db, std::string_view token, WallTime now) {
  const std::string hash = token_hash(token);
  struct Found {
    std::string session_id;
    WallTime expires;
    std::optional<WallTime> used;
    bool replaced;
  };
  auto found = db.one("select session_id, expires_ms, used_ms, replaced from refresh_tokens where token_hash=?1",
                      [](Row& r) { return Found{r.text(0), r.wall(1), r.optional_wall(2), r.boolean(3)}; }, hash);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return std::nullopt;
  const Found& t = **found;
  bool copied = t.replaced;
  if (t.used && !copied) {
    struct Children {
      std::int64_t all, used;
    };
    auto children = db.one("select count(*), count(used_ms) from refresh_tokens where parent_hash=?1", [](Row& r) { return Children{r.i64(0), r.i64(1)}; }, hash);
    if (!children) return tl::unexpected(children.error());
    copied = now - *t.used > kRefreshRetry || (*children)->all == 0 || (*children)->used > 0;
    if (!copied) {
      if (auto done = db.run("update refresh_tokens set replaced=1 where parent_hash=?1", hash); !done) return tl::unexpected(done.error());
    }
  }
  if (copied) {
    if (auto done = revoke(db, t.session_id, now); !done) return tl::unexpected(done.error());
    return std::nullopt;
  }
  // The first use counts: a retry does not prolong the time for retries.
  if (auto done = db.run("update refresh_tokens set used_ms=coalesce(used_ms, ?2) where token_hash=?1", hash, now); !done) return tl::unexpected(done.error());
  auto session = find(db, t.session_id);
  if (!session) return session;
  if (!*session || (*session)->revoked || now >= t.expires || now >= (*session)->expires) return std::nullopt;
  return session;
}

Result<std::int64_t> sessions::prune(Database& db, WallTime now) { return db.run("delete from sessions where expires_ms<=?1", now); }

Result<void> access_keys::insert(Database& db, const AccessKey& k) {
  return db
      .run("insert into access_keys(id, name, secret_sealed, user_id, permissions, created_ms, disabled, s3_prefix) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
           k.id, k.name, k.secret_sealed, k.user_id, permissions_text(k.permissions), k.created, k.disabled, k.s3_prefix)
      .map(ignore);
}

Result<std::optional<AccessKey>> access_keys::find(Database& db, std::string_view id) {
  return db.one("select id, name, secret_sealed, user_id, permissions, created_ms, disabled, s3_prefix from access_keys where id=?1", read_key, id);
}

Result<std::vector<AccessKey>> access_keys::all(Database& db) {
  return db.all("select id, name, secret_sealed, user_id, permissions, created_ms, disabled, s3_prefix from access_keys order by name", read_key);
}

Result<void> signing_keys::insert(Database& db, const SigningKeyRow& k) {
  return db
      .run("insert into signing_keys(kid, private_sealed, created_ms, retired_ms) values(?1, ?2, ?3, ?4)", k.kid, k.private_sealed,
           k.created, k.retired)
      .map(ignore);
}

Result<std::vector<SigningKeyRow>> signing_keys::all(Database& db) {
  return db.all("select kid, private_sealed, created_ms, retired_ms from signing_keys order by created_ms desc, kid",
                [](Row& r) { return SigningKeyRow{r.text(0), r.blob(1), r.wall(2), r.optional_wall(3)}; });
}

Result<void> signing_keys::retire(Database& db, WallTime at) { return db.run("update signing_keys set retired_ms=?1 where retired_ms is null", at).map(ignore); }

Result<void> signing_keys::prune(Database& db, WallTime before) { return db.run("delete from signing_keys where retired_ms<?1", before).map(ignore); }

}  // namespace upcall::store
