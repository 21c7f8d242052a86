// Who gives way first, and who keeps what.
#include <gtest/gtest.h>

#include <vector>

#include "sfu/allocation.hpp"
#include "sfu/pacer.hpp"
#include "sfu/rate_meter.hpp"

namespace upcall::sfu {
namespace {

VideoDemand layered(std::vector<std::uint64_t> bps, int now = 0) {
  VideoDemand out;
  out.layers = bps.size();
  for (std::size_t i = 0; i < bps.size(); ++i) out.layer_bps[i] = bps[i];
  out.now = now;
  return out;
}
VideoDemand following(std::uint64_t least, std::uint64_t most) {
  VideoDemand out;
  out.least_bps = least;
  out.most_bps = most;
  return out;
}
VideoDemand content(VideoDemand d) {
  d.content = true;
  return d;
}

struct Given {
  std::vector<VideoGrant> grants;
  bool less = false;
};
Given give(std::uint64_t available, const std::vector<VideoDemand>& demands) {
  Given out;
  out.grants.resize(demands.size());
  out.less = allocate(available, demands, out.grants);
  return out;
}

TEST(Allocation, ContentIsServedBeforeAnyCamera) {
  const auto given = give(700'000, {layered({600'000}), content(layered({650'000}))});
  EXPECT_EQ(given.grants[0].layer, kHeld);
  EXPECT_EQ(given.grants[1].layer, 0);
  EXPECT_TRUE(given.less);
}

TEST(Allocation, EverybodyGetsASmallPictureBeforeAnybodyGetsALargeOne) {
  const VideoDemand camera = layered({200'000, 600'000, 1'200'000});
  EXPECT_EQ(give(650'000, {camera, camera, camera}).grants[2].layer, 0);
  const auto more = give(1'300'000, {camera, camera, camera});
  EXPECT_EQ(more.grants[0].layer, 1);
  EXPECT_EQ(more.grants[1].layer, 0);
  EXPECT_TRUE(more.less);
  const auto all = give(5'000'000, {camera, camera, camera});
  for (const auto& g : all.grants) EXPECT_EQ(g.layer, 2);
  EXPECT_FALSE(all.less);
}

TEST(Allocation, ThePreferredCameraIsTheLastToGiveWay) {
  VideoDemand first = layered({400'000}), second = layered({400'000});
  second.priority = 7;
  const auto given = give(500'000, {first, second});
  EXPECT_EQ(given.grants[0].layer, kHeld);
  EXPECT_EQ(given.grants[1].layer, 0);
}

TEST(Allocation, WhatIsShownIsKeptWhereItWouldNotBeBegun) {
  EXPECT_EQ(give(1'250'000, {layered({200'000, 1'200'000}, 1)}).grants[0].layer, 1);
  EXPECT_EQ(give(1'250'000, {layered({200'000, 1'200'000}, 0)}).grants[0].layer, 0) << "15 % to spare";
  EXPECT_EQ(give(210'000, {layered({200'000}, kHeld)}).grants[0].layer, kHeld);
  EXPECT_EQ(give(240'000, {layered({200'000}, kHeld)}).grants[0].layer, 0);
  VideoDemand soon = layered({200'000, 1'200'000}, 0);
  soon.may_rise = false;
  EXPECT_EQ(give(9'000'000, {soon}).grants[0].layer, 0);
}

TEST(Allocation, NobodyGetsMoreThanItsTileCanShow) {
  VideoDemand small = layered({200'000, 600'000, 1'200'000});
  small.target_bps = 300'000;
  const auto given = give(9'000'000, {small});
  EXPECT_EQ(given.grants[0].layer, 0);
  EXPECT_FALSE(given.less);
}

TEST(Allocation, PublishersThatFollowShareWhatIsLeft) {
  const auto given = give(1'000'000, {following(150'000, 1'500'000), following(150'000, 1'500'000)});
  EXPECT_EQ(given.grants[0].bps, 500'000u);
  EXPECT_EQ(given.grants[1].bps, 500'000u);
  EXPECT_TRUE(given.less);
  const auto beside = give(1'000'000, {following(150'000, 1'500'000), content(following(300'000, 700'000))});
  EXPECT_EQ(beside.grants[0].bps, 300'000u);
  EXPECT_EQ(beside.grants[1].bps, 700'000u);
  const auto plenty = give(4'000'000, {following(150'000, 1'500'000)});
  EXPECT_GE(plenty.grants[0].bps, 1'500'000u);
  EXPECT_FALSE(plenty.less);
  EXPECT_EQ(give(100'000, {following(150'000, 1'500'000)}).grants[0].layer, kHeld);
}

// Whatever is asked for: never more than there is, but for the surplus that nobody else needs.
TEST(Allocation, NeverGivesMoreThanThereIs) {
  std::uint64_t x = 88172645463325252ull;   // xorshift
  const auto random = [&x](std::uint64_t below) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x % below;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::vector<VideoDemand> demands(1 + random(12));
    for (auto& d : demands) {
      if (random(3) == 0) {
        d = following(50'000 + random(300'000), 400'000 + random(2'000'000));
      } else {
        const std::uint64_t low = 50'000 + random(300'000);
        d = layered({low, low * 3, low * 7}, static_cast<int>(random(4)) - 1);
      }
      d.content = random(5) == 0;
      d.may_rise = random(4) != 0;
    }
    const std::uint64_t available = random(8'000'000);
    const auto given = give(available, demands);
    std::uint64_t sum = 0, surplus = 0;
    for (std::size_t i = 0; i < demands.size(); ++i) {
      const VideoGrant& g = given.grants[i];
      const bool follows = demands[i].most_bps != 0;
      if (!demands[i].may_rise) {
        ASSERT_LE(g.layer, demands[i].now);
      }
      if (g.layer == kHeld) continue;
      const std::uint64_t bps = follows ? std::min(g.bps, demands[i].most_bps) : demands[i].layer_bps[static_cast<std::size_t>(g.layer)];
      sum += bps;
      surplus = std::max(surplus, g.bps);
    }
    ASSERT_LE(sum, available) << round;
    ASSERT_LE(surplus, available) << round;
  }
}

TEST(SendBudget, AllowsABurstAndThenItsRate) {
  SendBudget budget;
  budget.set_rate(800'000);   // 100 bytes a millisecond
  const Instant now = Instant::from_ms(1'000'000);
  std::size_t at_once = 0;
  while (budget.allows(now, 1000)) {
    budget.spend(now, 1000);
    ++at_once;
  }
  EXPECT_EQ(at_once, 5u);     // 50 ms of it
  EXPECT_EQ(budget.ready_at(1000), now + Duration::ms(10));
  EXPECT_FALSE(budget.allows(now + Duration::ms(9), 1000));
  EXPECT_TRUE(budget.allows(now + Duration::ms(10), 1000));
  std::size_t in_a_second = 0;
  for (Instant t = now; t < now + Duration::s(1); t = t + Duration::ms(1)) {
    while (budget.allows(t, 1000)) {
      budget.spend(t, 1000);
      ++in_a_second;
    }
  }
  EXPECT_LE(in_a_second + at_once, 105u);
  // A packet larger than all that it saves up: when everything is paid.
  SendBudget narrow;
  narrow.set_rate(80'000);
  EXPECT_TRUE(narrow.allows(now, 1200));
  narrow.spend(now, 1200);
  EXPECT_FALSE(narrow.allows(now + Duration::ms(119), 1200));
  EXPECT_TRUE(narrow.allows(now + Duration::ms(120), 1200));
}

TEST(FixedQueue, KeepsOrderOverItsEnd) {
  FixedQueue<int, 4> queue;
  for (int i = 0; i < 3; ++i) queue.push(i);
  queue.pop();
  queue.pop();
  for (int i = 3; i < 6; ++i) queue.push(i);
  EXPECT_TRUE(queue.full());
  EXPECT_EQ(queue.remove_if([](int i) { return i % 2 == 1; }), 2u);
  EXPECT_EQ(queue.front(), 2);
  queue.pop();
  EXPECT_EQ(queue.front(), 4);
  EXPECT_TRUE(queue.contains([](int i) { return i == 4; }));
}

TEST(RateMeter, MeasuresTheLastSecondAndForgetsSilence) {
  RateMeter meter;
  Instant now = Instant::from_ms(1'000'000);
  for (int i = 0; i < 300; ++i, now = now + Duration::ms(10)) meter.add(now, 1250);
  EXPECT_NEAR(static_cast<double>(meter.bps(now)), 1e6, 5e4);
  EXPECT_EQ(meter.bps(now + Duration::s(3)), 0u);
  meter.add(now + Duration::s(3), 1000);
  EXPECT_EQ(meter.bps(now + Duration::s(3)), 0u) << "the step under way tells nothing yet";
}

}  // namespace
}  // namespace upcall::sfu
