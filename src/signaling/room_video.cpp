// Video of the meeting as its control side sees it: what is published, in how many layers, and what receivers prefer.
#include <algorithm>

#include "signaling/answer.hpp"
#include "signaling/room.hpp"

namespace upcall::signaling {

namespace {
constexpr std::uint32_t kKbpsMost = 100'000;
std::uint32_t kbps_of(const signal::SdkStreamDescriptor& stream) { return std::min<std::uint32_t>(stream.max_bitrate_kbps(), kKbpsMost); }
}  // namespace

void Room::plan_camera(const Session& session, const VideoStreams& streams, AnswerInput& input) const {
  // Whichever of the two the answer takes goes on under the ids that it has.
  const std::size_t layers = session.publication ? session.publication->layers.size() : 0;
  input.camera_stream_id = session.publication && layers == 0 ? session.publication->stream_id : next_stream_;
  if (streams.empty()) return;
  input.camera_kbps = kbps_of(*streams.front());
  if (streams.size() < 2 || streams.size() > wire::kLayersMax) return;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const std::uint32_t id = layers == streams.size() ? session.publication->layers[i].stream_id : next_stream_ + static_cast<std::uint32_t>(i);
    input.camera_layers.push_back({id, kbps_of(*streams[i])});
  }
}

bool Room::publish(Session& session, const VideoStreams& streams, const wire::SfuCamera& camera) {
  bool changed = false;
  if (!session.publication || session.publication->stream_id != camera.stream_id || session.publication->layers.size() != camera.layers.size()) {
    // Another set of encodings is another publication.
    changed = true;
    const bool flowing = session.publication && session.publication->flowing;
    session.publication = Publication{};
    session.publication->flowing = flowing;
    session.publication->stream_id = session.publication->group_id = camera.stream_id;
    session.publication->layers.resize(camera.layers.size());
    for (std::size_t i = 0; i < camera.layers.size(); ++i) session.publication->layers[i].stream_id = camera.layers[i].stream_id;
    next_stream_ += static_cast<std::uint32_t>(std::max<std::size_t>(1, camera.layers.size()));
  }
  Publication& publication = *session.publication;
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < publication.layers.size(); ++i) {
    const std::uint32_t kbps = kbps_of(*streams[i]);
    changed = changed || publication.layers[i].max_bitrate_kbps != kbps;
    publication.layers[i].max_bitrate_kbps = kbps;
    most = std::max(most, kbps);
  }
  if (publication.layers.empty()) most = kbps_of(*streams.front());
  if (most != 0) publication.max_bitrate_kbps = most;
  if (streams.front()->framerate() != 0) publication.framerate = streams.front()->framerate();
  return changed;
}

void Room::add_index_sources(const Session& publisher, signal::SdkIndexFrame& index) {
  const Publication& publication = *publisher.publication;
  const auto add = [&](std::uint32_t stream_id, std::uint32_t kbps, bool largest) {
    auto* source = index.add_sources();
    source->set_stream_id(stream_id);
    source->set_group_id(publication.group_id);
    source->set_framerate(publication.framerate);
    source->set_max_bitrate_kbps(kbps);
    source->set_avg_bitrate_bps(kbps * 1000);
    source->set_attendee_id(publisher.identity.attendee_id);
    source->set_external_user_id(publisher.identity.external_user_id);
    source->set_media_type(signal::VIDEO);
    if (largest && publication.width != 0) {
      source->set_width(publication.width);
      source->set_height(publication.height);
    }
  };
  const auto sent = [](const Publication::Layer& layer) { return layer.max_bitrate_kbps != 0; };
  if (std::none_of(publication.layers.begin(), publication.layers.end(), sent)) {
    add(publication.stream_id, publication.max_bitrate_kbps, true);
    return;
  }
  for (const Publication::Layer& layer : publication.layers) {
    if (sent(layer)) add(layer.stream_id, layer.max_bitrate_kbps, layer.max_bitrate_kbps == publication.max_bitrate_kbps);
  }
}

std::uint8_t Room::layer_limit(const Session& receiver, const Session& publisher, std::uint32_t stream_id) {
  // Who leaves the choice to us names the publication by whichever stream of it.
  if (receiver.adapts_here || publisher.publication->layers.empty()) return wire::SfuReceive().layer_max;
  return static_cast<std::uint8_t>(publisher.publication->layer_of(stream_id).value_or(wire::SfuReceive().layer_max));
}

std::uint32_t Room::target_bps(const signal::SdkVideoSubscriptionConfiguration& wanted) { return std::min(wanted.target_bitrate_kbps(), kKbpsMost) * 1000; }

void Room::on_video_pause(Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  if (!session.subscribed || !frame.has_pause()) return;
  const bool paused = frame.type() == wire::SignalFrame::PAUSE;
  std::set<std::uint32_t> publications;   // each may be named by any of its streams
  for (const std::uint32_t stream_id : frame.pause().stream_ids()) {
    const Session* publisher = publisher_of(stream_id);
    publications.insert(publisher != nullptr ? publisher->publication->stream_id : stream_id);
  }
  for (const auto& [mid, sending] : session.sending) {
    if (publications.contains(sending.stream_id)) out.commands.push_back(wire::SfuPauseReceive{session.connection, sending.stream_id, paused});
  }
}

void Room::on_video_update(Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  if (!session.subscribed || !frame.has_remote_video_update()) return;
  wire::SfuPreferReceives prefer{.connection = session.connection, .receives = {}};
  for (const auto& one : frame.remote_video_update().added_or_updated_video_subscriptions()) {
    const auto at = session.sending.find(one.mid());
    if (prefer.receives.size() >= options_.video_subscription_limit || at == session.sending.end()) continue;
    wire::SfuPreferReceives::One wish{.mid = one.mid()};
    if (session.adapts_here) {
      wish.priority = one.priority();
      wish.target_bps = target_bps(one);
    } else {
      // It goes over to another layer of what it receives there.
      const Session* publisher = publisher_of(one.stream_id());
      if (publisher == nullptr || publisher->publication->stream_id != at->second.stream_id) continue;
      wish.layer_max = layer_limit(session, *publisher, one.stream_id());
    }
    prefer.receives.push_back(std::move(wish));
  }
  if (!prefer.receives.empty()) out.commands.push_back(std::move(prefer));
}

}  // namespace upcall::signaling
