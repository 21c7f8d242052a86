// The customer's side of meetings: the original's MeetingAPI, with the chat's token as credential. A customer sees the
// own attendee of the own contact's meeting and nothing else; what is not theirs looks the same whether it exists or not.
#include "api/centre/contact_lookup.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/join_json.hpp"
#include "api/meeting/meeting_api.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"GET", "/api/meeting/attendee-join-data", "getAttendeeJoinData", "The customer's own join data.", OperationAuth::participant, "",
     R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
    {"GET", "/api/meeting/attendee-name", "getMeetingAttendeeName", "The name of somebody in the customer's meeting.",
     OperationAuth::participant, "", R"({"type":"object"})", "400 401 403 404", "externalMeetingId attendeeExternalUserId"},
};

struct Asked {
  CustomerIdentity customer;
  std::string meeting_id, user_id;
};

Result<Asked, ApiError> read(MeetingApi& api, const wire::HttpRequest& request) {
  auto customer = authenticate_customer(api.centre, request);
  if (!customer) return tl::unexpected(ApiError{customer.error(), customer.error().code == ErrorCode::unauthenticated ? "chat_token_needed" : ""});
  const auto id = request.query_value("externalMeetingId");
  const auto user = request.query_value("attendeeExternalUserId");
  if (!id || id->empty()) return fail(ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  if (!user || user->empty()) return fail(ErrorCode::invalid_argument, "You must provide attendeeExternalUserId.");
  const auto& attributes = customer->contact.attributes;
  const auto own = attributes.find("videoExternalMeetingId");
  if (own == attributes.end() || own->second != *id) return refuse(ErrorCode::forbidden, "access_denied", "Access denied.");
  return Asked{std::move(*customer), std::string(*id), std::string(*user)};
}

// The live meeting of this contact. Another contact's meeting under the same id is not this customer's.
Result<store::Meeting, ApiError> meeting_of(MeetingApi& api, const Asked& asked) {
  auto meeting = api.directory.find(asked.meeting_id);
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
  if (own == attributes.end() || own->second != asked->user_id) return failure(request, ErrorCode::forbidden, "access_denied", "Access denied.");
  auto meeting = meeting_of(api, *asked);
  if (!meeting) return failure(request, meeting.error());
  auto join = api.directory.join_info(*meeting, asked->user_id);
  if (!join) return failure(request, join.error());
  return success(request, "Join data", bj::object{{"JoinInfo", join_json(api, request, *join)}});
}

wire::HttpResponse attendee_name(MeetingApi& api, const wire::HttpRequest& request) {
  auto asked = read(api, request);
  if (!asked) return failure(request, asked.error());
  auto meeting = meeting_of(api, *asked);
  if (!meeting) return failure(request, meeting.error());
  auto attendee = api.directory.find_attendee(*meeting, asked->user_id);
  if (!attendee) return failure(request, attendee.error());
  if (!*attendee) return failure(request, ErrorCode::not_found, "no_such_attendee", "There is no such attendee.");
  return success(request, "Attendee name", bj::value((*attendee)->name));
}

}  // namespace

void add_customer_meeting_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/meeting/attendee-join-data", [&api](const wire::HttpRequest& r) { return join_data(api, r); });
  router.add("GET", "/api/meeting/attendee-name", [&api](const wire::HttpRequest& r) { return attendee_name(api, r); });
}

}  // namespace upcall::api
