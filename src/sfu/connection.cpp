#include "sfu/connection.hpp"

#include <algorithm>

namespace upcall::sfu {

namespace {
constexpr std::array<std::string_view, static_cast<std::size_t>(Drop::count_)> kDropNames = {
    "path_not_validated", "before_keys", "srtp_auth", "srtp_replay", "srtp_table_full", "srtp_other", "rtp_malformed", "rtcp_malformed",
    "unknown_ssrc", "unknown_payload", "duplicate", "rtx_unknown", "no_path", "oversize", "not_allowed", "other_codec"};

std::string_view state_name(dtls::State state) {
  switch (state) {
    case dtls::State::fresh: return "fresh";
    case dtls::State::connecting: return "connecting";
    case dtls::State::connected: return "connected";
    case dtls::State::failed: return "failed";
    case dtls::State::closed: return "closed";
  }
  return "fresh";
}
}  // namespace

std::string_view to_string(Drop drop) { return kDropNames[static_cast<std::size_t>(drop)]; }

Drop drop_of(srtp::SrtpError error) {
  return error == srtp::SrtpError::replayed      ? Drop::srtp_replay
         : error == srtp::SrtpError::auth_failed ? Drop::srtp_auth
         : error == srtp::SrtpError::table_full  ? Drop::srtp_table_full
                                                 : Drop::srtp_other;
}

Connection::Connection(Instant now, const wire::SfuAddConnection& add, const dtls::DtlsContext& context)
    : no(add.connection),
      attendee_id(add.attendee_id),
      owner_attendee_id(add.owner_attendee_id),
      display_name(add.display_name),
      content(add.attendee_id != add.owner_attendee_id),
      muted(add.muted),
      dtls_context(context),
      ice(ice::Credentials{add.local_ufrag, add.local_pwd}),
      added_at(now),
      last_heard(now) {}

void Connection::send_rtp(Instant now, Outbox& out, std::size_t size, std::uint8_t cluster) {
  const auto path = ice.selected();
  if (!path) {
    drop(Drop::no_path);
    return;
  }
  const auto protected_size = srtp_out->protect_rtp(out.slot(), size);
  if (!protected_size) {
    drop(Drop::oversize);
    return;
  }
  ++packets_out;
  bytes_out += *protected_size;
  if (down.estimator) down.estimator->on_sent(now, *protected_size, cluster);
  down.pacer.budget.spend(now, *protected_size + rtc::bwe::SendSideEstimator::kHeaders);
  out.commit(*path, *protected_size);
}

void Connection::send_rtcp(Outbox& out, Bytes plain) {
  const auto path = ice.selected();
  if (!path || !srtp_out || plain.empty()) return;
  const MutBytes slot = out.slot();
  if (plain.size() + srtp::kMaxExpansion > slot.size()) {
    drop(Drop::oversize);
    return;
  }
  std::copy(plain.begin(), plain.end(), slot.begin());
  const auto protected_size = srtp_out->protect_rtcp(slot, plain.size());
  if (!protected_size) return;
  ++packets_out;
  bytes_out += *protected_size;
  out.commit(*path, *protected_size);
}

void Connection::send_dtls(Outbox& out, dtls::DtlsOutbox& from, const ice::Path* heard_on) {
  const auto selected = ice.selected();
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (heard_on != nullptr) {
      out.send(*heard_on, from[i]);
    } else if (selected) {
      out.send(*selected, from[i]);
    }
    ++packets_out;
    bytes_out += from[i].size();
  }
  from.clear();
}

