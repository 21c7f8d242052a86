#include "api/meeting/recording_start.hpp"

#include "api/centre/contact_lookup.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

constexpr const char* kLink = "videoRecordingPlaybackURL";

// Built here, never taken from a client. Writing it again changes nothing.
Result<void> put_link(MeetingApi& api, const std::string& contact_id, const std::string& external_meeting_id) {
  const std::string link = api.options.public_url + "/recording/" + wire::percent_encode(external_meeting_id);
  const auto facts = contact_facts(api.centre, contact_id);
  if (!facts) return tl::unexpected(facts.error());
  if (!*facts) return {};  // a contact that is gone needs none
  const auto present = (*facts)->attributes.find(kLink);
  if (present != (*facts)->attributes.end() && present->second == link) return {};
  return set_contact_attribute(api.centre, contact_id, kLink, link);
}

}  // namespace

Result<store::Recording> start_recording(MeetingApi& api, const service::RecordingStart& start) {
  auto recording = api.recordings.start(start);
  // Its failure costs nothing: link_recording() follows.
  if (recording && start.contact_id) (void)put_link(api, *start.contact_id, start.external_meeting_id);
  return recording;
}

Result<void> link_recording(MeetingApi& api, const store::OutboxEvent& event) {
  if (event.type != "recording.started") return {};
  const auto body = json::parse_object(event.body);
  const std::string contact_id = body ? json::text_or(*body, "contactId") : "";
  if (contact_id.empty()) return {};
  return put_link(api, contact_id, event.meeting_id);
}

}  // namespace upcall::api
