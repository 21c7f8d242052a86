#include "io/store/oauth_repository.hpp"

#include "io/store/meeting_repository.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}
bool any_row(std::int64_t changed) { return changed > 0; }

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += (out.empty() ? "" : "\n") + line;
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

OauthClient read_client(Row& r) { return {r.text(0), r.text(1), lines_of(r.text(2)), lines_of(r.text(3)), r.boolean(4), r.wall(5)}; }

}  // namespace

Result<void> oauth_clients::insert(Database& db, const OauthClient& c) {
  return db
      .run("insert into oauth_clients(id, name, redirect_uris, logout_uris, api_access, created_ms) values(?1, ?2, ?3, ?4, ?5, ?6)", c.id, c.name,
           joined(c.redirect_uris), joined(c.logout_uris), c.api_access, c.created)
      .map(ignore);
}

Result<std::optional<OauthClient>> oauth_clients::find(Database& db, std::string_view id) {
  return db.one("select id, name, redirect_uris, logout_uris, api_access, created_ms from oauth_clients where id=?1", read_client, id);
}

Result<std::vector<OauthClient>> oauth_clients::all(Database& db) {
  return db.all("select id, name, redirect_uris, logout_uris, api_access, created_ms from oauth_clients order by name, id", read_client);
}

Result<bool> oauth_clients::remove(Database& db, std::string_view id) { return db.run("delete from oauth_clients where id=?1", id).map(any_row); }

Result<void> authorization_codes::insert(Database& db, std::string_view code, const AuthorizationCode& c, WallTime now) {
  // Kept for a while: the second use of one must be seen.
  if (auto done = db.run("delete from authorization_codes where expires_ms<?1", now - Duration::s(3600)); !done) return tl::unexpected(done.error());
  return db
      .run("insert into authorization_codes(code_hash, client_id, user_id, redirect_uri, challenge, nonce, scope, auth_ms, expires_ms) "
           "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
           token_hash(code), c.client_id, c.user_id, c.redirect_uri, c.challenge, c.nonce, c.scope, c.authenticated, c.expires)
      .map(ignore);
}

Result<std::optional<AuthorizationCode>> authorization_codes::find(Database& db, std::string_view code) {
  return db.one(
      "select client_id, user_id, redirect_uri, challenge, nonce, scope, auth_ms, expires_ms, session_id from authorization_codes where code_hash=?1",
      [](Row& r) { return AuthorizationCode{r.text(0), r.text(1), r.text(2), r.text(3), r.text(4), r.text(5), r.wall(6), r.wall(7), r.text(8)}; }, token_hash(code));
}

Result<bool> authorization_codes::exchange(Database& db, std::string_view code, std::string_view session) {
  return db.run("update authorization_codes set session_id=?2 where code_hash=?1 and session_id is null", token_hash(code), session).map(any_row);
}

Result<void> browser_sessions::insert(Database& db, std::string_view token, const Entry& e, WallTime expires, WallTime now) {
  if (auto done = db.run("delete from browser_sessions where expires_ms<=?1", now); !done) return tl::unexpected(done.error());
  return db
      .run("insert into browser_sessions(token_hash, user_id, auth_ms, expires_ms) values(?1, ?2, ?3, ?4)", token_hash(token), e.user_id, e.authenticated, expires)
      .map(ignore);
}

Result<std::optional<browser_sessions::Entry>> browser_sessions::find(Database& db, std::string_view token, WallTime now) {
  return db.one(
      "select s.user_id, s.auth_ms from browser_sessions s join users u on u.id=s.user_id where s.token_hash=?1 and s.expires_ms>?2 and u.disabled=0",
      [](Row& r) { return Entry{r.text(0), r.wall(1)}; }, token_hash(token), now);
}

Result<void> browser_sessions::remove(Database& db, std::string_view token) {
  return db.run("delete from browser_sessions where token_hash=?1", token_hash(token)).map(ignore);
}

Result<std::optional<std::string>> federated::user_of(Database& db, std::string_view issuer, std::string_view subject) {
  return db.one("select user_id from federated_identities where issuer=?1 and subject=?2", [](Row& r) { return r.text(0); }, issuer, subject);
}

Result<void> federated::link(Database& db, std::string_view issuer, std::string_view subject, std::string_view user, WallTime now) {
  return db.run("insert into federated_identities(issuer, subject, user_id, linked_ms) values(?1, ?2, ?3, ?4)", issuer, subject, user, now).map(ignore);
}

Result<bool> federated::is_linked(Database& db, std::string_view issuer, std::string_view user) {
  return db.one("select 1 from federated_identities where issuer=?1 and user_id=?2 limit 1", [](Row& r) { return r.i64(0); }, issuer, user).map([](const auto& v) {
    return v.has_value();
  });
}

}  // namespace upcall::store
