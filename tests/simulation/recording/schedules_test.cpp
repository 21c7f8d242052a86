// Random schedules of recordings. A failure names its seed; UPCALL_SEED=<n> plays that one alone:
//   UPCALL_SEED=17 build/release/bin/test_simulation_recording --gtest_filter='Chunks/*/0'
// UPCALL_TRACE=1 tells what happens in it; UPCALL_SCHEDULES=<n> plays so many from UPCALL_SEED on (tools/soak.sh).
#include <gtest/gtest.h>

#include <cstdlib>
#include <ostream>

#include "sim/recording/story.hpp"

namespace upcall::sim {

void PrintTo(Plant plant, std::ostream* out);
void PrintTo(Plant plant, std::ostream* out) { *out << to_string(plant); }

namespace {

constexpr std::uint64_t kSchedules = 5000;
constexpr std::uint64_t kChunk = 500;  // a ctest entry

std::string told(std::uint64_t seed, const RecordingStory& story) {
  std::string text = "seed " + std::to_string(seed) + ":";
  for (const std::string& b : story.breaches) text += "\n  " + b;
  return text + "\nrepeat: UPCALL_SEED=" + std::to_string(seed) + " test_simulation_recording --gtest_filter='Chunks/*/0'";
}

void add(RecordingStory& sum, const RecordingStory& one) {
  sum.recordings += one.recordings;
  sum.stored += one.stored;
  sum.failed += one.failed;
  sum.seals += one.seals;
  sum.pauses += one.pauses;
  sum.answered_again += one.answered_again;
  sum.crashes += one.crashes;
  sum.stalls += one.stalls;
  sum.cuts += one.cuts;
  sum.takeovers += one.takeovers;
  sum.lost_leases += one.lost_leases;
  sum.answers_lost += one.answers_lost;
}

class Schedules : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Schedules, OneRecordingAKeyOneEndEachNeverTwoWriters) {
  std::uint64_t first = GetParam() * kChunk, last = first + kChunk;
  if (const char* one = std::getenv("UPCALL_SEED")) {
    if (GetParam() != 0) GTEST_SKIP() << "UPCALL_SEED is set: the first chunk plays it";
    first = std::strtoull(one, nullptr, 10);
    const char* many = std::getenv("UPCALL_SCHEDULES");
    last = first + (many != nullptr ? std::strtoull(many, nullptr, 10) : 1);
  }
  RecordingStory sum;
  for (std::uint64_t seed = first; seed < last; ++seed) {
    const RecordingStory story = play_recordings(seed);
    ASSERT_TRUE(story.breaches.empty()) << told(seed, story);
    add(sum, story);
  }
  if (last - first < kChunk) return;
  // The schedules exercise what they claim to.
  const std::uint64_t n = last - first;
  EXPECT_GT(sum.stored, n);
  EXPECT_GT(sum.failed, n / 100);
  EXPECT_GT(sum.seals, n);
  EXPECT_GT(sum.pauses, n / 10);
  EXPECT_GT(sum.answered_again, n / 10);
  EXPECT_GT(sum.crashes, n / 2);
  EXPECT_GT(sum.stalls, n / 5);
  EXPECT_GT(sum.cuts, n / 3);
  EXPECT_GT(sum.takeovers, n / 20);
  EXPECT_GT(sum.lost_leases, n / 10);
  EXPECT_GT(sum.answers_lost, n / 2);
  RecordProperty("recordings", static_cast<int>(sum.recordings));
}

INSTANTIATE_TEST_SUITE_P(Chunks, Schedules, testing::Range<std::uint64_t>(0, kSchedules / kChunk));

class Planted : public testing::TestWithParam<Plant> {};

// What the rules are for: a shell with this fault does not get far.
TEST_P(Planted, IsCaughtWithinSomeSeeds) {
  std::uint64_t seed = 0;
  while (seed < 300 && play_recordings(seed, GetParam()).breaches.empty()) ++seed;
  EXPECT_LT(seed, 300u) << to_string(GetParam()) << " is not noticed";
  RecordProperty("seed", static_cast<int>(seed));
}

INSTANTIATE_TEST_SUITE_P(Faults, Planted, testing::ValuesIn(kPlants), [](const auto& planted) { return std::string(to_string(planted.param)); });

TEST(SchedulesThemselves, TheSameSeedGivesTheSameSchedule) {
  const RecordingStory a = play_recordings(7), b = play_recordings(7);
  EXPECT_EQ(a.seals, b.seals);
  EXPECT_EQ(a.writes, b.writes);
  EXPECT_EQ(a.answers_lost, b.answers_lost);
}

}  // namespace
}  // namespace upcall::sim
