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

}  // namespace
}  // namespace upcall::signaling
