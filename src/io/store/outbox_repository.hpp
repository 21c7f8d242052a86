// Domain events, written in the transaction that changes the state they tell of. Each has a stable id and a gap-free
// number within its meeting; each consumer has its own cursor, so a dead one delays nobody. Delivery is at least once:
// a consumer advances its cursor after it has acted.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/store/database.hpp"

namespace upcall::store {

struct OutboxEvent {
  std::int64_t position = 0;  // order of commit over all meetings; set by add
  std::string event_id;
  std::string meeting_id;     // external meeting id: what the order is kept for
  std::uint64_t seq = 0;      // 1, 2, 3… within the meeting; set by add
  std::string type;           // "meeting.ended", "recording.started"…
  std::string body;           // JSON
  WallTime at;
};

namespace outbox {

// Gives the event with its position and number.
Result<OutboxEvent> add(Database& db, OutboxEvent event);
// The next events after the consumer's cursor, in order of commit.
Result<std::vector<OutboxEvent>> pending(Database& db, std::string_view consumer, int limit);
// Never moves backwards.
Result<void> advance(Database& db, std::string_view consumer, std::int64_t position);
// Removes what all the named consumers have passed and is older than `before`; gives how many.
Result<std::int64_t> prune(Database& db, const std::vector<std::string>& consumers, WallTime before);

}  // namespace outbox
}  // namespace upcall::store
