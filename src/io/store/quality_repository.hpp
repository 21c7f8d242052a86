// How the people of calls fared, as it is kept. A row dies with its meeting and with the erasure of its contact.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"

namespace upcall::store {

struct QualityRow {
  std::string meeting_id, attendee_id;
  WallTime began, written;
  std::string external_user_id;
  std::string summary, series;   // JSON objects
};

// With the person's name and role as the meeting has them (erased: empty).
struct KeptQuality {
  QualityRow row;
  std::string external_meeting_id, name, role;
};

namespace quality {

// Puts the row in the place of the one of the same stay. Of a meeting that is gone, or whose contact was erased: nothing.
Result<void> put(Database& db, const QualityRow& row);
// Calls of a contact, or one meeting; by meeting, person and time, at most `limit`.
Result<std::vector<KeptQuality>> of_contact(Database& db, std::string_view contact_id, int limit);
Result<std::vector<KeptQuality>> of_meeting(Database& db, std::string_view meeting_id, int limit);

}  // namespace quality
}  // namespace upcall::store
