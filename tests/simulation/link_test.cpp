// The simulated network itself: what its bottleneck does to datagrams.
#include <gtest/gtest.h>

#include "sim/weather.hpp"

namespace upcall::sim {
namespace {

constexpr std::size_t kDatagram = 972;   // 1000 bytes with its headers

TEST(Bottleneck, PacesWhatComesAndDropsWhatWouldWaitTooLong) {
  SeededRandom random(1);
  Link link({.delay = Duration::ms(10), .rate_kbps = 800, .queue = Duration::ms(100)});
  const Instant now = Instant::from_ms(1'000'000);
  std::size_t through = 0;
  Duration last;
  for (int i = 0; i < 30; ++i) {
    const auto copies = link.offer(now, kDatagram, random);
    if (copies.count == 0) continue;
    EXPECT_EQ(copies.delay[0], Duration::ms(10) + Duration::ms(10) * static_cast<std::int64_t>(through + 1));
    last = copies.delay[0];
    ++through;
  }
  EXPECT_EQ(through, 11u);   // ten wait for 100 ms, the eleventh is let in by that
  EXPECT_EQ(link.queued(now), Duration::ms(110));
  EXPECT_EQ(link.queued(now + Duration::ms(60)), Duration::ms(50));
  link.set({.delay = Duration::ms(10), .rate_kbps = 8000});
  const auto next = link.offer(now + Duration::ms(100), kDatagram, random);
  ASSERT_EQ(next.count, 1u);
  EXPECT_EQ(next.delay[0], Duration::ms(21)) << "behind what was there, at the new rate";
}

TEST(Bottleneck, JitterInOrderNeverReorders) {
  SeededRandom random(2);
  Link link({.delay = Duration::ms(10), .jitter = Duration::ms(30), .in_order = true});
  Instant now = Instant::from_ms(1'000'000), before;
  for (int i = 0; i < 500; ++i) {
    now = now + Duration::ms(1);
    const auto copies = link.offer(now, kDatagram, random);
    ASSERT_EQ(copies.count, 1u);
    ASSERT_GE(now + copies.delay[0], before);
    before = now + copies.delay[0];
  }
}

}  // namespace
}  // namespace upcall::sim
