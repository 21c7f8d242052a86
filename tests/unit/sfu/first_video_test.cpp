// What a newcomer waits for before its first picture, as the meeting core tells it: from when on it was wanted, when the
// publisher was asked, when it went out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

struct FirstVideo : testing::Test {
  void TearDown() override { EXPECT_THAT(live.breaches(), testing::IsEmpty()); }
  void picture(LivePeer& peer, bool key) {
    PlainRtp packet;
    packet.marker = true;
    packet.sequence = ++sequence;
    packet.timestamp = sequence * 3000u;
    packet.payload = {0x90, 0xe0, 0x80, static_cast<std::uint8_t>(sequence), 0, 0x20, static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
    live.send_video(peer, packet);
  }
  std::vector<wire::SfuFirstVideo> told() {
    std::vector<wire::SfuFirstVideo> out;
    for (const auto& event : live.events()) {
      if (const auto* e = std::get_if<wire::SfuFirstVideo>(&event)) out.push_back(*e);
    }
    live.events().clear();
    return out;
  }
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  std::uint16_t sequence = 0;
};

TEST_F(FirstVideo, TheRequestIsOursAndItsAnswerThePublishers) {
  live.publish(a);
  picture(a, true);
  live.advance(Duration::s(5));
  LivePeer& b = live.join(1, "b");
  const Instant wanted = live.now();
  live.watch(b, a);
  live.advance(Duration::ms(70));
  picture(a, false);
  EXPECT_TRUE(told().empty()) << "not a picture to begin with";
  live.advance(Duration::ms(10));
  picture(a, true);
  const auto first = told();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].connection, b.no);
  EXPECT_EQ(first[0].wanted, wanted);
  EXPECT_EQ(first[0].asked, wanted) << "at once";
  EXPECT_EQ((first[0].sent - wanted).ms(), 80);
  // Once a connection, whatever comes later.
  live.unwatch(b, a);
  live.watch(b, a);
  picture(a, true);
  EXPECT_TRUE(told().empty());
}

TEST_F(FirstVideo, ARequestThatHasToWaitForItsTurnIsOurs) {
  live.publish(a);
  picture(a, true);
  live.advance(Duration::s(5));
  LivePeer& b = live.join(1, "b");
  live.watch(b, a);
  live.advance(Duration::ms(100));
  picture(a, true);
  std::ignore = told();
  live.advance(Duration::ms(100));
  LivePeer& c = live.join(1, "c");
  const Instant wanted = live.now();
  live.watch(c, a);   // the publisher was asked 200 ms ago, and has answered
  live.advance(Duration::ms(1900));
  picture(a, true);
  const auto first = told();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].wanted, wanted);
  EXPECT_EQ((first[0].asked - wanted).ms(), 1800) << "one request in two seconds";
}

TEST_F(FirstVideo, ARequestThatIsUnderWayIsWaitedForWithThePublisher) {
  live.publish(a);
  picture(a, true);
  live.advance(Duration::s(5));
  LivePeer& b = live.join(1, "b");
  live.watch(b, a);
  live.advance(Duration::ms(100));
  LivePeer& c = live.join(1, "c");
  const Instant wanted = live.now();
  live.watch(c, a);
  live.advance(Duration::ms(50));
  picture(a, true);
  const auto first = told();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[1].connection, c.no);
  EXPECT_EQ(first[1].asked, wanted);
}

TEST_F(FirstVideo, APublisherThatHasSentNothingIsWaitedForAndNotAsked) {
  LivePeer& b = live.join(1, "b");
  live.publish(a);
  const Instant wanted = live.now();
  live.watch(b, a);
  live.advance(Duration::ms(400));
  picture(a, true);
  const auto first = told();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].wanted, wanted);
  EXPECT_EQ(first[0].asked, wanted);
}

}  // namespace
}  // namespace upcall::sim
