// Starting the recording of a meeting, by whoever: the agent's button or the session that begins with automatic start.
// The playback link is put on the contact here, so that no way of starting forgets it.
#pragma once

#include "api/meeting/meeting_api.hpp"

namespace upcall::api {

// Blocks on the store. `conflict` when one is in progress or the meeting has ended.
Result<store::Recording> start_recording(MeetingApi& api, const std::string& external_meeting_id,
                                         const identity::Principal& principal, const std::optional<std::string>& contact_id);

}  // namespace upcall::api
