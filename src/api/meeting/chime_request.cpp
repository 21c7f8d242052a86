#include "api/meeting/chime_request.hpp"

#include "api/common/external_id.hpp"
#include "identity/access.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

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

Result<std::string> optional_text(const bj::object& body, std::string_view name, std::size_t max_bytes) {
  if (!body.contains(name)) return std::string();
  const auto text = json::text_at(body, name);
  if (!text || text->size() > max_bytes || !json::is_clean_text(*text)) {
    return fail(ErrorCode::invalid_argument, std::string(name) + " must be a clean text of at most " + std::to_string(max_bytes) + " bytes.");
  }
  return std::string(*text);
}

Result<std::string> attendee_user_id(const bj::object& body) {
  auto user = optional_text(body, "attendeeExternalUserId", 64);
  if (user && !is_external_id(*user)) {
    return fail(ErrorCode::invalid_argument, "attendeeExternalUserId must be 2 to 64 letters, digits, '-' or '_'.");
  }
  return user;
}

Result<store::Meeting, ApiError> own_meeting(MeetingApi& api, const identity::Principal& principal, const std::string& id) {
  auto meeting = api.directory.find(id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (!*meeting) return refuse(ErrorCode::not_found, "no_such_meeting", "There is no such meeting.");
  if (!identity::owns(principal, (*meeting)->owner_principal)) return refuse(ErrorCode::forbidden, "not_owner", "You are not the owner of this meeting.");
  return std::move(**meeting);
}

Result<OwnerCommand, ApiError> read_owner_command(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return tl::unexpected(principal.error());
  auto body = body_object(request);
  if (!body) return tl::unexpected(body.error());
  auto id = external_meeting_id(*body);
  if (!id) return tl::unexpected(id.error());
  auto meeting = own_meeting(api, *principal, *id);
  if (!meeting) return tl::unexpected(meeting.error());
  return OwnerCommand{std::move(*meeting), std::move(*body)};
}

}  // namespace upcall::api
