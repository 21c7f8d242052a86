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
          {"plisReceived", c.plis_received}, {"plisSent", c.plis_sent}, {"lostIn", c.lost_in}, {"audioRecovered", c.audio_recovered}, {"audioRepeated", c.audio_repeated}, {"rttMs", c.rtt_ms},
          {"signalStrength", std::string(wire::to_string(c.strength))}, {"lossUpPercent", c.loss_up_percent},
          {"lossDownPercent", c.loss_down_percent}, {"rembBps", c.remb_bps}, {"estimateBps", c.estimate_bps},
          {"queueMs", c.queue_ms}, {"videosHeld", c.videos_held}, {"videoCodec", c.video_codec}, {"videosNotTaken", c.videos_not_taken}, {"packetsPaced", c.paced}, {"probesSent", c.probed},
          {"packetsExpired", c.expired}, {"drops", std::move(drops)}};
}

// Milliseconds since the socket opened; what has not happened is absent.
inline boost::json::object join_times_json(const service::JoinTimes& t) {
  boost::json::object out{{"socketOpenUnixMs", t.socket_open.wall.unix_ms()}};
  const auto span = [&](const char* name, std::optional<Duration> d) {
    if (d) out[name] = static_cast<double>(d->us()) / 1000;
  };
  const auto moment = [&](const char* name, const service::JoinTimes::Moment& m) {
    if (m) span(name, *m - t.socket_open.mono);
  };
  moment("joinInMs", t.join_in);
  moment("joinAckOutMs", t.join_ack_out);
  moment("subscribeInMs", t.subscribe_in);
  moment("subscribeAckOutMs", t.subscribe_ack_out);
  moment("connectedMs", t.connected);
  moment("videoSubscribeInMs", t.video_subscribe_in);
  moment("videoSubscribeAckOutMs", t.video_subscribe_ack_out);
  moment("keyFrameWantedMs", t.key_frame_wanted);
  moment("keyFrameAskedMs", t.key_frame_asked);
  moment("firstVideoOutMs", t.first_video_out);
  span("serverMs", t.server());
  span("publisherMs", t.publisher());
  return out;
}

inline boost::json::object inspection_json(const std::string& meeting_id, const service::MeetingRuntime::Inspection& seen) {
  boost::json::array connections;
  for (const auto& c : seen.media.connections) {
    boost::json::object one = connection_json(c);
    if (const auto at = seen.joins.find(c.connection); at != seen.joins.end()) one["join"] = join_times_json(at->second);
    connections.push_back(std::move(one));
  }
  return {{"meetingId", meeting_id},
          {"peopleConnected", seen.people_connected},
          {"sockets", seen.sessions},
          {"malformedMessages", seen.malformed_messages},
          {"floods", seen.floods},
          {"taps", seen.media.taps},
          {"connections", std::move(connections)}};
}

}  // namespace upcall::api
