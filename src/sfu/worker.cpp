#include "sfu/worker.hpp"

#include "base/bytes.hpp"

namespace upcall::sfu {

Worker::Worker(Now now, const dtls::DtlsContext& context, AudioMixerFactory* mixers, RandomSource& random,
               const rtc::bwe::RateLimits& rates)
    : shared_{context, mixers, random, NtpClock(now), rates, LoadShedder::kAll} {}

const Meeting* Worker::meeting(wire::MeetingNo no) const {
  const auto at = meetings_.find(no);
  return at == meetings_.end() ? nullptr : at->second.get();
}

Meeting* Worker::meeting_of(wire::ConnectionNo connection) {
  const auto at = by_connection_.find(connection);
  return at == by_connection_.end() ? nullptr : at->second;
}

Worker::Place Worker::place_of_stun(const stun::Message& message) {
  if (message.cls == stun::Class::success) {
    // To a check of ours: it carries no name, but its id begins with the number of the connection.
    const wire::ConnectionNo no{ice::PathProber::tag_of(message.transaction_id)};
    Meeting* meeting = meeting_of(no);
    return {meeting, meeting != nullptr ? meeting->find(no) : nullptr};
  }
  // A view into the datagram: find without making a string would need C++23's heterogeneous lookup; ufrags are short
  // enough to stay in the small buffer.
  const auto at = by_ufrag_.find(std::string(stun::receiver_ufrag(message)));
  return at == by_ufrag_.end() ? Place{} : at->second;
}

Worker::Place Worker::place_by_ssrc(Bytes datagram, rtc::PacketKind kind) {
  if (kind != rtc::PacketKind::rtp && kind != rtc::PacketKind::rtcp) return {};
  // RFC 3550 §5.1 and §6.4: the sender's SSRC. Whether it is the peer, only its answer to a check tells.
  Reader reader(datagram.subspan(std::min<std::size_t>(datagram.size(), kind == rtc::PacketKind::rtp ? 8 : 4)));
  const std::uint32_t ssrc = reader.u32();
  const auto at = reader.ok() ? by_ssrc_.find(ssrc) : by_ssrc_.end();
  return at == by_ssrc_.end() ? Place{} : at->second;
}

void Worker::handle(Instant now, const ice::Path& path, MutBytes datagram, Outbox& out) {
  ++counters_.datagrams;
  Place place;
  const auto kind = rtc::classify(datagram);
  if (kind == rtc::PacketKind::stun) {
    const auto message = stun::parse(datagram);
    if (!message) return;
    place = place_of_stun(*message);
    if (place.connection == nullptr) {
      ++counters_.unknown_user;
      return;
    }
  } else {
    const auto at = by_path_.find(path);
    place = at != by_path_.end() ? at->second : place_by_ssrc(datagram, kind);
    if (place.connection == nullptr) {
      ++counters_.unknown_address;
      return;
    }
  }
  if (place.meeting->handle(now, *place.connection, path, datagram, out) && place.connection->ice.is_validated(path)) {
    add_route(path, place);
  }
}

bool Worker::carries(const ice::Path& path) const {
  const auto at = by_path_.find(path);
  return at != by_path_.end() && at->second.connection->ice.is_validated(path);
}

void Worker::list_ssrcs(Meeting& meeting, Connection& c, const wire::SfuSetSession& session) {
  const auto drop = [&](std::uint32_t ssrc) {
    if (const auto at = by_ssrc_.find(ssrc); at != by_ssrc_.end() && at->second.connection == &c) by_ssrc_.erase(at);
  };
  for (const std::uint32_t ssrc : c.ssrcs) drop(ssrc);
  c.ssrcs.clear();
  if (session.audio) c.ssrcs.push_back(session.audio->receive_ssrc);
  if (session.camera) c.ssrcs.insert(c.ssrcs.end(), {session.camera->ssrc, session.camera->rtx_ssrc});
  std::erase(c.ssrcs, 0u);   // not known
  for (const std::uint32_t ssrc : c.ssrcs) by_ssrc_.try_emplace(ssrc, Place{&meeting, &c});
}

void Worker::add_route(const ice::Path& path, const Place& place) {
  Connection& c = *place.connection;
  // The table holds what ICE holds: a peer that changes its port again and again makes it no larger.
  std::erase_if(c.routes, [&](const ice::Path& old) {
    if (old != path && c.ice.is_validated(old)) return false;
    if (const auto at = by_path_.find(old); at != by_path_.end() && at->second.connection == &c) by_path_.erase(at);
    return true;
  });
  c.routes.push_back(path);
  by_path_[path] = place;
}

void Worker::forget(Connection& c) {
  for (const ice::Path& path : c.routes) {
    // A newer connection may have taken the address over.
    if (const auto at = by_path_.find(path); at != by_path_.end() && at->second.connection == &c) by_path_.erase(at);
  }
  for (const std::uint32_t ssrc : c.ssrcs) {
    if (const auto at = by_ssrc_.find(ssrc); at != by_ssrc_.end() && at->second.connection == &c) by_ssrc_.erase(at);
  }
  by_ufrag_.erase(c.ice.local().ufrag);
  by_connection_.erase(c.no);
}

void Worker::command(Now now, const wire::SfuCommand& command, Outbox& out) {
  if (const auto* create = std::get_if<wire::SfuCreateMeeting>(&command)) {
    auto& slot = meetings_[create->meeting];
    if (!slot) slot = std::make_unique<Meeting>(create->meeting, shared_);
  } else if (const auto* end = std::get_if<wire::SfuEndMeeting>(&command)) {
    const auto at = meetings_.find(end->meeting);
    if (at == meetings_.end()) return;
    for (const auto& c : at->second->connections()) forget(*c);
    at->second->end(now.mono, out);
    std::erase_if(by_tap_, [&](const auto& entry) { return entry.second == at->second.get(); });
    meetings_.erase(at);
  } else if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) {
    const auto at = meetings_.find(add->meeting);
    if (at == meetings_.end()) return;
    if (Connection* c = at->second->add(now.mono, *add)) {
      by_ufrag_[add->local_ufrag] = {at->second.get(), c};
      by_connection_[add->connection] = at->second.get();
    } else {
      out.event(wire::SfuFailed{add->connection, wire::SfuFailure::ice_timeout});
    }
  } else if (const auto* set = std::get_if<wire::SfuSetSession>(&command)) {
    if (Meeting* m = meeting_of(set->connection)) {
      m->set_session(now.mono, *set, out);
      if (Connection* c = m->find(set->connection)) list_ssrcs(*m, *c, *set);
    }
  } else if (const auto* remove = std::get_if<wire::SfuRemoveConnection>(&command)) {
    if (Meeting* m = meeting_of(remove->connection)) {
      if (Connection* c = m->find(remove->connection)) forget(*c);
      m->remove(now.mono, remove->connection, remove->dropped, out);
    }
  } else if (const auto* muted = std::get_if<wire::SfuSetMuted>(&command)) {
    if (Meeting* m = meeting_of(muted->connection)) m->set_muted(now.mono, muted->connection, muted->muted);
  } else if (const auto* rights = std::get_if<wire::SfuSetRights>(&command)) {
    if (Meeting* m = meeting_of(rights->connection)) m->set_rights(now.mono, *rights, out);
  } else if (const auto* pause = std::get_if<wire::SfuPauseReceive>(&command)) {
    if (Meeting* m = meeting_of(pause->connection)) m->pause_receive(now.mono, *pause, out);
  } else if (const auto* prefer = std::get_if<wire::SfuPreferReceives>(&command)) {
    if (Meeting* m = meeting_of(prefer->connection)) m->prefer_receives(now.mono, *prefer, out);
  } else if (const auto* open = std::get_if<wire::SfuOpenTap>(&command)) {
    const auto at = meetings_.find(open->meeting);
    if (at == meetings_.end()) {
      out.event(wire::SfuTapClosed{open->tap, 0, 0});
      return;
    }
    at->second->open_tap(now, *open, out);
    by_tap_[open->tap] = at->second.get();
  } else if (const auto* close = std::get_if<wire::SfuCloseTap>(&command)) {
    const auto at = by_tap_.find(close->tap);
    if (at == by_tap_.end()) {
      out.event(wire::SfuTapClosed{close->tap, 0, 0});  // its meeting has ended: closed already
      return;
    }
    at->second->close_tap(now.mono, close->tap, close->reason, out);
    by_tap_.erase(at);
  } else if (const auto* refresh = std::get_if<wire::SfuRefreshTap>(&command)) {
    const auto at = by_tap_.find(refresh->tap);
    if (at != by_tap_.end()) at->second->refresh_tap(now.mono, refresh->tap, out);
  } else if (const auto* pausing = std::get_if<wire::SfuPauseTap>(&command)) {
    const auto at = by_tap_.find(pausing->tap);
    if (at != by_tap_.end()) at->second->pause_tap(now.mono, pausing->tap, pausing->paused, out);
  } else if (const auto* inspect = std::get_if<wire::SfuInspect>(&command)) {
    const auto at = meetings_.find(inspect->meeting);
    if (at == meetings_.end()) {
      out.event(wire::SfuMeetingReport{.meeting = inspect->meeting, .request = inspect->request});
    } else {
      out.event(at->second->report(inspect->request));
    }
  }
}

void Worker::handle_timeout(Instant now, Outbox& out) {
  for (auto& [no, meeting] : meetings_) meeting->handle_timeout(now, out);
}

Instant Worker::next_deadline() const {
  Instant next = Instant::never();
  for (const auto& [no, meeting] : meetings_) next = std::min(next, meeting->next_deadline());
  return next;
}

void Worker::on_load(Instant now, unsigned busy_percent) {
  std::size_t asked = 0;
  for (const auto& [no, meeting] : meetings_) asked = std::max(asked, meeting->cameras_asked_most());
  if (!load_.measured(busy_percent, asked)) return;
  shared_.cameras_most = load_.cameras_most();
  for (auto& [no, meeting] : meetings_) meeting->reallocate(now);
}

void Worker::end_turn() {
  for (auto& [no, meeting] : meetings_) {
    if (meeting->tap_count() > 0) meeting->publish_taps();
  }
}

}  // namespace upcall::sfu
