#include "io/store/retention_repository.hpp"

#include "identity/user_cache.hpp"

namespace upcall::store {

namespace {

#define UPCALL_KEPT_COLUMNS                                                                                             \
  "select recording_id, external_meeting_id, object_key, state, contact_id, requested_ms, stopped_ms, hold_reason, "    \
  "size_bytes, deleting_ms, deleting_why from recordings "

KeptRecording read_kept(Row& r) {
  return {r.text(0), r.text(1), r.text(2), r.text(3), r.optional_text(4), r.wall(5), r.optional_wall(6), r.optional_text(7),
          r.optional_i64(8).value_or(0), !r.is_null(9), r.optional_text(10).value_or("")};
}

Erasure read_erasure(Row& r) { return {r.text(0), r.wall(1), r.text(2), r.text(3), r.optional_wall(4), r.optional_text(5).value_or("")}; }

void ignore(std::int64_t) {}
bool any(std::int64_t changed) { return changed > 0; }

}  // namespace

Result<void> retention::insert_rule(Database& db, const RetentionRuleRow& r) {
  return db
      .run("insert into retention_rules(id, prefix, queue, outcome, days, created_ms) values(?1, ?2, ?3, ?4, ?5, ?6)", r.id, r.prefix,
           r.queue, r.outcome, r.days, r.created)
      .map(ignore);
}

Result<std::vector<RetentionRuleRow>> retention::rules(Database& db) {
  return db.all("select id, prefix, queue, outcome, days, created_ms from retention_rules order by created_ms, id", [](Row& r) {
    return RetentionRuleRow{r.text(0), r.text(1), r.text(2), r.text(3), static_cast<int>(r.i64(4)), r.wall(5)};
  });
}

Result<bool> retention::remove_rule(Database& db, std::string_view id) { return db.run("delete from retention_rules where id=?1", id).map(any); }

Result<bool> retention::hold(Database& db, std::string_view id, std::string_view reason, std::string_view actor, WallTime now) {
  auto found = find(db, id);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return false;
  if ((*found)->deleting) return fail(ErrorCode::conflict, "The recording is being deleted already.");
  return db.run("update recordings set hold_reason=?2, held_by=?3, held_ms=?4 where recording_id=?1", id, reason, actor, now).map(any);
}

Result<bool> retention::release(Database& db, std::string_view id) {
  return db.run("update recordings set hold_reason=null, held_by=null, held_ms=null where recording_id=?1 and hold_reason is not null", id).map(any);
}

Result<std::optional<KeptRecording>> retention::find(Database& db, std::string_view id) {
  return db.one(UPCALL_KEPT_COLUMNS "where recording_id=?1", read_kept, id);
}

Result<std::vector<KeptRecording>> retention::candidates(Database& db, std::string_view after, int limit) {
  return db.all(UPCALL_KEPT_COLUMNS
                "where state in ('stored','failed') and hold_reason is null and deleting_ms is null and recording_id>?1 "
                "order by recording_id limit ?2",
                read_kept, after, limit);
}

Result<std::vector<KeptRecording>> retention::of_contact(Database& db, std::string_view contact) {
  return db.all(UPCALL_KEPT_COLUMNS "where contact_id=?1 order by requested_ms", read_kept, contact);
}

Result<std::vector<KeptRecording>> retention::deleting(Database& db) {
  return db.all(UPCALL_KEPT_COLUMNS "where deleting_ms is not null order by deleting_ms", read_kept);
}

Result<std::vector<KeptRecording>> retention::stored(Database& db, std::string_view after, int limit) {
  return db.all(UPCALL_KEPT_COLUMNS "where state='stored' and deleting_ms is null and recording_id>?1 order by recording_id limit ?2", read_kept, after, limit);
}

Result<std::vector<KeptRecording>> retention::list(Database& db, const ListFilter& f, int limit) {
  return db.all(UPCALL_KEPT_COLUMNS
                "where (?1='' or external_meeting_id=?1) and (?2='' or contact_id=?2) and (?3=0 or hold_reason is not null) "
                "order by requested_ms desc limit ?4",
                read_kept, f.external_meeting_id, f.contact_id, f.held ? 1 : 0, limit);
}

Result<std::int64_t> retention::held_count(Database& db) {
  auto row = db.one("select count(*) from recordings where hold_reason is not null", [](Row& r) { return r.i64(0); });
  if (!row) return tl::unexpected(row.error());
  return row->value_or(0);
}

Result<KeptRecording> retention::begin_delete(Database& db, std::string_view id, std::string_view why, WallTime now) {
  auto found = find(db, id);
  if (!found) return tl::unexpected(found.error());
  if (!*found) return fail(ErrorCode::not_found, "There is no such recording.");
  KeptRecording& r = **found;
  if (r.hold_reason) return fail(ErrorCode::conflict, "The recording is held: " + r.hold_reason->substr(0, 200));
  if (r.state != "stored" && r.state != "failed") return fail(ErrorCode::conflict, "The recording is not finished.");
  if (r.deleting) return std::move(r);
  auto begun = db.run("update recordings set deleting_ms=?2, deleting_why=?3 where recording_id=?1", id, now, why);
  if (!begun) return tl::unexpected(begun.error());
  r.deleting = true;
  r.deleting_why = std::string(why);
  return std::move(r);
}

Result<void> retention::finish_delete(Database& db, std::string_view id) {
  // The key by its foreign key; said here too, since it is what makes copies unreadable.
  if (auto done = db.run("delete from recording_keys where recording_id=?1", id); !done) return tl::unexpected(done.error());
  return db.run("delete from recordings where recording_id=?1 and deleting_ms is not null", id).map(ignore);
}

Result<void> retention::begin_erasure(Database& db, const Erasure& e) {
  return db
      .run("insert into erasures(contact_id, requested_ms, actor, recordings) values(?1, ?2, ?3, ?4) on conflict(contact_id) do nothing",
           e.contact_id, e.requested, e.actor, e.recordings)
      .map(ignore);
}

Result<std::optional<Erasure>> retention::erasure(Database& db, std::string_view contact) {
  return db.one("select contact_id, requested_ms, actor, recordings, done_ms, certificate from erasures where contact_id=?1", read_erasure, contact);
}

Result<std::vector<Erasure>> retention::open_erasures(Database& db) {
  return db.all("select contact_id, requested_ms, actor, recordings, done_ms, certificate from erasures where done_ms is null", read_erasure);
}

Result<retention::ErasedRows> retention::erase_contact_rows(Database& db, std::string_view contact) {
  ErasedRows out;
  const auto run = [&](std::string_view sql, std::int64_t* count) -> Result<void> {
    auto changed = db.run(sql, contact);
    if (!changed) return tl::unexpected(changed.error());
    if (count != nullptr) *count = *changed;
    return {};
  };
  // References that were dictated to this customer: by the address that the contact came with.
  if (auto r = run("delete from adhoc_routes where email in (select value from contact_attributes where contact_id=?1 and name='customerEmailAddress')", nullptr); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from chat_items where contact_id=?1", &out.chat_items); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from chat_attachments where contact_id=?1", &out.attachments); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from chat_receipts where contact_id=?1", nullptr); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from contact_attributes where contact_id=?1", &out.attributes); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from participants where contact_id=?1", &out.participants); !r) return tl::unexpected(r.error());
  if (auto r = run("update attendees set name='', email='' where role in ('customer','other') and meeting_id in (select meeting_id from meetings where contact_id=?1)", &out.attendees); !r) {
    return tl::unexpected(r.error());
  }
  if (auto r = run("delete from call_quality where meeting_id in (select meeting_id from meetings where contact_id=?1)", nullptr); !r) return tl::unexpected(r.error());
  if (auto r = run("delete from contact_flow_steps where contact_id=?1", nullptr); !r) return tl::unexpected(r.error());
  // When, and with whom it was, stays for the statistics; who it was does not.
  if (auto r = run("update contacts set snapshot='' where id=?1", nullptr); !r) return tl::unexpected(r.error());
  return out;
}

