// A camera in several sizes, as the vendor's client offers and names it (captures with simulcast on).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"
#include "rtc/sdp/session_description.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;
using testing::ElementsAre;

struct RoomSimulcast : testing::Test {
  RoomBench bench;
  SessionNo camera = bench.open("a"), viewer = bench.enter("b");

  // kbit/s of each layer, 0: not sent now; ids as the last answer allotted them.
  void publish(const std::string& capture, std::vector<std::uint32_t> kbps) {
    F frame;
    frame.set_type(F::SUBSCRIBE);
    auto* sub = frame.mutable_sub();
    sub->set_duplex(signal::DUPLEX);
    sub->set_sdp_offer(captured(capture));
    sub->add_receive_stream_ids(0);
    sub->add_send_streams()->set_media_type(signal::AUDIO);
    for (std::size_t i = 0; i < kbps.size(); ++i) {
      auto* video = sub->add_send_streams();
      video->set_media_type(signal::VIDEO);
      video->set_track_label("");
      video->set_max_bitrate_kbps(kbps[i]);
      if (i < ids.size()) video->set_stream_id(ids[i]);
    }
    bench.feed(camera, frame);
    const auto frames = bench.take(camera);
    const auto ack = std::find_if(frames.begin(), frames.end(), [](const F& f) { return f.type() == F::SUBSCRIBE_ACK; });
    ASSERT_NE(ack, frames.end());
    ids.clear();
    groups.clear();
    for (const auto& a : ack->suback().allocations()) {
      ids.push_back(a.stream_id());
      groups.insert(a.group_id());
    }
    answer = ack->suback().sdp_answer();
    for (const auto& command : bench.take_commands()) {
      if (const auto* set = std::get_if<wire::SfuSetSession>(&command)) session = *set;
    }
  }
  // stream id → kbit/s of the last index that the viewer was sent.
  std::map<std::uint32_t, std::uint32_t> index() {
    std::set<std::uint32_t> named;
    for (const F& frame : bench.take(viewer)) {
      if (frame.type() != F::INDEX) continue;
      last.clear();
      named.clear();
      for (const auto& source : frame.index().sources()) {
        named.insert(source.group_id());
        last[source.stream_id()] = source.max_bitrate_kbps();
      }
    }
    EXPECT_EQ(named, groups);
    return last;
  }
  std::optional<wire::SfuReceive> watch(std::uint32_t stream) {
    bench.subscribe(viewer, captured("remote/03-offer.sdp"), {0, stream});
    std::optional<wire::SfuReceive> out;
    for (const auto& command : bench.take_commands()) {
      const auto* set = std::get_if<wire::SfuSetSession>(&command);
      if (set != nullptr && !set->receives.empty()) out = set->receives[0];
    }
    return out;
  }
  RoomSimulcast() {
    bench.join(camera);
    bench.take_commands();
  }

  std::vector<std::uint32_t> ids;
  std::set<std::uint32_t> groups;
  std::map<std::uint32_t, std::uint32_t> last;
  std::string answer;
  wire::SfuSetSession session;
};

TEST_F(RoomSimulcast, EachLayerGetsAnIdOfItsOwnAndTheAnswerTakesThemAll) {
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 3u);
  EXPECT_EQ(groups.size(), 1u);
  const auto sdp = rtc::parse_sdp(answer);
  ASSERT_TRUE(sdp);
  EXPECT_THAT(sdp->media[1].simulcast_receive, ElementsAre("low", "mid", "hi"));
  EXPECT_THAT(sdp->media[1].rids, ElementsAre("low", "mid", "hi"));
  EXPECT_THAT(answer, testing::HasSubstr("a=rid:mid recv\r\n"));
  ASSERT_TRUE(session.camera);
  ASSERT_EQ(session.camera->layers.size(), 3u);
  EXPECT_EQ(session.camera->stream_id, ids[0]);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(session.camera->layers[i].stream_id, ids[i]);
  EXPECT_EQ(session.camera->layers[2].rid, "hi");
  EXPECT_NE(session.extensions.rid, 0);
  EXPECT_NE(session.extensions.repaired_rid, 0);
  EXPECT_THAT(index(), ElementsAre(std::pair(ids[0], 300u), std::pair(ids[2], 1200u))) << "what is not sent cannot be watched";
}

