// The agent's side of meetings: the original's ChimeAPI (attendees: chime_attendee_routes.cpp). Owner and object are
// checked at each call; only named fields are taken from a body.
#include <algorithm>

#include "api/centre/contact_lookup.hpp"
#include "api/common/external_id.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/chime_request.hpp"
#include "api/meeting/join_json.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/meeting/recording_start.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/api/chime/meeting", "createMeeting", "Open a video meeting for a contact and get the owner's join data.",
     OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","meetingAttendees"],"properties":{"externalMeetingId":{"type":"string","minLength":2,"maxLength":64},"meetingTitle":{"type":"string"},"meetingRegion":{"type":"string"},"meetingAttendees":{"type":"array","maxItems":10,"items":{"type":"object","required":["attendeeName"],"properties":{"attendeeName":{"type":"string"},"attendeeEmail":{"type":"string"},"externalUserId":{"type":"string"},"isOwner":{"type":"boolean"}}}}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"JoinInfo":{"type":"object"}}},"reqId":{"type":"string"}}})",
     "400 401 403 409", ""},
    {"DELETE", "/api/chime/meeting", "endMeetingForAll", "End a meeting for everybody.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404", ""},
};

constexpr std::size_t kAttendeesMax = 10;

struct WantedAttendee {
  service::NewAttendee attendee;
  bool owner = false;
};

Result<WantedAttendee> read_attendee(const bj::value& value) {
  if (!value.is_object()) return fail(ErrorCode::invalid_argument, "Each of meetingAttendees must be an object.");
  const bj::object& o = value.as_object();
  WantedAttendee out;
  auto name = optional_text(o, "attendeeName", 256);
  auto email = optional_text(o, "attendeeEmail", 254);
  auto user = optional_text(o, "externalUserId", 64);
  for (const auto* r : {&name, &email, &user}) {
    if (!*r) return tl::unexpected(r->error());
  }
  if (name->empty()) return fail(ErrorCode::invalid_argument, "Each attendee needs an attendeeName.");
  if (!user->empty() && !is_external_id(*user)) {
    return fail(ErrorCode::invalid_argument, "externalUserId must be 2 to 64 letters, digits, '-' or '_'.");
  }
  if (const auto* is_owner = o.if_contains("isOwner")) {
    if (!is_owner->is_bool()) return fail(ErrorCode::invalid_argument, "isOwner must be true or false.");
    out.owner = is_owner->as_bool();
  }
  out.attendee = {*name, *email, *user};
  return out;
}

// Somebody else's live contact has this meeting id: it is not this agent's to open.
bool belongs_to_another(MeetingApi& api, const std::string& agent_id, const std::string& id) {
  return api.centre.service.get<bool>([&](const contact::Centre& centre) {
    for (const auto& [contact_id, c] : centre.contacts()) {
      const auto meeting = c.attributes.find("videoExternalMeetingId");
      if (meeting != c.attributes.end() && meeting->second == id && c.live() && c.agent_id != agent_id) return true;
    }
    return false;
  });
}

bool is_true(const contact::Attributes& attributes, const std::string& name) {
  const auto at = attributes.find(name);
  if (at == attributes.end()) return false;
  std::string lower = at->second;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == "true";
}

wire::HttpResponse create_meeting(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  auto id = external_meeting_id(*body);
  if (!id) return failure(request, id.error());
  auto title = optional_text(*body, "meetingTitle", 256);
  if (!title) return failure(request, title.error());
  auto region = optional_text(*body, "meetingRegion", 64);
  if (!region) return failure(request, region.error());
  const bj::array* list = json::array_at(*body, "meetingAttendees");
  if (list == nullptr || list->empty() || list->size() > kAttendeesMax) {
    return failure(request, ErrorCode::invalid_argument, "meetingAttendees must be a list of 1 to 10 attendees.");
  }
  service::NewMeeting meeting;
  meeting.external_meeting_id = *id;
  meeting.title = title->empty() ? *id : *title;
  meeting.owner_principal = principal->id;
  meeting.owner_name = principal->name;
  bool owner_seen = false;
  std::vector<std::string> user_ids;
  for (const bj::value& value : *list) {
    auto attendee = read_attendee(value);
    if (!attendee) return failure(request, attendee.error());
    if (!attendee->attendee.external_user_id.empty()) {
      if (std::find(user_ids.begin(), user_ids.end(), attendee->attendee.external_user_id) != user_ids.end()) {
        return failure(request, ErrorCode::invalid_argument, "An externalUserId stands twice in meetingAttendees.");
      }
      user_ids.push_back(attendee->attendee.external_user_id);
    }
    if (attendee->owner) {
      if (owner_seen) return failure(request, ErrorCode::invalid_argument, "A meeting has one owner.");
      owner_seen = true;
      attendee->attendee.email = principal->email;
      meeting.owner = std::move(attendee->attendee);
    } else {
      meeting.others.push_back(std::move(attendee->attendee));
    }
  }
  if (!owner_seen) return failure(request, ErrorCode::invalid_argument, "You must provide at least the owner attendee.");

  const auto contact = contact_for_meeting(api.centre, principal->id, *id);
  if (!contact && belongs_to_another(api, principal->id, *id)) {
    return failure(request, ErrorCode::forbidden, "contact_of_another_agent", "This meeting belongs to a contact of another agent.");
  }
  if (contact) meeting.contact_id = contact->contact_id;
  auto join = api.directory.create(meeting);
  if (!join) return failure(request, join.error());

  if (contact) {
    const auto customer = contact->attributes.find("videoAttendeeExternalUserId");
    const bool invited = customer != contact->attributes.end() &&
                         std::any_of(meeting.others.begin(), meeting.others.end(), [&](const service::NewAttendee& a) {
                           return a.external_user_id == customer->second;
                         });
    if (invited) {
      const auto effects = api.centre.service.call(contact::InviteToVideo{contact->contact_id, *id, customer->second});
      if (effects.error) return failure(request, *effects.error);
    }
    if (is_true(contact->attributes, "videoRecordingAutoStartEnabled") && api.recording_deployed()) {
      // Its failure must not cost the call; it shows in the recording's own state and in the metrics.
      // The key: with the session, not each time that its owner asks for the join data again.
      (void)start_recording(api, {*id, *principal, contact->contact_id, "auto/" + join->meeting.meeting_id});
    }
  }
  return success(request, "Meeting created", bj::object{{"JoinInfo", join_json(api, request, *join)}});
}

wire::HttpResponse end_meeting(MeetingApi& api, const wire::HttpRequest& request) {
  auto command = read_owner_command(api, request);
  if (!command) return failure(request, command.error());
  const store::Meeting& meeting = command->meeting;
  if (auto ended = api.directory.end(meeting); !ended) return failure(request, ended.error());
  (void)api.centre.service.call(contact::WithdrawInvitation{meeting.external_meeting_id});
  return success(request, "Meeting ended", bj::object{});
}

}  // namespace

void add_chime_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/chime/meeting", [&api](const wire::HttpRequest& r) { return create_meeting(api, r); });
  router.add("DELETE", "/api/chime/meeting", [&api](const wire::HttpRequest& r) { return end_meeting(api, r); });
  add_chime_attendee_routes(router, api, openapi);
}

}  // namespace upcall::api
