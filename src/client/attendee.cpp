#include "client/attendee.hpp"

#include <algorithm>
#include <utility>

#include "rtc/sdp/sdp_compression.hpp"

namespace upcall::client {

namespace {
constexpr Duration kPingPeriod = Duration::s(10);
constexpr Duration kJoinLimit = Duration::s(15);

std::uint64_t ntp_of(WallTime wall) {
  constexpr std::int64_t k1900To1970 = 2'208'988'800;
  const auto seconds = static_cast<std::uint64_t>(wall.unix_ms() / 1000 + k1900To1970);
  const auto fraction = static_cast<std::uint64_t>(wall.unix_ms() % 1000);
  return seconds << 32 | (fraction << 32) / 1000;
}
}  // namespace

Attendee::Attendee(AttendeeOptions options, const dtls::DtlsContext& context, RandomSource& random)
    : options_(std::move(options)), context_(context), random_(random), audio_session_id_(random.u32() | 1) {}

void Attendee::start(Now now, Output& out) {
  phase_ = Phase::opening;
  deadline_ = now.mono + kJoinLimit;
  outage_since_ = now.mono;
  out.open_socket = true;
}

void Attendee::send(Now now, wire::SignalFrame& frame, Output& out) {
  out.messages.push_back(wire::encode_signal(frame, now.wall));
}

void Attendee::on_socket_open(Now now, Output& out) {
  if (phase_ != Phase::opening) return;
  phase_ = Phase::joining;
  ping_id_ = 0;
  wire::SignalFrame ping;
  ping.set_type(wire::SignalFrame::PING_PONG);
  ping.mutable_ping_pong()->set_type(signal::PING);
  ping.mutable_ping_pong()->set_ping_id(++ping_id_);
  send(now, ping, out);
  next_ping_ = now.mono + kPingPeriod;
  wire::SignalFrame join;
  join.set_type(wire::SignalFrame::JOIN);
  auto* j = join.mutable_join();
  j->set_protocol_version(2);
  j->set_flags(2);
  j->mutable_client_details()->set_client_source("upcall-attendee");
  j->set_audio_session_id(audio_session_id_);
  j->set_wants_compressed_sdp(true);
  j->set_server_side_network_adaption(signal::DEFAULT);
  send(now, join, out);
  media_ = std::make_unique<MediaSession>(context_, random_, options_.first_numbers, options_.transport_feedback, options_.video_codecs);
  media_->set_watch(options_.watch);
  index_.clear();
  first_roster_ = true;
  subscribe_outstanding_ = subscribe_again_ = false;
}

void Attendee::on_socket_message(Now now, Bytes message, Output& out) {
  const auto frame = wire::decode_signal(message);
  if (frame) on_frame(now, *frame, out);
}

void Attendee::on_frame(Now now, const wire::SignalFrame& frame, Output& out) {
  using F = wire::SignalFrame;
  if (phase_ == Phase::ended) return;
  if (frame.type() == F::AUDIO_STATUS) {
    const std::uint32_t status = frame.audio_status().audio_status();
    if (status == 500 || status == 503) return lost(now, out);
    if (status / 100 != 2 && status != 302) {
      out.close_socket = true;
      end(status, out);
    }
    return;
  }
  if (frame.has_error() && frame.error().status() / 100 == 5) return lost(now, out);
  if (frame.has_error() && frame.error().status() / 100 != 2) {
    out.close_socket = true;
    return end(frame.error().status(), out);
  }
  switch (frame.type()) {
    case F::PING_PONG:
      if (frame.ping_pong().type() == signal::PING) {
        F pong;
        pong.set_type(F::PING_PONG);
        pong.mutable_ping_pong()->set_type(signal::PONG);
        pong.mutable_ping_pong()->set_ping_id(frame.ping_pong().ping_id());
        send(now, pong, out);
      }
      break;
    case F::JOIN_ACK:
      compresses_ = frame.joinack().wants_compressed_sdp();
      last_answer_.clear();
      break;
    case F::INDEX: on_index(now, frame, out); break;
    case F::SUBSCRIBE_ACK: on_answer(now, frame, out); break;
    case F::AUDIO_STREAM_ID_INFO:
      on_roster(frame, out);
      break;
    case F::AUDIO_METADATA: on_metadata(frame, out); break;
    case F::LEAVE_ACK:
      out.close_socket = true;
      end(200, out);
      break;
    default: break;
  }
}

rtc::VideoCodec Attendee::preferred_codec() const {
  for (const rtc::VideoCodec codec : options_.video_codecs) {
    const bool taken = receivers_take_.empty() || std::find(receivers_take_.begin(), receivers_take_.end(), codec) != receivers_take_.end();
    if (taken && (phase_ != Phase::running || media_->may_send(codec))) return codec;
  }
  // As the vendor's client: without overlap it stays with what it prefers.
  return options_.video_codecs.empty() ? rtc::VideoCodec::vp8 : options_.video_codecs.front();
}

void Attendee::on_index(Now now, const wire::SignalFrame& frame, Output& out) {
  receivers_take_.clear();
  for (const auto codec : frame.index().supported_receive_codec_intersection()) {
    if (codec == signal::VP8) receivers_take_.push_back(rtc::VideoCodec::vp8);
    if (codec == signal::H264_CONSTRAINED_BASELINE_PROFILE) receivers_take_.push_back(rtc::VideoCodec::h264);
    if (codec == signal::VP9_PROFILE_0) receivers_take_.push_back(rtc::VideoCodec::vp9);
  }
  std::vector<Source> sources;
  for (const auto& s : frame.index().sources()) {
    const std::string own = options_.attendee_id.substr(0, options_.attendee_id.find('#'));
    if (s.media_type() != signal::VIDEO || s.attendee_id() == own || s.attendee_id() == own + "#content") continue;
    sources.push_back({s.stream_id(), s.attendee_id()});
  }
  const auto ids = [](const std::vector<Source>& list) {
    std::vector<std::uint32_t> out_ids;
    for (const Source& s : list) out_ids.push_back(s.stream_id);
    std::sort(out_ids.begin(), out_ids.end());
    return out_ids;
  };
  const bool changed = ids(sources) != ids(index_);
  index_ = std::move(sources);
  if (phase_ == Phase::joining) {
    phase_ = Phase::subscribing;
    subscribe(now, out);
  } else if (((changed && options_.receive_video) || (options_.camera && preferred_codec() != offered_codec_)) && (phase_ == Phase::running || phase_ == Phase::subscribing)) {
    subscribe(now, out);
  }
}

void Attendee::subscribe(Now now, Output& out) {
  if (subscribe_outstanding_) {
    subscribe_again_ = true;
    return;
  }
  subscribe_outstanding_ = true;
  subscribe_again_ = false;
  std::vector<std::uint32_t> wanted;
  if (options_.receive_video) {
    for (const Source& s : index_) wanted.push_back(s.stream_id);
  }
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::SUBSCRIBE);
  auto* sub = frame.mutable_sub();
  sub->set_duplex(options_.camera ? signal::DUPLEX : signal::RX);
  const std::string offer = media_->make_offer(options_.camera, wanted, offered_codec_ = preferred_codec());
  if (compresses_) {
    sub->set_compressed_sdp_offer(rtc::deflate_sdp(offer));
  } else {
    sub->set_sdp_offer(offer);
  }
  for (const std::uint32_t id : media_->receive_stream_ids()) sub->add_receive_stream_ids(id);
  sub->set_audio_host("audio");
  sub->set_audio_checkin(false);
  sub->set_audio_muted(muted_);
  auto* audio = sub->add_send_streams();
  audio->set_stream_id(1);
  audio->set_group_id(1);
  audio->set_framerate(15);
  audio->set_max_bitrate_kbps(600);
  audio->set_track_label("AmazonChimeExpressAudio");
  audio->set_attendee_id(options_.attendee_id);
  audio->set_media_type(signal::AUDIO);
  if (options_.camera) {
    auto* video = sub->add_send_streams();
    video->set_stream_id(2);
    video->set_group_id(2);
    video->set_framerate(30);
    video->set_max_bitrate_kbps(options_.video_kbps);
    video->set_track_label("AmazonChimeExpressVideo");
    video->set_attendee_id(options_.attendee_id);
    video->set_media_type(signal::VIDEO);
  }
  send(now, frame, out);
}

