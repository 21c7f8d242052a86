// The capacity provider step by step: growing, shrinking, what it never does, and what it refuses to be told.
#include "recording/capacity.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "recording/admission.hpp"

namespace upcall::recording {
namespace {

Instant at(std::int64_t seconds) { return Instant::from_ms(seconds * 1000); }

// A pool whose workers get warm at once, that carries out what the plan says.
struct Pool {
  explicit Pool(CapacityOptions options = {}) : provider(checked(options).value()) {}

  CapacityPlan step(std::int64_t second, int compositions, bool warm = true) {
    // The oldest workers hold the work.
    int left = compositions;
    for (WorkerView& w : workers) {
      w.running = w.warm ? std::min(left, provider.options().slots_per_worker) : 0;
      left -= w.running;
    }
    const CapacityPlan plan = provider.step(at(second), workers, left);
    for (const std::uint32_t id : plan.stop) std::erase_if(workers, [&](const WorkerView& w) { return w.id == id; });
    for (int i = 0; i < plan.start; ++i) workers.push_back({next++, warm, 0});
    return plan;
  }

  CapacityProvider provider;
  std::vector<WorkerView> workers;
  std::uint32_t next = 1;
};

// acceptance: 58
TEST(Capacity, TheDefaultsAreTheOriginals) {
  const CapacityOptions o;
  EXPECT_EQ(o.min_capacity, 1);
  EXPECT_EQ(o.max_capacity, 5);
  EXPECT_EQ(o.slots_per_worker, 2);
  EXPECT_EQ(o.target_percent, 60);
  EXPECT_EQ(o.step_min, 1);
  EXPECT_EQ(o.step_max, 2);
}

TEST(Capacity, NeedFollowsTheTargetWithinTheLimits) {
  const CapacityOptions o;
  const int wanted[] = {1, 1, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5};
  for (int n = 0; n < 13; ++n) EXPECT_EQ(workers_for(o, n), wanted[n]) << n;
  CapacityOptions full = o;
  full.target_percent = 100;
  for (int n = 0; n <= 10; ++n) EXPECT_GE(workers_for(full, n) * full.slots_per_worker, n) << "a slot for each";
  CapacityOptions none = o;
  none.min_capacity = 0;
  EXPECT_EQ(workers_for(none, 0), 0);
  EXPECT_EQ(workers_for(none, 1), 1);
}

TEST(Capacity, GrowsAtOnceByAtMostTheLargestStepAndAgainWhenThoseAreWarm) {
  Pool pool;
  EXPECT_EQ(pool.step(0, 0).start, 1) << "the least that there must be";
  EXPECT_EQ(pool.step(1, 9, false).start, 2);
  EXPECT_EQ(pool.step(2, 9, false).start, 0) << "two are getting warm";
  for (WorkerView& w : pool.workers) w.warm = true;
  EXPECT_EQ(pool.step(3, 9).start, 2);
  EXPECT_EQ(pool.step(4, 9).start, 0) << "five is the most";
  EXPECT_EQ(pool.workers.size(), 5u);
}

TEST(Capacity, ShrinksAfterQuietTimeAndNeverABusyWorker) {
  Pool pool;
  pool.step(0, 0);
  for (int second = 1; second < 6; ++second) pool.step(second, 8);
  ASSERT_EQ(pool.workers.size(), 5u);
  EXPECT_TRUE(pool.step(10, 1).stop.empty());
  EXPECT_TRUE(pool.step(129, 1).stop.empty());
  EXPECT_EQ(pool.provider.next_deadline(), at(130));
  EXPECT_EQ(pool.step(130, 1).stop, (std::vector<std::uint32_t>{5, 4})) << "the youngest, by at most the largest step";
  EXPECT_TRUE(pool.step(131, 1).stop.empty()) << "quiet time again";
  // All that is left is busy: nothing goes, however long it takes.
  std::vector<WorkerView> busy{{1, true, 1}, {2, true, 1}, {3, true, 1}};
  pool.provider.set_options({.min_capacity = 1, .max_capacity = 1});
  EXPECT_TRUE(pool.provider.step(at(200), busy, 0).stop.empty());
  EXPECT_TRUE(pool.provider.step(at(1000), busy, 0).stop.empty());
  busy[1].running = 0;
  EXPECT_EQ(pool.provider.step(at(1120), busy, 0).stop, std::vector<std::uint32_t>{2});
}

TEST(Capacity, ALoadThatSwingsMovesNothing) {
  Pool pool;
  pool.step(0, 0);
  for (int second = 1; second < 300; ++second) pool.step(second, 2 + (second / 30) % 3);
  int moves = 0;
  for (int second = 300; second < 3600; ++second) {
    const CapacityPlan plan = pool.step(second, 2 + (second / 30) % 3);
    moves += plan.start > 0 || !plan.stop.empty();
  }
  EXPECT_EQ(moves, 0);
}

TEST(Capacity, TheFullestWarmWorkerTakesTheNext) {
  const CapacityProvider provider({});
  const std::vector<WorkerView> workers{{1, true, 0}, {2, true, 1}, {3, true, 2}, {4, false, 1}};
  EXPECT_EQ(provider.place(workers), 2u);
  EXPECT_EQ(provider.place(std::vector<WorkerView>{{1, true, 2}, {2, false, 0}}), std::nullopt);
}

TEST(Capacity, WhatMakesNoSenseIsRefusedByName) {
  const auto message = [](CapacityOptions o) {
    const auto r = checked(o);
    return r ? std::string() : r.error().message;
  };
  for (const double percent : {0.0, -1.0, 100.5, 1e9, std::nan("")}) EXPECT_NE(message({.target_percent = percent}).find("targetCapacityPercent"), std::string::npos) << percent;
  EXPECT_EQ(message({.target_percent = 100}), "");
  EXPECT_EQ(message({.target_percent = 0.5}), "");
  EXPECT_NE(message({.min_capacity = -1}).find("minCapacity"), std::string::npos);
  EXPECT_NE(message({.min_capacity = 6}).find("minCapacity"), std::string::npos);
  EXPECT_NE(message({.max_capacity = 0}).find("maxCapacity"), std::string::npos);
  EXPECT_NE(message({.slots_per_worker = 0}).find("slotsPerWorker"), std::string::npos);
  EXPECT_NE(message({.step_min = 0}).find("minimumScalingStepSize"), std::string::npos);
  EXPECT_NE(message({.step_min = 3}).find("maximumScalingStepSize"), std::string::npos);
  EXPECT_NE(message({.scale_in_after = Duration::s(-1)}).find("scaleInAfterSeconds"), std::string::npos);
}

TEST(Admission, CpuAndMemoryKeepACompositionWaitingButNeverTheFirstForCpu) {
  const CompositionCost cost{0.5, 400ull << 20};
  const AdmissionOptions options;
  EXPECT_EQ(admit({2, 0.4, 8ull << 30}, cost, options, 2), Admission::admit) << "0.4 + 3 × 0.5 of 2 cores";
  EXPECT_EQ(admit({2, 0.6, 8ull << 30}, cost, options, 2), Admission::wait_for_cpu);
  EXPECT_EQ(admit({2, 5, 8ull << 30}, cost, options, 0), Admission::admit);
  EXPECT_EQ(admit({2, 0, 900ull << 20}, cost, options, 0), Admission::wait_for_memory) << "no call may be killed for a film";
}

TEST(Admission, TheCostIsLearnedFromFilmsAndGarbageIsNot) {
  CompositionCost cost;
  for (int i = 0; i < 40; ++i) cost = learned(cost, 25, 100, 300ull << 20);
  EXPECT_NEAR(cost.cores, 0.25, 0.01);
  EXPECT_NEAR(static_cast<double>(cost.memory >> 20), 300, 5);
  const CompositionCost before = cost;
  cost = learned(cost, 0, 0, 0);
  cost = learned(cost, -5, 100, 0);
  cost = learned(cost, 9, 1, 0);
  cost = learned(cost, std::nan(""), 100, 0);
  EXPECT_EQ(cost.cores, before.cores);
  EXPECT_EQ(cost.memory, before.memory);
}

TEST(Admission, TheFirstMeasurementsWeighAsMuchAsWhatWasAssumed) {
  CompositionCost cost;
  cost.cores = 0.5;
  cost = learned(cost, 30, 100, 0);
  EXPECT_NEAR(cost.cores, 0.4, 1e-9);
  cost = learned(cost, 10, 100, 0);
  EXPECT_NEAR(cost.cores, 0.3, 1e-9);
  for (int i = 0; i < 1000; ++i) cost = learned(cost, 30, 100, 0);
  cost = learned(cost, 80, 100, 0);
  EXPECT_NEAR(cost.cores, 0.4, 1e-3) << "later ones are a moving average";
}

TEST(Admission, TheCostIsLearnedWhileFilmsAreMade) {
  CompositionCost cost{0.5, 400ull << 20};
  // Two seconds of start-up and 100 seconds that were run through before the first word: no measurement.
  PaceMeter meter;
  EXPECT_FALSE(meter.progressed(2, 100));
  int measured = 0;
  for (int second = 1; second <= 60; ++second) {
    const auto pace = meter.progressed(2 + 0.25 * second, 100.0 + second);
    if (!pace) continue;
    ++measured;
    EXPECT_NEAR(pace->cpu_seconds / pace->film_seconds, 0.25, 1e-6);
    cost = learned(cost, pace->cpu_seconds, pace->film_seconds, 0);
  }
  EXPECT_EQ(measured, 12);
  EXPECT_LT(cost.cores, 0.3) << "before a single film is finished";
  // A child that talks nonsense moves nothing.
  EXPECT_FALSE(meter.progressed(1e9, 3));
  EXPECT_FALSE(meter.progressed(std::nan(""), std::nan("")));
}

}  // namespace
}  // namespace upcall::recording
