#include "sim/live_peers.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "rtc/demux/classify.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"
#include "rtc/rtp/rtp_packet.hpp"
#include "rtc/stun/builder.hpp"

namespace upcall::sim {

namespace {

const dtls::DtlsContext& context() {
  static const auto made = dtls::DtlsContext::make(dtls::DtlsCertificate::make(WallTime::from_unix_ms(1'800'000'000'000)).value()).value();
  return made;
}

srtp::MasterKey key_of(srtp::Profile profile, std::uint32_t connection, bool to_server) {
  srtp::MasterKey key;
  key.profile = profile;
  key.key.value.fill(static_cast<std::uint8_t>(connection));
  key.key.value[0] = to_server;
  key.salt.value.fill(static_cast<std::uint8_t>(connection + 1));
  return key;
}

constexpr Duration kCheckPeriod = Duration::s(5);

}  // namespace

LivePeers::LivePeers(std::uint64_t seed, srtp::Profile profile)
    : random_(seed), profile_(profile), worker_(now_, context(), &mixers_, random_), next_check_(now_.mono + kCheckPeriod) {}

LivePeer& LivePeers::join(std::uint32_t meeting, const std::string& attendee_id) {
  if (meetings_.insert(meeting).second) command(wire::SfuCreateMeeting{wire::MeetingNo{meeting}});
  LivePeer& peer = peers_.emplace_back();
  const std::uint32_t n = next_connection_++;
  peer.no = wire::ConnectionNo{n};
  peer.meeting = meeting;
  peer.attendee_id = attendee_id;
  peer.owner_id = attendee_id.substr(0, attendee_id.find('#'));
  peer.ufrag = "ufrag" + std::to_string(n);
  peer.pwd = "a-password-of-24-characters";
  peer.path = {0, NetAddress::v4(192, 0, 2, static_cast<std::uint8_t>(n), 5000)};
  wire::SfuAddConnection add;
  add.meeting = wire::MeetingNo{meeting};
  add.connection = peer.no;
  add.attendee_id = attendee_id;
  add.owner_attendee_id = peer.owner_id;
  add.display_name = attendee_id;
  add.local_ufrag = peer.ufrag;
  add.local_pwd = peer.pwd;
  command(add);
  send_check(peer, peer.path);

  // What Meeting::after_dtls does when a handshake is done.
  sfu::Connection& c = connection(peer);
  c.dtls_started = c.connected = true;
  c.srtp_in.emplace(key_of(profile_, n, true), srtp::Direction::unprotect);
  c.srtp_out.emplace(key_of(profile_, n, false), srtp::Direction::protect);
  c.report_due = now_.mono + sfu::Meeting::kReportPeriod;
  peer.seal.emplace(key_of(profile_, n, true), srtp::Direction::protect);
  peer.open.emplace(key_of(profile_, n, false), srtp::Direction::unprotect);

  const auto shift = static_cast<std::uint8_t>(n % 3);
  wire::SfuSetSession& s = peer.session;
  s.connection = peer.no;
  s.remote_ufrag = "them";
  s.extensions = {.mid = static_cast<std::uint8_t>(1 + shift), .audio_level = static_cast<std::uint8_t>(4 + shift),
                  .abs_send_time = static_cast<std::uint8_t>(7 + shift), .transport_cc = 10,
                  .orientation = static_cast<std::uint8_t>(11 + shift),
                  .rid = 14, .repaired_rid = static_cast<std::uint8_t>(1 + (shift + 1) % 3)};
  s.transport_feedback = true;
  wire::SfuAudio audio;
  audio.payload_type = kOpus;
  audio.send_ssrc = next_ssrc_++;
  audio.receive_ssrc = next_ssrc_++;
  audio.mid = "0";
  audio.sends = peer.owner_id == attendee_id;
  peer.media_ssrcs.insert(audio.send_ssrc);
  s.audio = audio;
  set_session(peer);
  return peer;
}

void LivePeers::publish(LivePeer& peer, bool again) {
  wire::SfuCamera camera;
  camera.mid = "1";
  camera.stream_id = again && peer.session.camera ? peer.session.camera->stream_id : next_stream_++;
  camera.payload_type = kVp8;
  camera.rtx_payload_type = kRtx;
  camera.ssrc = next_ssrc_++;
  camera.rtx_ssrc = next_ssrc_++;
  peer.session.camera = camera;
  set_session(peer);
}

void LivePeers::publish_layers(LivePeer& peer, std::size_t layers) {
  wire::SfuCamera camera;
  camera.mid = "1";
  camera.payload_type = kVp8;
  camera.rtx_payload_type = kRtx;
  for (std::size_t i = 0; i < layers; ++i) camera.layers.push_back({std::to_string(i), next_stream_++, 1'000'000});
  camera.stream_id = camera.layers.front().stream_id;
  peer.session.camera = camera;
  set_session(peer);
}

void LivePeers::unpublish(LivePeer& peer) {
  peer.session.camera.reset();
  set_session(peer);
}

void LivePeers::watch(LivePeer& receiver, const LivePeer& publisher) {
  if (!publisher.session.camera) return;
  wire::SfuReceive receive;
  receive.mid = std::to_string(2 + receiver.session.receives.size());
  receive.stream_id = publisher.session.camera->stream_id;
  receive.payload_type = kVp8;
  receive.rtx_payload_type = kRtx;
  receive.ssrc = next_ssrc_++;
  receive.rtx_ssrc = next_ssrc_++;
  receiver.media_ssrcs.insert(receive.ssrc);
  receiver.media_ssrcs.insert(receive.rtx_ssrc);
  receiver.session.receives.push_back(receive);
  set_session(receiver);
}

void LivePeers::unwatch(LivePeer& receiver, const LivePeer& publisher) {
  if (!publisher.session.camera) return;
  std::erase_if(receiver.session.receives, [&](const auto& r) { return r.stream_id == publisher.session.camera->stream_id; });
  set_session(receiver);
}

void LivePeers::remove(LivePeer& peer) {
  command(wire::SfuRemoveConnection{peer.no, false});
  peer.removed = true;
}

const wire::SfuReceive& LivePeers::section(const LivePeer& receiver, const LivePeer& publisher) const {
  const auto& all = receiver.session.receives;
  const auto at = std::find_if(all.begin(), all.end(), [&](const wire::SfuReceive& r) {
    return publisher.session.camera && r.stream_id == publisher.session.camera->stream_id;
  });
  UPCALL_INVARIANT(at != all.end(), "it does not watch that publisher");
  return *at;
}

sfu::Connection& LivePeers::connection(const LivePeer& peer) const {
  const auto all = worker_.meeting(wire::MeetingNo{peer.meeting})->connections();
  const auto at = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c->no == peer.no; });
  UPCALL_INVARIANT(at != all.end(), "that peer was removed");
  return **at;
}

