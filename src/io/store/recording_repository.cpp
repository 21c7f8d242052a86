#include "io/store/recording_repository.hpp"

#include <algorithm>

namespace upcall::store {
namespace {

constexpr std::pair<RecordingState, std::string_view> kStates[] = {
    {RecordingState::requested, "requested"}, {RecordingState::starting, "starting"},   {RecordingState::recording, "recording"},
    {RecordingState::stopping, "stopping"},   {RecordingState::composing, "composing"}, {RecordingState::stored, "stored"},
    {RecordingState::failed, "failed"}};

#define UPCALL_RECORDING_COLUMNS                                                                                       \
  "select recording_id, external_meeting_id, meeting_id, owner_principal, hierarchy_group_id, hierarchy_path, "        \
  "contact_id, state, reason, object_key, requested_ms, started_ms, stopped_ms, stored_ms, duration_ms, size_bytes, "  \
  "data, start_key, stop_key from recordings "

Recording read_recording(Row& r) {
  Recording out;
  out.recording_id = r.text(0);
  out.external_meeting_id = r.text(1);
  out.meeting_id = r.text(2);
  out.owner_principal = r.text(3);
  out.hierarchy_group_id = r.optional_text(4);
  out.hierarchy_path = r.optional_text(5);
  out.contact_id = r.optional_text(6);
  out.state = recording_state(r.text(7)).value_or(RecordingState::failed);
  out.reason = r.text(8);
  out.object_key = r.text(9);
  out.requested = r.wall(10);
  out.started = r.optional_wall(11);
  out.stopped = r.optional_wall(12);
  out.stored = r.optional_wall(13);
  out.duration_ms = r.optional_i64(14);
  out.size_bytes = r.optional_i64(15);
  out.data = r.text(16);
  out.start_key = r.optional_text(17);
  out.stop_key = r.optional_text(18);
  return out;
}

// A claim: the lease's owner and the epoch of the journal's writer.
#define UPCALL_CLAIMED(owner, epoch)                                                                                   \
  " and lease_owner=" owner                                                                                            \
  " and coalesce((select writer_epoch from recording_keys k where k.recording_id=recordings.recording_id), 0)=" epoch

void ignore(std::int64_t) {}
bool any(std::int64_t changed) { return changed > 0; }

}  // namespace

std::string_view to_string(RecordingState state) {
  for (const auto& [value, text] : kStates) {
    if (value == state) return text;
  }
  return "failed";
}

std::optional<RecordingState> recording_state(std::string_view text) {
  for (const auto& [value, name] : kStates) {
    if (name == text) return value;
  }
  return std::nullopt;
}

Result<void> recordings::insert(Database& db, const Recording& r) {
  return db
      .run("insert into recordings(recording_id, external_meeting_id, meeting_id, owner_principal, hierarchy_group_id, "
           "hierarchy_path, contact_id, state, reason, object_key, requested_ms, started_ms, stopped_ms, stored_ms, "
           "duration_ms, size_bytes, data, start_key) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
           r.recording_id, r.external_meeting_id, r.meeting_id, r.owner_principal, r.hierarchy_group_id, r.hierarchy_path,
           r.contact_id, to_string(r.state), r.reason, r.object_key, r.requested, r.started, r.stopped, r.stored,
           r.duration_ms, r.size_bytes, r.data, r.start_key)
      .map(ignore);
}

Result<std::optional<Recording>> recordings::find(Database& db, std::string_view id) {
  return db.one(UPCALL_RECORDING_COLUMNS "where recording_id=?1 and deleting_ms is null", read_recording, id);
}

Result<std::vector<Recording>> recordings::of_meeting(Database& db, std::string_view external) {
  return db.all(UPCALL_RECORDING_COLUMNS "where external_meeting_id=?1 and deleting_ms is null order by requested_ms, recording_id", read_recording, external);
}

Result<std::optional<Recording>> recordings::in_progress(Database& db, std::string_view external) {
  return db.one(UPCALL_RECORDING_COLUMNS
                "where external_meeting_id=?1 and state in ('requested','starting','recording','stopping')",
                read_recording, external);
}

Result<std::optional<Recording>> recordings::by_start_key(Database& db, std::string_view owner, std::string_view key) {
  return db.one(UPCALL_RECORDING_COLUMNS "where owner_principal=?1 and start_key=?2", read_recording, owner, key);
}

Result<std::optional<Recording>> recordings::by_stop_key(Database& db, std::string_view external, std::string_view key) {
  return db.one(UPCALL_RECORDING_COLUMNS "where external_meeting_id=?1 and stop_key=?2", read_recording, external, key);
}

Result<void> recordings::set_stop_key(Database& db, std::string_view id, std::string_view key) {
  return db.run("update recordings set stop_key=?2 where recording_id=?1", id, key).map(ignore);
}

Result<std::optional<Recording>> recordings::by_object_key(Database& db, std::string_view object_key) {
  return db.one(UPCALL_RECORDING_COLUMNS "where object_key=?1 and state='stored' and deleting_ms is null", read_recording, object_key);
}

Result<std::vector<Recording>> recordings::by_object_keys(Database& db, std::string_view prefix, std::string_view from, int limit) {
  // Texts are compared as bytes, so keys of a prefix stand together; '~' is in no key.
  const std::string end = std::string(prefix) + '~';
  return db.all(UPCALL_RECORDING_COLUMNS
                "where object_key>=?1 and object_key<?2 and state='stored' and deleting_ms is null order by object_key limit ?3",
                read_recording, from, end, limit);
}

Result<std::vector<Recording>> recordings::unfinished(Database& db) {
  return db.all(UPCALL_RECORDING_COLUMNS "where state not in ('stored','failed') order by requested_ms", read_recording);
}

Result<bool> recordings::update(Database& db, const Recording& r, RecordingState expected) {
  return db
      .run("update recordings set state=?3, reason=?4, started_ms=?5, stopped_ms=?6, stored_ms=?7, duration_ms=?8, "
           "size_bytes=?9, data=?10, object_key=?11 where recording_id=?1 and state=?2",
           r.recording_id, to_string(expected), to_string(r.state), r.reason, r.started, r.stopped, r.stored, r.duration_ms,
           r.size_bytes, r.data, r.object_key)
      .map(any);
}

Result<bool> recordings::update_owned(Database& db, const Recording& r, RecordingState expected, const recording::Claim& claim) {
  return db
      .run("update recordings set state=?3, reason=?4, started_ms=?5, stopped_ms=?6, stored_ms=?7, duration_ms=?8, "
           "size_bytes=?9, data=?10, object_key=?11, "
           "lease_owner=iif(?3 in ('stored','failed'), null, lease_owner), "
           "lease_until_ms=iif(?3 in ('stored','failed'), null, lease_until_ms) "
           "where recording_id=?1 and state=?2" UPCALL_CLAIMED("?12", "?13"),
           r.recording_id, to_string(expected), to_string(r.state), r.reason, r.started, r.stopped, r.stored, r.duration_ms,
           r.size_bytes, r.data, r.object_key, claim.owner, static_cast<std::int64_t>(claim.epoch))
      .map(any);
}

Result<bool> recordings::take_lease(Database& db, std::string_view id, std::string_view owner, WallTime now, WallTime until) {
  return db
      .run("update recordings set lease_owner=?2, lease_until_ms=?4 where recording_id=?1 and "
           "(lease_owner is null or lease_owner=?2 or lease_until_ms<=?3)",
           id, owner, now, until)
      .map(any);
}

Result<bool> recordings::renew_lease(Database& db, std::string_view id, const recording::Claim& claim, WallTime until) {
  return db
      .run("update recordings set lease_until_ms=?2 where recording_id=?1" UPCALL_CLAIMED("?3", "?4"), id, until, claim.owner,
           static_cast<std::int64_t>(claim.epoch))
      .map(any);
}

Result<void> recordings::release_lease(Database& db, std::string_view id, std::string_view owner) {
  return db
      .run("update recordings set lease_owner=null, lease_until_ms=null where recording_id=?1 and lease_owner=?2", id, owner)
      .map(ignore);
}

Result<void> recordings::release_leases(Database& db, std::string_view owner) {
  return db.run("update recordings set lease_owner=null, lease_until_ms=null where lease_owner=?1", owner).map(ignore);
}

Result<void> recordings::release_leases_but(Database& db, const std::vector<std::string>& living) {
  auto owners = db.all("select distinct lease_owner from recordings where lease_owner is not null", [](Row& r) { return r.text(0); });
  if (!owners) return tl::unexpected(owners.error());
  for (const std::string& owner : *owners) {
    if (std::find(living.begin(), living.end(), owner) != living.end()) continue;
    if (auto released = release_leases(db, owner); !released) return released;
  }
  return {};
}

Result<recording::Claim> recordings::claim_of(Database& db, std::string_view id) {
  auto claim = db.one("select coalesce(lease_owner, ''), coalesce((select writer_epoch from recording_keys k where "
                      "k.recording_id=r.recording_id), 0) from recordings r where recording_id=?1",
                      [](Row& r) { return recording::Claim{r.text(0), static_cast<std::uint32_t>(r.i64(1))}; }, id);
  if (!claim) return tl::unexpected(claim.error());
  if (!*claim) return fail(ErrorCode::not_found, "there is no such recording");
  return **claim;
}

Result<void> recordings::insert_key(Database& db, std::string_view id, Bytes wrapped) {
  return db.run("insert into recording_keys(recording_id, wrapped_key) values(?1, ?2)", id, wrapped).map(ignore);
}

Result<std::optional<ByteVector>> recordings::wrapped_key(Database& db, std::string_view id) {
  return db.one("select wrapped_key from recording_keys where recording_id=?1", [](Row& r) { return r.blob(0); }, id);
}

Result<std::uint64_t> recordings::next_writer_epoch(Database& db, std::string_view id) {
  auto epoch = db.one("update recording_keys set writer_epoch=writer_epoch+1 where recording_id=?1 returning writer_epoch",
                      [](Row& r) { return static_cast<std::uint64_t>(r.i64(0)); }, id);
  if (!epoch) return tl::unexpected(epoch.error());
  if (!*epoch) return fail(ErrorCode::not_found, "this recording has no key");
  return **epoch;
}

}  // namespace upcall::store
