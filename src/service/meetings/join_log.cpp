#include "service/meetings/join_log.hpp"

#include <algorithm>

namespace upcall::service {

void JoinLog::on_answered(const signaling::RoomOutput::Answered& answered, Now socket_open, Instant received, Instant now,
                          const std::vector<wire::ConnectionNo>& live, JoinMetrics& metrics) {
  if (!answered.subscribe) {
    std::erase_if(joins_, [&](const auto& join) { return std::find(live.begin(), live.end(), join.first) == live.end(); });
    JoinTimes& times = joins_[answered.connection];
    times.socket_open = socket_open;
    times.join_in = received;
    times.join_ack_out = now;
    metrics.step("join", times.join_step());
    return;
  }
  const auto at = joins_.find(answered.connection);
  if (at == joins_.end()) return;
  JoinTimes& times = at->second;
  if (!times.subscribe_in) {
    times.subscribe_in = received;
    times.subscribe_ack_out = now;
    metrics.step("subscribe", times.subscribe_step());
  }
  if (answered.receives_video && !times.video_subscribe_in) {
    times.video_subscribe_in = received;
    times.video_subscribe_ack_out = now;
  }
}

void JoinLog::on_media(const wire::SfuEvent& event, JoinMetrics& metrics) {
  if (const auto* connected = std::get_if<wire::SfuConnected>(&event)) {
    if (const auto at = joins_.find(connected->connection); at != joins_.end()) at->second.connected = connected->at;
  } else if (const auto* first = std::get_if<wire::SfuFirstVideo>(&event)) {
    const auto at = joins_.find(first->connection);
    if (at == joins_.end()) return;
    at->second.key_frame_wanted = first->wanted;
    at->second.key_frame_asked = first->asked;
    at->second.first_video_out = first->sent;
    metrics.whole(at->second);
  }
}

}  // namespace upcall::service
