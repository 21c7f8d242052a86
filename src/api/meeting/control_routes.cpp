// The signalling socket, and the state of a meeting's transports for people who look for a fault.
#include "api/common/responses.hpp"
#include "api/meeting/meeting_api.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

bj::object connection_json(const wire::SfuConnectionReport& c) {
  bj::object drops;
  for (const auto& [reason, count] : c.drops) drops[reason] = count;
  return {{"attendeeId", c.attendee_id}, {"ice", c.ice}, {"dtls", c.dtls}, {"packetsIn", c.packets_in},
          {"packetsOut", c.packets_out}, {"bytesIn", c.bytes_in}, {"bytesOut", c.bytes_out},
          {"retransmitted", c.retransmitted}, {"nacksReceived", c.nacks_received}, {"nacksSent", c.nacks_sent},
          {"plisReceived", c.plis_received}, {"plisSent", c.plis_sent}, {"lostIn", c.lost_in}, {"rttMs", c.rtt_ms},
          {"rembBps", c.remb_bps}, {"drops", std::move(drops)}};
}

wire::HttpResponse inspect(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request, identity::Permission::instance_admin);
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
  bj::array connections;
  for (const auto& c : seen->media.connections) connections.push_back(connection_json(c));
  return json_response(200, bj::object{{"meetingId", meeting_id}, {"peopleConnected", seen->people_connected},
                                       {"sockets", seen->sessions}, {"malformedMessages", seen->malformed_messages},
                                       {"taps", seen->media.taps}, {"connections", std::move(connections)}});
}

}  // namespace

void add_control_routes(wire::Router& router, MeetingApi& api) {
  router.add_websocket("/control/{meetingId}", [&api](const wire::HttpRequest& request, const std::vector<std::string>& subprotocols) {
    return api.runtime.accept(std::string(request.route_value("meetingId")), subprotocols);
  });
  router.add("GET", "/internal/meetings/{id}", [&api](const wire::HttpRequest& r) { return inspect(api, r); });
}

}  // namespace upcall::api
