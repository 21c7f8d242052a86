#include "api/meeting/recording_start.hpp"

#include "api/centre/contact_lookup.hpp"

namespace upcall::api {

Result<store::Recording> start_recording(MeetingApi& api, const std::string& external_meeting_id,
                                         const identity::Principal& principal, const std::optional<std::string>& contact_id) {
  auto recording = api.recordings.start({external_meeting_id, principal, contact_id});
  if (recording && contact_id) {
    // Built here, never taken from a client. Writing it again changes nothing.
    (void)set_contact_attribute(api.centre, *contact_id, "videoRecordingPlaybackURL",
                                api.options.public_url + "/recording/" + wire::percent_encode(external_meeting_id));
  }
  return recording;
}

}  // namespace upcall::api