wire::SfuConnectionReport Connection::report() const {
  wire::SfuConnectionReport out;
  out.connection = no;
  out.attendee_id = attendee_id;
  out.ice = failed ? "failed" : ice.path_count() > 0 ? "validated" : "waiting";
  out.dtls = dtls ? std::string(state_name(dtls->state())) : failed ? "failed" : "waiting";
  out.packets_in = packets_in;
  out.packets_out = packets_out;
  out.bytes_in = bytes_in;
  out.bytes_out = bytes_out;
  out.retransmitted = retransmitted;
  out.nacks_received = nacks_received;
  out.nacks_sent = nacks_sent;
  out.plis_received = plis_received;
  out.plis_sent = plis_sent;
  if (audio_in) out.audio_recovered = audio_in->recovered;
  if (audio_out && audio_out->red) out.audio_repeated = static_cast<std::uint32_t>(audio_out->red->repeated());
  if (audio_in) out.lost_in += static_cast<std::uint64_t>(std::max<std::int64_t>(0, audio_in->stats.lost()));
  if (video_in) out.lost_in += static_cast<std::uint64_t>(video_in->lost());
  out.rtt_ms = rtt_at ? rtt.seconds() * 1000 : 0;
  out.strength = link.strength();
  out.loss_up_percent = link.loss_up() * 100;
  out.loss_down_percent = link.loss_down() * 100;
  out.remb_bps = down.remb_bps;
  if (down.estimator && down.estimator->heard()) {
    out.estimate_bps = down.estimator->bps();
    out.queue_ms = down.estimator->queue_delay().seconds() * 1000;
  }
  if (video_in && video_in->flowing) out.video_codec = std::string(to_string(video_in->largest_flowing() != nullptr ? video_in->largest_flowing()->codec : video_in->layers.front()->codec));
  for (const auto& s : subscriptions) {
    out.videos_held += s->held;
    out.videos_not_taken += s->publisher != nullptr && s->not_taken;
  }
  out.paced = down.paced;
  out.probed = down.probed;
  out.expired = down.expired;
  for (std::size_t i = 0; i < drops.size(); ++i) {
    if (drops[i] > 0) out.drops.emplace_back(kDropNames[i], drops[i]);
  }
  return out;
}

wire::SfuConnectionFigures Connection::figures(Instant now) const {
  wire::SfuConnectionFigures out;
  out.connection = no;
  out.silence_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>((now - last_heard).ms(), 0, UINT32_MAX));
  if (audio_in) {
    out.audio_lost = audio_in->stats.lost();
    out.audio_expected = static_cast<std::int64_t>(audio_in->stats.packets()) + out.audio_lost;
    out.audio_recovered = static_cast<std::int64_t>(audio_in->recovered);
    out.jitter_ms = static_cast<float>(audio_in->stats.jitter_ms());
  }
  out.camera_published = session.camera.has_value() && rights.send_video;
  if (video_in) {
    for (const auto& layer : video_in->layers) {
      out.video_lost += layer->stats.lost();
      out.video_expected += static_cast<std::int64_t>(layer->stats.packets()) + layer->stats.lost();
    }
    out.repairs_video = wire::video_type_of(video_in->config, tap_codec(video_in->layers.front()->codec)).value_or(wire::SfuVideoType{}).rtx_payload_type != 0;
    out.video_flows = video_in->flowing;
    if (VideoLayer* largest = video_in->largest_flowing()) out.video_bps = largest->rate.bps(now);
    out.allowed_bps = video_in->allowed_bps;
  }
  out.down_expected = down_expected;
  out.down_lost = down_lost;
  out.bytes_in = bytes_in;
  out.bytes_out = bytes_out;
  if (rtt_at) out.rtt_ms = static_cast<float>(rtt.seconds() * 1000);
  if (audio_out && audio_out->red) out.audio_repeated = static_cast<std::uint32_t>(audio_out->red->repeated());
  if (down.estimator && down.estimator->heard()) out.estimate_bps = down.estimator->bps();
  for (const auto& s : subscriptions) {
    if (s->publisher == nullptr || s->publisher->content || s->paused || !s->publisher->video_in || !s->publisher->video_in->flowing) continue;
    if (!s->shed) ++(s->held ? out.cameras_held : out.cameras_sent);   // else nothing is wrong with the way to it
  }
  return out;
}

}  // namespace upcall::sfu