void LivePeers::command(const wire::SfuCommand& command) {
  worker_.command(now_, command, outbox_);
  end_turn();
}

void LivePeers::end_turn() {
  outbox_.flush();
  worker_.end_turn();
  acting_.reset();
}

void LivePeers::send_video(LivePeer& peer, PlainRtp packet) {
  if (!peer.session.camera) return;
  if (packet.payload_type == 0) packet.payload_type = peer.session.camera->payload_type;
  if (packet.ssrc == 0) packet.ssrc = peer.session.camera->ssrc;
  if (packet.mid.empty()) packet.mid = peer.session.camera->mid;
  send_audio(peer, std::move(packet));
}

void LivePeers::send_audio(LivePeer& peer, PlainRtp packet) {
  const wire::SfuExtensionIds& ids = peer.session.extensions;
  if (packet.payload_type == 0) packet.payload_type = peer.session.audio->payload_type;
  if (packet.ssrc == 0) packet.ssrc = peer.session.audio->receive_ssrc;
  std::uint8_t buffer[1600];
  rtc::RtpBuilder builder(buffer, {.payload_type = packet.payload_type, .marker = packet.marker, .sequence = packet.sequence,
                                   .timestamp = packet.timestamp, .ssrc = packet.ssrc});
  if (!packet.mid.empty()) builder.add_extension(ids.mid, as_bytes(packet.mid));
  if (!packet.rid.empty()) builder.add_extension(packet.repaired ? ids.repaired_rid : ids.rid, as_bytes(packet.rid));
  if (packet.audio_level) builder.add_extension(ids.audio_level, Bytes(&*packet.audio_level, 1));
  if (packet.rotation) builder.add_extension(ids.orientation, Bytes(&*packet.rotation, 1));
  if (packet.transport_sequence) {
    const std::uint8_t value[2] = {static_cast<std::uint8_t>(*packet.transport_sequence >> 8),
                                   static_cast<std::uint8_t>(*packet.transport_sequence)};
    builder.add_extension(ids.transport_cc, value);
  }
  send_rtp(peer, builder.finish(packet.payload));
}

