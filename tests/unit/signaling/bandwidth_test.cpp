// What clients are told of bandwidth: tiles that are held back, what streams come to, what their links carry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;

struct RoomBandwidth : testing::Test {
  RoomBench bench;
  SessionNo camera = bench.enter("a", true), viewer = bench.enter("b");
  std::uint32_t stream = 0, group = 0;
  RoomBandwidth() {
    for (const F& frame : bench.take(viewer)) {
      if (frame.type() != F::INDEX || frame.index().sources_size() == 0) continue;
      stream = frame.index().sources(0).stream_id();
      group = frame.index().sources(0).group_id();
    }
    bench.take(camera);
  }
};

TEST_F(RoomBandwidth, ATileThatIsHeldIsPausedByItsGroupForThatReceiverAlone) {
  ASSERT_NE(group, 0u);
  bench.sfu(wire::SfuVideoHeld{bench.connection_of(viewer), stream, true});
  const auto paused = bench.take(viewer);
  ASSERT_EQ(paused.size(), 1u);
  EXPECT_EQ(paused[0].type(), F::PAUSE);
  EXPECT_THAT(paused[0].pause().group_ids(), testing::ElementsAre(group));
  bench.sfu(wire::SfuVideoHeld{bench.connection_of(viewer), stream, false});
  const auto resumed = bench.take(viewer);
  ASSERT_EQ(resumed.size(), 1u);
  EXPECT_EQ(resumed[0].type(), F::RESUME);
  EXPECT_TRUE(bench.take(camera).empty());
  bench.sfu(wire::SfuVideoHeld{bench.connection_of(viewer), stream + 77, true});   // has ended meanwhile
  EXPECT_TRUE(bench.take(viewer).empty());
}

TEST_F(RoomBandwidth, BitratesGoToEverybodyWithTheirOwnLinkInKilobits) {
  bench.sfu(wire::SfuBitrates{wire::MeetingNo{1}, {{stream, 850'000}}, {{bench.connection_of(viewer), 1'234'567}}});
  const auto to_viewer = bench.take(viewer), to_camera = bench.take(camera);
  ASSERT_EQ(to_viewer.size(), 1u);
  ASSERT_EQ(to_camera.size(), 1u);
  EXPECT_EQ(to_viewer[0].type(), F::BITRATES);
  EXPECT_EQ(to_viewer[0].bitrates().bitrates(0).source_stream_id(), stream);
  EXPECT_EQ(to_viewer[0].bitrates().bitrates(0).avg_bitrate_bps(), 850'000u);
  EXPECT_EQ(to_viewer[0].bitrates().server_available_outgoing_bitrate(), 1234u);
  EXPECT_FALSE(to_camera[0].bitrates().has_server_available_outgoing_bitrate()) << "not measured";
}

// Who offers to leave the choice to the server gets that, and its preferences count; nobody else is changed.
TEST(RoomAdaption, PreferencesOfWhoLeavesTheChoiceToTheServerReachTheMediaWorker) {
  RoomBench bench;
  const SessionNo camera = bench.enter("a", true);
  std::uint32_t stream = 0;
  for (const bool offers : {true, false}) {
    const SessionNo viewer = bench.open(offers ? "b" : "c");
    F join;
    join.set_type(F::JOIN);
    join.mutable_join()->set_protocol_version(2);
    join.mutable_join()->set_audio_session_id(5);
    if (offers) join.mutable_join()->add_supported_server_side_network_adaptions(signal::BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION);
    bench.feed(viewer, join);
    bool acknowledged = false;
    for (const F& frame : bench.take(viewer)) {
      if (frame.type() == F::INDEX && frame.index().sources_size() > 0) stream = frame.index().sources(0).stream_id();
      if (frame.type() != F::JOIN_ACK) continue;
      acknowledged = true;
      EXPECT_EQ(frame.joinack().default_server_side_network_adaption(),
                offers ? signal::BANDWIDTH_PROBING_AND_VIDEO_QUALITY_ADAPTION : signal::NONE);
    }
    EXPECT_TRUE(acknowledged);
    bench.subscribe(viewer, captured("remote/03-offer.sdp"), {0, stream});
    std::string mid;
    for (const auto& command : bench.take_commands()) {
      const auto* set = std::get_if<wire::SfuSetSession>(&command);
      if (set != nullptr && !set->receives.empty()) mid = set->receives[0].mid;
    }
    ASSERT_FALSE(mid.empty());
    F update;
    update.set_type(F::REMOTE_VIDEO_UPDATE);
    for (const std::string& named : {mid, std::string("77")}) {
      auto* one = update.mutable_remote_video_update()->add_added_or_updated_video_subscriptions();
      one->set_mid(named);
      one->set_priority(4294967294u);
    }
    bench.feed(viewer, update);
    std::vector<wire::SfuPreferReceives> told;
    for (const auto& command : bench.take_commands()) {
      if (const auto* prefer = std::get_if<wire::SfuPreferReceives>(&command)) told.push_back(*prefer);
    }
    ASSERT_EQ(told.size(), offers ? 1u : 0u);
    if (!offers) continue;
    ASSERT_EQ(told[0].receives.size(), 1u) << "a section that is none of its own";
    EXPECT_EQ(told[0].receives[0].mid, mid);
    EXPECT_EQ(told[0].receives[0].priority, 4294967294u);
  }
  std::ignore = camera;
}

}  // namespace
}  // namespace upcall::signaling
