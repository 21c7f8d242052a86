// Rights over live transports: what may not be sent goes to nobody and into no recording, what may not be received reaches
// this one receiver not, and both change while media flows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

struct Rights : testing::Test {
  Rights() {
    live.publish(a);
    live.watch(b, a);
    live.publish(share);
    live.watch(b, share);
    live.watch(c, a);
    forget();
  }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }
  void forget() {
    for (LivePeer& p : live.peers()) p.rtp.clear();
  }
  // A whole frame that is a key frame: descriptor, VP8 frame tag.
  void show(LivePeer& from) {
    live.advance(Duration::ms(100));
    PlainRtp packet;
    packet.marker = true;
    packet.sequence = ++sequence;
    packet.timestamp = sequence * 3000u;
    packet.payload = {0x90, 0xe0, 0x81, static_cast<std::uint8_t>(sequence), 0, 0x20, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
    forget();
    live.send_video(from, packet);
  }
  void speak(LivePeer& from) {
    live.advance(Duration::ms(700));  // nobody else is taken for speaking any more
    PlainRtp packet;
    packet.sequence = ++sequence;
    packet.timestamp = sequence * 960u;
    packet.audio_level = 20;
    packet.payload = ByteVector(40, 'o');
    forget();
    live.send_audio(from, packet);
  }
  void allow(const LivePeer& who, wire::SfuRights rights) { live.command(wire::SfuSetRights{who.no, rights}); }
  std::uint64_t dropped(const LivePeer& who) { return live.connection(who).drops[static_cast<std::size_t>(sfu::Drop::not_allowed)]; }

  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  LivePeer& c = live.join(1, "c");
  LivePeer& share = live.join(1, "a#content");
  std::uint16_t sequence = 100;
};

TEST_F(Rights, WithoutTheRightToSpeakNobodyHears) {
  speak(a);
  EXPECT_THAT(b.rtp, SizeIs(1));
  allow(a, {.send_audio = false});
  speak(a);
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, IsEmpty());
  EXPECT_EQ(dropped(a), 1u);
  speak(b);
  EXPECT_THAT(c.rtp, SizeIs(1)) << "the last one heard keeps nobody from being heard";
  show(a);
  EXPECT_THAT(b.rtp, SizeIs(1)) << "the camera is another right";
  allow(a, {});
  speak(a);
  EXPECT_THAT(b.rtp, SizeIs(1)) << "and at once again";
}

TEST_F(Rights, WithoutTheRightToHearNothingComes) {
  allow(b, {.hear = false});
  speak(a);
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, SizeIs(1));
  speak(share);
  EXPECT_THAT(b.rtp, SizeIs(1)) << "a share's sound belongs to the share";
  allow(b, {.get_content = false});
  speak(share);
  EXPECT_THAT(b.rtp, IsEmpty());
  speak(a);
  EXPECT_THAT(b.rtp, SizeIs(1));
}

TEST_F(Rights, WithoutTheRightToSendVideoThePublicationEnds) {
  show(a);
  EXPECT_THAT(b.rtp, SizeIs(1));
  allow(a, {.send_video = false});
  show(a);
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, IsEmpty());
  EXPECT_EQ(dropped(a), 1u);
  live.set_session(a);
  show(a);
  EXPECT_THAT(b.rtp, IsEmpty()) << "also not by agreeing on the camera again";
  allow(a, {});
  live.set_session(a);
  show(a);
  EXPECT_THAT(b.rtp, SizeIs(1)) << "after the next agreement";
}

TEST_F(Rights, WithoutTheRightToSeeNoPictureComes) {
  allow(b, {.see_cameras = false});
  show(a);
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, SizeIs(1));
  show(share);
  EXPECT_THAT(b.rtp, SizeIs(1));
  allow(b, {.get_content = false});
  show(share);
  EXPECT_THAT(b.rtp, IsEmpty());
  show(a);
  EXPECT_THAT(b.rtp, SizeIs(1)) << "begins anew with a key frame";
}

}  // namespace
}  // namespace upcall::sim
