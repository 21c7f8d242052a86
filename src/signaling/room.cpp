#include "signaling/room.hpp"

#include <algorithm>

namespace upcall::signaling {

namespace {
// Close codes as the client understands them: before INDEX anything but 45xx ends it for good, 4410 as "meeting ended".
constexpr std::uint16_t kCloseNormal = 1000;
constexpr std::uint16_t kCloseBadRequest = 4400;
constexpr std::uint16_t kCloseRemoved = 4403;
constexpr std::uint16_t kCloseEnded = 4410;
constexpr std::uint16_t kCloseReconnect = 4500;
constexpr std::uint16_t kCloseBusy = 4503;
constexpr std::uint32_t kMalformedMax = 10;

constexpr std::uint32_t kStatusOtherDevice = 301, kStatusForbidden = 403, kStatusFull = 409, kStatusEnded = 410, kStatusRemoved = 411;
}  // namespace

Room::Room(Now now, RoomOptions options, RandomSource& random, std::function<wire::ConnectionNo()> connection_numbers,
           RoomOutput& out)
    : options_(std::move(options)), random_(random), connection_numbers_(std::move(connection_numbers)) {
  empty_since_ = now.mono;
  out.commands.push_back(wire::SfuCreateMeeting{options_.meeting});
}

Session* Room::find(SessionNo session) {
  const auto at = sessions_.find(session);
  return at == sessions_.end() ? nullptr : at->second.get();
}

Session* Room::find(wire::ConnectionNo connection) {
  for (auto& [no, session] : sessions_) {
    if (session->connection == connection && !session->retired) return session.get();
  }
  return nullptr;
}

bool Room::connected_elsewhere(const Session& session) const {
  // Two losses in a row leave two earlier sessions.
  return std::any_of(sessions_.begin(), sessions_.end(), [&](const auto& entry) {
    const Session& other = *entry.second;
    return &other != &session && other.connected && !other.retired &&
           other.identity.attendee_id == session.identity.attendee_id;
  });
}

Session* Room::publisher_of(std::uint32_t stream_id) {
  for (auto& [no, session] : sessions_) {
    if (!session->retired && session->publication && session->publication->layer_of(stream_id)) return session.get();
  }
  return nullptr;
}

std::uint32_t Room::make_ssrc(Session& session) {
  for (;;) {
    const std::uint32_t ssrc = random_.u32();
    if (ssrc != 0 && session.ssrcs_used.insert(ssrc).second) return ssrc;
  }
}

std::uint32_t Room::participants() const {
  // By attendee: during a reconnect two sessions are one person.
  std::set<std::string_view> ids;
  for (const auto& [no, session] : sessions_) {
    if (session->joined && !session->retired) ids.insert(session->identity.attendee_id);
  }
  return static_cast<std::uint32_t>(ids.size());
}

std::size_t Room::people_connected() const {
  std::size_t n = 0;
  for (const auto& [no, session] : sessions_) {
    if (session->connected && !session->retired && !session->identity.content) ++n;
  }
  return n;
}

std::vector<wire::ConnectionNo> Room::connections() const {
  std::vector<wire::ConnectionNo> out;
  for (const auto& [no, session] : sessions_) {
    if (!session->retired && session->connection) out.push_back(session->connection);
  }
  return out;
}

SessionNo Room::open(Now now, const AttendeeIdentity& attendee, RoomOutput& out) {
  const SessionNo no{next_session_++};
  auto session = std::make_unique<Session>();
  session->no = no;
  session->identity = attendee;
  session->opened_at = session->last_message_at = now.mono;
  Session& placed = *sessions_.emplace(no, std::move(session)).first->second;
  if (ended_) {
    close(placed, kCloseEnded, "the meeting has ended", out);
  } else if (removed_.contains(attendee.owner_id())) {
    send_status(now, placed, kStatusRemoved, out);
    close(placed, kCloseRemoved, "removed from the meeting", out);
  } else if (sessions_.size() > options_.sessions_max) {
    refuse(now, placed, kStatusFull, "the meeting is full", out);
  } else if (std::count_if(sessions_.begin(), sessions_.end(), [&](const auto& entry) {
               return entry.second->socket_open && !entry.second->retired && entry.second->identity.attendee_id == attendee.attendee_id;
             }) > static_cast<std::ptrdiff_t>(SessionLimits::kSocketsMax)) {
    ++floods_;
    close(placed, kCloseBusy, "too many connections of this attendee", out);
  }
  return no;
}

void Room::on_message(Now now, SessionNo no, Bytes message, RoomOutput& out) {
  Session* session = find(no);
  if (session == nullptr || session->retired) return;
  session->last_message_at = now.mono;
  const auto frame = wire::decode_signal(message);
  if (!frame) {
    ++malformed_;
    // One odd message is skipped (a newer client may know more than we do), a stream of them is not a client.
    if (++session->malformed >= kMalformedMax) {
      retire(now, *session, false, out);
      close(*session, kCloseBadRequest, "too many messages that cannot be read", out);
    }
    return;
  }
  if (!session->limits.take(now.mono, *frame) || session->ssrcs_used.size() > SessionLimits::kSsrcsMax) {
    ++floods_;
    retire(now, *session, false, out);
    close(*session, kCloseBusy, "too many messages, or too much in one", out);
    return;
  }
  using F = wire::SignalFrame;
  switch (frame->type()) {
    case F::PING_PONG:
      if (frame->has_ping_pong() && frame->ping_pong().type() == signal::PING) {
        F pong;
        pong.set_type(F::PING_PONG);
        pong.mutable_ping_pong()->set_type(signal::PONG);
        pong.mutable_ping_pong()->set_ping_id(frame->ping_pong().ping_id());
        send(now, *session, pong, out);
      }
      break;
    case F::JOIN: on_join(now, *session, *frame, out); break;
    case F::SUBSCRIBE: on_subscribe(now, *session, *frame, out); break;
    case F::AUDIO_CONTROL:
      if (frame->has_audio_control()) on_audio_control(now, *session, frame->audio_control().muted(), out);
      break;
    case F::PAUSE:
    case F::RESUME: on_video_pause(*session, *frame, out); break;
    case F::DATA_MESSAGE: on_data_message(now, *session, *frame, out); break;
    case F::REMOTE_VIDEO_UPDATE: on_video_update(*session, *frame, out); break;
    case F::LEAVE: on_leave(now, *session, out); break;
    case F::CLIENT_METRIC: on_client_metric(*session, *frame, out); break;
    default: break;  // timing is the client's report to itself; the rest is not for a server
  }
}

void Room::on_join(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  if (session.joined) return;
  if (session.identity.content && !wire::may_send(session.identity.capabilities.content)) {
    refuse(now, session, kStatusForbidden, "this attendee may not share content", out);
    return;
  }
  if (is_full_for(session)) {
    refuse(now, session, kStatusFull, "the meeting has as many attendees as it allows", out);
    return;
  }
  if (session.identity.content) {
    std::size_t shares = 0;
    for (const auto& [no, other] : sessions_) {
      if (no != session.no && other->joined && !other->retired && other->identity.content &&
          other->identity.attendee_id != session.identity.attendee_id) {
        ++shares;
      }
    }
    if (shares >= options_.content_shares_max) {
      refuse(now, session, kStatusFull, "the meeting has as many content shares as it allows", out);
      return;
    }
  }
  session.audio_session_id = frame.join().audio_session_id();
  session.firefox = frame.join().client_details().platform_name() == "firefox";
  for (auto& [no, earlier] : sessions_) {
    // The same token on another device: the newer one wins.
    if (no == session.no || earlier->retired || !earlier->joined) continue;
    if (earlier->identity.attendee_id != session.identity.attendee_id) continue;
    if (earlier->audio_session_id == session.audio_session_id) continue;
    out.events.push_back({RoomEventKind::attendee_authorized, session.identity.attendee_id, session.identity.content});
    send_status(now, *earlier, kStatusOtherDevice, out);
    retire(now, *earlier, false, out);
    close(*earlier, kCloseNormal, "joined from another device", out);
  }
  sweep();
  for (const auto& [no, earlier] : sessions_) {
    if (earlier->identity.attendee_id != session.identity.attendee_id || earlier->audio_session_id != session.audio_session_id) continue;
    session.data_messages_seen = std::max(session.data_messages_seen, earlier->data_messages_seen);
  }
  session.joined = true;
  session.connection = connection_numbers_();
  session.local = ice::make_credentials(random_);
  session.audio_ssrc = make_ssrc(session);

  wire::SignalFrame ack;
  ack.set_type(wire::SignalFrame::JOIN_ACK);
  auto* joinack = ack.mutable_joinack();
  auto* turn = joinack->mutable_turn_credentials();  // without any address: no relay is used, and the client reports no error
  session.relayed = wants_relay(now, session);
  if (session.relayed) {
    const RelayCredentials relay = make_relay_credentials(now.wall, options_.relay.secret, random_);
    turn->set_username(relay.username);
    turn->set_password(relay.password);
    turn->set_ttl(relay.ttl_s);
    for (const std::string& uri : options_.relay.uris) turn->add_uris(uri);
  }
  joinack->set_video_subscription_limit(options_.video_subscription_limit);
  session.compresses = frame.join().wants_compressed_sdp();
  joinack->set_wants_compressed_sdp(session.compresses);
  // Who can leaves it to us; whoever cannot goes on by itself, and is held all the same where its link carries no more.
  const auto& offered = frame.join().supported_server_side_network_adaptions();
  session.adapts_here = std::find(offered.begin(), offered.end(), static_cast<int>(signal::BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION)) != offered.end();
  joinack->set_default_server_side_network_adaption(
      session.adapts_here ? signal::BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION : signal::NONE);
  send(now, session, ack, out);
  broadcast_index(now, out);  // to everybody: the number of participants has changed
  replay_data_messages(now, session, out);
  out.answered.push_back({session.no, session.connection, false, false});
}

void Room::note_reach(Now now, const Session& session) {
  if (!session.subscribed || options_.relay.uris.empty()) return;
  if (session.validated) {
    reach_.reached(session.identity.attendee_id, session.audio_session_id, session.relayed);
  } else if (now.mono - session.subscribed_at >= ReachLog::kPatience) {
    reach_.unreached(session.identity.attendee_id, session.audio_session_id, session.relayed);
  }
}

bool Room::wants_relay(Now now, const Session& session) {
  if (options_.relay.uris.empty()) return false;
  // What it has left behind without a word counts too.
  for (const auto& [no, earlier] : sessions_) {
    if (no == session.no || earlier->retired) continue;
    const std::string& who = earlier->identity.attendee_id;
    // A share comes from the same network as its person, in a session of its own.
    if (session.identity.content && who == session.identity.owner_id() && earlier->relayed && earlier->validated) return true;
    if (who == session.identity.attendee_id && earlier->audio_session_id == session.audio_session_id) note_reach(now, *earlier);
  }
  return reach_.wants_relay(session.identity.attendee_id, session.audio_session_id);
}

void Room::on_client_metric(const Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  if (!session.connected || session.identity.content || !frame.has_client_metric()) return;
  const auto is_camera = [&](std::uint32_t stream_id) {
    const Session* publisher = publisher_of(stream_id);
    return publisher != nullptr && publisher != &session && !publisher->identity.content;
  };
  out.measured.push_back({session.identity.attendee_id, wire::read_client_metrics(frame.client_metric(), is_camera)});
}

const AttendeeIdentity* Room::identity(const std::string& attendee_id) const {
  for (const auto& [no, session] : sessions_) {
    if (session->joined && session->identity.attendee_id == attendee_id) return &session->identity;
  }
  return nullptr;
}

void Room::on_audio_control(Now now, Session& session, bool muted, RoomOutput& out) {
  session.mute_asked = muted;
  if (session.mute_due.is_never()) settle_mute(now, session, out);
}

void Room::settle_mute(Now now, Session& session, RoomOutput& out) {
  session.mute_due = Instant::never();
  if (session.muted == session.mute_asked) return;
  if (!session.limits.take_mute(now.mono)) {
    session.mute_due = now.mono + SessionLimits::kMuteApart;
    return;
  }
  session.muted = session.mute_asked;
  tell_muted(now, session, out);
}

void Room::on_leave(Now now, Session& session, RoomOutput& out) {
  wire::SignalFrame ack;
  ack.set_type(wire::SignalFrame::LEAVE_ACK);
  ack.mutable_leave_ack();
  send(now, session, ack, out);
  // A browser that may open nothing to us never subscribes: it joins, leaves and joins again.
  if (session.joined && !session.validated && !options_.relay.uris.empty()) {
    reach_.unreached(session.identity.attendee_id, session.audio_session_id, session.relayed);
  }
  // Whoever leaves while it reconnects leaves with the seat that was kept for it.
  retire_others(now, session, out);
  retire(now, session, false, out);  // the client closes the socket itself
}

void Room::retire_others(Now now, const Session& session, RoomOutput& out) {
  for (auto& [no, earlier] : sessions_) {
    if (no == session.no || earlier->retired || earlier->identity.attendee_id != session.identity.attendee_id) continue;
    if (earlier->joined && earlier->audio_session_id != session.audio_session_id) continue;  // another device
    retire(now, *earlier, false, out);
    close(*earlier, kCloseNormal, "replaced by a newer connection", out);
  }
  sweep();
}

void Room::on_close(Now now, SessionNo no, RoomOutput& out) {
  Session* session = find(no);
  if (session == nullptr) return;
  const bool given_up = !session->socket_open;  // by us, half open: its grace runs already
  session->socket_open = false;
  if (session->retired || !session->subscribed) {
    if (!session->retired) retire(now, *session, false, out);
    sessions_.erase(no);
    return;
  }
  if (!given_up) session->lost_at = now.mono;
}

void Room::on_sfu_event(Now now, const wire::SfuEvent& event, RoomOutput& out) {
  if (const auto* connected = std::get_if<wire::SfuConnected>(&event)) {
    if (Session* session = find(connected->connection)) on_connected(now, *session, out);
  } else if (const auto* validated = std::get_if<wire::SfuValidated>(&event)) {
    if (Session* session = find(validated->connection)) {
      session->validated = true;
      note_reach(now, *session);
    }
  } else if (const auto* failed = std::get_if<wire::SfuFailed>(&event)) {
    if (Session* session = find(failed->connection)) {
      // The client's own ICE fails at the same time and it comes back by itself; a wrong fingerprint never can.
      const bool hopeless = failed->failure == wire::SfuFailure::wrong_fingerprint;
      retire(now, *session, true, out);
      close(*session, hopeless ? kCloseBadRequest : kCloseReconnect, "the media transport failed", out);
      sweep();
    }
  } else if (const auto* dropped = std::get_if<wire::SfuDropped>(&event)) {
    if (Session* session = find(dropped->connection); session != nullptr && !session->socket_open) {
      retire(now, *session, true, out);
      sweep();
    }
  } else if (const auto* video = std::get_if<wire::SfuVideoState>(&event)) {
    Session* session = find(video->connection);
    if (session == nullptr || !session->publication || session->publication->stream_id != video->stream_id) return;
    Publication& publication = *session->publication;
    if (video->flowing != publication.flowing) {
      out.events.push_back({video->flowing ? RoomEventKind::video_started : RoomEventKind::video_stopped,
                            session->identity.attendee_id, session->identity.content});
    }
    publication.flowing = video->flowing;
    if (video->width != 0) {
      publication.width = video->width;
      publication.height = video->height;
    }
  } else if (const auto* quality = std::get_if<wire::SfuLinkQuality>(&event)) {
    on_link_quality(now, *quality, out);
  } else if (const auto* figures = std::get_if<wire::SfuConnectionFigures>(&event)) {
    const Session* session = find(figures->connection);
    if (session != nullptr && !session->identity.content) out.measured.push_back({session->identity.attendee_id, *figures});
  } else if (const auto* held = std::get_if<wire::SfuVideoHeld>(&event)) {
    on_video_held(now, *held, out);
  } else if (const auto* bitrates = std::get_if<wire::SfuBitrates>(&event)) {
    on_bitrates(now, *bitrates, out);
  } else if (const auto* levels = std::get_if<wire::SfuAudioLevels>(&event)) {
    on_audio_levels(now, *levels, out);
  }
}

void Room::on_connected(Now now, Session& session, RoomOutput& out) {
  if (session.connected) return;
  session.connected = true;
  empty_since_.reset();
  session.audio_stream_id = next_audio_stream_++;
  const bool again = connected_elsewhere(session);
  // The newcomer hears of everybody first, then everybody of the newcomer.
  send_full_roster(now, session, out);
  signal::SdkAudioStreamIdInfo entry;
  entry.set_audio_stream_id(session.audio_stream_id);
  entry.set_attendee_id(session.identity.attendee_id);
  entry.set_external_user_id(session.identity.external_user_id);
  entry.set_muted(shown_muted(session));
  broadcast_roster(now, entry, out, session.no);
  retire_others(now, session, out);
  // The newcomer learns of bad links; the others forget what they were told of an earlier connection of this attendee.
  broadcast_links(now, session, out);
  if (!again) out.events.push_back({RoomEventKind::attendee_joined, session.identity.attendee_id, session.identity.content});
}

void Room::retire(Now now, Session& session, bool dropped, RoomOutput& out) {
  if (session.retired) return;
  session.retired = true;
  note_reach(now, session);
  if (session.subscribed) out.commands.push_back(wire::SfuRemoveConnection{session.connection, dropped});
  const bool seat_taken = connected_elsewhere(session);
  if (session.connected && !seat_taken) {
    signal::SdkAudioStreamIdInfo entry;  // neither attendee_id nor muted: a leave
    entry.set_audio_stream_id(session.audio_stream_id);
    entry.set_dropped(dropped);
    broadcast_roster(now, entry, out, session.no);
    out.events.push_back({dropped ? RoomEventKind::attendee_dropped : RoomEventKind::attendee_left,
                          session.identity.attendee_id, session.identity.content});
  }
  if (session.joined && !ended_) broadcast_index(now, out);
  if (!empty_since_ && people_connected() == 0) empty_since_ = now.mono;
}

void Room::close(Session& session, std::uint16_t code, std::string reason, RoomOutput& out) {
  session.retired = true;
  if (session.socket_open) out.closes.push_back({session.no, code, std::move(reason)});
}

void Room::refuse(Now now, Session& session, std::uint32_t status, std::string text, RoomOutput& out) {
  send_status(now, session, status, out);
  close(session, kCloseBadRequest, std::move(text), out);
}

void Room::sweep() {
  std::erase_if(sessions_, [](const auto& entry) { return entry.second->retired && !entry.second->socket_open; });
}

void Room::add_silent_attendee(Now now, const AttendeeIdentity& attendee, RoomOutput& out) {
  for (const Silent& s : silent_) {
    if (s.identity.attendee_id == attendee.attendee_id) return;
  }
  silent_.push_back({attendee, next_audio_stream_++});
  signal::SdkAudioStreamIdInfo entry;
  entry.set_audio_stream_id(silent_.back().audio_stream_id);
  entry.set_attendee_id(attendee.attendee_id);
  entry.set_external_user_id(attendee.external_user_id);
  entry.set_muted(true);
  broadcast_roster(now, entry, out);
}

void Room::remove_silent_attendee(Now now, const std::string& attendee_id, RoomOutput& out) {
  const auto at = std::find_if(silent_.begin(), silent_.end(),
                               [&](const Silent& s) { return s.identity.attendee_id == attendee_id; });
  if (at == silent_.end()) return;
  signal::SdkAudioStreamIdInfo entry;
  entry.set_audio_stream_id(at->audio_stream_id);
  entry.set_dropped(false);
  silent_.erase(at);
  broadcast_roster(now, entry, out);
}

void Room::end(Now now, RoomOutput& out) {
  if (ended_) return;
  ended_ = true;
  for (auto& [no, session] : sessions_) {
    if (session->retired) continue;
    if (session->connected) {
      out.events.push_back({RoomEventKind::attendee_left, session->identity.attendee_id, session->identity.content});
    }
    send_status(now, *session, kStatusEnded, out);
    close(*session, kCloseEnded, "the meeting has ended", out);
  }
  out.commands.push_back(wire::SfuEndMeeting{options_.meeting});
}

void Room::remove_attendee(Now now, const std::string& attendee_id, RoomOutput& out) {
  removed_.insert(attendee_id);
  data_messages_.forget_sender(attendee_id);
  for (auto& [no, session] : sessions_) {
    if (session->retired || session->identity.owner_id() != attendee_id) continue;
    send_status(now, *session, kStatusRemoved, out);
    retire(now, *session, false, out);
    close(*session, kCloseRemoved, "removed from the meeting", out);
  }
  sweep();
  remove_silent_attendee(now, attendee_id, out);
}

void Room::handle_timeout(Now now, RoomOutput& out) {
  for (auto& [no, session] : sessions_) {
    if (session->retired) continue;
    if (!session->socket_open) {
      if (session->lost_at && now.mono - *session->lost_at >= kSeatGrace) retire(now, *session, true, out);
    } else if (!session->joined && now.mono - session->opened_at >= kJoinTimeout) {
      close(*session, kCloseBadRequest, "no JOIN came", out);
    } else if (now.mono - session->last_message_at >= kSilenceTimeout) {
      // Half open: the client pings every 10 s. Its media, if any, keeps the seat like a lost socket.
      out.closes.push_back({no, kCloseReconnect, "no ping for too long"});
      session->socket_open = false;
      session->lost_at = now.mono;
    }
    if (session->mute_due <= now.mono && !session->retired) settle_mute(now, *session, out);
  }
  sweep();
  watch_life(now, out);
}

Instant Room::next_deadline() const {
  Instant next = Instant::never();
  if (!over_told_ && !ended_) {
    next = options_.ends_at;
    if (empty_since_ && options_.idle_end > Duration()) next = std::min(next, *empty_since_ + options_.idle_end);
  }
  for (const auto& [no, session] : sessions_) {
    if (session->retired) continue;
    next = std::min(next, session->mute_due);
    if (!session->socket_open) {
      if (session->lost_at) next = std::min(next, *session->lost_at + kSeatGrace);
    } else {
      next = std::min(next, session->joined ? session->last_message_at + kSilenceTimeout : session->opened_at + kJoinTimeout);
    }
  }
  return next;
}

}  // namespace upcall::signaling
