// What the routes of /api/chime read from a request in the same way. Include it in .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <string_view>

#include "api/common/responses.hpp"
#include "api/meeting/meeting_api.hpp"

namespace upcall::api {

// The member externalMeetingId, or invalid_argument with the sentence for the caller.
Result<std::string> external_meeting_id(const boost::json::object& body);
// A text member that may be absent; another type is an error, not a default.
Result<std::string> optional_text(const boost::json::object& body, std::string_view name, std::size_t max_bytes);
// The member attendeeExternalUserId: an id that must be there.
Result<std::string> attendee_user_id(const boost::json::object& body);
// The live meeting with this external id or the last one that had it, if it is the caller's own.
Result<store::Meeting, ApiError> own_meeting(MeetingApi& api, const identity::Principal& principal, const std::string& id);

// A command on a meeting that is the caller's own.
struct OwnerCommand {
  store::Meeting meeting;
  boost::json::object body;
};
Result<OwnerCommand, ApiError> read_owner_command(MeetingApi& api, const wire::HttpRequest& request);

void add_chime_attendee_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);

}  // namespace upcall::api
