#include "signaling/answer.hpp"

#include <algorithm>
#include <initializer_list>

#include "rtc/rtp/rtp_packet.hpp"

namespace upcall::signaling {

namespace {

using rtc::RtpExtension;
using rtc::SdpDirection;
using rtc::SdpMedia;

// Keeps those offered extensions that the section should use, under their offered ids.
std::vector<rtc::SdpExtMap> pick_extensions(const SdpMedia& offered, std::initializer_list<RtpExtension> wanted,
                                            wire::SfuExtensionIds& ids) {
  std::vector<rtc::SdpExtMap> out;
  for (const rtc::SdpExtMap& e : offered.extensions) {
    const auto known = rtc::extension_from_uri(e.uri);
    if (!known || e.id > 14 || std::find(wanted.begin(), wanted.end(), *known) == wanted.end()) continue;
    switch (*known) {
      case RtpExtension::mid: ids.mid = e.id; break;
      case RtpExtension::audio_level: ids.audio_level = e.id; break;
      case RtpExtension::abs_send_time: ids.abs_send_time = e.id; break;
      case RtpExtension::transport_cc: ids.transport_cc = e.id; break;
      case RtpExtension::orientation: ids.orientation = e.id; break;
      case RtpExtension::rid: ids.rid = e.id; break;
      case RtpExtension::repaired_rid: ids.repaired_rid = e.id; break;
      default: break;
    }
    out.push_back(e);
  }
  return out;
}

rtc::SdpCodec with_feedback(const rtc::SdpCodec& offered, std::initializer_list<std::string_view> wanted) {
  rtc::SdpCodec out = offered;
  out.feedback.clear();
  for (const std::string& f : offered.feedback) {
    if (std::find(wanted.begin(), wanted.end(), f) != wanted.end()) out.feedback.push_back(f);
  }
  return out;
}

SdpMedia rejected(const SdpMedia& offered) {
  SdpMedia out;
  out.kind = offered.kind;
  out.mid = offered.mid;
  out.port = 0;
  out.direction = SdpDirection::inactive;
  // An m= line needs a format (RFC 3264 §6: any of the offered).
  if (!offered.codecs.empty()) out.codecs.push_back(offered.codecs.front());
  if (!out.codecs.empty()) out.codecs[0].feedback.clear();
  return out;
}

// Redundant audio whose blocks are all of this payload type (RFC 2198 §5: its fmtp lists them).
const rtc::SdpCodec* red_of(const SdpMedia& offered, std::uint8_t payload_type) {
  const std::string type = std::to_string(payload_type);
  for (const rtc::SdpCodec& c : offered.codecs) {
    if (c.name == "red" && c.clock_rate == 48000 && c.fmtp.starts_with(type + "/" + type)) return &c;
  }
  return nullptr;
}

SdpMedia answer_audio(const SdpMedia& offered, const AnswerInput& input, Answer& answer) {
  const rtc::SdpCodec* opus = offered.codec("opus");
  if (offered.is_rejected() || opus == nullptr || opus->clock_rate != 48000) return rejected(offered);
  SdpMedia out;
  out.kind = "audio";
  out.mid = offered.mid;
  out.direction = rtc::reversed(offered.direction);
  out.codecs.push_back(with_feedback(*opus, {"transport-cc"}));
  out.codecs[0].fmtp = "minptime=10;useinbandfec=1";
  out.extensions = pick_extensions(
      offered, {RtpExtension::mid, RtpExtension::audio_level, RtpExtension::transport_cc, RtpExtension::abs_send_time},
      answer.session.extensions);
  wire::SfuAudio audio;
  audio.payload_type = opus->payload_type;
  audio.mid = offered.mid;
  audio.send_ssrc = input.audio_ssrc;
  audio.receive_ssrc = offered.ssrcs.empty() ? 0 : offered.ssrcs.front().ssrc;
  audio.receives = offered.direction == SdpDirection::sendrecv || offered.direction == SdpDirection::sendonly;
  audio.sends = input.listens &&
                (offered.direction == SdpDirection::sendrecv || offered.direction == SdpDirection::recvonly);
  if (audio.sends) {
    out.msid = "upcall-audio upcall-audio";
    out.ssrcs.push_back({input.audio_ssrc, input.cname});
  }
  if (const rtc::SdpCodec* red = red_of(offered, opus->payload_type)) {
    // Before Opus, or the vendor's client sends plain Opus: it sends what is answered first.
    out.codecs.insert(out.codecs.begin(), *red);
    out.codecs[0].feedback.clear();
    audio.red_payload_type = red->payload_type;
  }
  answer.session.audio = audio;
  return out;
}

// The parameters without what is meant for the offerer's own encoder.
std::string plain_fmtp(std::string_view fmtp) {
  std::string out;
  while (!fmtp.empty()) {
    const std::size_t end = std::min(fmtp.find(';'), fmtp.size());
    const std::string_view one = fmtp.substr(0, end);
    fmtp.remove_prefix(std::min(end + 1, fmtp.size()));
    if (one.starts_with("x-google-")) continue;
    if (!out.empty()) out += ';';
    out += one;
  }
  return out;
}

std::string_view parameter(std::string_view fmtp, std::string_view name) {
  while (!fmtp.empty()) {
    const std::size_t end = std::min(fmtp.find(';'), fmtp.size());
    std::string_view one = fmtp.substr(0, end);
    fmtp.remove_prefix(std::min(end + 1, fmtp.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (one.starts_with(name) && one.substr(name.size()).starts_with('=')) return one.substr(name.size() + 1);
  }
  return {};
}

// Which of ours this is; 0: none. H.264: fragments are needed, and only what is baseline is decoded everywhere; the last
// byte of its profile is the level, which is the receiver's own affair.
CodecSet codec_of(const rtc::SdpCodec& c) {
  if (c.clock_rate != 90000) return 0;
  if (c.name == "VP8") return kTakesVp8;
  if (c.name == "VP9") {
    const std::string_view profile = parameter(c.fmtp, "profile-id");
    return profile.empty() || profile == "0" ? kTakesVp9 : 0;
  }
  if (c.name != "H264" || parameter(c.fmtp, "packetization-mode") != "1") return 0;
  const std::string_view profile = parameter(c.fmtp, "profile-level-id");
  if (profile.size() != 6) return 0;
  if (profile.starts_with("42e0") || profile.starts_with("42E0")) return kTakesH264ConstrainedBaseline;
  return profile.starts_with("4200") ? kTakesH264Baseline : 0;
}

wire::TapCodec tap_codec(CodecSet one) {
  return one == kTakesVp8 ? wire::TapCodec::vp8 : one == kTakesVp9 ? wire::TapCodec::vp9 : wire::TapCodec::h264;
}

// The codecs of ours that are offered and taken here.
struct PickedCodecs {
  std::vector<rtc::SdpCodec> lines;            // with their RTX, as offered
  std::vector<wire::SfuVideoType> types;       // of H.264, constrained baseline first
  CodecSet set = 0;

  // VP8 has fields of its own.
  template <class Section>
  void give(Section& section) const {
    for (const wire::SfuVideoType& type : types) {
      if (type.codec != wire::TapCodec::vp8) {
        section.other_types.push_back(type);
      } else {
        section.payload_type = type.payload_type;
        section.rtx_payload_type = type.rtx_payload_type;
      }
    }
  }
  bool repairs() const {
    return std::any_of(types.begin(), types.end(), [](const auto& t) { return t.rtx_payload_type != 0; });
  }
};

PickedCodecs pick_video(const SdpMedia& offered, CodecSet taken) {
  PickedCodecs out;
  for (const rtc::SdpCodec& c : offered.codecs) {
    const CodecSet one = codec_of(c);
    if ((one & taken) == 0 || (out.set & one) != 0) continue;
    out.set |= one;
    // Both ways arrivals are told, for the estimation of whoever sends. Downstream REMB is for receivers that tell none.
    out.lines.push_back(with_feedback(c, {"transport-cc", "ccm fir", "nack", "nack pli", "goog-remb"}));
    out.lines.back().fmtp = one == kTakesVp8 ? std::string() : plain_fmtp(c.fmtp);
    wire::SfuVideoType type{tap_codec(one), c.payload_type, 0};
    if (const rtc::SdpCodec* rtx = offered.rtx_for(c.payload_type)) {
      out.lines.push_back(*rtx);
      out.lines.back().feedback.clear();
      type.rtx_payload_type = rtx->payload_type;
    }
    if (one == kTakesH264ConstrainedBaseline) out.types.insert(out.types.begin(), type);
    else out.types.push_back(type);
  }
  return out;
}

// As many encodings as the SUBSCRIBE names, each found by its rid. Without that agreement one stream is taken.
void take_layers(const SdpMedia& offered, const AnswerInput& input, const wire::SfuExtensionIds& ids, SdpMedia& out, wire::SfuCamera& camera) {
  const std::vector<std::string>& rids = offered.simulcast_send;
  if (rids.size() < 2 || rids.size() > wire::kLayersMax || rids.size() != input.camera_layers.size() || ids.rid == 0) return;
  const bool declared = std::all_of(rids.begin(), rids.end(), [&](const std::string& rid) {
    return std::find(offered.rids.begin(), offered.rids.end(), rid) != offered.rids.end() && std::count(rids.begin(), rids.end(), rid) == 1;
  });
  if (!declared) return;
  out.simulcast_receive = rids;
  camera.stream_id = input.camera_layers.front().stream_id;
  camera.ssrc = camera.rtx_ssrc = 0;
  camera.max_bitrate_bps = 0;
  for (std::size_t i = 0; i < rids.size(); ++i) {
    const auto& layer = input.camera_layers[i];
    camera.layers.push_back({rids[i], layer.stream_id, layer.kbps * 1000});
    camera.max_bitrate_bps += layer.kbps * 1000;
  }
}

SdpMedia answer_camera(const SdpMedia& offered, const AnswerInput& input, Answer& answer) {
  SdpMedia out;
  out.kind = "video";
  out.mid = offered.mid;
  const PickedCodecs picked = pick_video(offered, input.codecs);
  answer.takes |= picked.set;
  out.codecs = picked.lines;
  if (out.codecs.empty()) return rejected(offered);
  const bool sends = offered.direction == SdpDirection::sendrecv || offered.direction == SdpDirection::sendonly;
  // rid and repaired-rid also while one stream is sent: an extension refused once is not offered again, and a client with
  // simulcast on then fails in setLocalDescription and reconnects for ever.
  out.extensions = pick_extensions(offered,
                                   {RtpExtension::mid, RtpExtension::transport_cc, RtpExtension::abs_send_time, RtpExtension::orientation,
                                    RtpExtension::rid, RtpExtension::repaired_rid},
                                   answer.session.extensions);
  if (!sends || !input.camera_wanted) {
    out.direction = SdpDirection::inactive;
    return out;
  }
  out.direction = input.camera_receives ? rtc::reversed(offered.direction) : SdpDirection::recvonly;
  wire::SfuCamera camera;
  camera.mid = offered.mid;
  camera.stream_id = input.camera_stream_id;
  if (input.camera_kbps != 0) camera.max_bitrate_bps = input.camera_kbps * 1000;
  picked.give(camera);
  if (!offered.fid_groups.empty()) {
    camera.ssrc = offered.fid_groups.front().first;
    camera.rtx_ssrc = offered.fid_groups.front().second;
  } else if (!offered.ssrcs.empty()) {
    camera.ssrc = offered.ssrcs.front().ssrc;
  }
  take_layers(offered, input, answer.session.extensions, out, camera);
  answer.session.camera = camera;
  answer.camera = true;
  return out;
}

SdpMedia answer_receive(const SdpMedia& offered, std::uint32_t stream_id, const AnswerInput& input, Answer& answer) {
  SdpMedia out;
  out.kind = "video";
  out.mid = offered.mid;
  const PickedCodecs picked = pick_video(offered, input.codecs);
  answer.takes |= picked.set;
  out.codecs = picked.lines;
  if (out.codecs.empty()) return rejected(offered);
  out.extensions = pick_extensions(offered, {RtpExtension::mid, RtpExtension::transport_cc, RtpExtension::abs_send_time, RtpExtension::orientation},
                                   answer.session.extensions);
  // Its arrivals, so that we may estimate what its link carries.
  const bool told = std::find(out.codecs[0].feedback.begin(), out.codecs[0].feedback.end(), "transport-cc") != out.codecs[0].feedback.end();
  if (told && answer.session.extensions.transport_cc != 0) answer.session.transport_feedback = true;
  const bool has_it = std::any_of(answer.session.receives.begin(), answer.session.receives.end(),
                                  [&](const wire::SfuReceive& r) { return r.stream_id == stream_id; });
  if (stream_id == 0 || offered.direction != SdpDirection::recvonly || has_it || answer.session.receives.size() >= input.receives_max ||
      !input.is_published(stream_id)) {
    out.direction = SdpDirection::inactive;
    return out;
  }
  out.direction = SdpDirection::sendonly;
  const auto [ssrc, rtx_ssrc] = input.ssrcs_for(offered.mid, stream_id);
  out.msid = "v_" + offered.mid + " v_" + offered.mid;
  wire::SfuReceive receive;
  receive.mid = offered.mid;
  receive.stream_id = stream_id;
  picked.give(receive);
  receive.ssrc = ssrc;
  out.ssrcs.push_back({ssrc, input.cname});
  if (picked.repairs()) {
    receive.rtx_ssrc = rtx_ssrc;
    out.ssrcs.push_back({rtx_ssrc, input.cname});
    out.fid_groups.emplace_back(ssrc, rtx_ssrc);
  }
  answer.session.receives.push_back(receive);
  return out;
}

}  // namespace

AnswerResult build_answer(std::string_view offer_text, const AnswerInput& input) {
  const auto offer = rtc::parse_sdp(offer_text);
  if (!offer) return fail(ErrorCode::invalid_argument, "the offer is not valid SDP: " + std::string(to_string(offer.error())));
  if (offer->media.empty()) return fail(ErrorCode::invalid_argument, "the offer has no media section");
  Answer answer;
  std::vector<SdpMedia> sections;
  std::size_t video_at = 0;
  bool camera_seen = false;
  const SdpMedia* bundled = nullptr;
  for (const SdpMedia& m : offer->media) {
    if (m.mid.empty()) return fail(ErrorCode::invalid_argument, "a section of the offer has no mid");
    // The section whose transport all use: never a bundle-only one (RFC 9143 §7.2.1).
    if (m.port != 0 && bundled == nullptr) bundled = &m;
    if (m.kind == "audio") {
      sections.push_back(answer.session.audio ? rejected(m) : answer_audio(m, input, answer));
    } else if (m.kind == "video") {
      const std::uint32_t stream_id = video_at < input.receive_stream_ids.size() ? input.receive_stream_ids[video_at] : 0;
      ++video_at;
      if (m.is_rejected()) {
        sections.push_back(rejected(m));
      } else if (!camera_seen && m.direction != SdpDirection::recvonly) {
        camera_seen = true;
        sections.push_back(answer_camera(m, input, answer));
      } else {
        sections.push_back(answer_receive(m, stream_id, input, answer));
      }
    } else {
      sections.push_back(rejected(m));
    }
  }
  if (bundled == nullptr) return fail(ErrorCode::invalid_argument, "every section of the offer is rejected");
  if (bundled->ice_ufrag.empty() || bundled->ice_pwd.empty()) {
    return fail(ErrorCode::invalid_argument, "the offer has no ICE credentials");
  }
  if (bundled->fingerprint_hash != "sha-256") {
    return fail(ErrorCode::invalid_argument, "the offer needs a sha-256 fingerprint");
  }
  if (bundled->setup != "actpass" && bundled->setup != "active") {
    return fail(ErrorCode::invalid_argument, "the offer must allow the client to be the active DTLS end");
  }
  answer.session.remote_ufrag = bundled->ice_ufrag;
  answer.session.remote_pwd = bundled->ice_pwd;
  answer.session.remote_fingerprint = bundled->fingerprint;
  rtc::SdpTransport transport = input.transport;
  transport.setup = "passive";
  transport.ice_lite = true;
  answer.sdp = rtc::write_sdp(input.session_id, input.version, transport, sections);
  return answer;
}

}  // namespace upcall::signaling
