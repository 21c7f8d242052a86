#include "relay.hpp"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace upcall::relay {
namespace {

const Instant kStart = Instant::from_ms(1000);
const NetAddress kAnna = NetAddress::v4(127, 0, 0, 1, 5000), kBen = NetAddress::v4(127, 0, 0, 1, 5001);
const ByteVector kMedia = {0x80, 111, 1, 2, 3, 4};
const ByteVector kStun = {0, 1, 0, 0};

TEST(Relay, ClearWeatherPassesEverythingAtOnceWithASocketAnAttendee) {
  Relay relay(1);
  relay.from_attendee(kStart, kAnna, kMedia);
  relay.from_attendee(kStart, kBen, kStun);
  const auto up = relay.due(kStart);
  ASSERT_EQ(up.size(), 2u);
  EXPECT_TRUE(up[0].to_server && up[1].to_server);
  EXPECT_EQ(up[0].bytes, kMedia);
  EXPECT_NE(up[0].socket, up[1].socket);
  relay.from_server(kStart, up[1].socket, kMedia);
  const auto down = relay.due(kStart);
  ASSERT_EQ(down.size(), 1u);
  EXPECT_EQ(down[0].attendee, kBen);
}

TEST(Relay, OneAttendeeAloneCanHaveABadWay) {
  Relay relay(1);
  relay.from_attendee(kStart, kAnna, kMedia);
  relay.from_attendee(kStart, kBen, kMedia);
  const auto first = relay.due(kStart);
  relay.set_up({.loss = 1}, 2);
  relay.set_down({.loss = 1}, 1);
  relay.from_attendee(kStart, kAnna, kMedia);
  relay.from_attendee(kStart, kBen, kMedia);
  for (const auto& due : first) relay.from_server(kStart, due.socket, kMedia);
  const auto left = relay.due(kStart);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_TRUE(left[0].to_server);
  EXPECT_EQ(left[0].socket, first[0].socket);
  EXPECT_EQ(left[1].attendee, kBen);
}

TEST(Relay, LossDuplicatesDelayAndOrderFollowTheSeed) {
  const auto run = [](std::uint64_t seed) {
    Relay relay(seed);
    relay.set_up({.loss = 0.1, .burst_begin = 0.02, .burst_loss = 0.9, .duplicate = 0.1, .delay = Duration::ms(20), .jitter = Duration::ms(30)});
    for (int i = 0; i < 1000; ++i) {
      const ByteVector bytes = {0x80, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)};
      relay.from_attendee(kStart + Duration::ms(i), kAnna, bytes);
    }
    EXPECT_TRUE(relay.due(kStart + Duration::ms(19)).empty());
    std::vector<int> order;
    for (const auto& due : relay.due(kStart + Duration::s(5))) order.push_back(due.bytes[1] << 8 | due.bytes[2]);
    EXPECT_EQ(order.size(), 1000 - relay.counts().up_lost + relay.counts().up_duplicated);
    return std::pair(order, relay.counts().up_lost);
  };
  const auto [order, lost] = run(7);
  EXPECT_GT(lost, 100u);   // 10 % alone, and bursts
  EXPECT_LT(lost, 350u);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(run(7).first, order);
  EXPECT_NE(run(8).first, order);
}

TEST(Relay, ARateDelaysThenDropsWhatFindsTheQueueFull) {
  Relay relay(1);
  relay.set_up({.delay = Duration(), .rate_kbps = 100, .queue = Duration::ms(100)});
  const ByteVector packet(97, 0x80);   // 125 bytes with headers: 10 ms at 100 kbit/s
  for (int i = 0; i < 20; ++i) relay.from_attendee(kStart, kAnna, packet);
  EXPECT_EQ(relay.counts().up_lost, 9u);   // eleven found at most 100 ms before them
  EXPECT_TRUE(relay.due(kStart + Duration::ms(9)).empty());
  EXPECT_EQ(relay.due(kStart + Duration::ms(10)).size(), 1u);
  EXPECT_EQ(relay.due(kStart + Duration::ms(110)).size(), 10u);
  // The queue is empty again: the next one leaves after its own 10 ms.
  relay.from_attendee(kStart + Duration::s(1), kAnna, packet);
  EXPECT_EQ(relay.next_deadline(), kStart + Duration::ms(1010));
}

TEST(Relay, RebindingChangesTheSourceAndMakesTheOldOneDeaf) {
  Relay relay(1);
  relay.set_down({.delay = Duration::ms(10)});
  relay.from_attendee(kStart, kAnna, kMedia);
  const SocketId before = relay.due(kStart).at(0).socket;
  relay.from_server(kStart, before, kMedia);   // under way when the address is given up
  relay.rebind(kStart + Duration::ms(5));
  EXPECT_TRUE(relay.due(kStart + Duration::ms(20)).empty());
  relay.from_server(kStart + Duration::ms(20), before, kMedia);
  EXPECT_EQ(relay.counts().to_old, 2u);

  relay.from_attendee(kStart + Duration::ms(25), kAnna, kMedia);
  const SocketId after = relay.due(kStart + Duration::ms(25)).at(0).socket;
  EXPECT_NE(after, before);
  relay.from_server(kStart + Duration::ms(30), after, kStun);
  EXPECT_THAT(relay.counts().back_after, testing::IsEmpty()) << "an answer to a check is no media";
  relay.from_server(kStart + Duration::ms(45), after, kMedia);
  EXPECT_THAT(relay.counts().back_after, testing::ElementsAre(Duration::ms(40)));

  relay.stray(1);
  relay.from_attendee(kStart + Duration::ms(50), kAnna, kStun);
  relay.from_attendee(kStart + Duration::ms(51), kAnna, kMedia);
  relay.from_attendee(kStart + Duration::ms(52), kAnna, kMedia);
  std::multiset<SocketId> sources;
  for (const auto& due : relay.due(kStart + Duration::ms(52))) {
    if (due.to_server) sources.insert(due.socket);
  }
  EXPECT_EQ(sources.count(after), 3u);
  EXPECT_EQ(sources.count(before), 1u);
}

TEST(Relay, BlockedPassesNothing) {
  Relay relay(1);
  relay.from_attendee(kStart, kAnna, kMedia);
  const SocketId socket = relay.due(kStart).at(0).socket;
  relay.set_blocked(true);
  relay.from_attendee(kStart, kAnna, kMedia);
  relay.from_server(kStart, socket, kMedia);
  EXPECT_TRUE(relay.due(kStart + Duration::s(1)).empty());
  relay.set_blocked(false);
  relay.from_attendee(kStart, kAnna, kMedia);
  EXPECT_EQ(relay.due(kStart).size(), 1u);
}

}  // namespace
}  // namespace upcall::relay
