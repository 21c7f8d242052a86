#include "sim/server.hpp"

#include <algorithm>
#include <utility>

#include "rtc/demux/classify.hpp"
#include "wire/sfu_route.hpp"

namespace upcall::sim {

void Recording::drain() {
  ByteVector record;
  while (ring->pop(record)) records.push_back(record);
}

Server::Server(EventQueue& queue, const dtls::DtlsContext& context, RandomSource& random, Wires wires)
    : queue_(queue), context_(context), random_(random), wires_(std::move(wires)),
      worker_(queue.now(), context, &mixers_, random) {}

signaling::Room* Server::room(const std::string& meeting) {
  const auto at = meetings_.find(meeting);
  return at == meetings_.end() ? nullptr : at->second.room.get();
}

bool Server::misses_packets(wire::ConnectionNo connection) const {
  for (const auto& [id, entry] : meetings_) {
    const sfu::Meeting* meeting = worker_.meeting(entry.no);
    if (meeting == nullptr) continue;
    for (const auto& c : meeting->connections()) {
      if (c->no == connection) return c->can_send() && c->video_in && c->video_in->oldest_missing();
    }
  }
  return false;
}

std::uint64_t Server::room_events(signaling::RoomEventKind kind) const {
  const auto at = events_seen_.find(kind);
  return at == events_seen_.end() ? 0 : at->second;
}

void Server::open_meeting(const std::string& meeting) {
  Entry& entry = meetings_[meeting];
  entry.no = wire::MeetingNo{next_meeting_++};
  signaling::RoomOptions options;
  options.meeting = entry.no;
  options.fingerprint = context_.fingerprint().text();
  const NetAddress media = media_address();
  options.candidates.push_back({ip_text(media), media.port, "host", true});
  options.relay = relay;
  signaling::RoomOutput out;
  entry.room = std::make_unique<signaling::Room>(queue_.now(), std::move(options), random_,
                                                 [this] { return wire::ConnectionNo{next_connection_++}; }, out);
  apply(entry, meeting, out);
}

void Server::end_meeting(const std::string& meeting) {
  const auto at = meetings_.find(meeting);
  if (at == meetings_.end()) return;
  signaling::RoomOutput out;
  at->second.room->end(queue_.now(), out);
  apply(at->second, meeting, out);
  meetings_.erase(at);
}

void Server::remove_attendee(const std::string& meeting, const std::string& attendee_id) {
  const auto at = meetings_.find(meeting);
  if (at == meetings_.end()) return;
  signaling::RoomOutput out;
  at->second.room->remove_attendee(queue_.now(), attendee_id, out);
  apply(at->second, meeting, out);
}

Recording& Server::start_recording(const std::string& meeting, std::size_t ring_bytes) {
  auto recording = std::make_unique<Recording>();
  recording->meeting = meeting;
  recording->tap = wire::TapNo{next_tap_++};
  recording->ring = std::make_shared<ByteRing>(ring_bytes);
  recordings_.push_back(std::move(recording));
  Recording& out = *recordings_.back();
  Entry& entry = meetings_.at(meeting);
  wire::SfuOpenTap open;
  open.meeting = entry.no;
  open.tap = out.tap;
  open.ring = out.ring;
  open.recording_id = "recording-" + std::to_string(out.tap.value);
  open.meeting_title = meeting;
  open.started = queue_.now().mono;
  post(std::move(open));
  signaling::RoomOutput room_out;
  entry.room->add_silent_attendee(queue_.now(), {"RECORDING", "RECORDING", "Recording", false}, room_out);
  apply(entry, meeting, room_out);
  return out;
}

void Server::stop_recording(Recording& recording) {
  post(wire::SfuCloseTap{recording.tap, wire::TapStopReason::requested});
  const auto at = meetings_.find(recording.meeting);
  if (at == meetings_.end()) return;
  signaling::RoomOutput out;
  at->second.room->remove_silent_attendee(queue_.now(), "RECORDING", out);
  apply(at->second, recording.meeting, out);
}

void Server::socket_opened(SocketNo socket, const std::string& meeting, const signaling::AttendeeIdentity& attendee) {
  const auto at = meetings_.find(meeting);
  if (at == meetings_.end()) {
    wires_.close(socket, 4410);
    return;
  }
  signaling::RoomOutput out;
  const signaling::SessionNo session = at->second.room->open(queue_.now(), attendee, out);
  sockets_[socket] = {meeting, session};
  at->second.sockets[session] = socket;
  apply(at->second, meeting, out);
}

void Server::socket_message(SocketNo socket, Bytes message) {
  const auto from = sockets_.find(socket);
  if (from == sockets_.end()) return;
  const auto at = meetings_.find(from->second.meeting);
  if (at == meetings_.end()) return;
  signaling::RoomOutput out;
  at->second.room->on_message(queue_.now(), from->second.session, message, out);
  apply(at->second, from->second.meeting, out);
}

void Server::socket_closed(SocketNo socket) {
  const auto from = sockets_.find(socket);
  if (from == sockets_.end()) return;
  const Socket gone = from->second;
  sockets_.erase(from);
  const auto at = meetings_.find(gone.meeting);
  if (at == meetings_.end()) return;
  at->second.sockets.erase(gone.session);
  signaling::RoomOutput out;
  at->second.room->on_close(queue_.now(), gone.session, out);
  apply(at->second, gone.meeting, out);
}

void Server::apply(Entry& entry, const std::string& meeting, signaling::RoomOutput& out) {
  for (wire::SfuCommand& command : out.commands) {
    if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) {
      connections_[add->connection] = meeting;
      attendees_[add->connection] = add->attendee_id;
    }
    if (auto* set = std::get_if<wire::SfuSetSession>(&command); set != nullptr && attendees_[set->connection] == forged) {
      set->remote_fingerprint = context_.fingerprint().text();   // a good one, but not that of who comes
    }
    post(std::move(command));
  }
  for (auto& send : out.sends) {
    const auto at = entry.sockets.find(send.session);
    if (at != entry.sockets.end()) wires_.message(at->second, std::move(send.message));
  }
  for (const auto& close : out.closes) {
    const auto at = entry.sockets.find(close.session);
    if (at != entry.sockets.end()) wires_.close(at->second, close.code);
  }
  for (const auto& event : out.events) ++events_seen_[event.kind];
}

