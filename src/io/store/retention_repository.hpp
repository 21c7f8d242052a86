// Retention rules, legal holds, deletions and erasures. A recording that is held is not deleted by anybody: begin_delete
// looks at the hold in the transaction that begins the deletion.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/store/recording_repository.hpp"

namespace upcall::store {

struct RetentionRuleRow {
  std::string id, prefix, queue, outcome;
  int days = 0;
  WallTime created;
};

// What of a recording decides about its end.
struct KeptRecording {
  std::string recording_id, external_meeting_id, object_key, state;
  std::optional<std::string> contact_id;
  WallTime requested;
  std::optional<WallTime> stopped;
  std::optional<std::string> hold_reason;
  std::int64_t size_bytes = 0;
  bool deleting = false;
  std::string deleting_why;
};

struct Erasure {
  std::string contact_id;
  WallTime requested;
  std::string actor;
  std::string recordings;   // JSON array of what is or was there
  std::optional<WallTime> done;
  std::string certificate;  // compact JWS, when done
};

namespace retention {

Result<void> insert_rule(Database& db, const RetentionRuleRow& rule);   // conflict: the same conditions are there
Result<std::vector<RetentionRuleRow>> rules(Database& db);
Result<bool> remove_rule(Database& db, std::string_view id);

// False when there is no such recording; conflict when its deletion has begun.
Result<bool> hold(Database& db, std::string_view recording_id, std::string_view reason, std::string_view actor, WallTime now);
Result<bool> release(Database& db, std::string_view recording_id);

Result<std::optional<KeptRecording>> find(Database& db, std::string_view recording_id);
// Finished ones that nobody holds, after `after_id` in the order of ids.
Result<std::vector<KeptRecording>> candidates(Database& db, std::string_view after_id, int limit);
Result<std::vector<KeptRecording>> of_contact(Database& db, std::string_view contact_id);
Result<std::vector<KeptRecording>> deleting(Database& db);
Result<std::vector<KeptRecording>> stored(Database& db, std::string_view after_id, int limit);
// Empty conditions fit all; the newest first.
struct ListFilter {
  std::string external_meeting_id, contact_id;
  bool held = false;
};
Result<std::vector<KeptRecording>> list(Database& db, const ListFilter& filter, int limit);
Result<std::int64_t> held_count(Database& db);

// Errors: not_found; conflict: it is held, or not finished. Again on one that is being deleted already: fine.
Result<KeptRecording> begin_delete(Database& db, std::string_view recording_id, std::string_view why, WallTime now);
// Row and key: what is left of the film anywhere cannot be read any more.
Result<void> finish_delete(Database& db, std::string_view recording_id);

Result<void> begin_erasure(Database& db, const Erasure& erasure);
Result<std::optional<Erasure>> erasure(Database& db, std::string_view contact_id);
Result<std::vector<Erasure>> open_erasures(Database& db);
struct ErasedRows {
  std::int64_t chat_items = 0, attributes = 0, participants = 0, attendees = 0, attachments = 0;
};
// Everything of the contact but what has no person in it. Attendees of its meetings lose name and address.
Result<ErasedRows> erase_contact_rows(Database& db, std::string_view contact_id);
Result<void> finish_erasure(Database& db, std::string_view contact_id, WallTime now, std::string_view certificate);

// What has outlived its time: meetings that ended before `meetings_ended_before` and have no recording, with their attendees
// (at most `limit` of them a call), references that have expired, entries of the user cache.
struct ExpiredRows {
  std::int64_t meetings = 0, attendees = 0, references = 0, cached_users = 0;
};
Result<ExpiredRows> remove_expired(Database& db, WallTime now, std::optional<WallTime> meetings_ended_before, int limit);

// Meetings that ended in [from, until) of contacts that asked for a recording by themselves, and have none.
struct MissingRecording {
  std::string meeting_id, external_meeting_id, contact_id;
  WallTime ended;
};
Result<std::vector<MissingRecording>> missing(Database& db, WallTime from, WallTime until);

}  // namespace retention
}  // namespace upcall::store
