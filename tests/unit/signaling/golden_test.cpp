// The captured offers of the real client against the rules its answers must keep (every rule here was seen to break it
// when violated).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "json/json.hpp"
#include "rtc/sdp/session_description.hpp"
#include "room_bench.hpp"

namespace upcall::signaling {
namespace {

using rtc::SdpDirection;

// Every SUBSCRIBE of a capture in order; stream ids as recorded.
struct Recorded {
  std::string offer;
  bool duplex = false;
  std::vector<std::uint32_t> receive;
  std::vector<std::uint32_t> video_kbps;   // one a video send stream
};

std::vector<Recorded> subscribes_of(const std::string& capture) {
  std::vector<Recorded> out;
  const std::string text = captured(capture + "/frames.json");
  const auto root = json::parse_object(text, 8 << 20);
  if (!root) return out;
  for (const auto& item : *json::array_at(*root, "frames")) {
    const auto* frame = json::object_at(item.as_object(), "f");
    if (frame == nullptr) continue;   // the socket's own events
    if (json::text_or(*frame, "type") != "SUBSCRIBE" || json::text_or(item.as_object(), "dir") != "C>S") continue;
    const auto* sub = json::object_at(*frame, "sub");
    Recorded r;
    std::string number = std::to_string(out.size() * 2 + 1);
    if (number.size() < 2) number = "0" + number;
    r.offer = captured(capture + "/" + number + "-offer.sdp");
    r.duplex = json::text_or(*sub, "duplex") == "DUPLEX";
    if (const auto* ids = json::array_at(*sub, "receiveStreamIds")) {
      for (const auto& id : *ids) r.receive.push_back(static_cast<std::uint32_t>(id.as_int64()));
    }
    const auto* streams = json::array_at(*sub, "sendStreams");   // absent without audio and camera
    for (const auto& stream : streams ? *streams : boost::json::array()) {
      if (json::text_or(stream.as_object(), "mediaType") != "VIDEO") continue;
      r.video_kbps.push_back(static_cast<std::uint32_t>(json::integer_at(stream.as_object(), "maxBitrateKbps").value_or(0)));
    }
    out.push_back(std::move(r));
  }
  return out;
}

class Golden : public testing::TestWithParam<const char*> {};

TEST_P(Golden, AnswersKeepEveryRuleOfTheClient) {
  const auto recorded = subscribes_of(GetParam());
  ASSERT_FALSE(recorded.empty());
  RoomBench bench;
  // Whoever the recorded client watched publishes here too, under our numbers.
  std::map<std::uint32_t, std::uint32_t> ours;
  for (const Recorded& r : recorded) {
    for (const std::uint32_t id : r.receive) {
      if (id == 0 || ours.contains(id) || ours.size() >= 6) continue;
      const SessionNo publisher = bench.enter("publisher-" + std::to_string(id), true);
      for (const auto& frame : bench.take(publisher)) {
        if (frame.type() == wire::SignalFrame::SUBSCRIBE_ACK) ours[id] = frame.suback().allocations(0).stream_id();
      }
      ASSERT_NE(ours[id], 0u);
    }
  }
  const bool content = std::string(GetParam()).ends_with("-2");
  const SessionNo self = bench.open(content ? "att-self#content" : "att-self");
  bench.join(self);
  std::map<std::string, std::uint32_t> ssrc_of;   // mid + stream
  for (const Recorded& r : recorded) {
    ASSERT_FALSE(r.offer.empty());
    wire::SignalFrame frame;
    frame.set_type(wire::SignalFrame::SUBSCRIBE);
    auto* sub = frame.mutable_sub();
    sub->set_duplex(r.duplex ? signal::DUPLEX : signal::RX);
    sub->set_sdp_offer(r.offer);
    std::vector<std::uint32_t> receive;
    for (const std::uint32_t id : r.receive) receive.push_back(ours.contains(id) ? ours[id] : 0);
    for (const std::uint32_t id : receive) sub->add_receive_stream_ids(id);
    sub->add_send_streams()->set_media_type(signal::AUDIO);
    for (const std::uint32_t kbps : r.video_kbps) {
      auto* video = sub->add_send_streams();
      video->set_media_type(signal::VIDEO);
      video->set_max_bitrate_kbps(kbps);
    }
    bench.take(self);
    bench.take_commands();
    bench.feed(self, frame);
    const auto frames = bench.take(self);
    const auto ack = std::find_if(frames.begin(), frames.end(), [](const auto& f) { return f.type() == wire::SignalFrame::SUBSCRIBE_ACK; });
    ASSERT_NE(ack, frames.end());
    ASSERT_FALSE(ack->has_error()) << ack->error().description();
    const std::string& text = ack->suback().sdp_answer();
    const auto offer = rtc::parse_sdp(r.offer);
    const auto answer = rtc::parse_sdp(text);
    ASSERT_TRUE(offer && answer);

    const auto lite = text.find("a=ice-lite"), times = text.find("t=");
    ASSERT_NE(lite, std::string::npos);
    EXPECT_GT(lite, times) << "Chromium rejects it before t=";
    EXPECT_EQ(text.find("ice-options"), std::string::npos);
    EXPECT_EQ(text.find("AV1"), std::string::npos);

    ASSERT_EQ(answer->media.size(), offer->media.size());
    std::size_t video_at = 0, tracks = 0;
    bool camera_seen = false;
    for (std::size_t i = 0; i < offer->media.size(); ++i) {
      const auto& o = offer->media[i];
      const auto& a = answer->media[i];
      SCOPED_TRACE("section " + std::to_string(i) + " mid " + o.mid);
      EXPECT_EQ(a.kind, o.kind);
      EXPECT_EQ(a.mid, o.mid);
      if (o.kind == "audio") {
        EXPECT_EQ(a.direction, SdpDirection::sendrecv);
        // Redundant audio first where it was offered, or the client never sends it; then Opus, and nothing else.
        const auto* red = o.codec("red");
        ASSERT_EQ(a.codecs.size(), red != nullptr ? 2u : 1u);
        if (red != nullptr) EXPECT_EQ(a.codecs[0].payload_type, red->payload_type);
        EXPECT_EQ(a.codecs.back().payload_type, o.codec("opus")->payload_type);
      }
      for (const auto& e : a.extensions) {
        const auto same = std::find_if(o.extensions.begin(), o.extensions.end(), [&](const auto& x) { return x.id == e.id; });
        ASSERT_NE(same, o.extensions.end()) << e.uri;
        EXPECT_EQ(same->uri, e.uri);
      }
      if (o.port != 0) {
        EXPECT_NE(a.port, 0);
        EXPECT_EQ(a.setup, "passive");
        EXPECT_EQ(a.fingerprint_hash, "sha-256");
        EXPECT_TRUE(a.rtcp_mux);
      }
      if (o.kind != "video") continue;
      const std::uint32_t wanted = video_at < receive.size() ? receive[video_at] : 0;
      ++video_at;
      if (o.port == 0) {
        EXPECT_EQ(a.port, 0);
        continue;
      }
      ASSERT_FALSE(a.codecs.empty());
      // In the order offered, each with its RTX, and with the text of its parameters: the client compares that.
      std::vector<std::string> names;
      for (std::size_t at = 0; at < a.codecs.size(); ++at) {
        const auto& line = a.codecs[at];
        const auto same = std::find_if(o.codecs.begin(), o.codecs.end(), [&](const auto& x) { return x.payload_type == line.payload_type; });
        ASSERT_NE(same, o.codecs.end());
        EXPECT_EQ(line.fmtp, same->fmtp.substr(0, same->fmtp.find(";x-google")));
        if (line.name == "rtx") continue;
        names.push_back(line.name + " " + line.fmtp);
        if (const auto* rtx = o.rtx_for(line.payload_type)) {
          ASSERT_LT(at + 1, a.codecs.size());
          EXPECT_EQ(a.codecs[at + 1].payload_type, rtx->payload_type);
        }
      }
      EXPECT_THAT(names, testing::UnorderedElementsAre(
          "VP8 ", "VP9 profile-id=0", "H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
          "H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"));
      if (!camera_seen && o.direction != SdpDirection::recvonly) {
        camera_seen = true;
        EXPECT_EQ(a.direction, r.duplex ? SdpDirection::sendrecv : SdpDirection::inactive);
        EXPECT_TRUE(a.ssrcs.empty());
        continue;
      }
      if (wanted == 0) {
        EXPECT_EQ(a.direction, SdpDirection::inactive);
        continue;
      }
      EXPECT_EQ(a.direction, SdpDirection::sendonly);
      EXPECT_THAT(a.msid, testing::StartsWith("v_" + o.mid + " "));
      ASSERT_EQ(a.fid_groups.size(), 1u);
      const auto& track = ack->suback().tracks(static_cast<int>(tracks++));
      EXPECT_EQ(track.track_label(), "v_" + o.mid);
      EXPECT_EQ(track.stream_id(), wanted);
      EXPECT_EQ(track.ssrc(), a.fid_groups[0].first);
      // The same stream in the same section keeps its SSRC over renegotiations; no two share one.
      const auto [at, fresh] = ssrc_of.emplace(o.mid + "/" + std::to_string(wanted), track.ssrc());
      EXPECT_EQ(at->second, track.ssrc());
    }
    EXPECT_EQ(static_cast<std::size_t>(ack->suback().tracks_size()), tracks);
    EXPECT_EQ(static_cast<std::size_t>(ack->suback().allocations_size()), r.duplex ? r.video_kbps.size() : 0u);
    // What the media worker is told says the same.
    bool session_set = false;
    for (const auto& command : bench.take_commands()) {
      const auto* set = std::get_if<wire::SfuSetSession>(&command);
      if (set == nullptr) continue;
      session_set = true;
      EXPECT_EQ(set->receives.size(), tracks);
      EXPECT_EQ(set->camera.has_value(), r.duplex);
      EXPECT_EQ(set->audio.has_value(), offer->media[0].kind == "audio");
      if (set->audio) {
        EXPECT_EQ(set->audio->sends, !content);
      }
      EXPECT_NE(set->extensions.mid, 0);
      EXPECT_EQ(set->remote_ufrag, offer->media[0].ice_ufrag);
    }
    EXPECT_TRUE(session_set);
  }
  std::set<std::uint32_t> different;
  for (const auto& [key, ssrc] : ssrc_of) different.insert(ssrc);
  EXPECT_EQ(different.size(), ssrc_of.size());
}

INSTANTIATE_TEST_SUITE_P(Captures, Golden,
                         testing::Values("audio-only", "camera", "codecs2", "content-1", "content-2", "contentsim-1", "contentsim-2",
                                         "icelite", "noaudio", "nomic", "opusonly", "passive", "remote", "simulcast", "ssna", "svc"),
                         [](const auto& capture) {
                           std::string name = capture.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace upcall::signaling