void Server::post(wire::SfuCommand command) {
  command_ready_ = std::max(command_ready_, queue_.now().mono + hop());
  queue_.at(command_ready_, [this, command = std::move(command)] {
    worker_.command(queue_.now(), command, outbox_);
    end_turn();
  });
}

void Server::datagram(const NetAddress& from, MutBytes datagram) {
  worker_.handle(queue_.now().mono, {0, from}, datagram, outbox_);
  worker_.handle_timeout(queue_.now().mono, outbox_);
  end_turn();
}

void Server::end_turn() {
  outbox_.flush();
  worker_.end_turn();
  judge_requests();
  judge_rates();
  for (auto& event : outbox_.events()) {
    event_ready_ = std::max(event_ready_, queue_.now().mono + hop());
    queue_.at(event_ready_, [this, event = std::move(event)] { on_media_event(event); });
  }
  outbox_.events().clear();
}

// Every turn of every story: key frames are asked for at most once in two seconds of a layer (sooner once when a tap
// opens), and a packet that is missing is repaired or given up within a second and the last try's round trip.
void Server::judge_requests() {
  const Instant now = queue_.now().mono;
  for (const auto& event : outbox_.events()) {
    if (std::holds_alternative<wire::SfuTapOpened>(event)) tap_opened_ = now;
  }
  for (const auto& [id, entry] : meetings_) {
    const sfu::Meeting* meeting = worker_.meeting(entry.no);
    if (meeting == nullptr) continue;
    for (const auto& c : meeting->connections()) {
      if (!c->video_in) continue;
      for (const auto& layer : c->video_in->layers) {
        const auto [at, fresh] = asked_.try_emplace({c->no, layer->stream_id}, Asked{layer->key_requests, layer->key_request_sent ? now : Instant()});
        Asked& asked = at->second;
        // Another encoder, or the same publication anew: what counts is how many since.
        if (fresh || layer->key_requests < asked.requests) {
          asked = {layer->key_requests, layer->key_request_sent ? now : Instant()};
          continue;
        }
        if (layer->key_requests == asked.requests) continue;
        const Duration apart = now - asked.last;
        const bool at_start = asked.last <= tap_opened_ && apart >= sfu::Meeting::kKeyRequestPeriodAtStart;
        if (layer->key_requests != asked.requests + 1) wires_.breach("two key frames were asked for at once");
        if (apart < sfu::Meeting::kKeyRequestPeriod && !at_start) {
          wires_.breach("a key frame was asked for " + std::to_string(apart.ms()) + " ms after the last");
        }
        asked.requests = layer->key_requests;
        asked.last = now;
      }
      const auto oldest = c->video_in->oldest_missing();
      if (c->can_send() && oldest && now - *oldest > Duration::ms(1100) + c->rtt) {
        wires_.breach(c->attendee_id + ": a lost packet is neither repaired nor given up");
      }
    }
  }
}