void Attendee::on_answer(Now now, const wire::SignalFrame& frame, Output& out) {
  if (!subscribe_outstanding_) return;
  subscribe_outstanding_ = false;
  std::string answer = frame.suback().sdp_answer();
  if (!frame.suback().has_sdp_answer()) {
    auto inflated = rtc::inflate_sdp(as_bytes(frame.suback().compressed_sdp_answer()), last_answer_);
    if (!inflated) return end(400, out);
    answer = std::move(*inflated);
  }
  if (!media_->set_answer(now.mono, answer, out.media)) return end(400, out);
  last_answer_ = std::move(answer);
  if (phase_ == Phase::subscribing) phase_ = Phase::running;
  if (options_.camera && media_->may_send(offered_codec_) && std::exchange(send_codec_, offered_codec_) != offered_codec_) {
    out.events.push_back({EventKind::codec_changed, {}});
  }
  if (subscribe_again_) subscribe(now, out);
}

void Attendee::on_roster(const wire::SignalFrame& frame, Output& out) {
  std::vector<RosterEntry> before;
  if (first_roster_) {
    // The first frame of a connection lists everybody: whoever is missing has left meanwhile.
    first_roster_ = false;
    before = std::move(roster_);
    roster_.clear();
  }
  for (const auto& s : frame.audio_stream_id_info().streams()) {
    auto at = std::find_if(roster_.begin(), roster_.end(), [&](const RosterEntry& e) { return e.audio_stream_id == s.audio_stream_id(); });
    if (s.has_attendee_id()) {
      const bool known = std::any_of(roster_.begin(), roster_.end(), [&](const RosterEntry& e) { return e.attendee_id == s.attendee_id(); }) ||
                         std::any_of(before.begin(), before.end(), [&](const RosterEntry& e) { return e.attendee_id == s.attendee_id(); });
      // A strength belongs to the attendee: it outlives the connection until another one is told.
      std::uint32_t strength = signal_strength(s.attendee_id());
      for (const RosterEntry& e : before) {
        if (e.attendee_id == s.attendee_id()) strength = e.strength;
      }
      std::erase_if(roster_, [&](const RosterEntry& e) { return e.attendee_id == s.attendee_id() && e.audio_stream_id < s.audio_stream_id(); });
      std::erase_if(before, [&](const RosterEntry& e) { return e.attendee_id == s.attendee_id(); });
      roster_.push_back({s.audio_stream_id(), s.attendee_id(), s.muted(), strength});
      if (!known) out.events.push_back({EventKind::roster_joined, s.attendee_id()});
    } else if (s.has_muted()) {
      if (at == roster_.end()) continue;
      at->muted = s.muted();
      out.events.push_back({s.muted() ? EventKind::roster_muted : EventKind::roster_unmuted, at->attendee_id});
    } else if (at != roster_.end()) {
      const Event left{EventKind::roster_left, at->attendee_id, 0, s.dropped()};
      roster_.erase(at);
      out.events.push_back(left);
    }
  }
  for (const RosterEntry& gone : before) out.events.push_back({EventKind::roster_left, gone.attendee_id});
  roster_view_.clear();
  for (const RosterEntry& e : roster_) roster_view_.emplace_back(e.attendee_id, e.muted);
}

