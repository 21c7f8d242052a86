// Questions about one attendee of a meeting, the same for staff and customers: which one, and the answer. Include
// it in .cpp files only (Boost.JSON).
#pragma once

#include <string>
#include <string_view>

#include "api/common/responses.hpp"
#include "api/meeting/meeting_api.hpp"

namespace upcall::api {

struct AskedAttendee {
  std::string meeting_id, user_id;
};
// From the query: externalMeetingId and attendeeExternalUserId.
Result<AskedAttendee> read_asked_attendee(const wire::HttpRequest& request);
// Who has this external user id and was not removed.
Result<store::Attendee, ApiError> present_attendee(MeetingApi& api, const store::Meeting& meeting, std::string_view user_id);

// Name and role: pages tell the recording by its role, since anybody may have its name.
inline constexpr std::string_view kAttendeeSchema =
    R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","required":["name","role"],"properties":{"name":{"type":"string"},"role":{"enum":["owner","customer","recording","other"]}}},"reqId":{"type":"string"}}})";
wire::HttpResponse attendee_response(const wire::HttpRequest& request, const Result<store::Attendee, ApiError>& attendee);
// The original's interface: the name alone.
wire::HttpResponse attendee_name_response(const wire::HttpRequest& request, const Result<store::Attendee, ApiError>& attendee);

}  // namespace upcall::api
