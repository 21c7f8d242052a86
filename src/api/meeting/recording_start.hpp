// Starting the recording of a meeting, by whoever: the agent's button or the session that begins with automatic start.
// The playback link is put on the contact here, so that no way of starting forgets it.
#pragma once

#include "api/meeting/meeting_api.hpp"
#include "io/store/outbox_repository.hpp"

namespace upcall::api {

// Blocks on the store. Errors: service::RecordingService::start's.
Result<store::Recording> start_recording(MeetingApi& api, const service::RecordingStart& start);

// Consumer of the outbox: what start_recording() could not put on the contact is put there again. An error: try again.
Result<void> link_recording(MeetingApi& api, const store::OutboxEvent& event);

}  // namespace upcall::api
