#include "io/store/meeting_repository.hpp"

#include "crypto/hash.hpp"

namespace upcall::store {
namespace {

constexpr std::string_view kMeetingById =
    "select meeting_id, external_meeting_id, title, owner_principal, owner_name, contact_id, created_ms, ended_ms, data "
    "from meetings where meeting_id=?1";
constexpr std::string_view kMeetingByExternal =
    "select meeting_id, external_meeting_id, title, owner_principal, owner_name, contact_id, created_ms, ended_ms, data "
    "from meetings where external_meeting_id=?1 order by ended_ms is not null, created_ms desc, ended_ms desc limit 1";
constexpr std::string_view kMeetingsLive =
    "select meeting_id, external_meeting_id, title, owner_principal, owner_name, contact_id, created_ms, ended_ms, data "
    "from meetings where ended_ms is null order by created_ms";

constexpr std::string_view kMeetingsLiveOfContact =
    "select meeting_id, external_meeting_id, title, owner_principal, owner_name, contact_id, created_ms, ended_ms, data "
    "from meetings where contact_id=?1 and ended_ms is null";

Meeting read_meeting(Row& r) {
  return {r.text(0), r.text(1), r.text(2), r.text(3), r.text(4), r.optional_text(5), r.wall(6), r.optional_wall(7), r.text(8)};
}

#define UPCALL_ATTENDEE_COLUMNS                                                                                        \
  "select attendee_id, meeting_id, external_user_id, name, email, role, join_token_hash, join_token_sealed, created_ms, " \
  "removed_ms, capabilities from attendees "

// Of the alias m of meetings. A service principal's id is "key/" and the access key's.
#define UPCALL_OWNER_IS_SWITCHED_OFF                                                  \
  "(exists(select 1 from users u where u.id = m.owner_principal and u.disabled <> 0)" \
  " or exists(select 1 from access_keys k where 'key/' || k.id = m.owner_principal and k.disabled <> 0))"

AttendeeRole role_of(std::string_view text) {
  if (text == "owner") return AttendeeRole::owner;
  if (text == "customer") return AttendeeRole::customer;
  if (text == "recording") return AttendeeRole::recording;
  return AttendeeRole::other;
}

constexpr auto kNone = wire::MediaCapability::none;

Attendee read_attendee(Row& r) {
  return {r.text(0), r.text(1), r.text(2), r.text(3), r.text(4), role_of(r.text(5)), r.text(6), r.blob(7), r.wall(8), r.optional_wall(9),
          // What cannot be read is allowed nothing.
          wire::attendee_capabilities_from(r.text(10)).value_or(wire::AttendeeCapabilities{kNone, kNone, kNone})};
}

void ignore(std::int64_t) {}
bool any(std::int64_t changed) { return changed > 0; }

}  // namespace

std::string token_hash(std::string_view token) { return to_hex(crypto::sha256(as_bytes(token))); }

std::string_view to_string(AttendeeRole role) {
  switch (role) {
    case AttendeeRole::owner: return "owner";
    case AttendeeRole::customer: return "customer";
    case AttendeeRole::recording: return "recording";
    case AttendeeRole::other: return "other";
  }
  return "other";
}

Result<void> meetings::insert(Database& db, const Meeting& m) {
  return db
      .run("insert into meetings(meeting_id, external_meeting_id, title, owner_principal, owner_name, contact_id, "
           "created_ms, ended_ms, data) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
           m.meeting_id, m.external_meeting_id, m.title, m.owner_principal, m.owner_name, m.contact_id, m.created, m.ended, m.data)
      .map(ignore);
}

Result<std::optional<Meeting>> meetings::find(Database& db, std::string_view id) { return db.one(kMeetingById, read_meeting, id); }

Result<std::optional<Meeting>> meetings::find_external(Database& db, std::string_view id) {
  return db.one(kMeetingByExternal, read_meeting, id);
}

Result<std::vector<Meeting>> meetings::live(Database& db) { return db.all(kMeetingsLive, read_meeting); }

Result<bool> meetings::end(Database& db, std::string_view id, WallTime at) {
  return db.run("update meetings set ended_ms=?2 where meeting_id=?1 and ended_ms is null", id, at).map(any);
}

Result<std::vector<Meeting>> meetings::live_of_contact(Database& db, std::string_view contact_id) {
  return db.all(kMeetingsLiveOfContact, read_meeting, contact_id);
}

Result<void> meetings::set_owner(Database& db, std::string_view id, std::string_view principal, std::string_view name) {
  return db.run("update meetings set owner_principal=?2, owner_name=?3 where meeting_id=?1", id, principal, name).map(ignore);
}

Result<void> meetings::insert_attendee(Database& db, const Attendee& a) {
  return db
      .run("insert into attendees(attendee_id, meeting_id, external_user_id, name, email, role, join_token_hash, "
           "join_token_sealed, created_ms, removed_ms, capabilities) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
           a.attendee_id, a.meeting_id, a.external_user_id, a.name, a.email, to_string(a.role), a.join_token_hash,
           a.join_token_sealed, a.created, a.removed, wire::to_text(a.capabilities))
      .map(ignore);
}

Result<std::optional<Attendee>> meetings::find_attendee(Database& db, std::string_view id) {
  return db.one(UPCALL_ATTENDEE_COLUMNS "where attendee_id=?1", read_attendee, id);
}

Result<std::optional<Attendee>> meetings::find_attendee_external(Database& db, std::string_view meeting, std::string_view user) {
  return db.one(UPCALL_ATTENDEE_COLUMNS "where meeting_id=?1 and external_user_id=?2 and removed_ms is null", read_attendee, meeting, user);
}

Result<std::optional<Attendee>> meetings::find_attendee_ever(Database& db, std::string_view meeting, std::string_view user) {
  return db.one(UPCALL_ATTENDEE_COLUMNS
                "where meeting_id=?1 and external_user_id=?2 order by removed_ms is not null, removed_ms desc limit 1",
                read_attendee, meeting, user);
}

Result<std::optional<Attendee>> meetings::find_attendee_by_token(Database& db, std::string_view meeting, std::string_view token) {
  return db.one(UPCALL_ATTENDEE_COLUMNS "where join_token_hash=?2 and meeting_id=?1 and removed_ms is null", read_attendee, meeting,
                token_hash(token));
}

Result<std::vector<Attendee>> meetings::attendees(Database& db, std::string_view meeting) {
  return db.all(UPCALL_ATTENDEE_COLUMNS "where meeting_id=?1 and removed_ms is null order by created_ms, attendee_id", read_attendee, meeting);
}

Result<bool> meetings::remove_attendee(Database& db, std::string_view id, WallTime at) {
  return db.run("update attendees set removed_ms=?2 where attendee_id=?1 and removed_ms is null", id, at).map(any);
}

Result<bool> meetings::set_capabilities(Database& db, std::string_view id, const wire::AttendeeCapabilities& capabilities) {
  return db.run("update attendees set capabilities=?2 where attendee_id=?1 and removed_ms is null", id, wire::to_text(capabilities)).map(any);
}

Result<std::vector<Attendee>> meetings::attendees_after(Database& db, std::string_view meeting, std::string_view after, std::size_t limit) {
  return db.all(UPCALL_ATTENDEE_COLUMNS
                "a where a.meeting_id=?1 and a.removed_ms is null and a.role<>'recording' and (?2='' or exists(select 1 from attendees b where "
                "b.attendee_id=?2 and b.meeting_id=?1 and (b.created_ms<a.created_ms or (b.created_ms=a.created_ms and b.attendee_id<a.attendee_id)))) "
                "order by a.created_ms, a.attendee_id limit ?3",
                read_attendee, meeting, after, static_cast<std::int64_t>(limit));
}

Result<std::int64_t> meetings::attendee_count(Database& db, std::string_view meeting) {
  return db.one("select count(*) from attendees where meeting_id=?1 and removed_ms is null and role<>'recording'", [](Row& r) { return r.i64(0); }, meeting)
      .map([](const std::optional<std::int64_t>& n) { return n.value_or(0); });
}

Result<std::int64_t> meetings::live_count(Database& db) {
  return db.one("select count(*) from meetings where ended_ms is null", [](Row& r) { return r.i64(0); }).map([](const std::optional<std::int64_t>& n) { return n.value_or(0); });
}

Result<bool> meetings::owner_is_switched_off(Database& db, std::string_view meeting_id) {
  return db.one("select 1 from meetings m where m.meeting_id=?1 and " UPCALL_OWNER_IS_SWITCHED_OFF, [](Row&) { return true; }, meeting_id)
      .map([](const std::optional<bool>& found) { return found.has_value(); });
}

Result<std::vector<Attendee>> meetings::switched_off_owners(Database& db) {
  return db.all(UPCALL_ATTENDEE_COLUMNS
                "a where a.role='owner' and a.removed_ms is null and exists(select 1 from meetings m where m.meeting_id=a.meeting_id "
                "and m.ended_ms is null and " UPCALL_OWNER_IS_SWITCHED_OFF ")",
                read_attendee);
}

}  // namespace upcall::store
