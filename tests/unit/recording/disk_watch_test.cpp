#include "recording/disk_watch.hpp"

#include <gtest/gtest.h>

namespace upcall::recording {
namespace {

constexpr std::uint64_t kGib = 1ull << 30;

TEST(DiskWatch, WarnsHalfAnHourAheadRefusesAndEnds) {
  DiskWatch watch;
  std::uint64_t free = 100 * kGib;
  DiskVerdict before = DiskVerdict::fine;
  std::int64_t warned = 0, refused = 0, ended = 0;
  // A hundred recordings of 2 Mbit/s fill some 25 MB a second.
  for (std::int64_t second = 0; free > 25'000'000ull * 5; second += 5, free -= 25'000'000ull * 5) {
    const DiskVerdict verdict = watch.sample(Instant::from_ms(second * 1000), free, 100 * kGib);
    EXPECT_GE(verdict, before);
    if (verdict == DiskVerdict::warn && warned == 0) warned = second;
    if (verdict == DiskVerdict::refuse && refused == 0) refused = second;
    if (verdict == DiskVerdict::end && ended == 0) ended = second;
    before = verdict;
  }
  ASSERT_GT(warned, 0);
  EXPECT_NEAR(static_cast<double>(refused - warned), 1800, 120);
  EXPECT_GT(ended, refused);
  EXPECT_EQ(watch.sample(Instant::from_ms(100'000'000), 90 * kGib, 100 * kGib), DiskVerdict::fine) << "somebody made room";
}

TEST(DiskWatch, OfALargeDiskLessThanATenthIsEnough) {
  DiskWatch watch;
  EXPECT_EQ(watch.sample(Instant(), 50 * kGib, 1000 * kGib), DiskVerdict::fine);
  EXPECT_EQ(watch.sample(Instant(), 19 * kGib, 1000 * kGib), DiskVerdict::refuse);
  EXPECT_EQ(watch.sample(Instant(), 5 * kGib, 1000 * kGib), DiskVerdict::refuse);
  EXPECT_EQ(watch.sample(Instant(), 3 * kGib, 1000 * kGib), DiskVerdict::end);
}

TEST(DiskWatch, WhatDoesNotFillIsFine) {
  DiskWatch watch;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(watch.sample(Instant::from_ms(i * 5000), (i % 2 ? 40 : 41) * kGib, 100 * kGib), DiskVerdict::fine) << i;
  }
  EXPECT_EQ(DiskWatch().sample(Instant(), 0, 0), DiskVerdict::fine);
}

TEST(DiskWatch, RulesOfZeroLeaveEverythingToTheDisk) {
  DiskWatch watch({.refuse_below = 0, .end_below = 0, .warn_ahead = Duration()});
  EXPECT_EQ(watch.sample(Instant(), 0, 100), DiskVerdict::fine);
}

}  // namespace
}  // namespace upcall::recording
