// Meetings and attendees. An external meeting id has at most one live meeting (the database's rule: insert answers
// `conflict`); after its end a new media meeting may live under the same external id.
//
// Join tokens: the hash finds an attendee by token, the sealed form gives the token back to its owner. Sealing and
// hashing are the caller's (store::Sealer, purpose "attendees/<attendee_id>"; token_hash below).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"
#include "wire/attendee_capabilities.hpp"

namespace upcall::store {

// SHA-256 in hexadecimal: how every bearer secret is looked up.
std::string token_hash(std::string_view token);

struct Meeting {
  std::string meeting_id;           // the media meeting, UUID
  std::string external_meeting_id;  // the client's
  std::string title;
  std::string owner_principal;      // identity::Principal::id
  std::string owner_name;
  std::optional<std::string> contact_id;
  WallTime created;
  std::optional<WallTime> ended;
  std::string data = "{}";  // JSON: media region and placement as answered, for the same answer again
};

// Stored as text: "owner", "customer", "recording", "other".
enum class AttendeeRole : std::uint8_t { owner, customer, recording, other };
std::string_view to_string(AttendeeRole role);

struct Attendee {
  std::string attendee_id;
  std::string meeting_id;
  std::string external_user_id;
  std::string name;
  std::string email;
  AttendeeRole role = AttendeeRole::other;
  std::string join_token_hash;
  ByteVector join_token_sealed;
  WallTime created;
  std::optional<WallTime> removed;
  wire::AttendeeCapabilities capabilities = {};
};

namespace meetings {

Result<void> insert(Database& db, const Meeting& meeting);
Result<std::optional<Meeting>> find(Database& db, std::string_view meeting_id);
// The live meeting under this external id, else the one that ended last.
Result<std::optional<Meeting>> find_external(Database& db, std::string_view external_meeting_id);
Result<std::vector<Meeting>> live(Database& db);
// False when it had ended before (nothing changes then).
Result<bool> end(Database& db, std::string_view meeting_id, WallTime at);
// Of this contact.
Result<std::vector<Meeting>> live_of_contact(Database& db, std::string_view contact_id);
Result<void> set_owner(Database& db, std::string_view meeting_id, std::string_view owner_principal, std::string_view owner_name);

// `conflict` when the external user id is taken by an attendee that was not removed.
Result<void> insert_attendee(Database& db, const Attendee& attendee);
Result<std::optional<Attendee>> find_attendee(Database& db, std::string_view attendee_id);
Result<std::optional<Attendee>> find_attendee_external(Database& db, std::string_view meeting_id, std::string_view external_user_id);
// The same, or else the one of this external id that was removed last.
Result<std::optional<Attendee>> find_attendee_ever(Database& db, std::string_view meeting_id, std::string_view external_user_id);
Result<std::optional<Attendee>> find_attendee_by_token(Database& db, std::string_view meeting_id, std::string_view token);
Result<std::vector<Attendee>> attendees(Database& db, std::string_view meeting_id);
Result<bool> remove_attendee(Database& db, std::string_view attendee_id, WallTime at);
// False when there is none, or it was removed.
Result<bool> set_capabilities(Database& db, std::string_view attendee_id, const wire::AttendeeCapabilities& capabilities);
// People of a meeting in the order in which they were made, RECORDING left out; those behind `after` (an attendee of this
// meeting, empty: from the first).
Result<std::vector<Attendee>> attendees_after(Database& db, std::string_view meeting_id, std::string_view after, std::size_t limit);
// How many of them there are.
Result<std::int64_t> attendee_count(Database& db, std::string_view meeting_id);
Result<std::int64_t> live_count(Database& db);
// Is the account that owns this meeting (user or access key) switched off?
Result<bool> owner_is_switched_off(Database& db, std::string_view meeting_id);
// The owners' attendees in live meetings for which that is so.
Result<std::vector<Attendee>> switched_off_owners(Database& db);

}  // namespace meetings
}  // namespace upcall::store