void Attendee::on_metadata(const wire::SignalFrame& frame, Output& out) {
  const auto& states = frame.audio_metadata().attendee_states();
  // As the vendor's client: one that names a strength speaks of all; whoever it does not name is good.
  if (std::none_of(states.begin(), states.end(), [](const auto& s) { return s.has_signal_strength(); })) return;
  for (RosterEntry& e : roster_) {
    std::uint32_t told = 2;
    for (const auto& s : states) {
      if (s.audio_stream_id() == e.audio_stream_id && s.has_signal_strength()) told = s.signal_strength();
    }
    if (std::exchange(e.strength, told) != told) out.events.push_back({EventKind::signal_strength, e.attendee_id, 0, false, told});
  }
}

std::uint32_t Attendee::signal_strength(std::string_view attendee_id) const {
  for (const RosterEntry& e : roster_) {
    if (e.attendee_id == attendee_id) return e.strength;
  }
  return 2;
}

std::string Attendee::attendee_of_stream(std::uint32_t stream_id) const {
  for (const Source& s : index_) {
    if (s.stream_id == stream_id) return s.attendee_id;
  }
  return {};
}

void Attendee::leave(Now now, Output& out) {
  if (phase_ == Phase::ended) return;
  if (phase_ == Phase::idle || phase_ == Phase::opening || phase_ == Phase::waiting) {
    out.close_socket = true;
    return end(200, out);
  }
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::LEAVE);
  frame.mutable_leave();
  send(now, frame, out);
  phase_ = Phase::leaving;
  deadline_ = now.mono + kJoinLimit;
}

void Attendee::set_muted(Now now, bool muted, Output& out) {
  if (muted_ == muted) return;
  muted_ = muted;
  // Before SUBSCRIBE the state goes with it.
  if (phase_ != Phase::running && phase_ != Phase::subscribing) return;
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_CONTROL);
  frame.mutable_audio_control()->set_muted(muted);
  send(now, frame, out);
}

void Attendee::set_camera(Now now, bool on, Output& out) {
  if (options_.camera == on) return;
  options_.camera = on;
  if (phase_ == Phase::running || phase_ == Phase::subscribing) subscribe(now, out);
}