// Every turn of every story: what goes to an attendee, sound, repairs and probes included, is in no second more than 1.05
// times what its link was taken to carry (and a packet, and the sound, which never gives way).
void Server::judge_rates() {
  const Instant now = queue_.now().mono;
  for (const auto& [id, entry] : meetings_) {
    const sfu::Meeting* meeting = worker_.meeting(entry.no);
    if (meeting == nullptr) continue;
    for (const auto& c : meeting->connections()) {
      const auto path = c->ice.selected();
      if (!path || !c->connected) continue;
      Sent& sent = sent_[path->remote];
      const std::uint64_t bps = c->down.bps(now, sfu::Downlink::kUnknownBps);
      if (sent.now_bytes == 0 && !sent.steps.empty() && sent.steps.back().bps == bps) continue;
      sent.steps.push_back({now, std::exchange(sent.now_bytes, 0), bps});
      while (now - sent.steps.front().at > Duration::s(1)) sent.steps.pop_front();
      double bits = 0, could = 0, most = 0;
      for (std::size_t i = 0; i < sent.steps.size(); ++i) {
        const auto& step = sent.steps[i];
        bits += static_cast<double>(step.bytes) * 8;
        most = std::max(most, static_cast<double>(step.bps));
        if (i + 1 < sent.steps.size()) could += static_cast<double>(step.bps) * (sent.steps[i + 1].at - step.at).seconds();
      }
      // The first step's own rate held before it, too; the 5 % are those of the highest rate in this second.
      if (bits > could + 0.05 * most + 1500 * 8) {
        wires_.breach(c->attendee_id + " was sent " + std::to_string(static_cast<int>(bits / 1000)) + " kbit in a second that carries " +
                      std::to_string(static_cast<int>(could / 1000)));
      }
    }
  }
}

void Server::on_media_event(const wire::SfuEvent& event) {
  if (const auto* opened = std::get_if<wire::SfuTapOpened>(&event)) {
    for (auto& r : recordings_) {
      if (r->tap == opened->tap) r->opened = true;
    }
    return;
  }
  if (const auto* closed = std::get_if<wire::SfuTapClosed>(&event)) {
    for (auto& r : recordings_) {
      if (r->tap != closed->tap || r->closed) continue;
      r->closed = true;
      r->reported_records = closed->records;
      r->reported_dropped = closed->dropped;
    }
    return;
  }
  const auto to_room = [&](const std::string& meeting) {
    const auto at = meetings_.find(meeting);
    if (at == meetings_.end()) return;
    signaling::RoomOutput out;
    at->second.room->on_sfu_event(queue_.now(), event, out);
    apply(at->second, meeting, out);
  };
  if (const auto* failed = std::get_if<wire::SfuFailed>(&event)) failures[attendees_[failed->connection]] = failed->failure;
  const wire::SfuEventTarget target = wire::target_of(event);
  if (target.meeting) {
    for (auto& [id, entry] : meetings_) {
      if (entry.no == target.meeting) return to_room(id);
    }
    return;
  }
  if (const auto at = connections_.find(target.connection); at != connections_.end()) to_room(at->second);
}

void Server::handle_timeout() {
  const Now now = queue_.now();
  if (worker_.next_deadline() <= now.mono) {
    worker_.handle_timeout(now.mono, outbox_);
    end_turn();
  }
  for (auto& [id, entry] : meetings_) {
    if (entry.room->next_deadline() > now.mono) continue;
    signaling::RoomOutput out;
    entry.room->handle_timeout(now, out);
    apply(entry, id, out);
  }
}

Instant Server::next_deadline() const {
  Instant next = worker_.next_deadline();
  for (const auto& [id, entry] : meetings_) next = std::min(next, entry.room->next_deadline());
  return next;
}

void Server::transmit(std::span<const sfu::Transmit> batch) {
  for (const sfu::Transmit& t : batch) {
    if (rtc::classify(t.datagram) == rtc::PacketKind::rtp) sent_[t.path.remote].now_bytes += t.datagram.size() + 28;
    wires_.datagram(t.path.remote, t.datagram);
  }
}

}  // namespace upcall::sim
