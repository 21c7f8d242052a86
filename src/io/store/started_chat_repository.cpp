#include "io/store/started_chat_repository.hpp"

namespace upcall::store {

Result<started_chats::Entry> started_chats::begin(Database& db, std::string_view id, std::string_view contact_id, WallTime now) {
  if (auto done = db.run("delete from started_chats where started_ms<?1", now - kLife); !done) return tl::unexpected(done.error());
  auto done = db.run("insert into started_chats(id, contact_id, started_ms) values(?1, ?2, ?3) on conflict(id) do nothing", id, contact_id, now);
  if (!done) return tl::unexpected(done.error());
  auto found = db.one("select contact_id, answer_sealed from started_chats where id=?1", [](Row& r) { return Entry{r.text(0), r.blob(1)}; }, id);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(ErrorCode::internal, "a started chat's row");
  return std::move(**found);
}

Result<void> started_chats::set_answer(Database& db, std::string_view id, Bytes answer_sealed) {
  return db.run("update started_chats set answer_sealed=?2 where id=?1", id, answer_sealed).map([](std::int64_t) {});
}

Result<void> started_chats::forget(Database& db, std::string_view id) {
  return db.run("delete from started_chats where id=?1", id).map([](std::int64_t) {});
}

}  // namespace upcall::store