TEST_F(RoomSimulcast, AChangeOfLayersKeepsTheirIdsAndIsToldToEverybody) {
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  const auto before = ids;
  publish("simulcast/05-offer.sdp", {200, 600, 0});
  EXPECT_EQ(ids, before);
  EXPECT_THAT(index(), ElementsAre(std::pair(ids[0], 200u), std::pair(ids[1], 600u)));
  publish("simulcast/07-offer.sdp", {0, 1200, 0});
  EXPECT_THAT(index(), ElementsAre(std::pair(ids[1], 1200u)));
}

TEST_F(RoomSimulcast, OneStreamInsteadOfLayersIsAnotherPublication) {
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  const auto layers = ids;
  const auto group = groups;
  publish("camera/03-offer.sdp", {1500});
  ASSERT_EQ(ids.size(), 1u);
  EXPECT_EQ(std::count(layers.begin(), layers.end(), ids[0]), 0) << "ids are never used again";
  EXPECT_GT(*groups.begin(), *group.begin()) << "of two groups of an attendee the client takes the higher";
  EXPECT_TRUE(session.camera->layers.empty());
  EXPECT_THAT(index(), ElementsAre(std::pair(ids[0], 1500u)));
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(session.camera->layers.size(), 3u);
}

TEST_F(RoomSimulcast, AnOfferThatDoesNotFitItsStreamsIsAnsweredWithOne) {
  publish("simulcast/03-offer.sdp", {300, 1200});
  EXPECT_TRUE(session.camera->layers.empty());
  EXPECT_THAT(answer, testing::Not(testing::HasSubstr("a=simulcast")));
  publish("camera/03-offer.sdp", {300, 600, 1200});
  EXPECT_TRUE(session.camera->layers.empty());
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 1u);
  const auto before = ids;
  publish("camera/03-offer.sdp", {300, 600, 1200});
  EXPECT_EQ(ids, before) << "the same publication, whatever is asked for again";
}

TEST_F(RoomSimulcast, WhoAsksForALayerGetsNoLargerOneAndKeepsItsStreamWhenItChangesItsMind) {
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  bench.take(viewer);
  const auto large = watch(ids[2]);
  ASSERT_TRUE(large);
  EXPECT_EQ(large->stream_id, ids[0]) << "the publication";
  EXPECT_EQ(large->layer_max, 2);
  const auto frames = bench.take(viewer);
  for (const F& f : frames) {
    if (f.type() == F::SUBSCRIBE_ACK) EXPECT_EQ(f.suback().tracks(0).stream_id(), ids[2]) << "as it was asked for";
  }
  const auto small = watch(ids[0]);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->layer_max, 0);
  EXPECT_EQ(small->ssrc, large->ssrc);
  F update;
  update.set_type(F::REMOTE_VIDEO_UPDATE);
  auto* one = update.mutable_remote_video_update()->add_added_or_updated_video_subscriptions();
  one->set_mid(small->mid);
  one->set_stream_id(ids[2]);
  bench.feed(viewer, update);
  one->set_stream_id(4711);
  bench.feed(viewer, update);
  std::vector<wire::SfuPreferReceives> told;
  for (const auto& command : bench.take_commands()) {
    if (const auto* prefer = std::get_if<wire::SfuPreferReceives>(&command)) told.push_back(*prefer);
  }
  ASSERT_EQ(told.size(), 1u) << "a stream that does not exist changes nothing";
  ASSERT_EQ(told[0].receives.size(), 1u);
  EXPECT_EQ(told[0].receives[0].layer_max, 2);
}

TEST_F(RoomSimulcast, ATileIsPausedByWhicheverLayerItShows) {
  publish("simulcast/03-offer.sdp", {300, 0, 1200});
  ASSERT_TRUE(watch(ids[2]));
  F pause;
  pause.set_type(F::PAUSE);
  pause.mutable_pause()->add_stream_ids(ids[2]);
  bench.feed(viewer, pause);
  const auto commands = bench.take_commands();
  ASSERT_EQ(commands.size(), 1u);
  const auto* paused = std::get_if<wire::SfuPauseReceive>(&commands[0]);
  ASSERT_NE(paused, nullptr);
  EXPECT_EQ(paused->stream_id, ids[0]);
  EXPECT_TRUE(paused->paused);
}

}  // namespace
}  // namespace upcall::signaling
