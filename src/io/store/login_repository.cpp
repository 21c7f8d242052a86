#include "io/store/login_repository.hpp"

#include "io/store/meeting_repository.hpp"

namespace upcall::store {
namespace {

void ignore(std::int64_t) {}
bool any_row(std::int64_t changed) { return changed > 0; }

std::string_view text_of(passwords::LinkPurpose purpose) { return purpose == passwords::LinkPurpose::reset ? "reset" : "invitation"; }
passwords::Link read_link(Row& r) {
  return {r.text(0), r.text(1) == "reset" ? passwords::LinkPurpose::reset : passwords::LinkPurpose::invitation};
}

}  // namespace

Result<identity::Failures> login_failures::find(Database& db, std::string_view subject) {
  return db
      .one("select failures, last_ms, locked_until_ms from login_failures where subject=?1",
           [](Row& r) { return identity::Failures{static_cast<int>(r.i64(0)), r.wall(1), r.wall(2)}; }, subject)
      .map([](const auto& found) { return found.value_or(identity::Failures{}); });
}

Result<void> login_failures::put(Database& db, std::string_view subject, const identity::Failures& f) {
  return db
      .run("insert into login_failures(subject, failures, last_ms, locked_until_ms) values(?1, ?2, ?3, ?4) on conflict(subject) do update set "
           "failures=excluded.failures, last_ms=excluded.last_ms, locked_until_ms=excluded.locked_until_ms",
           subject, f.count, f.last, f.locked_until)
      .map(ignore);
}

Result<bool> login_failures::clear(Database& db, std::string_view subject) {
  return db.run("delete from login_failures where subject=?1", subject).map(any_row);
}

Result<void> login_failures::prune(Database& db, WallTime before) {
  return db.run("delete from login_failures where last_ms<?1", before).map(ignore);
}

Result<std::optional<passwords::State>> passwords::of_user(Database& db, std::string_view user) {
  return db.one("select password_hash, password_temporary from users where id=?1", [](Row& r) { return State{r.text(0), r.boolean(1)}; }, user);
}

Result<bool> passwords::set(Database& db, std::string_view user, std::string_view hash, bool temporary, WallTime now) {
  return db.run("update users set password_hash=?2, password_temporary=?3, password_changed_ms=?4 where id=?1", user, hash, temporary, now).map(any_row);
}

Result<void> passwords::insert_link(Database& db, std::string_view token, std::string_view user, LinkPurpose purpose, WallTime expires) {
  return db
      .run("insert into password_links(token_hash, user_id, purpose, expires_ms) values(?1, ?2, ?3, ?4)", token_hash(token), user, text_of(purpose), expires)
      .map(ignore);
}

Result<std::optional<passwords::Link>> passwords::find_link(Database& db, std::string_view token, WallTime now) {
  return db.one("select user_id, purpose from password_links where token_hash=?1 and used_ms is null and expires_ms>?2", read_link, token_hash(token), now);
}

Result<std::optional<passwords::Link>> passwords::use_link(Database& db, std::string_view token, WallTime now) {
  const std::string hash = token_hash(token);
  auto used = db.run("update password_links set used_ms=?2 where token_hash=?1 and used_ms is null and expires_ms>?2", hash, now);
  if (!used) return tl::unexpected(used.error());
  if (*used == 0) return std::nullopt;
  return db.one("select user_id, purpose from password_links where token_hash=?1", read_link, hash);
}

Result<void> passwords::drop_links(Database& db, std::string_view user) {
  return db.run("delete from password_links where user_id=?1 and used_ms is null", user).map(ignore);
}

Result<std::int64_t> passwords::open_links(Database& db, std::string_view user, WallTime now) {
  return db
      .one("select count(*) from password_links where user_id=?1 and used_ms is null and expires_ms>?2", [](Row& r) { return r.i64(0); }, user, now)
      .map([](const auto& n) { return n.value_or(0); });
}

Result<void> passwords::prune_links(Database& db, WallTime now) { return db.run("delete from password_links where expires_ms<=?1", now).map(ignore); }

Result<std::optional<second_factors::Factor>> second_factors::find(Database& db, std::string_view user) {
  return db.one("select secret_sealed, confirmed_ms, last_step from second_factors where user_id=?1",
                [](Row& r) { return Factor{r.blob(0), !r.is_null(1), r.i64(2)}; }, user);
}

Result<void> second_factors::begin(Database& db, std::string_view user, Bytes sealed) {
  if (auto done = db.run("delete from second_factors where user_id=?1 and confirmed_ms is null", user); !done) return tl::unexpected(done.error());
  return db.run("insert into second_factors(user_id, secret_sealed) values(?1, ?2)", user, sealed).map(ignore);
}

Result<void> second_factors::confirm(Database& db, std::string_view user, WallTime now) {
  return db.run("update second_factors set confirmed_ms=?2 where user_id=?1 and confirmed_ms is null", user, now).map(ignore);
}

Result<bool> second_factors::use_step(Database& db, std::string_view user, std::int64_t step) {
  return db.run("update second_factors set last_step=?2 where user_id=?1 and last_step<?2", user, step).map(any_row);
}

Result<void> second_factors::set_recovery_codes(Database& db, std::string_view user, const std::vector<std::string>& codes) {
  if (auto done = db.run("delete from recovery_codes where user_id=?1", user); !done) return tl::unexpected(done.error());
  for (const std::string& code : codes) {
    if (auto done = db.run("insert into recovery_codes(user_id, code_hash) values(?1, ?2)", user, token_hash(code)); !done) return tl::unexpected(done.error());
  }
  return {};
}

Result<bool> second_factors::use_recovery_code(Database& db, std::string_view user, std::string_view code, WallTime now) {
  return db.run("update recovery_codes set used_ms=?3 where user_id=?1 and code_hash=?2 and used_ms is null", user, token_hash(code), now).map(any_row);
}

Result<std::int64_t> second_factors::recovery_codes_left(Database& db, std::string_view user) {
  return db.one("select count(*) from recovery_codes where user_id=?1 and used_ms is null", [](Row& r) { return r.i64(0); }, user).map([](const auto& n) {
    return n.value_or(0);
  });
}

Result<bool> second_factors::reset(Database& db, std::string_view user) {
  if (auto done = db.run("delete from recovery_codes where user_id=?1", user); !done) return tl::unexpected(done.error());
  return db.run("delete from second_factors where user_id=?1", user).map(any_row);
}

Result<bool> second_factors::required(Database& db, std::string_view user) {
  return db
      .one("select 1 from user_security_profiles u join security_profiles p on p.id=u.profile_id where u.user_id=?1 and p.second_factor=1 limit 1",
           [](Row& r) { return r.i64(0); }, user)
      .map([](const auto& found) { return found.has_value(); });
}

}  // namespace upcall::store
