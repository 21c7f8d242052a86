// Attendees of an agent's own meeting: added, removed, asked for their name.
#include "api/centre/contact_lookup.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/asked_attendee.hpp"
#include "api/meeting/chime_request.hpp"
#include "api/meeting/join_json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/api/chime/attendee", "createAttendee", "Add an attendee to an own meeting.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","attendeeExternalUserId","attendeeName"],"properties":{"externalMeetingId":{"type":"string"},"attendeeExternalUserId":{"type":"string"},"attendeeName":{"type":"string"},"attendeeEmail":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"DELETE", "/api/chime/attendee", "removeAttendee",
     "Send an attendee out of an own meeting for good: its client is told, its join token opens nothing any more. Removing it again is fine.",
     OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","attendeeExternalUserId"],"properties":{"externalMeetingId":{"type":"string"},"attendeeExternalUserId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"GET", "/api/chime/attendee", "getAttendee", "Name and role of an attendee of an own meeting.", OperationAuth::staff, "",
     kAttendeeSchema, "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
    {"GET", "/api/chime/attendee-name", "getAttendeeName", "The name of an attendee of an own meeting.", OperationAuth::staff, "",
     R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
};

wire::HttpResponse create_attendee(MeetingApi& api, const wire::HttpRequest& request) {
  auto command = read_owner_command(api, request);
  if (!command) return failure(request, command.error());
  auto user = attendee_user_id(command->body);
  auto name = optional_text(command->body, "attendeeName", 256);
  auto email = optional_text(command->body, "attendeeEmail", 254);
  for (const auto* r : {&user, &name, &email}) {
    if (!*r) return failure(request, r->error());
  }
  if (name->empty()) return failure(request, ErrorCode::invalid_argument, "You must provide attendeeName.");
  if (command->meeting.ended) return failure(request, ErrorCode::conflict, "meeting_ended", "The meeting has ended.");
  auto join = api.directory.add_attendee(command->meeting, {*name, *email, *user}, store::AttendeeRole::other);
  if (!join) return failure(request, join.error());
  return success(request, "Attendee created", join_json(api, request, *join)["Attendee"]);
}

// The chat must not go on inviting to a call that this customer was sent out of.
void withdraw_invitation(MeetingApi& api, const store::Meeting& meeting, const store::Attendee& attendee) {
  if (!meeting.contact_id) return;
  const auto contact = contact_facts(api.centre, *meeting.contact_id);
  if (!contact || !*contact) return;
  const auto customer = (*contact)->attributes.find("videoAttendeeExternalUserId");
  if (customer == (*contact)->attributes.end() || customer->second != attendee.external_user_id) return;
  (void)api.centre.service.call(contact::WithdrawInvitation{meeting.external_meeting_id});
}

wire::HttpResponse remove_attendee(MeetingApi& api, const wire::HttpRequest& request) {
  auto command = read_owner_command(api, request);
  if (!command) return failure(request, command.error());
  const store::Meeting& meeting = command->meeting;
  auto user = attendee_user_id(command->body);
  if (!user) return failure(request, user.error());
  auto attendee = api.directory.find_attendee_ever(meeting, *user);
  if (!attendee) return failure(request, attendee.error());
  if (!*attendee) return failure(request, ErrorCode::not_found, "no_such_attendee", "There is no such attendee.");
  if (!(*attendee)->removed) {
    if ((*attendee)->role == store::AttendeeRole::recording) {
      return failure(request, ErrorCode::conflict, "attendee_is_recording", "This attendee is the recording: stop the recording instead.");
    }
    if ((*attendee)->role == store::AttendeeRole::owner) {
      return failure(request, ErrorCode::conflict, "attendee_is_owner", "This attendee is the meeting's owner: leave or end the meeting instead.");
    }
    if (meeting.ended) return failure(request, ErrorCode::conflict, "meeting_ended", "The meeting has ended.");
  }
  // Also when it was removed before: a crash between row and room must not leave anybody in.
  if (auto removed = api.directory.remove_attendee(meeting, (*attendee)->attendee_id); !removed) return failure(request, removed.error());
  withdraw_invitation(api, meeting, **attendee);
  return success(request, "Attendee removed", bj::object{});
}

Result<store::Attendee, ApiError> find_asked(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return tl::unexpected(principal.error());
  auto asked = read_asked_attendee(request);
  if (!asked) return tl::unexpected(asked.error());
  auto meeting = own_meeting(api, *principal, asked->meeting_id);
  if (!meeting) return tl::unexpected(meeting.error());
  return present_attendee(api, *meeting, asked->user_id);
}

}  // namespace

void add_chime_attendee_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/chime/attendee", [&api](const wire::HttpRequest& r) { return create_attendee(api, r); });
  router.add("DELETE", "/api/chime/attendee", [&api](const wire::HttpRequest& r) { return remove_attendee(api, r); });
  router.add("GET", "/api/chime/attendee", [&api](const wire::HttpRequest& r) { return attendee_response(r, find_asked(api, r)); });
  router.add("GET", "/api/chime/attendee-name", [&api](const wire::HttpRequest& r) { return attendee_name_response(r, find_asked(api, r)); });
}

}  // namespace upcall::api
