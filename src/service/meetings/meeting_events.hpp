// What happens to meetings, as rows of the outbox: our own type, and in the body the `detail` of the vendor's events
// (eventType "chime:AttendeeJoined" and so on), so that a consumer of those reads it as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "io/store/meeting_repository.hpp"

namespace upcall::service {

// "attendee.joined" → "chime:AttendeeJoined"; empty: the vendor has no such event.
std::string_view vendor_event_type(std::string_view type);

// Whom an event is about.
struct EventAttendee {
  std::string attendee_id;  // of a content share its owner's
  std::string external_user_id;
  std::optional<wire::AttendeeCapabilities> updated;  // attendee.capabilitiesUpdated
};

// In the transaction that changes what it tells of.
Result<void> add_meeting_event(store::Database& db, RandomSource& random, const store::Meeting& meeting, std::string_view type, WallTime at,
                               const std::optional<EventAttendee>& attendee = std::nullopt);

}  // namespace upcall::service
