// What attendees may send and receive, how many may do it at once, and how long a meeting lives.
#include <algorithm>

#include "signaling/room.hpp"

namespace upcall::signaling {

namespace {
constexpr std::uint32_t kStatusForbidden = 403, kStatusViewOnly = 206;
constexpr std::uint16_t kCloseForbidden = 4403;
}  // namespace

wire::SfuRights Room::rights_of(const Session& session) {
  const wire::AttendeeCapabilities& may = session.identity.capabilities;
  // A share sends what its owner's content capability allows, and receives nothing anyway.
  if (session.identity.content) return {wire::may_send(may.content), wire::may_send(may.content), true, true, true};
  return {wire::may_send(may.audio), wire::may_send(may.video), wire::may_receive(may.audio), wire::may_receive(may.video), wire::may_receive(may.content)};
}

bool Room::may_see(const Session& session, const Session& publisher) {
  const wire::SfuRights rights = rights_of(session);
  return publisher.identity.content ? rights.get_content : rights.see_cameras;
}

bool Room::shown_muted(const Session& session) { return session.muted || !rights_of(session).send_audio; }

bool Room::may_publish(const Session& session) const {
  if (!rights_of(session).send_video) return false;
  if (session.publication || session.identity.content) return true;
  // By attendee: who reconnects has its place already.
  std::set<std::string_view> senders;
  for (const auto& [no, other] : sessions_) {
    if (other->retired || !other->publication || other->identity.content) continue;
    if (other->identity.attendee_id == session.identity.attendee_id) return true;
    senders.insert(other->identity.attendee_id);
  }
  return senders.size() < options_.video_senders_max;
}

bool Room::is_full_for(const Session& session) const {
  if (session.identity.content) return false;
  std::set<std::string_view> people;
  for (const auto& [no, other] : sessions_) {
    if (!other->joined || other->retired || other->identity.content) continue;
    if (other->identity.attendee_id == session.identity.attendee_id) return false;
    people.insert(other->identity.attendee_id);
  }
  return people.size() >= options_.attendees_max;
}

void Room::tell_muted(Now now, const Session& session, RoomOutput& out) {
  const bool muted = shown_muted(session);
  if (session.subscribed) out.commands.push_back(wire::SfuSetMuted{session.connection, muted});
  if (!session.connected) return;
  signal::SdkAudioStreamIdInfo entry;
  entry.set_audio_stream_id(session.audio_stream_id);
  entry.set_muted(muted);
  broadcast_roster(now, entry, out);
}

void Room::end_publication(Session& session, RoomOutput& out) {
  if (session.publication && session.publication->flowing) {
    out.events.push_back({RoomEventKind::video_stopped, session.identity.attendee_id, session.identity.content});
  }
  session.publication.reset();
}

void Room::set_capabilities(Now now, const std::string& attendee_id, const wire::AttendeeCapabilities& capabilities, RoomOutput& out) {
  bool index_changed = false;
  for (auto& [no, session] : sessions_) {
    if (session->retired || session->identity.owner_id() != attendee_id || session->identity.capabilities == capabilities) continue;
    const bool was_muted = shown_muted(*session);
    session->identity.capabilities = capabilities;
    const wire::SfuRights rights = rights_of(*session);
    if (session->identity.content) {
      if (rights.send_video) continue;
      // The share's own client stops with this status; the person goes on.
      send_status(now, *session, kStatusForbidden, out);
      retire(now, *session, false, out);
      close(*session, kCloseForbidden, "this attendee may not share content any more", out);
      continue;
    }
    if (session->subscribed) out.commands.push_back(wire::SfuSetRights{session->connection, rights});
    if (session->publication && !rights.send_video) {
      end_publication(*session, out);
      index_changed = true;
      wire::SignalFrame frame;
      frame.set_type(wire::SignalFrame::NOTIFICATION);
      frame.mutable_error()->set_status(kStatusViewOnly);
      frame.mutable_error()->set_description("this attendee may not send video any more");
      frame.mutable_notification()->set_level(signal::SdkNotificationFrame::INFO);
      frame.mutable_notification()->set_message("this attendee may not send video any more");
      send(now, *session, frame, out);
    } else if (session->joined) {
      send_index(now, *session, out);
    }
    if (shown_muted(*session) != was_muted) tell_muted(now, *session, out);
  }
  sweep();
  if (index_changed) broadcast_index(now, out);
}

CodecSet Room::codecs_of_all() const {
  CodecSet all = options_.video_codecs;
  for (const auto& [no, session] : sessions_) {
    if (session->retired || session->identity.content || !session->takes) continue;
    all &= *session->takes;
  }
  return all;
}

void Room::watch_codecs(Now now, RoomOutput& out) {
  if (!ended_ && codecs_of_all() != codecs_told_) broadcast_index(now, out);
}

void Room::watch_life(Now now, RoomOutput& out) {
  if (over_told_ || ended_) return;
  const bool idle = empty_since_ && options_.idle_end > Duration() && now.mono - *empty_since_ >= options_.idle_end;
  const bool too_old = now.mono >= options_.ends_at;
  if (!idle && !too_old) return;
  over_told_ = true;
  out.events.push_back({idle ? RoomEventKind::meeting_idle : RoomEventKind::meeting_too_old, {}, false});
}

}  // namespace upcall::signaling
