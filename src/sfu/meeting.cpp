#include "sfu/meeting.hpp"

#include <algorithm>

#include "rtc/demux/classify.hpp"

namespace upcall::sfu {

namespace {
// Below 2^15: a receiver that misses the first packets around a wrap could not tell the roll-over (RFC 3711 §3.3.1).
std::uint16_t first_sequence(RandomSource& random) { return static_cast<std::uint16_t>(random.u32() & 0x7fff); }
}  // namespace

namespace {
// Connections stand in the order of their numbers: who is heard by whom is asked once a packet and listener.
auto place_of(auto& connections, wire::ConnectionNo no) {
  return std::lower_bound(connections.begin(), connections.end(), no, [](const auto& c, wire::ConnectionNo n) { return c->no.value < n.value; });
}
}  // namespace

Connection* Meeting::find(wire::ConnectionNo connection) {
  const auto at = place_of(connections_, connection);
  return at != connections_.end() && (*at)->no == connection ? at->get() : nullptr;
}

Connection* Meeting::add(Instant now, const wire::SfuAddConnection& command) {
  if (connections_.size() >= kConnectionsMax || find(command.connection) != nullptr) return nullptr;
  Connection& c = **connections_.insert(place_of(connections_, command.connection), std::make_unique<Connection>(now, command, shared_.dtls_context));
  const auto same = std::find_if(connections_.begin(), connections_.end(), [&](const auto& other) {
    return other.get() != &c && other->owner_attendee_id == c.owner_attendee_id;
  });
  c.owner = same != connections_.end() ? (*same)->owner : next_owner_++;
  wake_at(now + kConnectLimit);
  for (auto& tap : taps_) tap_attendee(now, *tap, c);
  return &c;
}

void Meeting::set_session(Instant now, const wire::SfuSetSession& command, Outbox& out) {
  Connection* c = find(command.connection);
  if (c == nullptr || c->failed) return;
  const bool first = !c->session_set;
  c->session = command;
  c->session_set = true;
  if (command.transport_feedback && command.extensions.transport_cc != 0 && !c->down.estimator) {
    c->down.estimator = std::make_unique<rtc::bwe::SendSideEstimator>(shared_.rates, first_sequence(shared_.random));
    c->down.set_budget(now, unknown_bps());
  }
  if (first) {
    c->down.set_budget(now, unknown_bps());
    c->session_set_at = c->last_heard = now;
    c->ice.set_remote(command.remote_ufrag, command.remote_pwd);
    wake_at(now + kConnectLimit);
  }

  if (command.audio && command.audio->receives) {
    if (!c->audio_in || (command.audio->receive_ssrc != 0 && c->audio_in->ssrc != 0 &&
                         c->audio_in->ssrc != command.audio->receive_ssrc)) {
      if (c->audio_in) end_audio(now, *c);
      c->audio_in.emplace();
      c->audio_in->ssrc = command.audio->receive_ssrc;
    }
    c->audio_in->payload_type = command.audio->payload_type;
    c->audio_in->red_payload_type = command.audio->red_payload_type;
  } else if (c->audio_in) {
    end_audio(now, *c);
  }
  if (command.audio && command.audio->sends) {
    if (!c->audio_out) {
      c->audio_out.emplace(*command.audio, first_sequence(shared_.random), shared_.random.u32());
    }
    c->audio_out->config = *command.audio;
    if (command.audio->red_payload_type == 0) c->audio_out->red.reset();
    else if (!c->audio_out->red) c->audio_out->red = std::make_unique<rtc::RedSender>();
  } else if (c->audio_out) {
    // The stream keeps its numbers: the same SSRC must never send a sequence number twice (RFC 3711 §9.1).
    c->audio_out->config.sends = false;
  }

  if (!command.camera || !c->rights.send_video) {
    if (c->video_in) end_video(now, *c);
  } else if (!c->video_in || c->video_in->config.stream_id != command.camera->stream_id || !c->video_in->has_layers_of(*command.camera)) {
    if (c->video_in) end_video(now, *c);
    c->video_in = std::make_unique<VideoIn>(*command.camera);
  } else {
    VideoIn& video = *c->video_in;
    video.config = *command.camera;
    if (command.camera->layers.empty() && command.camera->ssrc != 0) {
      VideoLayer& layer = *video.layers.front();
      // The same publication from another encoder: receivers go on at its first key frame.
      if (layer.ssrc != 0 && layer.ssrc != command.camera->ssrc) restart_layer(now, *c, layer);
      layer.ssrc = command.camera->ssrc;
      layer.rtx_ssrc = command.camera->rtx_ssrc;
    }
  }

  // Subscriptions stay as long as their section does.
  std::erase_if(c->subscriptions, [&](const auto& have) {
    const bool gone = std::none_of(command.receives.begin(), command.receives.end(), [&](const wire::SfuReceive& want) {
      return want.ssrc == have->config.ssrc && want.stream_id == have->config.stream_id;
    });
    if (gone) c->down.pacer.forget(have.get());
    if (gone && c->srtp_out) {
      // Signalling never hands an SSRC out twice: its place in the cipher's table is free again.
      c->srtp_out->forget(have->config.ssrc);
      c->srtp_out->forget(have->config.rtx_ssrc);
    }
    return gone;
  });
  for (const wire::SfuReceive& want : command.receives) {
    const auto have = std::find_if(c->subscriptions.begin(), c->subscriptions.end(),
                                   [&](const auto& s) { return s->config.ssrc == want.ssrc; });
    if (have != c->subscriptions.end()) {
      // Another offer may have brought other codecs.
      (*have)->config.payload_type = want.payload_type;
      (*have)->config.rtx_payload_type = want.rtx_payload_type;
      (*have)->config.other_types = want.other_types;
      (*have)->config.priority = want.priority;
      (*have)->config.layer_max = want.layer_max;
      (*have)->config.target_bps = want.target_bps;
      continue;
    }
    c->subscriptions.push_back(std::make_unique<VideoSubscription>(*c, want, first_sequence(shared_.random),
                                                                   first_sequence(shared_.random), shared_.random.u32()));
  }
  wire_subscriptions(now, out);
}

void Meeting::wire_subscriptions(Instant now, Outbox& out) {
  for (auto& c : connections_) {
    if (c->video_in) c->video_in->subscribers.clear();
  }
  for (auto& receiver : connections_) {
    for (auto& subscription : receiver->subscriptions) {
      Connection* const before = subscription->publisher;
      subscription->publisher = nullptr;
      for (auto& c : connections_) {
        if (c.get() == receiver.get() || !c->video_in || !receiver->sees(*c)) continue;
        if (c->video_in->config.stream_id != subscription->config.stream_id) continue;
        subscription->publisher = c.get();
        if (receiver->down.allocate_due.is_never()) {
          receiver->down.allocate_due = now + Downlink::kAllocatePeriod;
          wake_at(receiver->down.allocate_due);
        }
        c->video_in->subscribers.push_back(subscription.get());
        if (before != c.get() && receiver->can_send()) begin_subscription(now, *subscription, out);
        break;
      }
    }
  }
}

void Meeting::end_audio(Instant now, Connection& c) {
  tap_end(now, c.audio_in->taps);
  if (mixer_) mixer_->remove(c.no.value);
  // Whatever feeds the listeners next has other numbers, also when it is the same attendee with a new stream.
  for (auto& listener : connections_) {
    if (listener->audio_out && listener->audio_out->source == c.no) listener->audio_out->source = {};
  }
  c.audio_in.reset();
  talkers_until_ = {};
}

void Meeting::set_muted(Instant now, wire::ConnectionNo connection, bool muted) {
  Connection* c = find(connection);
  if (c == nullptr || c->muted == muted) return;
  c->muted = muted;
  talkers_until_ = {};
  for (auto& tap : taps_) tap_write(now, *tap, wire::TapMute{tap->at_us(now), c->attendee_id, muted});
}

void Meeting::pause_receive(Instant now, const wire::SfuPauseReceive& command, Outbox& out) {
  Connection* c = find(command.connection);
  if (c == nullptr) return;
  for (auto& s : c->subscriptions) {
    if (s->config.stream_id != command.stream_id || s->paused == command.paused) continue;
    s->paused = command.paused;
    s->waiting_for_key = true;
    if (!s->paused) want_picture(now, *s, out);
  }
}

void Meeting::prefer_receives(Instant now, const wire::SfuPreferReceives& command, Outbox& out) {
  Connection* c = find(command.connection);
  if (c == nullptr) return;
  for (auto& s : c->subscriptions) {
    for (const auto& one : command.receives) {
      if (one.mid != s->config.mid) continue;
      s->config.priority = one.priority;
      s->config.layer_max = one.layer_max;
      s->config.target_bps = one.target_bps;
    }
  }
  if (c->connected) allocate_videos(now, *c, out);
}

void Meeting::remove(Instant now, wire::ConnectionNo connection, bool dropped, Outbox& out) {
  const auto at = std::find_if(connections_.begin(), connections_.end(),
                               [&](const auto& c) { return c->no == connection; });
  if (at == connections_.end()) return;
  Connection& c = **at;
  if (c.video_in) end_video(now, c);
  if (c.audio_in) end_audio(now, c);
  // A reconnect brings the same attendee on another connection: the person has not left then.
  const bool elsewhere = std::any_of(connections_.begin(), connections_.end(), [&](const auto& o) {
    return o.get() != &c && o->attendee_id == c.attendee_id;
  });
  if (!elsewhere) {
    for (auto& tap : taps_) {
      tap_write(now, *tap, wire::TapAttendeeLeft{tap->at_us(now), c.attendee_id, dropped});
    }
  }
  if (c.dtls && c.connected) {
    c.dtls->close(dtls_out_);
    c.send_dtls(out, dtls_out_, nullptr);
  }
  connections_.erase(at);
  talkers_until_ = {};
  wire_subscriptions(now, out);
}

void Meeting::end(Instant now, Outbox& out) {
  while (!taps_.empty()) close_tap(now, taps_.back()->no(), wire::TapStopReason::meeting_ended, out);
  while (!connections_.empty()) remove(now, connections_.back()->no, false, out);
  next_deadline_ = Instant::never();
}

bool Meeting::handle(Instant now, Connection& c, const ice::Path& path, MutBytes datagram, Outbox& out) {
  ++c.packets_in;
  c.bytes_in += datagram.size();
  const auto kind = rtc::classify(datagram);
  if (kind == rtc::PacketKind::stun) return on_stun(now, c, path, datagram, out);
  if (!c.ice.is_validated(path)) {
    c.drop(Drop::path_not_validated);
    if (c.can_send() && (kind == rtc::PacketKind::rtp || kind == rtc::PacketKind::rtcp)) probe(now, c, path, datagram.size(), out);
    return false;
  }
  if (c.failed) return false;
  switch (kind) {
    case rtc::PacketKind::dtls: on_dtls(now, c, path, datagram, out); break;
    case rtc::PacketKind::rtp: on_rtp(now, c, datagram, out); break;
    case rtc::PacketKind::rtcp: on_rtcp(now, c, datagram, out); break;
    default: c.drop(Drop::rtp_malformed);
  }
  return false;
}

void Meeting::probe(Instant now, Connection& c, const ice::Path& path, std::size_t bytes, Outbox& out) {
  const Bytes check = c.ice.probe(now, path, bytes, c.no.value, shared_.random, out.slot());
  if (check.empty()) return;
  out.commit(path, check.size());
  ++c.packets_out;
  c.bytes_out += check.size();
}

bool Meeting::on_stun(Instant now, Connection& c, const ice::Path& path, Bytes datagram, Outbox& out) {
  const ice::CheckResult result = c.ice.handle(now, path, datagram, out.slot());
  if (!result.reply.empty()) {
    out.commit(path, result.reply.size());
    ++c.packets_out;
    c.bytes_out += result.reply.size();
  }
  if (result.outcome == ice::CheckOutcome::ignored || result.outcome == ice::CheckOutcome::refused) return false;
  c.heard(now);
  wake_at(c.ice.next_deadline());
  if (c.validated_at == Instant() && c.ice.path_count() > 0) {
    c.validated_at = now;
    out.event(wire::SfuValidated{c.no});
  }
  if (c.session_set && !c.dtls_started && c.ice.path_count() > 0) {
    const auto peer = dtls::Fingerprint::parse("sha-256", c.session.remote_fingerprint);
    if (!peer) {
      fail_connection(c, wire::SfuFailure::wrong_fingerprint, out);
      return true;
    }
    c.dtls_started = true;
    c.dtls.emplace(c.dtls_context, dtls::Role::server, *peer);
    c.dtls->start(now, dtls_out_);
    after_dtls(now, c, out);
  }
  return result.outcome != ice::CheckOutcome::replied;
}

void Meeting::on_dtls(Instant now, Connection& c, const ice::Path& path, Bytes datagram, Outbox& out) {
  if (!c.dtls) {
    c.drop(Drop::before_keys);
    return;
  }
  c.dtls->handle(now, datagram, dtls_out_);
  c.send_dtls(out, dtls_out_, &path);
  after_dtls(now, c, out);
}

void Meeting::after_dtls(Instant now, Connection& c, Outbox& out) {
  c.send_dtls(out, dtls_out_, nullptr);
  wake_at(c.dtls->next_deadline());
  const dtls::State state = c.dtls->state();
  if (state == dtls::State::failed || state == dtls::State::closed) {
    if (c.failed) return;
    const bool stranger = c.dtls->failure() == dtls::Failure::fingerprint_mismatch;
    // close_notify of a connected peer is its way to say goodbye; signalling tells the rest.
    if (state == dtls::State::closed && c.connected) return;
    fail_connection(c, stranger ? wire::SfuFailure::wrong_fingerprint : wire::SfuFailure::dtls_failed, out);
    return;
  }
  if (state != dtls::State::connected || c.connected) return;
  auto keys = c.dtls->take_srtp_keys();
  if (!keys) return;
  c.srtp_in.emplace(keys->receive, srtp::Direction::unprotect);
  c.srtp_out.emplace(keys->send, srtp::Direction::protect);
  c.connected = true;
  c.heard(now);
  c.report_due = now + kReportPeriod;
  wake_at(c.report_due);
  // A check may come before the session is set: no time was spent waiting for it then.
  const auto span_ms = [](Duration d) { return static_cast<std::uint32_t>(std::max<std::int64_t>(0, d.ms())); };
  out.event(wire::SfuConnected{c.no, span_ms(c.validated_at - c.session_set_at),
                               span_ms(now - std::max(c.validated_at, c.session_set_at)), now});
  for (auto& s : c.subscriptions) {
    if (s->publisher != nullptr) begin_subscription(now, *s, out);
  }
}

void Meeting::fail_connection(Connection& c, wire::SfuFailure failure, Outbox& out) {
  if (c.failed) return;
  c.failed = true;
  c.srtp_in.reset();
  c.srtp_out.reset();
  c.dtls.reset();
  out.event(wire::SfuFailed{c.no, failure});
}

void Meeting::on_rtp(Instant now, Connection& c, MutBytes datagram, Outbox& out) {
  if (!c.srtp_in) {
    c.drop(Drop::before_keys);
    return;
  }
  const auto size = c.srtp_in->unprotect_rtp(datagram);
  if (!size) {
    c.drop(drop_of(size.error()));
    return;
  }
  c.heard(now);
  const auto rtp = rtc::parse_rtp(datagram.first(*size));
  if (!rtp) {
    c.drop(Drop::rtp_malformed);
    return;
  }
  if (const auto cc = rtp->extension(c.session.extensions.transport_cc); cc && cc->size() == 2) {
    c.feedback.on_packet(static_cast<std::uint16_t>((*cc)[0] << 8 | (*cc)[1]), now);
    if (c.feedback_due.is_never()) {
      c.feedback_due = now + kFeedbackPeriod;
      wake_at(c.feedback_due);
    }
  }
  if (c.audio_in && (rtp->payload_type == c.audio_in->payload_type ||
                     (c.audio_in->red_payload_type != 0 && rtp->payload_type == c.audio_in->red_payload_type))) {
    if (c.audio_in->ssrc == 0) c.audio_in->ssrc = rtp->ssrc;
    if (c.audio_in->ssrc == rtp->ssrc && c.rights.send_audio) {
      on_audio(now, c, *rtp, out);
      return;
    }
    c.drop(c.rights.send_audio ? Drop::unknown_ssrc : Drop::not_allowed);
    return;
  }
  if (!c.video_in) {
    c.drop(c.rights.send_video ? Drop::unknown_payload : Drop::not_allowed);
    return;
  }
  const wire::SfuCamera& camera = c.video_in->config;
  std::optional<wire::SfuVideoType> type;
  const auto look = [&](const wire::SfuVideoType& t) {
    if (t.payload_type != 0 && (rtp->payload_type == t.payload_type || (t.rtx_payload_type != 0 && rtp->payload_type == t.rtx_payload_type))) type = t;
  };
  look({wire::TapCodec::vp8, camera.payload_type, camera.rtx_payload_type});
  for (const wire::SfuVideoType& other : camera.other_types) look(other);
  if (!type) {
    c.drop(Drop::unknown_payload);
    return;
  }
  const bool repair = rtp->payload_type != type->payload_type;
  if (VideoLayer* layer = layer_of(now, c, *rtp, repair)) on_video(now, c, *layer, *rtp, video_codec(type->codec), repair, out);
  else c.drop(Drop::unknown_ssrc);
}

void Meeting::handle_timeout(Instant now, Outbox& out) {
  if (now < next_deadline_) return;
  next_deadline_ = Instant::never();
  mix_tick(now, out);
  tell_levels(now, out);
  tell_bitrates(now, out);
  recover_taps(now, out);
  for (auto& owned : connections_) {
    Connection& c = *owned;
    if (c.failed) continue;
    c.ice.handle_timeout(now);
    wake_at(c.ice.next_deadline());
    if (c.dtls) {
      if (c.dtls->next_deadline() <= now) {
        c.dtls->handle_timeout(now, dtls_out_);
        after_dtls(now, c, out);
        if (c.failed) continue;
      }
      wake_at(c.dtls->next_deadline());
    }
    if (!c.connected) {
      const Instant since = c.session_set ? c.session_set_at : c.added_at;
      if (now - since >= kConnectLimit) {
        fail_connection(c, c.dtls_started ? wire::SfuFailure::dtls_failed : wire::SfuFailure::ice_timeout, out);
        continue;
      }
      wake_at(since + kConnectLimit);
      continue;
    }
    if (now - c.last_heard >= kGiveUpAfter) {
      fail_connection(c, wire::SfuFailure::consent_lost, out);
      continue;
    }
    if (now - c.last_heard >= kDroppedAfter) {
      if (!c.dropped_told) out.event(wire::SfuDropped{c.no});
      c.dropped_told = true;
      wake_at(c.last_heard + kGiveUpAfter);
    } else {
      wake_at(c.last_heard + kDroppedAfter);
    }
    send_nacks(now, c, out);
    if (c.feedback_due <= now) send_feedback(now, c, out);
    wake_at(c.feedback_due);
    if (c.report_due <= now) {
      send_reports(now, c, out);
      judge_link(now, c, out);
    }
    wake_at(c.report_due);
    tend_downlink(now, c, out);
    if (c.video_in) tend_video(now, c, out);
  }
  publish_taps();
}

void Meeting::publish_taps() {
  for (auto& tap : taps_) tap->publish();
}

wire::SfuMeetingReport Meeting::report(std::uint64_t request) const {
  wire::SfuMeetingReport out;
  out.meeting = no_;
  out.request = request;
  out.found = true;
  out.taps = taps_.size();
  for (const auto& c : connections_) out.connections.push_back(c->report());
  return out;
}

}  // namespace upcall::sfu