void Attendee::on_socket_closed(Now now, std::uint16_t code, Output& out) {
  switch (phase_) {
    case Phase::ended:
    case Phase::idle:
    case Phase::waiting: return;
    case Phase::leaving: return end(200, out);
    case Phase::joining:
      if (code == 4410) return end(410, out);
      if (code != 1006 && (code < 4500 || code > 4599)) return end(400, out);
      return lost(now, out);
    default:
      // Like the vendor's client: in a running meeting only an abrupt loss or 45xx leads to a reconnect, but a server
      // that closes otherwise has told why before.
      return lost(now, out);
  }
}

void Attendee::lost(Now now, Output& out) {
  if (connected_) {
    connected_ = false;
    out.events.push_back({EventKind::disconnected, {}});
    attempt_ = 0;
    outage_since_ = now.mono;
  }
  out.close_socket = true;
  if (now.mono - outage_since_ > options_.reconnect_limit) return end(503, out);
  phase_ = Phase::waiting;
  // Full jitter, as the vendor's client has it.
  const std::int64_t ceiling_ms = std::min<std::int64_t>(5000, std::int64_t(250) << std::min(attempt_, 8u));
  ++attempt_;
  next_attempt_ = now.mono + Duration::ms(static_cast<std::int64_t>(random_.unit() * static_cast<double>(ceiling_ms)));
  media_.reset();
}

void Attendee::end(std::uint32_t status, Output& out) {
  if (phase_ == Phase::ended) return;
  phase_ = Phase::ended;
  connected_ = false;
  media_.reset();
  out.events.push_back({EventKind::ended, {}, status});
}

void Attendee::update_connected(Now now, Output& out) {
  if (media_ && media_->failed()) return lost(now, out);
  const bool is = media_ && media_->connected() && phase_ == Phase::running;
  if (is && !connected_) {
    connected_ = true;
    if (joined_once_) ++reconnects_;
    joined_once_ = true;
    attempt_ = 0;
    deadline_ = Instant::never();
    out.events.push_back({EventKind::connected, {}});
  }
  if (out.media.key_frame_wanted) out.events.push_back({EventKind::key_frame_wanted, {}});
  out.media.key_frame_wanted = false;
}

void Attendee::on_datagram(Now now, const NetAddress& from, MutBytes datagram, Output& out) {
  if (!media_) return;
  media_->on_datagram(now.mono, from, datagram, out.media);
  update_connected(now, out);
}

void Attendee::handle_timeout(Now now, Output& out) {
  if (phase_ == Phase::ended || phase_ == Phase::idle) return;
  if (phase_ == Phase::waiting) {
    if (now.mono < next_attempt_) return;
    phase_ = Phase::opening;
    deadline_ = now.mono + kJoinLimit;
    out.open_socket = true;
    return;
  }
  if (now.mono >= deadline_) {
    deadline_ = Instant::never();
    if (phase_ == Phase::leaving) {
      out.close_socket = true;
      return end(200, out);
    }
    if (!connected_) return lost(now, out);
  }
  if (next_ping_ <= now.mono && phase_ != Phase::opening) {
    next_ping_ = now.mono + kPingPeriod;
    wire::SignalFrame ping;
    ping.set_type(wire::SignalFrame::PING_PONG);
    ping.mutable_ping_pong()->set_type(signal::PING);
    ping.mutable_ping_pong()->set_ping_id(++ping_id_);
    send(now, ping, out);
  }
  if (media_) {
    media_->handle_timeout(now.mono, ntp_of(now.wall), out.media);
    update_connected(now, out);
  }
}

Instant Attendee::next_deadline() const {
  if (phase_ == Phase::ended || phase_ == Phase::idle) return Instant::never();
  if (phase_ == Phase::waiting) return next_attempt_;
  Instant next = deadline_;
  if (phase_ != Phase::opening) next = std::min(next, next_ping_);
  if (media_) next = std::min(next, media_->next_deadline());
  return next;
}

void Attendee::send_audio(Now now, Bytes opus, std::uint32_t timestamp, Instant captured_at, std::uint8_t minus_dbov, Output& out) {
  if (connected_ && media_) media_->send_audio(now.mono, opus, timestamp, captured_at, muted_ ? 127 : minus_dbov, out.media);
}

void Attendee::send_video(Now now, rtc::VideoCodec codec, Bytes frame, std::uint32_t timestamp, Instant captured_at, std::optional<std::uint8_t> rotation, Output& out) {
  if (connected_ && media_) media_->send_video(now.mono, codec, frame, timestamp, captured_at, rotation, out.media);
}

}  // namespace upcall::client
