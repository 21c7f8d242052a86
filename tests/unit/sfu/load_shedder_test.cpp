// What a media thread with too much to do leaves out, and when it gives that back.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sfu/allocation.hpp"
#include "sfu/load_shedder.hpp"
#include "sim/live_peers.hpp"

namespace upcall::sfu {
namespace {

// A thread whose work is so much for each camera that receivers get, up to all of a processor.
struct Thread {
  double base_percent = 5, percent_each = 0;
  std::size_t asked = 24;
  LoadShedder load;
  std::vector<std::size_t> changes;
  unsigned busy() const {
    return static_cast<unsigned>(std::min(100.0, base_percent + percent_each * static_cast<double>(std::min(asked, load.cameras_most()))));
  }
  void run(int periods) {
    for (int i = 0; i < periods; ++i) {
      if (load.measured(busy(), asked)) changes.push_back(load.cameras_most());
    }
  }
};

TEST(LoadShedder, WhoHasTimeIsLeftAlone) {
  Thread thread{.percent_each = 3};   // 77 %
  thread.run(1000);
  EXPECT_EQ(thread.load.cameras_most(), LoadShedder::kAll);
}

TEST(LoadShedder, HalfAsMuchAgainAsItCanDoIsGoneWithinThreeSeconds) {
  Thread thread{.percent_each = 6};   // 149 %
  int periods = 0;
  while (thread.busy() > LoadShedder::kTooBusyPercent && periods < 100) {
    thread.run(1);
    ++periods;
  }
  EXPECT_LE(LoadShedder::kPeriod * periods, Duration::s(3));
  EXPECT_GE(thread.load.cameras_most(), 8u) << "and no more than that";
}

TEST(LoadShedder, ComesToRest) {
  for (double base = 0; base < 60; base += 5) {
    for (double each = 3.5; each < 24; each += 0.25) {
      Thread thread{.base_percent = base, .percent_each = each};
      thread.run(200);
      const std::size_t settled = thread.changes.size();
      thread.run(1000);
      EXPECT_EQ(thread.changes.size(), settled) << "flaps at " << base << " % and " << each << " % a camera";
      EXPECT_LE(thread.busy(), LoadShedder::kTooBusyPercent);
    }
  }
}

TEST(LoadShedder, NobodyIsLeftWithoutAnyPicture) {
  Thread thread{.percent_each = 300};
  thread.run(100);
  EXPECT_EQ(thread.load.cameras_most(), 1u);
}

TEST(LoadShedder, GivesAllBackWhenTheCrowdIsGone) {
  Thread thread{.percent_each = 6};
  thread.run(50);
  ASSERT_LT(thread.load.cameras_most(), 24u);
  thread.percent_each = 0.5;
  thread.run(400);
  EXPECT_EQ(thread.load.cameras_most(), LoadShedder::kAll);
}

// Handshakes of a crowd that joins at once make it busy too: what was left out meanwhile is soon back.
TEST(LoadShedder, IsBackAtWhatItCanDoWithinTenSecondsOfAStorm) {
  Thread thread{.base_percent = 100, .percent_each = 5};
  thread.run(24);
  ASSERT_LE(thread.load.cameras_most(), 2u);
  thread.base_percent = 5;
  int periods = 0;
  for (; thread.load.cameras_most() < 11 && periods < 1000; ++periods) thread.run(1);
  EXPECT_LE(LoadShedder::kPeriod * periods, Duration::s(10));
}

// In a large meeting most of the work is sound, and a camera more costs little beside it.
TEST(LoadShedder, WhatIsNoPictureIsNotTakenForOne) {
  Thread thread{.base_percent = 100, .percent_each = 2};
  thread.run(40);
  ASSERT_EQ(thread.load.cameras_most(), 1u);
  thread.base_percent = 50;
  thread.run(100);
  EXPECT_GE(thread.busy(), LoadShedder::kEasyPercent);
  EXPECT_LE(thread.busy(), LoadShedder::kTooBusyPercent);
}

TEST(LoadShedder, AllocationLeavesOutTheLastCamerasAndNoContent) {
  VideoDemand camera, content;
  camera.layer_bps[0] = content.layer_bps[0] = 400'000;
  content.content = true;
  VideoDemand preferred = camera;
  preferred.priority = 3;
  const std::vector<VideoDemand> demands{camera, camera, content, preferred};
  std::vector<VideoGrant> grants(demands.size());
  EXPECT_FALSE(allocate(50'000'000, demands, grants, 2)) << "the link is not to blame: no probe helps";
  EXPECT_EQ(grants[0].layer, 0);
  EXPECT_FALSE(grants[0].shed);
  EXPECT_EQ(grants[1].layer, kHeld);
  EXPECT_TRUE(grants[1].shed);
  EXPECT_EQ(grants[2].layer, 0) << "the shared screen";
  EXPECT_EQ(grants[3].layer, 0) << "the one that was asked for most";
  EXPECT_FALSE(allocate(50'000'000, demands, grants, 3));
  EXPECT_FALSE(grants[1].shed);
}

// One packet that is a whole frame of VP8.
sim::PlainRtp frame(std::uint16_t sequence, bool key) {
  sim::PlainRtp out;
  out.marker = true;
  out.sequence = sequence;
  out.timestamp = sequence * 3000u;
  out.payload = {0x10, static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
  return out;
}

// A viewer of four cameras and a shared screen, and a pair in another meeting of the same thread.
struct Crowd : testing::Test {
  Crowd() {
    for (int i = 0; i < 4; ++i) add("camera" + std::to_string(i));
    screen = &add("camera3#content");
    live.publish(pair_a);
    live.watch(pair_b, pair_a);
    send(true);
    live.advance(LoadShedder::kPeriod);
  }
  void TearDown() override { EXPECT_TRUE(live.breaches().empty()); }
  sim::LivePeer& add(const std::string& id) {
    sim::LivePeer& peer = live.join(1, id);
    live.publish(peer);
    live.watch(viewer, peer);
    return peer;
  }
  // A picture of everybody; what it was answered with stands in the peers.
  void send(bool key) {
    ++sequence;
    for (sim::LivePeer& peer : live.peers()) {
      peer.rtp.clear();
      peer.rtcp.clear();
    }
    for (sim::LivePeer& peer : live.peers()) {
      if (peer.session.camera) live.send_video(peer, frame(sequence, key));
    }
  }
  // As its thread is for so long.
  void busy(unsigned percent, int periods) {
    for (int i = 0; i < periods; ++i) {
      live.worker().on_load(live.now(), percent);
      live.advance(LoadShedder::kPeriod);
      send(false);
    }
  }
  bool viewer_sees(const sim::LivePeer& publisher) const {
    const std::uint32_t ssrc = live.section(viewer, publisher).ssrc;
    return std::any_of(viewer.rtp.begin(), viewer.rtp.end(), [&](const sim::PlainRtp& rtp) { return rtp.ssrc == ssrc; });
  }

  std::uint16_t sequence = 0;
  sim::LivePeers live;
  sim::LivePeer& pair_a = live.join(2, "a");
  sim::LivePeer& pair_b = live.join(2, "b");
  sim::LivePeer& viewer = live.join(1, "viewer");
  sim::LivePeer* screen = nullptr;
};

TEST_F(Crowd, SeesFewerCamerasAndThePairBesideItAllItHas) {
  ASSERT_EQ(viewer.rtp.size(), 5u);
  live.events().clear();
  busy(100, 1);
  EXPECT_EQ(live.worker().cameras_most(), 2u);
  EXPECT_EQ(viewer.rtp.size(), 3u);
  EXPECT_TRUE(viewer_sees(*screen)) << "the last to go";
  EXPECT_EQ(pair_b.rtp.size(), 1u);
  const auto told = std::count_if(live.events().begin(), live.events().end(), [&](const wire::SfuEvent& event) {
    const auto* held = std::get_if<wire::SfuVideoHeld>(&event);
    return held != nullptr && held->held && held->connection == viewer.no;
  });
  EXPECT_EQ(told, 2) << "clients are told which";
  const auto figures = live.connection(viewer).figures(live.now());
  EXPECT_EQ(figures.cameras_sent, 2u);
  EXPECT_EQ(figures.cameras_held, 0u) << "its own way is not narrow";
  busy(100, 20);
  EXPECT_EQ(viewer.rtp.size(), 2u) << "one camera and the screen are never taken";
  EXPECT_EQ(pair_b.rtp.size(), 1u);
}

TEST_F(Crowd, SeesAllAgainFromAKeyFrameOnWhenThereIsTime) {
  busy(100, 20);
  ASSERT_EQ(viewer.rtp.size(), 2u);
  for (int i = 0; i < 100 && live.worker().cameras_most() != LoadShedder::kAll; ++i) busy(10, 1);
  EXPECT_EQ(live.worker().cameras_most(), LoadShedder::kAll);
  EXPECT_LT(viewer.rtp.size(), 5u) << "not before a picture that stands for itself";
  live.advance(Duration::s(2));
  send(true);
  EXPECT_EQ(viewer.rtp.size(), 5u);
}

TEST_F(Crowd, SeesWhoSpeaks) {
  sim::LivePeer& last = live.peers()[6];
  ASSERT_EQ(last.attendee_id, "camera3");
  busy(100, 20);
  ASSERT_FALSE(viewer_sees(last));
  for (std::uint16_t n = 0; n < 50; ++n) {
    sim::PlainRtp sound;
    sound.sequence = n;
    sound.timestamp = 960u * n;
    sound.audio_level = std::uint8_t(20);
    sound.payload = ByteVector(60, 1);
    live.send_audio(last, sound);
    live.advance(Duration::ms(20));
  }
  live.advance(Duration::s(2));
  send(true);
  EXPECT_TRUE(viewer_sees(last));
  EXPECT_TRUE(viewer_sees(*screen));
}

// Whatever viewers are spared, a film is made of all.
TEST_F(Crowd, IsRecordedWhole) {
  const auto ring = std::make_shared<ByteRing>(1 << 20);
  wire::SfuOpenTap open;
  open.meeting = wire::MeetingNo{1};
  open.tap = wire::TapNo{1};
  open.ring = ring;
  open.recording_id = "r";
  open.started = live.now();
  live.command(open);
  send(true);
  busy(100, 20);
  ASSERT_EQ(viewer.rtp.size(), 2u);
  const auto pictures = [&] {
    std::size_t out = 0;
    ByteVector bytes;
    while (ring->pop(bytes)) {
      const auto record = wire::decode_tap_record(bytes);
      const auto* packet = record ? std::get_if<wire::TapPacket>(&*record) : nullptr;
      out += packet != nullptr;
    }
    return out;
  };
  pictures();
  send(false);
  live.advance(Duration::ms(100));
  EXPECT_EQ(pictures(), 5u);
}

}  // namespace
}  // namespace upcall::sfu
