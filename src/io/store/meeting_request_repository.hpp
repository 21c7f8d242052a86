// What programs keep of their meetings through the vendor's interface: tags, and which request made which meeting.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/store/database.hpp"

namespace upcall::store {

struct MeetingRequestRow {
  std::string id;          // a hash over owner and token
  std::string parameters;  // a hash over the rest of the request
  std::string meeting_id;
  std::string answer;      // JSON
  WallTime made;
};

namespace meeting_requests {
// A meeting lives for a day: so long its token gives the same answer.
inline constexpr Duration kLife = Duration::s(86'400);
// Nothing: there is none, or it is older than kLife.
Result<std::optional<MeetingRequestRow>> find(Database& db, std::string_view id, WallTime now);
// In the transaction of the meeting. Removes what is too old. `conflict`: somebody was faster.
Result<void> insert(Database& db, const MeetingRequestRow& row);
}  // namespace meeting_requests

namespace meeting_tags {
// By key.
Result<std::vector<std::pair<std::string, std::string>>> of(Database& db, std::string_view meeting_id);
Result<void> set(Database& db, std::string_view meeting_id, std::string_view key, std::string_view value);
Result<void> remove(Database& db, std::string_view meeting_id, std::string_view key);
}  // namespace meeting_tags

}  // namespace upcall::store
