// The signalling socket, and the state of a meeting's transports for people who look for a fault.
#include "api/common/responses.hpp"
#include "api/meeting/inspection_json.hpp"
#include "api/meeting/meeting_api.hpp"

namespace upcall::api {
namespace {

wire::HttpResponse inspect(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  const std::string id(request.route_value("id"));
  // By the media meeting's id or the client's own.
  std::string meeting_id = id;
  auto meeting = api.directory.find(id);
  if (!meeting) return failure(request, meeting.error());
  if (*meeting) meeting_id = (*meeting)->meeting_id;
  auto future = api.runtime.inspect(meeting_id);
  if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) {
    return failure(request, ErrorCode::unavailable, "The media worker did not answer.");
  }
  const auto seen = future.get();
  if (!seen) return failure(request, ErrorCode::not_found, "No such meeting is live here.");
  return json_response(200, inspection_json(meeting_id, *seen));
}

}  // namespace

void add_control_routes(wire::Router& router, MeetingApi& api) {
  router.add_websocket("/control/{meetingId}", [&api](const wire::HttpRequest& request, const std::vector<std::string>& subprotocols) {
    return api.runtime.accept(std::string(request.route_value("meetingId")), subprotocols);
  });
  router.add("GET", "/internal/meetings/{id}", [&api](const wire::HttpRequest& r) { return inspect(api, r); });
}

}  // namespace upcall::api
