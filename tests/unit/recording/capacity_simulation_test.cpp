// Weeks of calls against the capacity provider: used as well as the target says, no flapping, everything composed.
#include "recording/capacity_simulation.hpp"

#include <gtest/gtest.h>

namespace upcall::recording {
namespace {

class Weeks : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Weeks, BusyHoursAreUsedAsTheTargetSays) {
  CapacityScenario scenario;
  scenario.seed = GetParam();
  const CapacityOutcome out = simulate(scenario).value();
  EXPECT_GE(out.busy_utilisation, 0.50);
  EXPECT_LE(out.busy_utilisation, 0.70);
  EXPECT_GT(out.busy_hours, 15);
  EXPECT_GT(out.calls, 1000u);
  EXPECT_EQ(out.lag_s_at_end, 0) << "everything was composed in the night";
  EXPECT_LE(out.lag_s_p99, 60) << "who waits for a slot waits for a while, and catches up";
  // No flapping: a worker lives at least as long as a load must be low before one goes, and most calls move nothing.
  EXPECT_GE(out.life_s_min, scenario.capacity.scale_in_after.seconds());
  EXPECT_LT(static_cast<double>(out.grown + out.shrunk), 0.7 * static_cast<double>(out.calls));
  EXPECT_LT(static_cast<double>(out.reversals), 0.1 * static_cast<double>(out.calls));
}
INSTANTIATE_TEST_SUITE_P(Seeds, Weeks, testing::Range<std::uint64_t>(1, 21));

// A worker is started while all composers wait: capturing went on, so the film is complete, only later.
TEST(CapacityWeek, ABurstMakesALagThatIsBoundedAndGoes) {
  CapacityScenario scenario;
  scenario.burst_calls = 25;  // two and a half times what all workers hold
  const CapacityOutcome out = simulate(scenario).value();
  EXPECT_EQ(out.workers_max, 5);
  EXPECT_GT(out.wait_s_max, 60) << "or the burst was none";
  EXPECT_LT(out.lag_s_max, 3600);
  EXPECT_EQ(out.lag_s_at_end, 0);
  EXPECT_GE(out.composed + 2, out.calls) << "but those that run at the end";
  // At most an hour after the burst nobody is behind any more.
  for (int day = 0; day < 5; ++day) {
    double least = 1e9;
    for (const CapacitySample& s : out.samples) {
      if (s.hour >= day * 24 + 11 && s.hour < day * 24 + 12) least = std::min(least, s.lag_s);
    }
    EXPECT_EQ(least, 0) << "day " << day;
  }
}

TEST(CapacityWeek, AHostThatIsTooSmallComposesAtNight) {
  CapacityScenario scenario;
  scenario.cores = 1;          // for some 4 calls at a time of 0.5 core each
  const CapacityOutcome out = simulate(scenario).value();
  EXPECT_GT(out.lag_s_max, 600) << "or the host was not too small";
  EXPECT_EQ(out.lag_s_at_end, 0);
}

TEST(CapacityWeek, SameSeedSameWeek) {
  const auto one = simulate({}).value(), other = simulate({}).value();
  ASSERT_EQ(one.samples.size(), 7u * 24 * 60);
  EXPECT_EQ(one.calls, other.calls);
  EXPECT_EQ(one.busy_utilisation, other.busy_utilisation);
}

TEST(CapacityWeek, RefusesWhatMakesNoSense) {
  EXPECT_FALSE(simulate({.capacity = {.target_percent = 0}}));
  EXPECT_FALSE(simulate({.days = 0}));
  EXPECT_FALSE(simulate({.calls_per_busy_hour = -1}));
  EXPECT_FALSE(simulate({.call_minutes = 0}));
  EXPECT_FALSE(simulate({.cores = 0}));
  EXPECT_FALSE(simulate({.catch_up_speed = 1}));
}

}  // namespace
}  // namespace upcall::recording
