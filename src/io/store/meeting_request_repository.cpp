#include "io/store/meeting_request_repository.hpp"

namespace upcall::store {

Result<std::optional<MeetingRequestRow>> meeting_requests::find(Database& db, std::string_view id, WallTime now) {
  return db.one("select id, parameters, meeting_id, answer, made_ms from meeting_requests where id=?1 and made_ms>=?2",
                [](Row& r) { return MeetingRequestRow{r.text(0), r.text(1), r.text(2), r.text(3), r.wall(4)}; }, id, now - kLife);
}

Result<void> meeting_requests::insert(Database& db, const MeetingRequestRow& row) {
  if (auto done = db.run("delete from meeting_requests where made_ms<?1", row.made - kLife); !done) return tl::unexpected(done.error());
  return db.run("insert into meeting_requests(id, parameters, meeting_id, answer, made_ms) values(?1, ?2, ?3, ?4, ?5)", row.id, row.parameters,
                row.meeting_id, row.answer, row.made)
      .map([](std::int64_t) {});
}

Result<std::vector<std::pair<std::string, std::string>>> meeting_tags::of(Database& db, std::string_view meeting_id) {
  return db.all("select key, value from meeting_tags where meeting_id=?1 order by key", [](Row& r) { return std::pair(r.text(0), r.text(1)); }, meeting_id);
}

Result<void> meeting_tags::set(Database& db, std::string_view meeting_id, std::string_view key, std::string_view value) {
  return db.run("insert into meeting_tags(meeting_id, key, value) values(?1, ?2, ?3) on conflict(meeting_id, key) do update set value=excluded.value", meeting_id, key, value)
      .map([](std::int64_t) {});
}

Result<void> meeting_tags::remove(Database& db, std::string_view meeting_id, std::string_view key) {
  return db.run("delete from meeting_tags where meeting_id=?1 and key=?2", meeting_id, key).map([](std::int64_t) {});
}

}  // namespace upcall::store
