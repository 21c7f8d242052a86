#include "api/meeting/asked_attendee.hpp"

namespace upcall::api {

namespace bj = boost::json;

Result<AskedAttendee> read_asked_attendee(const wire::HttpRequest& request) {
  const auto id = request.query_value("externalMeetingId");
  const auto user = request.query_value("attendeeExternalUserId");
  if (!id || id->empty()) return fail(ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  if (!user || user->empty()) return fail(ErrorCode::invalid_argument, "You must provide attendeeExternalUserId.");
  return AskedAttendee{std::string(*id), std::string(*user)};
}

Result<store::Attendee, ApiError> present_attendee(MeetingApi& api, const store::Meeting& meeting, std::string_view user_id) {
  auto attendee = api.directory.find_attendee(meeting, user_id);
  if (!attendee) return tl::unexpected(attendee.error());
  if (!*attendee) return refuse(ErrorCode::not_found, "no_such_attendee", "There is no such attendee.");
  return std::move(**attendee);
}

wire::HttpResponse attendee_response(const wire::HttpRequest& request, const Result<store::Attendee, ApiError>& attendee) {
  if (!attendee) return failure(request, attendee.error());
  return success(request, "Attendee", bj::object{{"name", attendee->name}, {"role", store::to_string(attendee->role)}});
}

wire::HttpResponse attendee_name_response(const wire::HttpRequest& request, const Result<store::Attendee, ApiError>& attendee) {
  if (!attendee) return failure(request, attendee.error());
  return success(request, "Attendee name", bj::value(attendee->name));
}

}  // namespace upcall::api
