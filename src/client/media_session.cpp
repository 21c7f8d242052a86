// Negotiation and transports of a headless attendee's peer connection.
#include "client/media_session.hpp"

#include <algorithm>

#include "client/payload_types.hpp"
#include "rtc/demux/classify.hpp"
#include "rtc/rtcp/rtcp.hpp"
#include "rtc/sdp/sdp_writer.hpp"

namespace upcall::client {

namespace {

constexpr std::uint8_t kRedType = 63, kOpusType = 111;
// Ids as Chromium offers them.
constexpr std::uint8_t kAudioLevelId = 1, kAbsSendTimeId = 2, kTransportCcId = 3, kMidId = 4, kOrientationId = 13;

rtc::SdpExtMap ext(std::uint8_t id, rtc::RtpExtension e) { return {id, std::string(rtc::extension_uri(e))}; }

// As Chromium writes them.
std::string fmtp_of(rtc::VideoCodec codec) {
  switch (codec) {
    case rtc::VideoCodec::h264: return "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";
    case rtc::VideoCodec::vp9: return "profile-id=0";
    case rtc::VideoCodec::vp8: break;
  }
  return {};
}

std::vector<rtc::SdpCodec> video_codecs(const std::vector<rtc::VideoCodec>& codecs, bool transport_feedback, std::optional<rtc::VideoCodec> first = {}) {
  std::vector<rtc::SdpCodec> out;
  const auto add = [&](rtc::VideoCodec codec) {
    rtc::SdpCodec one{.payload_type = video_type(codec), .name = std::string(to_string(codec)), .clock_rate = 90000, .fmtp = fmtp_of(codec),
                      .feedback = {"goog-remb", "ccm fir", "nack", "nack pli"}};
    if (transport_feedback) one.feedback.insert(one.feedback.begin() + 1, "transport-cc");
    out.push_back(std::move(one));
    out.push_back({.payload_type = rtx_type(codec), .name = "rtx", .clock_rate = 90000, .fmtp = "apt=" + std::to_string(video_type(codec))});
  };
  if (first && std::find(codecs.begin(), codecs.end(), *first) != codecs.end()) add(*first);
  for (const rtc::VideoCodec codec : codecs) {
    if (codec != first) add(codec);
  }
  return out;
}

std::vector<rtc::SdpExtMap> video_extensions(bool transport_feedback) {
  std::vector<rtc::SdpExtMap> out = {ext(kAbsSendTimeId, rtc::RtpExtension::abs_send_time),
                                     ext(kOrientationId, rtc::RtpExtension::orientation), ext(kMidId, rtc::RtpExtension::mid)};
  if (transport_feedback) out.push_back(ext(kTransportCcId, rtc::RtpExtension::transport_cc));
  return out;
}

}  // namespace

MediaSession::MediaSession(const dtls::DtlsContext& context, RandomSource& random, const std::optional<FirstNumbers>& first,
                           bool transport_feedback, std::vector<rtc::VideoCodec> codecs)
    : context_(context),
      random_(random),
      local_(ice::make_credentials(random)),
      sdp_session_(random.u64() >> 2),
      audio_ssrc_(random.u32() | 1),
      video_ssrc_(audio_ssrc_ + 1),
      rtx_ssrc_(audio_ssrc_ + 2),
      // Low starts: SRTP receivers cannot tell the roll-over of a first packet that was lost.
      audio_sequence_(static_cast<std::uint16_t>(random.u32() & 0x7fff)),
      video_sequence_(static_cast<std::uint16_t>(random.u32() & 0x7fff)),
      rtx_sequence_(static_cast<std::uint16_t>(random.u32() & 0x7fff)),
      picture_id_(static_cast<std::uint16_t>(random.u32() & 0x7fff)),
      codecs_(std::move(codecs)),
      transport_feedback_(transport_feedback) {
  audio_seen_.fill(-1);
  if (!first) return;
  audio_sequence_ = first->audio_sequence;
  video_sequence_ = first->video_sequence;
  rtx_sequence_ = first->rtx_sequence;
  transport_sequence_ = first->transport_sequence;
  picture_id_ = first->picture_id & 0x7fff;
}

std::optional<Instant> MediaSession::oldest_missing() const {
  std::optional<Instant> out;
  for (const RemoteVideo& remote : remotes_) {
    const auto oldest = remote.stream_id == 0 ? std::nullopt : remote.nacks.oldest();
    if (oldest && (!out || *oldest < *out)) out = oldest;
  }
  return out;
}

std::string MediaSession::make_offer(bool camera, const std::vector<std::uint32_t>& wanted_streams, rtc::VideoCodec sends_first) {
  camera_ = camera;
  for (RemoteVideo& remote : remotes_) {
    if (remote.stream_id != 0 && std::find(wanted_streams.begin(), wanted_streams.end(), remote.stream_id) == wanted_streams.end()) {
      remote.stream_id = 0;
    }
  }
  for (const std::uint32_t wanted : wanted_streams) {
    const bool have = std::any_of(remotes_.begin(), remotes_.end(), [&](const RemoteVideo& r) { return r.stream_id == wanted; });
    if (have) continue;
    auto at = std::find_if(remotes_.begin(), remotes_.end(), [](const RemoteVideo& r) { return r.stream_id == 0; });
    if (at == remotes_.end()) at = remotes_.insert(remotes_.end(), RemoteVideo{});
    if (at->ssrc != 0 && srtp_in_) {
      srtp_in_->forget(at->ssrc);
      srtp_in_->forget(at->rtx_ssrc);
    }
    *at = RemoteVideo{};  // a recycled place gets a new mid
    at->mid = std::to_string(next_mid_++);
    at->stream_id = wanted;
  }

  rtc::SdpMedia audio{.kind = "audio", .mid = "0", .direction = rtc::SdpDirection::sendrecv};
  audio.codecs = {{.payload_type = kRedType, .name = "red", .clock_rate = 48000, .channels = 2, .fmtp = "111/111"},
                  {.payload_type = kOpusType, .name = "opus", .clock_rate = 48000, .channels = 2,
                   .fmtp = "minptime=10;useinbandfec=1", .feedback = {"transport-cc"}}};
  audio.extensions = {ext(kAudioLevelId, rtc::RtpExtension::audio_level), ext(kAbsSendTimeId, rtc::RtpExtension::abs_send_time),
                      ext(kTransportCcId, rtc::RtpExtension::transport_cc), ext(kMidId, rtc::RtpExtension::mid)};
  audio.ssrcs = {{audio_ssrc_, "headless"}};
  rtc::SdpMedia slot{.kind = "video", .mid = "1",
                     .direction = camera ? rtc::SdpDirection::sendrecv : rtc::SdpDirection::inactive,
                     .codecs = video_codecs(codecs_, true, sends_first), .extensions = video_extensions(true)};
  if (camera) {
    slot.ssrcs = {{video_ssrc_, "headless"}, {rtx_ssrc_, "headless"}};
    slot.fid_groups = {{video_ssrc_, rtx_ssrc_}};
  }
  std::vector<rtc::SdpMedia> sections = {audio, slot};
  for (const RemoteVideo& remote : remotes_) {
    rtc::SdpMedia section{.kind = "video", .mid = remote.mid, .direction = rtc::SdpDirection::recvonly,
                          .codecs = video_codecs(codecs_, transport_feedback_),
                          .extensions = video_extensions(transport_feedback_)};
    if (remote.stream_id == 0) {
      section.port = 0;
      section.direction = rtc::SdpDirection::inactive;
    }
    sections.push_back(std::move(section));
  }
  rtc::SdpTransport transport{.ice_ufrag = local_.ufrag, .ice_pwd = local_.pwd,
                              .fingerprint = context_.fingerprint().text(), .setup = "actpass"};
  return rtc::write_sdp(sdp_session_, ++sdp_version_, transport, sections);
}

std::vector<std::uint32_t> MediaSession::receive_stream_ids() const {
  std::vector<std::uint32_t> out = {0};  // the camera slot
  for (const RemoteVideo& remote : remotes_) out.push_back(remote.stream_id);
  return out;
}

bool MediaSession::set_answer(Instant now, std::string_view sdp, MediaOutput& out) {
  const auto answer = rtc::parse_sdp(sdp);
  if (!answer || answer->media.size() != 2 + remotes_.size()) return false;
  const rtc::SdpMedia& audio = answer->media[0];
  if (audio.kind != "audio" || audio.codec("opus") == nullptr) return false;
  ids_ = {};
  for (const rtc::SdpMedia& m : answer->media) {
    for (const rtc::SdpExtMap& e : m.extensions) {
      if (const auto known = rtc::extension_from_uri(e.uri); known && e.id <= 14) ids_.set(*known, e.id);
    }
  }
  red_type_ = !audio.codecs.empty() && audio.codecs.front().name == "red" ? audio.codecs.front().payload_type : 0;
  if (!audio.ssrcs.empty()) remote_audio_ssrc_ = audio.ssrcs.front().ssrc;
  const rtc::SdpMedia& slot = answer->media[1];
  camera_accepted_ = camera_ && slot.port != 0 &&
                     (slot.direction == rtc::SdpDirection::sendrecv || slot.direction == rtc::SdpDirection::recvonly);
  camera_codecs_.clear();
  for (const rtc::VideoCodec codec : codecs_) {
    if (camera_accepted_ && slot.codec(to_string(codec)) != nullptr) camera_codecs_.push_back(codec);
  }
  for (std::size_t i = 0; i < remotes_.size(); ++i) {
    const rtc::SdpMedia& m = answer->media[2 + i];
    if (m.port == 0 || m.direction != rtc::SdpDirection::sendonly || m.fid_groups.empty()) continue;
    remotes_[i].ssrc = m.fid_groups.front().first;
    remotes_[i].rtx_ssrc = m.fid_groups.front().second;
  }
  if (answered_) return true;
  answered_ = true;
  const auto peer = dtls::Fingerprint::parse(audio.fingerprint_hash, audio.fingerprint);
  if (!peer) return false;
  peer_fingerprint_ = *peer;
  std::vector<ice::Path> paths;
  for (const rtc::SdpCandidate& c : audio.candidates) {
    if (!c.udp) continue;
    if (const auto address = parse_ip(c.address, c.port)) paths.push_back({0, *address});
  }
  if (paths.empty()) return false;
  ice_.emplace(now, local_, ice::Credentials{audio.ice_ufrag, audio.ice_pwd}, paths, random_);
  ice_->handle_timeout(now, checks_);
  pump_ice(out);
  return true;
}

bool MediaSession::may_send(rtc::VideoCodec codec) const {
  return std::find(camera_codecs_.begin(), camera_codecs_.end(), codec) != camera_codecs_.end();
}

void MediaSession::pump_ice(MediaOutput& out) {
  for (const auto& item : checks_.items()) {
    const Bytes b = item.bytes();
    out.datagrams.push_back({item.path.remote, ByteVector(b.begin(), b.end())});
  }
  checks_.clear();
}

void MediaSession::pump_dtls(Instant now, MediaOutput& out) {
  const auto path = ice_->selected();
  for (std::size_t i = 0; i < dtls_out_.size() && path; ++i) {
    out.datagrams.push_back({path->remote, ByteVector(dtls_out_[i].begin(), dtls_out_[i].end())});
  }
  dtls_out_.clear();
  if (dtls_->state() == dtls::State::failed) failed_ = true;
  if (dtls_->state() != dtls::State::connected || srtp_out_) return;
  auto keys = dtls_->take_srtp_keys();
  if (!keys) return;
  srtp_in_.emplace(keys->receive, srtp::Direction::unprotect);
  srtp_out_.emplace(keys->send, srtp::Direction::protect);
  report_due_ = now + Duration::ms(500);
}

void MediaSession::start_dtls(Instant now, MediaOutput& out) {
  if (dtls_started_) return;
  dtls_started_ = true;
  dtls_.emplace(context_, dtls::Role::client, peer_fingerprint_);
  dtls_->start(now, dtls_out_);
  pump_dtls(now, out);
}

void MediaSession::on_datagram(Instant now, const NetAddress& from, MutBytes datagram, MediaOutput& out) {
  if (!ice_) return;
  switch (rtc::classify(datagram)) {
    case rtc::PacketKind::stun:
      ice_->handle(now, {0, from}, datagram, checks_);
      pump_ice(out);
      if (ice_->state() == ice::AgentState::connected) start_dtls(now, out);
      if (ice_->state() == ice::AgentState::failed) failed_ = true;
      break;
    case rtc::PacketKind::dtls:
      if (!dtls_) return;
      dtls_->handle(now, datagram, dtls_out_);
      pump_dtls(now, out);
      break;
    case rtc::PacketKind::rtp: on_rtp(now, datagram, out); break;
    case rtc::PacketKind::rtcp: on_rtcp(now, datagram, out); break;
    case rtc::PacketKind::other: break;
  }
}

void MediaSession::handle_timeout(Instant now, std::uint64_t ntp_now, MediaOutput& out) {
  if (!ice_ || failed_) return;
  if (ice_->next_deadline() <= now) {
    ice_->handle_timeout(now, checks_);
    pump_ice(out);
    if (ice_->state() == ice::AgentState::failed) failed_ = true;
  }
  if (dtls_ && dtls_->next_deadline() <= now) {
    dtls_->handle_timeout(now, dtls_out_);
    pump_dtls(now, out);
  }
  if (!connected()) return;
  if (report_due_ <= now) send_reports(now, ntp_now, out);
  if (arrivals_due_ <= now) send_arrivals(out);
  nack_due_ = Instant::never();
  for (RemoteVideo& video : remotes_) {
    if (video.ssrc == 0) continue;
    std::uint16_t due[64];
    const std::size_t count = video.nacks.take_due(now, Duration::ms(60), due);
    nack_due_ = std::min(nack_due_, video.nacks.next_deadline());
    if (video.nacks.take_gave_up()) send_pli(now, video, out);
    if (count == 0) continue;
    std::uint8_t buffer[512];
    Writer rtcp(buffer);
    if (rtc::write_nack(rtcp, audio_ssrc_, video.ssrc, std::span(due).first(count))) {
      ++counters_.nacks_sent;
      send_rtcp(rtcp.written(), out);
    }
  }
}

Instant MediaSession::next_deadline() const {
  if (!ice_ || failed_) return Instant::never();
  Instant next = ice_->next_deadline();
  if (dtls_) next = std::min(next, dtls_->next_deadline());
  return std::min({next, report_due_, nack_due_, arrivals_due_});
}

std::int64_t MediaSession::lost() const {
  std::int64_t lost = audio_stats_.lost();
  for (const RemoteVideo& r : remotes_) lost += r.stats.lost();
  return lost;
}

}  // namespace upcall::client
