#include "io/store/outbox_repository.hpp"

#include <algorithm>

namespace upcall::store {

Result<OutboxEvent> outbox::add(Database& db, OutboxEvent event) {
  auto seq = db.one(
      "insert into outbox_sequences(meeting_id, last_seq) values(?1, 1) "
      "on conflict(meeting_id) do update set last_seq=last_seq+1 returning last_seq",
      [](Row& r) { return static_cast<std::uint64_t>(r.i64(0)); }, event.meeting_id);
  if (!seq) return tl::unexpected(seq.error());
  event.seq = **seq;
  auto position = db.one(
      "insert into outbox(event_id, meeting_id, seq, type, body, at_ms) values(?1, ?2, ?3, ?4, ?5, ?6) returning position",
      [](Row& r) { return r.i64(0); }, event.event_id, event.meeting_id, event.seq, event.type, event.body, event.at);
  if (!position) return tl::unexpected(position.error());
  event.position = **position;
  return event;
}

Result<std::vector<OutboxEvent>> outbox::pending(Database& db, std::string_view consumer, int limit) {
  return db.all(
      "select position, event_id, meeting_id, seq, type, body, at_ms from outbox where position > "
      "coalesce((select position from outbox_cursors where consumer=?1), 0) order by position limit ?2",
      [](Row& r) {
        return OutboxEvent{r.i64(0), r.text(1), r.text(2), static_cast<std::uint64_t>(r.i64(3)), r.text(4), r.text(5), r.wall(6)};
      },
      consumer, limit);
}

Result<void> outbox::advance(Database& db, std::string_view consumer, std::int64_t position) {
  return db
      .run("insert into outbox_cursors(consumer, position) values(?1, ?2) on conflict(consumer) do update set "
           "position=excluded.position where excluded.position>position",
           consumer, position)
      .map([](std::int64_t) {});
}

Result<std::int64_t> outbox::prune(Database& db, const std::vector<std::string>& consumers, WallTime before) {
  std::int64_t passed_by_all = consumers.empty() ? 0 : INT64_MAX;
  for (const std::string& consumer : consumers) {
    auto cursor = db.one("select position from outbox_cursors where consumer=?1", [](Row& r) { return r.i64(0); }, consumer);
    if (!cursor) return tl::unexpected(cursor.error());
    passed_by_all = std::min(passed_by_all, cursor->value_or(0));
  }
  return db.run("delete from outbox where position<=?1 and at_ms<?2", passed_by_all, before);
}

}  // namespace upcall::store
