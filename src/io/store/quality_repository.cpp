#include "io/store/quality_repository.hpp"

namespace upcall::store {

namespace {

#define UPCALL_QUALITY_COLUMNS                                                                                                   \
  "select q.meeting_id, q.attendee_id, q.began_ms, q.written_ms, q.external_user_id, q.summary, q.series, m.external_meeting_id, " \
  "coalesce(a.name, ''), coalesce(a.role, '') from call_quality q join meetings m on m.meeting_id=q.meeting_id "                  \
  "left join attendees a on a.attendee_id=q.attendee_id "

KeptQuality read_kept(Row& r) {
  return {{r.text(0), r.text(1), r.wall(2), r.wall(3), r.text(4), r.text(5), r.text(6)}, r.text(7), r.text(8), r.text(9)};
}

}  // namespace

Result<void> quality::put(Database& db, const QualityRow& q) {
  return db
      .run("insert into call_quality(meeting_id, attendee_id, began_ms, written_ms, external_user_id, summary, series) "
           "select ?1, ?2, ?3, ?4, ?5, ?6, ?7 from meetings m where m.meeting_id=?1 and not exists(select 1 from erasures e where e.contact_id=m.contact_id) "
           "on conflict(meeting_id, attendee_id, began_ms) do update set written_ms=excluded.written_ms, summary=excluded.summary, series=excluded.series",
           q.meeting_id, q.attendee_id, q.began, q.written, q.external_user_id, q.summary, q.series)
      .map([](std::int64_t) {});
}

Result<std::vector<KeptQuality>> quality::of_contact(Database& db, std::string_view contact, int limit) {
  return db.all(UPCALL_QUALITY_COLUMNS "where m.contact_id=?1 order by m.created_ms, q.attendee_id, q.began_ms limit ?2", read_kept, contact, limit);
}

Result<std::vector<KeptQuality>> quality::of_meeting(Database& db, std::string_view meeting, int limit) {
  return db.all(UPCALL_QUALITY_COLUMNS "where q.meeting_id=?1 order by q.attendee_id, q.began_ms limit ?2", read_kept, meeting, limit);
}

}  // namespace upcall::store