void LivePeers::send_rtx(LivePeer& peer, PlainRtp packet, std::uint16_t rtx_sequence) {
  if (!peer.session.camera) return;
  packet.payload_type = peer.session.camera->rtx_payload_type;
  packet.ssrc = peer.session.camera->rtx_ssrc;
  const std::uint8_t original[2] = {static_cast<std::uint8_t>(packet.sequence >> 8), static_cast<std::uint8_t>(packet.sequence)};
  packet.payload.insert(packet.payload.begin(), original, original + 2);
  packet.sequence = rtx_sequence;
  send_video(peer, std::move(packet));
}

bool LivePeers::send_rtp(LivePeer& peer, Bytes plain) {
  ByteVector datagram(plain.begin(), plain.end());
  datagram.resize(plain.size() + srtp::kMaxExpansion);
  const auto size = peer.seal->protect_rtp(datagram, plain.size());
  if (!size) return false;
  send_datagram(peer, Bytes(datagram).first(*size));
  return true;
}

bool LivePeers::send_rtcp(LivePeer& peer, Bytes plain) {
  ByteVector datagram(plain.begin(), plain.end());
  datagram.resize(plain.size() + srtp::kMaxExpansion);
  const auto size = peer.seal->protect_rtcp(datagram, plain.size());
  if (!size) return false;
  send_datagram(peer, Bytes(datagram).first(*size));
  return true;
}

void LivePeers::send_datagram(LivePeer& peer, Bytes datagram) {
  ByteVector copy(datagram.begin(), datagram.end());
  peer.last_sent = copy;
  acting_ = peer.meeting;
  worker_.handle(now_.mono, peer.path, copy, outbox_);
  end_turn();
}

void LivePeers::send_from(const ice::Path& path, Bytes datagram) {
  if (const auto at = std::ranges::find(strangers_, path, [](const auto& s) { return s.first; }); at != strangers_.end()) at->second += static_cast<std::int64_t>(datagram.size());
  ByteVector copy(datagram.begin(), datagram.end());
  worker_.handle(now_.mono, path, copy, outbox_);
  end_turn();
}

void LivePeers::send_check(LivePeer& peer, const ice::Path& path) {
  std::uint8_t buffer[stun::kBuildBufferSize];
  stun::TransactionId id{};
  random_.fill(id);
  const Bytes check = stun::Builder(buffer, stun::Class::request, stun::kBindingMethod, id)
                          .username(peer.ufrag, "them").priority(1).use_candidate().ice_controlling(1)
                          .integrity(crypto::HmacSha1(as_bytes(peer.pwd))).fingerprint().finish();
  peer.path = path;
  send_datagram(peer, check);
}

void LivePeers::check_all() {
  next_check_ = now_.mono + kCheckPeriod;
  for (LivePeer& peer : peers_) {
    if (!peer.removed && !peer.silent) send_check(peer, peer.path);
  }
}

void LivePeers::move_to(Instant when) {
  if (when > now_.mono) now_ = {when, kStart.wall + (when - kStart.mono)};
}

