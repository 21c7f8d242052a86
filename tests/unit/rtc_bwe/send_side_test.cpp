// The estimator over a path: how near it comes, how soon it gives way, how soon it is back. Every counter starts near its
// wrap (path.hpp).
#include <gtest/gtest.h>

#include "path.hpp"

namespace upcall::rtc::bwe {
namespace {

TEST(SendSide, FindsThePathsCapacityAndHoldsNoLongQueue) {
  for (const std::uint64_t capacity : {400'000u, 1'000'000u, 3'000'000u, 8'000'000u}) {
    PathRig path({.capacity_bps = capacity, .wanted_bps = 10'000'000});
    path.run(Duration::s(15));
    path.longest_queue = {};
    const std::uint64_t lost = path.lost;
    const std::uint64_t before = path.bytes_sent;
    path.run(Duration::s(30));
    const double used = static_cast<double>(path.bytes_sent - before) * 8 / 30 / static_cast<double>(capacity);
    EXPECT_GT(used, 0.75) << capacity;
    EXPECT_LT(used, 1.05) << capacity;
    EXPECT_LT(path.longest_queue, Duration::ms(300)) << capacity;
    EXPECT_EQ(path.lost, lost) << capacity;
  }
}

TEST(SendSide, GivesWayWithinASecondAndIsBackWithinTen) {
  PathRig path({.capacity_bps = 3'000'000, .source_bps = 2'500'000, .wanted_bps = 3'000'000});
  path.run(Duration::s(15));
  ASSERT_GT(path.estimator.bps(), 2'000'000u);
  path.options.capacity_bps = 500'000;
  const auto gave_way = path.until([&] { return path.estimator.bps() <= 500'000; }, Duration::s(5));
  ASSERT_TRUE(gave_way);
  EXPECT_LT(*gave_way, Duration::s(1));
  path.run(Duration::s(6));
  path.longest_queue = {};
  path.run(Duration::s(15));
  EXPECT_LT(path.longest_queue, Duration::ms(300));
  path.options.capacity_bps = 3'000'000;
  const auto back = path.until([&] { return path.estimator.bps() >= 2'400'000; }, Duration::s(20));
  ASSERT_TRUE(back);
  EXPECT_LT(*back, Duration::s(10));
}

TEST(SendSide, RandomLossAndJitterAloneDoNotTakeTheRateDown) {
  PathRig path({.capacity_bps = 20'000'000, .source_bps = 1'500'000, .jitter = Duration::ms(8), .loss = 0.05});
  path.run(Duration::s(5));
  std::uint64_t least = path.estimator.bps();
  path.until([&] { least = std::min(least, path.estimator.bps()); return false; }, Duration::s(60));
  EXPECT_GT(least, 1'200'000u);
  EXPECT_NEAR(path.estimator.loss(), 0.05, 0.05);
}

TEST(SendSide, LossThatALowerRateDoesNotEndIsTheLinksOwn) {
  PathRig path({.capacity_bps = 20'000'000, .source_bps = 2'000'000, .wanted_bps = 2'000'000});
  path.run(Duration::s(5));
  path.options.loss = 0.3;
  ASSERT_TRUE(path.until([&] { return path.estimator.bps() < 1'200'000; }, Duration::s(5))) << "half is tried";
  ASSERT_TRUE(path.until([&] { return path.estimator.bps() >= 1'800'000; }, Duration::s(5))) << "and given back, though it is lossy";
  EXPECT_FALSE(path.until([&] { return path.estimator.bps() < 1'200'000; }, Duration::s(15))) << "it is not tried again at once";
}

// An attempt that helped is over, though something is lost still: probes count again.
TEST(SendSide, WhatIsLeftOfLossDoesNotKeepTheRateDown) {
  PathRig path({.capacity_bps = 20'000'000, .source_bps = 2'000'000, .wanted_bps = 2'000'000});
  path.run(Duration::s(5));
  path.options.loss = 0.3;
  ASSERT_TRUE(path.until([&] { return path.estimator.bps() < 1'200'000; }, Duration::s(5)));
  path.options.loss = 0.05;
  EXPECT_TRUE(path.until([&] { return path.estimator.bps() >= 1'800'000; }, Duration::s(15)));
}

TEST(SendSide, LossOfMostTakesItDownAndItComesBack) {
  PathRig path({.capacity_bps = 20'000'000, .source_bps = 2'000'000, .wanted_bps = 2'000'000});
  path.run(Duration::s(5));
  path.options.loss = 0.6;
  ASSERT_TRUE(path.until([&] { return path.estimator.bps() < 500'000; }, Duration::s(10)));
  path.options.loss = 0;
  EXPECT_TRUE(path.until([&] { return path.estimator.bps() >= 1'900'000; }, Duration::s(10)));
}

// A policer drops at once and queues nothing: delay shows nothing there.
TEST(SendSide, AShortQueueIsFoundByLoss) {
  PathRig path({.capacity_bps = 600'000, .queue_max = Duration::ms(5)});
  path.run(Duration::s(20));
  const std::uint64_t sent = path.bytes_sent;
  path.run(Duration::s(20));
  EXPECT_LT(static_cast<double>(path.bytes_sent - sent) * 8 / 20, 600'000 * 1.35);
}

// Also where far more is allowed than is sent, so that allowing less of it changes nothing.
TEST(SendSide, AShortQueueIsFoundByLossWhereLittleOfTheEstimateIsUsed) {
  PathRig path({.capacity_bps = 20'000'000, .source_bps = 1'000'000, .wanted_bps = 1'000'000});
  path.run(Duration::s(10));
  ASSERT_GT(path.estimator.bps(), 1'500'000u);
  path.options.capacity_bps = 700'000;
  path.options.queue_max = Duration::ms(5);
  path.run(Duration::s(10));
  const std::uint64_t sent = path.bytes_sent;
  path.run(Duration::s(20));
  EXPECT_LT(static_cast<double>(path.bytes_sent - sent) * 8 / 20, 700'000 * 1.35);
}

TEST(SendSide, ProbesEndWhereAllThatIsWantedIsThere) {
  PathRig path({.capacity_bps = 50'000'000, .source_bps = 500'000, .wanted_bps = 6'000'000});
  path.run(Duration::s(10));
  EXPECT_GE(path.estimator.bps(), 5'400'000u);
  const std::uint64_t probes = path.probes;
  EXPECT_LE(probes, 8u);
  path.run(Duration::s(60));
  EXPECT_LE(path.probes, probes + 2);
}

TEST(SendSide, AReceiverThatFallsSilentIsSentLess) {
  PathRig path({.source_bps = 1'000'000});
  path.run(Duration::s(5));
  const std::uint64_t before = path.estimator.bps();
  ASSERT_GT(before, 1'000'000u);
  path.options.loss = 1;
  path.run(Duration::s(20));
  EXPECT_LE(path.estimator.bps(), SendSideEstimator::kSilentLeastBps);
}

// The first picture is sent in one go before anything is known of the path; it shows what the path carries.
TEST(SendSide, TheFirstBurstIsTheFirstProbe) {
  SendSideEstimator estimator({}, 5);
  TransportFeedbackRecorder receiver;
  const Instant now = Instant::from_ms(1'000'000);
  for (int i = 0; i < 40; ++i) {
    receiver.on_packet(estimator.next_sequence(), now + Duration::us(50'000 + i * 1640));   // 1028 bytes at 5 Mbit/s
    estimator.on_sent(now, 1000);
  }
  std::uint8_t buffer[1200];
  Writer w{MutBytes(buffer)};
  ASSERT_TRUE(receiver.write(w, 1, 2));
  ASSERT_TRUE(estimator.on_feedback(now + Duration::ms(200), Bytes(buffer + 12, w.size() - 12), Duration::ms(100)));
  EXPECT_TRUE(estimator.heard());
  EXPECT_NEAR(static_cast<double>(estimator.bps()), 4.75e6, 0.3e6);
}

TEST(SendSide, FeedbackCountsOnceAndOnlyForWhatWasSent) {
  SendSideEstimator estimator({}, 0xfffe);
  TransportFeedbackRecorder receiver;
  const Instant now = Instant::from_ms(1'000'000);
  for (const int sequence : {0xfffe, 0xffff, 0, 5, 6}) receiver.on_packet(static_cast<std::uint16_t>(sequence), now);
  for (int i = 0; i < 4; ++i) estimator.on_sent(now, 500);   // 0xfffe ... 1
  std::uint8_t buffer[1200];
  Writer w{MutBytes(buffer)};
  ASSERT_TRUE(receiver.write(w, 1, 2));
  const Bytes fci(buffer + 12, w.size() - 12);
  const auto first = estimator.on_feedback(now, fci, Duration::ms(50));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->arrived, 3u);
  EXPECT_EQ(first->lost, 1u);
  const auto again = estimator.on_feedback(now, fci, Duration::ms(50));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->arrived + again->lost, 0u);
}

}  // namespace
}  // namespace upcall::rtc::bwe
