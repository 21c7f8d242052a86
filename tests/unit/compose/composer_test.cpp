// The composer against a studio that only notes what it was told.
#include <gtest/gtest.h>

#include "note_studio.hpp"

namespace upcall::compose {
namespace {

TEST(Composer, RosterAndStreamsBecomeScenesAtTheirOwnTime) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(wire::TapAttendee{0, "b", "Ben", false});
  c.feed(source(0, 1, "a"));
  for (std::uint64_t i = 0; i < 90; ++i) {
    if (i == 30) c.feed(source(1'000'000, 2, "b#content", true));
    if (i == 60) c.feed(wire::TapSourceEnd{2'000'000, 2});
    if (i == 70) c.feed(wire::TapMute{2'333'000, "a", true});
    if (i == 80) c.feed(wire::TapAttendeeLeft{2'666'000, "b", false});
    c.frame(1, i * 33'333, i % 30 == 0);
    if (i >= 30 && i < 60) c.frame(2, i * 33'333, i == 30);
  }
  c.feed(wire::TapStop{3'000'000, wire::TapStopReason::requested});
  EXPECT_TRUE(c.composer.stopped());
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.studio.end, 90);
  EXPECT_EQ(c.studio.blocks, 150);
  EXPECT_EQ(c.studio.decoded[1], 90);
  EXPECT_EQ(c.studio.decoded[2], 30);
  const auto scene_at = [&](std::int64_t tick) {
    Scene out;
    for (const auto& s : c.studio.shown) {
      if (s.tick <= tick) out = s.scene;
    }
    return out;
  };
  ASSERT_EQ(scene_at(20).tiles.size(), 2u);
  EXPECT_EQ(scene_at(20).tiles[0].source, 1u);
  EXPECT_EQ(scene_at(20).tiles[1].source, 0u);   // Ben's placeholder
  ASSERT_EQ(scene_at(45).tiles.size(), 3u);
  EXPECT_TRUE(scene_at(45).tiles[0].content);
  EXPECT_EQ(scene_at(45).tiles[0].name, "Ben");
  EXPECT_EQ(scene_at(66).tiles.size(), 2u);
  EXPECT_FALSE(scene_at(66).tiles[0].muted);
  EXPECT_TRUE(scene_at(75).tiles[0].muted);
  EXPECT_EQ(scene_at(88).tiles.size(), 1u);
}

TEST(Composer, ARefreshVoidsTheRosterAndAllStreamsBeforeIt) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(wire::TapAttendee{0, "b", "Ben", false});
  c.feed(source(0, 1, "a"));
  c.feed(source(0, 2, "b"));
  for (std::uint64_t i = 0; i < 30; ++i) {
    c.frame(1, i * 33'333, i == 0);
    c.frame(2, i * 33'333, i == 0);
  }
  // Lost meanwhile: Ben left, Anna muted herself, Cora came.
  c.feed(wire::TapGap{1'000'000, 2'000'000, wire::TapGapReason::disk_full, 99});
  c.feed(wire::TapRefresh{2'000'000, 3});
  c.feed(wire::TapAttendee{2'000'000, "a", "Anna", true});
  c.feed(wire::TapAttendee{2'000'000, "c", "Cora", false});
  c.feed(source(2'000'000, 3, "a"));
  c.feed(source(2'000'000, 4, "c"));
  for (std::uint64_t i = 0; i < 30; ++i) {
    c.frame(2, 2'000'000 + i * 33'333, true);   // from before: nobody's any more
    c.frame(3, 2'000'000 + i * 33'333, i == 0);
    c.frame(4, 2'000'000 + i * 33'333, i == 0);
  }
  c.feed(wire::TapStop{3'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.studio.closed, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(c.studio.decoded[2], 30);
  EXPECT_EQ(c.studio.decoded[4], 30);
  const Scene& last = c.studio.shown.back().scene;
  ASSERT_EQ(last.tiles.size(), 2u);
  EXPECT_EQ(last.tiles[0].source, 3u);
  EXPECT_TRUE(last.tiles[0].muted);
  EXPECT_EQ(last.tiles[1].name, "Cora");
  EXPECT_EQ(last.tiles[1].source, 4u);
  for (const auto& s : c.studio.shown) EXPECT_EQ(s.scene.tiles.size(), 2u) << "nobody flickers away in between, at " << s.tick;
}

TEST(Composer, AnUnchangedPictureIsNotEncodedAgainButForOnceASecond) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(wire::TapStop{10'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_GE(c.studio.shown.size(), 10u);
  EXPECT_LE(c.studio.shown.size(), 11u);
  EXPECT_EQ(c.composer.facts().duration_us, 10'000'000);
}

TEST(Composer, ABrokenFrameAsksForAKeyFrameAndARestartEndsOldStreams) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(source(0, 1, "a"));
  for (std::uint64_t i = 0; i < 30; ++i) c.frame(1, i * 33'333, i % 15 == 0, i == 5 ? 0xee : 1);
  c.feed(wire::TapGap{1'000'000, 4'000'000, wire::TapGapReason::server_restart, 0});
  c.feed(wire::TapAttendee{4'000'000, "a", "Anna", false});
  c.feed(source(4'000'000, 9, "a"));
  for (std::uint64_t i = 0; i < 30; ++i) c.frame(9, 4'000'000 + i * 33'333, i == 0);
  c.feed(wire::TapStop{5'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  // Frames 6 to 14 hang on the broken one.
  EXPECT_EQ(c.studio.decoded[1], 6 + 15);
  EXPECT_EQ(c.studio.decoded[9], 30);
  EXPECT_EQ(c.studio.closed, std::vector<std::uint32_t>{1});
  EXPECT_EQ(c.composer.facts().gaps, 1u);
  EXPECT_EQ(c.studio.shown.back().scene.tiles[0].source, 9u);
}

TEST(Composer, ManyVoicesNeverClipAndAFailingStudioEndsTheFilm) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  for (std::uint32_t s = 1; s <= 4; ++s) {
    c.feed(wire::TapSource{0, s, "x" + std::to_string(s), wire::TapKind::audio, wire::TapCodec::opus, 48000, 0, false});
  }
  const std::uint8_t payload[3] = {1, 2, 3};
  for (std::uint64_t i = 0; i < 100; ++i) {
    for (std::uint32_t s = 1; s <= 4; ++s) {
      wire::TapPacket p;
      p.at_us = i * 20'000;
      p.source = s;
      p.sequence = static_cast<std::uint16_t>(i);
      p.timestamp = static_cast<std::uint32_t>(i * 960);
      p.payload = payload;
      c.feed(p);
    }
  }
  c.feed(wire::TapStop{2'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_GT(c.studio.loudest, 0.9f);
  EXPECT_LE(c.studio.loudest, 1.0f);

  Call bad;
  bad.studio.fail_show = true;
  bad.feed(wire::TapStart{1, "r", "m", 0});
  EXPECT_FALSE(bad.composer.advance(5'000'000).has_value());
}

TEST(Composer, ABrokenClockIsRefusedInsteadOfComposingForYears) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  EXPECT_EQ(c.composer.feed(wire::TapMute{1ull << 61, "a", true}).error().code, ErrorCode::corrupt);
  EXPECT_FALSE(c.composer.advance(INT64_MAX / 2).has_value());
  EXPECT_TRUE(c.studio.shown.empty());
}

}  // namespace
}  // namespace upcall::compose
