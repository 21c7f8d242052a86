// Two hundred random meetings. A failure names its seed; UPCALL_SEED=<n> plays that one alone:
//   UPCALL_SEED=17 build/release/bin/test_simulation --gtest_filter='Chunks/*/0'
#include <gtest/gtest.h>

#include <cstdlib>

#include "meeting_story.hpp"

namespace upcall::sim {
namespace {

constexpr std::uint64_t kSeeds = 200;
constexpr std::uint64_t kChunk = 20;  // a ctest entry

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, EverybodySeesHearsAndKnowsWhatIsThere) {
  std::uint64_t first = GetParam() * kChunk, last = first + kChunk;
  if (const char* one = std::getenv("UPCALL_SEED")) {
    if (GetParam() != 0) GTEST_SKIP() << "UPCALL_SEED is set: the first chunk plays it";
    first = std::strtoull(one, nullptr, 10);
    last = first + 1;
  }
  StoryResult sum;
  for (std::uint64_t seed = first; seed < last; ++seed) {
    const StoryResult r = play_story(seed);
    std::string text;
    for (const std::string& b : r.breaches) text += "\n  " + b;
    EXPECT_TRUE(r.breaches.empty()) << "seed " << seed << ":" << text << "\nrepeat: UPCALL_SEED=" << seed
                                    << " test_simulation --gtest_filter='Chunks/*/0'";
    sum.frames_seen += r.frames_seen;
    sum.audio_heard += r.audio_heard;
    sum.mixed += r.mixed;
    sum.lost += r.lost;
    sum.repaired += r.repaired;
    sum.records += r.records;
  }
  if (last - first < kChunk) return;
  // The stories exercise what they claim to.
  EXPECT_GT(sum.frames_seen, 2000u);
  EXPECT_GT(sum.audio_heard, 5000u);
  EXPECT_GT(sum.mixed, 100u);
  EXPECT_GT(sum.lost, 50u);
  EXPECT_GT(sum.repaired, 50u);
  EXPECT_GT(sum.records, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Chunks, Seeds, testing::Range<std::uint64_t>(0, kSeeds / kChunk));

TEST(SeedsThemselves, TheSameSeedGivesTheSameStory) {
  const StoryResult a = play_story(7), b = play_story(7);
  EXPECT_EQ(a.frames_seen, b.frames_seen);
  EXPECT_EQ(a.audio_heard, b.audio_heard);
  EXPECT_EQ(a.records, b.records);
}

}  // namespace
}  // namespace upcall::sim
