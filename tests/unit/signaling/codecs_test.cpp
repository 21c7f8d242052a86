// Which codecs are answered, told to publishers and given to the media worker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"
#include "rtc/sdp/session_description.hpp"
#include "signaling/answer.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;
using testing::ElementsAre;
using testing::UnorderedElementsAre;

// The offer with nothing but these payload types (and audio) in its video sections.
std::string only(const std::string& offer, const std::vector<std::string>& types) {
  std::string out;
  bool video = false;
  for (std::size_t at = 0; at < offer.size();) {
    const std::size_t end = offer.find("\r\n", at) + 2;
    std::string line = offer.substr(at, end - at);
    at = end;
    if (line.starts_with("m=")) video = line.starts_with("m=video");
    if (video && line.starts_with("m=video")) {
      line = line.substr(0, line.find("SAVPF") + 5);
      for (const std::string& type : types) line += " " + type;
      line += "\r\n";
    }
    const std::size_t colon = line.find(':');
    const bool of_type = line.starts_with("a=rtpmap:") || line.starts_with("a=fmtp:") || line.starts_with("a=rtcp-fb:");
    if (video && of_type) {
      const std::string type = line.substr(colon + 1, line.find(' ') - colon - 1);
      if (std::find(types.begin(), types.end(), type) == types.end()) continue;
    }
    out += line;
  }
  return out;
}

// Of the last INDEX among these frames; empty: there was none.
std::vector<int> told(const std::vector<F>& frames) {
  std::vector<int> out;
  for (const F& f : frames) {
    if (f.type() != F::INDEX) continue;
    out.assign(f.index().supported_receive_codec_intersection().begin(), f.index().supported_receive_codec_intersection().end());
  }
  return out;
}

const std::vector<int> kAll = {signal::VP8, signal::H264_BASELINE_PROFILE, signal::H264_CONSTRAINED_BASELINE_PROFILE, signal::VP9_PROFILE_0};

const wire::SfuSetSession* last_session(const RoomBench& bench) {
  const wire::SfuSetSession* out = nullptr;
  for (const auto& c : bench.out.commands) {
    if (const auto* s = std::get_if<wire::SfuSetSession>(&c)) out = s;
  }
  return out;
}

TEST(Codecs, TheWorkerLearnsThePayloadTypesOfAllThatWereAgreedOn) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  bench.join(a);
  bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
  const auto* session = last_session(bench);
  ASSERT_TRUE(session != nullptr && session->camera);
  const wire::SfuCamera& camera = *session->camera;
  EXPECT_EQ(camera.payload_type, 96);
  EXPECT_EQ(camera.rtx_payload_type, 97);
  EXPECT_THAT(camera.other_types, UnorderedElementsAre(wire::SfuVideoType{wire::TapCodec::h264, 108, 109}, wire::SfuVideoType{wire::TapCodec::h264, 102, 103},
                                                       wire::SfuVideoType{wire::TapCodec::vp9, 98, 99}));
  EXPECT_EQ(wire::video_type_of(camera, wire::TapCodec::h264)->payload_type, 108) << "constrained baseline before baseline";
  EXPECT_FALSE(wire::video_type_of(camera, wire::TapCodec::av1));
}

TEST(Codecs, WhoTakesLessNarrowsWhatAllAreToldAndWidensItByLeaving) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  bench.join(a);
  EXPECT_EQ(told(bench.take(a)), kAll);
  bench.subscribe(a, captured("camera/03-offer.sdp"), {0}, true);
  bench.sfu(wire::SfuConnected{bench.connection_of(a)});
  bench.take(a);
  const SessionNo b = bench.open("b");
  bench.join(b);
  bench.subscribe(b, only(captured("audio-only/01-offer.sdp"), {"96", "97", "102", "103"}));
  EXPECT_THAT(told(bench.take(a)), ElementsAre(signal::VP8, signal::H264_BASELINE_PROFILE));
  const SessionNo c = bench.open("c");
  bench.join(c);
  bench.subscribe(c, only(captured("audio-only/01-offer.sdp"), {"96", "97"}));
  EXPECT_THAT(told(bench.take(a)), ElementsAre(signal::VP8));
  // Its next offer has more.
  bench.subscribe(c, captured("audio-only/01-offer.sdp"));
  EXPECT_THAT(told(bench.take(a)), ElementsAre(signal::VP8, signal::H264_BASELINE_PROFILE));
  F leave;
  leave.set_type(F::LEAVE);
  leave.mutable_leave();
  bench.feed(b, leave);
  EXPECT_EQ(told(bench.take(a)), kAll);
}

TEST(Codecs, SharesAndTheRecordingNarrowNothing) {
  RoomBench bench;
  const SessionNo a = bench.open("a");
  bench.join(a);
  bench.subscribe(a, captured("audio-only/01-offer.sdp"));
  bench.sfu(wire::SfuConnected{bench.connection_of(a)});
  bench.room->add_silent_attendee(bench.now, {"rec", "rec", "RECORDING"}, bench.out);
  bench.take(a);
  const SessionNo share = bench.open("a#content");
  bench.join(share);
  bench.subscribe(share, only(captured("content-1/01-offer.sdp"), {"96", "97"}));
  for (const F& f : bench.take(a)) {
    if (f.type() == F::INDEX) {
      EXPECT_EQ(told({f}), kAll);
    }
  }
}

TEST(Codecs, ADeploymentTakesWhatItIsToldTo) {
  AnswerInput input;
  input.codecs = kTakesH264;
  input.camera_wanted = true;
  input.camera_stream_id = 1;
  input.is_published = [](std::uint32_t) { return true; };
  input.ssrcs_for = [](const std::string&, std::uint32_t) { return std::pair(1u, 2u); };
  const auto answer = build_answer(captured("camera/03-offer.sdp"), input);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->takes, kTakesH264);
  EXPECT_EQ(answer->session.camera->payload_type, 0);
  EXPECT_EQ(answer->sdp.find("VP8"), std::string::npos);
  EXPECT_EQ(answer->sdp.find("VP9"), std::string::npos);
  // Nothing in common: the section is rejected, the call goes on without video.
  const auto none = build_answer(only(captured("camera/03-offer.sdp"), {"96", "97"}), input);
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->camera);
  EXPECT_EQ(none->takes, 0);
}

TEST(Codecs, OtherProfilesAndModesOfACodecAreNoneOfOurs) {
  AnswerInput input;
  // 104, 114: packetization-mode 0; 116: main; 100: VP9 of 10 bits.
  const auto answer = build_answer(only(captured("audio-only/01-offer.sdp"), {"96", "97", "104", "114", "116", "100", "45"}), input);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->takes, kTakesVp8);
}

}  // namespace
}  // namespace upcall::signaling
