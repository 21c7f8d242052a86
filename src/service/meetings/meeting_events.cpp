#include "service/meetings/meeting_events.hpp"

#include <array>

#include "base/ids.hpp"
#include "chime/meeting_facts.hpp"
#include "io/store/outbox_repository.hpp"
#include "json/json.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {

struct Name {
  std::string_view type, vendor;
};
constexpr std::array<Name, 16> kNames{{
    {"meeting.started", "chime:MeetingStarted"},
    {"meeting.ended", "chime:MeetingEnded"},
    {"attendee.added", "chime:AttendeeAdded"},
    {"attendee.deleted", "chime:AttendeeDeleted"},
    {"attendee.authorized", "chime:AttendeeAuthorized"},
    {"attendee.joined", "chime:AttendeeJoined"},
    {"attendee.left", "chime:AttendeeLeft"},
    {"attendee.dropped", "chime:AttendeeDropped"},
    {"attendee.videoStarted", "chime:AttendeeVideoStarted"},
    {"attendee.videoStopped", "chime:AttendeeVideoStopped"},
    {"attendee.contentJoined", "chime:AttendeeContentJoined"},
    {"attendee.contentLeft", "chime:AttendeeContentLeft"},
    {"attendee.contentDropped", "chime:AttendeeContentDropped"},
    {"attendee.contentVideoStarted", "chime:AttendeeContentVideoStarted"},
    {"attendee.contentVideoStopped", "chime:AttendeeContentVideoStopped"},
    {"attendee.capabilitiesUpdated", "chime:AttendeeCapabilitiesUpdated"},
}};

bool has_network(std::string_view type) { return type.ends_with("oined") || type.ends_with("eft") || type.ends_with("ropped"); }

}  // namespace

std::string_view vendor_event_type(std::string_view type) {
  for (const Name& name : kNames) {
    if (name.type == type) return name.vendor;
  }
  return {};
}

Result<void> add_meeting_event(store::Database& db, RandomSource& random, const store::Meeting& meeting, std::string_view type, WallTime at,
                               const std::optional<EventAttendee>& attendee) {
  const auto facts = chime::facts_from(meeting.data);
  bj::object body{{"version", "0"},
                  {"timestamp", at.unix_ms()},
                  {"meetingId", meeting.meeting_id},
                  {"externalMeetingId", facts ? facts->external_meeting_id : meeting.external_meeting_id},
                  {"mediaRegion", facts ? facts->media_region : "local"}};
  if (const auto vendor = vendor_event_type(type); !vendor.empty()) body["eventType"] = vendor;
  if (attendee) {
    body["attendeeId"] = attendee->attendee_id;
    body["externalUserId"] = attendee->external_user_id;
    if (has_network(type)) body["networkType"] = "Voip";
    if (attendee->updated) {
      body["success"] = "1";
      body["attendeeCapabilities"] = bj::object{{"audio", wire::to_string(attendee->updated->audio)},
                                                {"video", wire::to_string(attendee->updated->video)},
                                                {"content", wire::to_string(attendee->updated->content)}};
    }
  }
  store::OutboxEvent event;
  event.event_id = make_uuid(random);
  event.meeting_id = meeting.external_meeting_id;
  event.type = std::string(type);
  event.body = bj::serialize(body);
  event.at = at;
  return store::outbox::add(db, std::move(event)).map([](const store::OutboxEvent&) {});
}

}  // namespace upcall::service
