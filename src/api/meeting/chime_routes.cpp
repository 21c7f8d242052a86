// The agent's side of meetings: the original's ChimeAPI. Owner and object are checked at each call; only named fields
// are taken from a body.
#include <algorithm>

#include "api/centre/contact_lookup.hpp"
#include "api/common/external_id.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/join_json.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/meeting/recording_start.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr Operation kOperations[] = {
    {"POST", "/api/chime/meeting", "createMeeting", "Open a video meeting for a contact and get the owner's join data.",
     OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","meetingAttendees"],"properties":{"externalMeetingId":{"type":"string","minLength":2,"maxLength":64},"meetingTitle":{"type":"string"},"meetingRegion":{"type":"string"},"meetingAttendees":{"type":"array","maxItems":10,"items":{"type":"object","required":["attendeeName"],"properties":{"attendeeName":{"type":"string"},"attendeeEmail":{"type":"string"},"externalUserId":{"type":"string"},"isOwner":{"type":"boolean"}}}}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"JoinInfo":{"type":"object"}}},"reqId":{"type":"string"}}})",
     "400 401 403 409", ""},
    {"DELETE", "/api/chime/meeting", "endMeetingForAll", "End a meeting for everybody.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404", ""},
    {"POST", "/api/chime/attendee", "createAttendee", "Add an attendee to an own meeting.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","attendeeExternalUserId","attendeeName"],"properties":{"externalMeetingId":{"type":"string"},"attendeeExternalUserId":{"type":"string"},"attendeeName":{"type":"string"},"attendeeEmail":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"GET", "/api/chime/attendee-name", "getAttendeeName", "The name of an attendee of an own meeting.", OperationAuth::staff, "",
     R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
};

constexpr std::size_t kAttendeesMax = 10;

Result<std::string> external_meeting_id(const bj::object& body) {
  const auto* value = body.if_contains("externalMeetingId");
  if (value == nullptr) return fail(ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  const auto text = json::text_at(body, "externalMeetingId");
  if (!text) return fail(ErrorCode::invalid_argument, "externalMeetingId must be a text.");
  if (!is_external_id(*text)) {
    return fail(ErrorCode::invalid_argument, "externalMeetingId must be 2 to 64 letters, digits, '-' or '_'.");
  }
  return std::string(*text);
}

// A text member that may be absent; another type is an error, not a default.
Result<std::string> optional_text(const bj::object& body, std::string_view name, std::size_t max) {
  if (!body.contains(name)) return std::string();
  const auto text = json::text_at(body, name);
  if (!text || text->size() > max || !json::is_clean_text(*text)) {
    return fail(ErrorCode::invalid_argument, std::string(name) + " must be a clean text of at most " + std::to_string(max) + " bytes.");
  }
  return std::string(*text);
}

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
  auto principal = api.centre.authenticator.authorize(request, Permission::meeting_create);
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
      (void)start_recording(api, *id, *principal, contact->contact_id);
    }
  }
  return success(request, "Meeting created", bj::object{{"JoinInfo", join_json(api, request, *join)}});
}

// The meeting named in a body or query, which must be the caller's own.
Result<store::Meeting, ApiError> own_meeting(MeetingApi& api, const identity::Principal& principal, const std::string& id) {
  auto meeting = api.directory.find(id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (!*meeting) return refuse(ErrorCode::not_found, "no_such_meeting", "There is no such meeting.");
  if ((*meeting)->owner_principal != principal.id) return refuse(ErrorCode::forbidden, "not_owner", "You are not the owner of this meeting.");
  return std::move(**meeting);
}

wire::HttpResponse end_meeting(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request, Permission::meeting_create);
  if (!principal) return failure(request, principal.error());
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  auto id = external_meeting_id(*body);
  if (!id) return failure(request, id.error());
  auto meeting = own_meeting(api, *principal, *id);
  if (!meeting) return failure(request, meeting.error());
  if (auto ended = api.directory.end(*meeting); !ended) return failure(request, ended.error());
  (void)api.centre.service.call(contact::WithdrawInvitation{*id});
  return success(request, "Meeting ended", bj::object{});
}

wire::HttpResponse create_attendee(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request, Permission::meeting_create);
  if (!principal) return failure(request, principal.error());
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  auto id = external_meeting_id(*body);
  if (!id) return failure(request, id.error());
  auto user = optional_text(*body, "attendeeExternalUserId", 64);
  auto name = optional_text(*body, "attendeeName", 256);
  auto email = optional_text(*body, "attendeeEmail", 254);
  for (const auto* r : {&user, &name, &email}) {
    if (!*r) return failure(request, r->error());
  }
  if (!is_external_id(*user)) return failure(request, ErrorCode::invalid_argument, "attendeeExternalUserId must be 2 to 64 letters, digits, '-' or '_'.");
  if (name->empty()) return failure(request, ErrorCode::invalid_argument, "You must provide attendeeName.");
  auto meeting = own_meeting(api, *principal, *id);
  if (!meeting) return failure(request, meeting.error());
  if (meeting->ended) return failure(request, ErrorCode::conflict, "meeting_ended", "The meeting has ended.");
  auto join = api.directory.add_attendee(*meeting, {*name, *email, *user}, store::AttendeeRole::other);
  if (!join) return failure(request, join.error());
  return success(request, "Attendee created", join_json(api, request, *join)["Attendee"]);
}

wire::HttpResponse attendee_name(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request, Permission::meeting_create);
  if (!principal) return failure(request, principal.error());
  const auto id = request.query_value("externalMeetingId");
  const auto user = request.query_value("attendeeExternalUserId");
  if (!id || id->empty()) return failure(request, ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  if (!user || user->empty()) return failure(request, ErrorCode::invalid_argument, "You must provide attendeeExternalUserId.");
  auto meeting = own_meeting(api, *principal, std::string(*id));
  if (!meeting) return failure(request, meeting.error());
  auto attendee = api.directory.find_attendee(*meeting, *user);
  if (!attendee) return failure(request, attendee.error());
  if (!*attendee) return failure(request, ErrorCode::not_found, "no_such_attendee", "There is no such attendee.");
  return success(request, "Attendee name", bj::value((*attendee)->name));
}

}  // namespace

void add_chime_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/chime/meeting", [&api](const wire::HttpRequest& r) { return create_meeting(api, r); });
  router.add("DELETE", "/api/chime/meeting", [&api](const wire::HttpRequest& r) { return end_meeting(api, r); });
  router.add("POST", "/api/chime/attendee", [&api](const wire::HttpRequest& r) { return create_attendee(api, r); });
  router.add("GET", "/api/chime/attendee-name", [&api](const wire::HttpRequest& r) { return attendee_name(api, r); });
}

}  // namespace upcall::api
