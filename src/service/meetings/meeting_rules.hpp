// How many may be in a meeting and how long it lives: the installation's parameters, and what the meeting was made with.
#pragma once

#include "io/store/meeting_repository.hpp"
#include "service/meetings/meeting_runtime.hpp"

namespace upcall::service {

// Parameters meetingAttendeesMax, meetingVideoSendersMax, meetingIdleEndSeconds, meetingLifeMinutes; MeetingFeatures.
Result<MeetingRules> meeting_rules(store::Database& db, const store::Meeting& meeting, WallTime now);
// The parameter meetingsMax: so many live at once.
Result<std::int64_t> meetings_max(store::Database& db);

}  // namespace upcall::service