Result<void> retention::finish_erasure(Database& db, std::string_view contact, WallTime now, std::string_view certificate) {
  return db.run("update erasures set done_ms=?2, certificate=?3 where contact_id=?1 and done_ms is null", contact, now, certificate).map(ignore);
}

Result<std::vector<retention::MissingRecording>> retention::missing(Database& db, WallTime from, WallTime until) {
  return db.all(
      "select m.meeting_id, m.external_meeting_id, m.contact_id, m.ended_ms from meetings m "
      "join contact_attributes a on a.contact_id=m.contact_id and a.name='videoRecordingAutoStartEnabled' and lower(a.value)='true' "
      "where m.ended_ms>=?1 and m.ended_ms<?2 and not exists(select 1 from recordings r where r.meeting_id=m.meeting_id and r.state<>'failed') "
      "and not exists(select 1 from outbox o where o.meeting_id=m.external_meeting_id and o.type='recording.stored' and o.at_ms>=m.created_ms) "
      "order by m.ended_ms",
      [](Row& r) { return MissingRecording{r.text(0), r.text(1), r.text(2), r.wall(3)}; }, from, until);
}

Result<retention::ExpiredRows> retention::remove_expired(Database& db, WallTime now, std::optional<WallTime> ended_before, int limit) {
  ExpiredRows out;
  auto references = db.run("delete from adhoc_routes where expires_ms<=?1", now);
  if (!references) return tl::unexpected(references.error());
  out.references = *references;
  auto users = db.run("delete from user_cache where written_ms<=?1", now - identity::kUserCacheLife);
  if (!users) return tl::unexpected(users.error());
  out.cached_users = *users;
  if (!ended_before) return out;
  auto ids = db.all("select meeting_id from meetings m where ended_ms<=?1 and not exists(select 1 from recordings r where r.meeting_id=m.meeting_id) order by ended_ms limit ?2",
                    [](Row& r) { return r.text(0); }, *ended_before, limit);
  if (!ids) return tl::unexpected(ids.error());
  for (const std::string& id : *ids) {
    auto attendees = db.run("delete from attendees where meeting_id=?1", id);
    if (!attendees) return tl::unexpected(attendees.error());
    out.attendees += *attendees;
    auto gone = db.run("delete from meetings where meeting_id=?1", id);
    if (!gone) return tl::unexpected(gone.error());
    out.meetings += *gone;
  }
  return out;
}

}  // namespace upcall::store