void LivePeers::advance(Duration time) {
  const Instant end = now_.mono + time;
  int at_once = 0;
  for (;;) {
    const Instant next = std::min(worker_.next_deadline(), next_check_);
    if (next > end) break;
    at_once = next > now_.mono ? 0 : at_once + 1;
    if (at_once > 1000) {
      breach("time stands still");
      break;
    }
    move_to(next);
    if (next_check_ <= now_.mono) check_all();
    worker_.handle_timeout(now_.mono, outbox_);
    end_turn();
  }
  move_to(end);
}

void LivePeers::transmit(std::span<const sfu::Transmit> batch) {
  for (const sfu::Transmit& t : batch) {
    ++sent_;
    if (const auto stranger = std::ranges::find(strangers_, t.path, [](const auto& s) { return s.first; }); stranger != strangers_.end()) {
      stranger->second -= static_cast<std::int64_t>(t.datagram.size());
      if (stranger->second < 0) breach("a stranger got more than came from him");
      continue;
    }
    const auto at = std::find_if(peers_.rbegin(), peers_.rend(), [&](const LivePeer& p) { return p.path == t.path; });
    if (at == peers_.rend()) {
      breach("something was sent to where nobody is");
      continue;
    }
    if (acting_ && at->meeting != *acting_) breach("an input of one meeting sent something to another");
    if (t.datagram.empty() || t.datagram.size() > kDatagramMax) breach("a datagram of " + std::to_string(t.datagram.size()) + " bytes");
    ++at->datagrams;
    ByteVector copy(t.datagram.begin(), t.datagram.end());
    switch (rtc::classify(copy)) {
      case rtc::PacketKind::rtp: take_rtp(*at, copy); break;
      case rtc::PacketKind::rtcp: take_rtcp(*at, copy); break;
      case rtc::PacketKind::stun: break;
      default: breach("neither RTP nor RTCP nor STUN was sent");
    }
  }
}

void LivePeers::take_rtp(LivePeer& peer, MutBytes datagram) {
  const auto size = peer.open->unprotect_rtp(datagram);
  if (!size) return breach(peer.attendee_id + " cannot open an RTP packet: " + std::string(srtp::to_string(size.error())));
  const auto rtp = rtc::parse_rtp(datagram.first(*size));
  if (!rtp) return breach(peer.attendee_id + " got a malformed RTP packet");
  if (!peer.media_ssrcs.contains(rtp->ssrc)) breach(peer.attendee_id + " got an SSRC that was never agreed on");
  PlainRtp out{.payload_type = rtp->payload_type, .marker = rtp->marker, .sequence = rtp->sequence, .timestamp = rtp->timestamp,
               .ssrc = rtp->ssrc, .rotation = {}, .audio_level = {}, .transport_sequence = {}, .mid = {},
               .payload = ByteVector(rtp->payload.begin(), rtp->payload.end())};
  const wire::SfuExtensionIds& ids = peer.session.extensions;
  if (const auto rotation = rtp->extension(ids.orientation); rotation && rotation->size() == 1) out.rotation = (*rotation)[0];
  if (const auto mid = rtp->extension(ids.mid)) out.mid = as_text(*mid);
  if (const auto cc = rtp->extension(ids.transport_cc); cc && cc->size() == 2) out.transport_sequence = Reader(*cc).u16();
  else breach(peer.attendee_id + " got a packet without a transport-wide number");
  if (out.mid.empty()) breach(peer.attendee_id + " got a packet that names no section");
  peer.rtp.push_back(std::move(out));
}

void LivePeers::take_rtcp(LivePeer& peer, MutBytes datagram) {
  const auto size = peer.open->unprotect_rtcp(datagram);
  if (!size) return breach(peer.attendee_id + " cannot open an RTCP packet: " + std::string(srtp::to_string(size.error())));
  rtc::RtcpReader reader(datagram.first(*size));
  int items = 0;
  while (reader.next()) ++items;
  if (reader.failed() || items == 0) breach(peer.attendee_id + " got malformed RTCP");
  peer.rtcp.emplace_back(datagram.begin(), datagram.begin() + static_cast<std::ptrdiff_t>(*size));
}

}  // namespace upcall::sim
