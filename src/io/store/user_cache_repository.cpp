#include "io/store/user_cache_repository.hpp"

namespace upcall::store {

Result<std::optional<identity::CachedUser>> user_cache::find(Database& db, std::string_view user_id) {
  return db.one("select content, written_ms from user_cache where user_id=?1", [](Row& r) { return identity::CachedUser{r.text(0), r.wall(1)}; }, user_id);
}

Result<void> user_cache::put(Database& db, std::string_view user_id, const identity::CachedUser& entry, WallTime now) {
  if (auto done = db.run("delete from user_cache where written_ms<=?1", now - identity::kUserCacheLife); !done) return tl::unexpected(done.error());
  return db
      .run("insert into user_cache(user_id, content, written_ms) values(?1, ?2, ?3) on conflict(user_id) do update set content=excluded.content, "
           "written_ms=excluded.written_ms",
           user_id, entry.text, entry.written)
      .map([](std::int64_t) {});
}

}  // namespace upcall::store
