// The state of a live meeting's transports, as the HTTP route and the command line show it. Include it in .cpp files only
// (Boost.JSON).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>

#include "service/meetings/meeting_runtime.hpp"

namespace upcall::api {

inline boost::json::object connection_json(const wire::SfuConnectionReport& c) {
  boost::json::object drops;
  for (const auto& [reason, count] : c.drops) drops[reason] = count;
  return {{"attendeeId", c.attendee_id}, {"ice", c.ice}, {"dtls", c.dtls}, {"packetsIn", c.packets_in},
          {"packetsOut", c.packets_out}, {"bytesIn", c.bytes_in}, {"bytesOut", c.bytes_out},
          {"retransmitted", c.retransmitted}, {"nacksReceived", c.nacks_received}, {"nacksSent", c.nacks_sent},
          {"plisReceived", c.plis_received}, {"plisSent", c.plis_sent}, {"lostIn", c.lost_in}, {"rttMs", c.rtt_ms},
          {"signalStrength", std::string(wire::to_string(c.strength))}, {"lossUpPercent", c.loss_up_percent},
          {"lossDownPercent", c.loss_down_percent}, {"rembBps", c.remb_bps}, {"drops", std::move(drops)}};
}

inline boost::json::object inspection_json(const std::string& meeting_id, const service::MeetingRuntime::Inspection& seen) {
  boost::json::array connections;
  for (const auto& c : seen.media.connections) connections.push_back(connection_json(c));
  return {{"meetingId", meeting_id},
          {"peopleConnected", seen.people_connected},
          {"sockets", seen.sessions},
          {"malformedMessages", seen.malformed_messages},
          {"taps", seen.media.taps},
          {"connections", std::move(connections)}};
}

}  // namespace upcall::api
