// The customer's side of meetings: the original's MeetingAPI, with the chat's token as credential. A customer sees the
// own attendee of the own contact's meeting and nothing else; what is not theirs looks the same whether it exists or not.
#include "api/centre/contact_lookup.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/asked_attendee.hpp"
#include "api/meeting/join_json.hpp"
#include "api/meeting/meeting_api.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"GET", "/api/meeting/attendee-join-data", "getAttendeeJoinData", "The customer's own join data.", OperationAuth::participant, "",
     R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
    {"GET", "/api/meeting/attendee", "getMeetingAttendee", "Name and role of somebody in the customer's meeting.",
     OperationAuth::participant, "", kAttendeeSchema, "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
    {"GET", "/api/meeting/attendee-name", "getMeetingAttendeeName", "The name of somebody in the customer's meeting.",
     OperationAuth::participant, "", R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
};

struct Asked {
  CustomerIdentity customer;
  AskedAttendee attendee;
};

Result<Asked, ApiError> read(MeetingApi& api, const wire::HttpRequest& request) {
  auto customer = authenticate_customer(api.centre, request);
  if (!customer) return tl::unexpected(ApiError{customer.error(), customer.error().code == ErrorCode::unauthenticated ? "chat_token_needed" : ""});
  auto attendee = read_asked_attendee(request);
  if (!attendee) return tl::unexpected(attendee.error());
  const auto& attributes = customer->contact.attributes;
  const auto own = attributes.find("videoExternalMeetingId");
  if (own == attributes.end() || own->second != attendee->meeting_id) return refuse(ErrorCode::forbidden, "access_denied", "Access denied.");
  return Asked{std::move(*customer), std::move(*attendee)};
}

// The live meeting of this contact. Another contact's meeting under the same id is not this customer's.
Result<store::Meeting, ApiError> meeting_of(MeetingApi& api, const Asked& asked) {
  auto meeting = api.directory.find(asked.attendee.meeting_id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (*meeting && (*meeting)->contact_id != asked.customer.contact.contact_id) return refuse(ErrorCode::forbidden, "access_denied", "Access denied.");
  if (!*meeting || (*meeting)->ended) return refuse(ErrorCode::not_found, "meeting_not_live", "The meeting has not begun or is over.");
  return std::move(**meeting);
}

wire::HttpResponse join_data(MeetingApi& api, const wire::HttpRequest& request) {
  auto asked = read(api, request);
  if (!asked) return failure(request, asked.error());
  const auto& attributes = asked->customer.contact.attributes;
  const auto own = attributes.find("videoAttendeeExternalUserId");
  if (own == attributes.end() || own->second != asked->attendee.user_id) return failure(request, ErrorCode::forbidden, "access_denied", "Access denied.");
  auto meeting = meeting_of(api, *asked);
  if (!meeting) return failure(request, meeting.error());
  auto join = api.directory.join_info(*meeting, asked->attendee.user_id);
  if (!join) return failure(request, join.error());
  return success(request, "Join data", bj::object{{"JoinInfo", join_json(api, request, *join)}});
}

Result<store::Attendee, ApiError> find_asked(MeetingApi& api, const wire::HttpRequest& request) {
  auto asked = read(api, request);
  if (!asked) return tl::unexpected(asked.error());
  auto meeting = meeting_of(api, *asked);
  if (!meeting) return tl::unexpected(meeting.error());
  return present_attendee(api, *meeting, asked->attendee.user_id);
}

}  // namespace

void add_customer_meeting_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/meeting/attendee-join-data", [&api](const wire::HttpRequest& r) { return join_data(api, r); });
  router.add("GET", "/api/meeting/attendee", [&api](const wire::HttpRequest& r) { return attendee_response(r, find_asked(api, r)); });
  router.add("GET", "/api/meeting/attendee-name", [&api](const wire::HttpRequest& r) { return attendee_name_response(r, find_asked(api, r)); });
}

}  // namespace upcall::api
