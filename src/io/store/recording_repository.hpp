// Recordings, their wrapped keys and the owner's lease. "One in progress per meeting" is a partial unique index over
// the states requested to stopping: insert answers `conflict` for the second of two concurrent starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"
#include "recording/state.hpp"

namespace upcall::store {

using RecordingState = recording::State;
std::string_view to_string(RecordingState state);
std::optional<RecordingState> recording_state(std::string_view text);

struct Recording {
  std::string recording_id;
  std::string external_meeting_id;
  std::string meeting_id;
  std::string owner_principal;
  std::optional<std::string> hierarchy_group_id;  // the agent's at start; never changes
  std::optional<std::string> hierarchy_path;      // group ids from the root, joined by '/'
  std::optional<std::string> contact_id;
  RecordingState state = RecordingState::requested;
  std::string reason;  // of `failed`
  std::string object_key;
  WallTime requested;
  std::optional<WallTime> started, stopped, stored;
  std::optional<std::int64_t> duration_ms, size_bytes;
  std::string data = "{}";  // JSON, the recorder's own facts
  // Idempotency keys of the start (unique for an owner: insert answers `conflict`) and of the stop. Written by insert and
  // set_stop_key alone.
  std::optional<std::string> start_key, stop_key;
};

namespace recordings {

Result<void> insert(Database& db, const Recording& recording);
// Not those whose deletion has begun (io/store/retention_repository.hpp), here, in of_meeting and in by_object_key(s).
Result<std::optional<Recording>> find(Database& db, std::string_view recording_id);
// Ascending by time of request.
Result<std::vector<Recording>> of_meeting(Database& db, std::string_view external_meeting_id);
Result<std::optional<Recording>> in_progress(Database& db, std::string_view external_meeting_id);
Result<std::optional<Recording>> by_start_key(Database& db, std::string_view owner_principal, std::string_view key);
Result<std::optional<Recording>> by_stop_key(Database& db, std::string_view external_meeting_id, std::string_view key);
Result<void> set_stop_key(Database& db, std::string_view recording_id, std::string_view key);
// Stored ones by object key: the one that has it, and those from `from` on that begin with `prefix`, by key.
Result<std::optional<Recording>> by_object_key(Database& db, std::string_view object_key);
Result<std::vector<Recording>> by_object_keys(Database& db, std::string_view prefix, std::string_view from, int limit);
// Neither stored nor failed: what a restarted server takes up again.
Result<std::vector<Recording>> unfinished(Database& db);

// Compare-and-set of the state and everything that goes with it (reason, times, sizes, data are written from
// `recording`). False when the stored state is no longer `expected`.
Result<bool> update(Database& db, const Recording& recording, RecordingState expected);
// The same by its owner: false also when `claim` is not the row's any more. A final state gives the lease back.
Result<bool> update_owned(Database& db, const Recording& recording, RecordingState expected, const recording::Claim& claim);

// One owner at a time: true when `owner` holds it now, because it was free, expired, or already its own. Whoever takes a
// recording up raises the writer's epoch in the same transaction: owner and epoch together are its claim.
Result<bool> take_lease(Database& db, std::string_view recording_id, std::string_view owner, WallTime now, WallTime until);
// False: the claim is not the row's any more.
Result<bool> renew_lease(Database& db, std::string_view recording_id, const recording::Claim& claim, WallTime until);
Result<void> release_lease(Database& db, std::string_view recording_id, std::string_view owner);
// Of all recordings.
Result<void> release_leases(Database& db, std::string_view owner);
// Of everybody who is not among the living: for the process that alone has the data directory.
Result<void> release_leases_but(Database& db, const std::vector<std::string>& living);
// Without an owner its name is empty, without a key the epoch is 0. not_found: there is no such recording.
Result<recording::Claim> claim_of(Database& db, std::string_view recording_id);

// The key wrapped by store::Sealer (purpose "recording_keys/<recording_id>").
Result<void> insert_key(Database& db, std::string_view recording_id, Bytes wrapped);
Result<std::optional<ByteVector>> wrapped_key(Database& db, std::string_view recording_id);
// A number that no earlier writer of this journal had (from 1): commit it before the first seal under it.
Result<std::uint64_t> next_writer_epoch(Database& db, std::string_view recording_id);

}  // namespace recordings
}  // namespace upcall::store
