// service::ComposerPool with real processes (this program as composer) on a clock that the test moves.
#include "service/recording/composer_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <filesystem>

#include "io/clock/system_clock.hpp"
#include "io/process/host_load.hpp"
#include "service_world.hpp"

namespace upcall::test {
namespace {

using service::ComposerPool;

struct PoolWorld {
  explicit PoolWorld(recording::CapacityOptions capacity, std::string program = std::filesystem::read_symlink("/proc/self/exe").string()) {
    service::ComposerPoolOptions options;
    options.program = std::move(program);
    options.capacity = capacity;
    options.measure_host = false;
    pool = std::make_unique<ComposerPool>(std::move(options), children, [this] {
      Now now = system_now();
      now.mono = now.mono + Duration::s(ahead_s.load());
      return now;
    }, [this] { ++told; });
  }
  bool reaches(const std::function<bool(const ComposerPool::Counters&)>& wanted) {
    return eventually([&] { return wanted(pool->counters()); });
  }
  process::ChildHost children;
  std::atomic<std::int64_t> ahead_s{0};
  std::atomic<int> told{0};
  std::unique_ptr<ComposerPool> pool;
};

// acceptance: 58
TEST(ComposerPool, WarmsWorkersAheadGrowsWithTheLoadAndShrinksAfterIt) {
  UPCALL_NEEDS_COMPOSER();
  PoolWorld world({.scale_in_after = Duration::s(60)});
  ComposerPool& pool = *world.pool;
  ASSERT_TRUE(world.reaches([](const auto& c) { return c.workers == 1 && c.warm == 2; })) << "before anything is to be done";
  EXPECT_GT(world.told, 0);
  std::vector<ComposerPool::Place> places;
  while (places.size() < 10) {
    ASSERT_TRUE(eventually([&] {
      const auto place = pool.take();
      if (place) places.push_back(*place);
      pool.set_waiting(place ? 0 : 1);
      return place.has_value();
    })) << places.size();
  }
  EXPECT_EQ(pool.counters().workers, 5);
  EXPECT_FALSE(pool.take()) << "five workers of two places";
  pool.set_waiting(0);
  // Quiet time: but all are busy.
  world.ahead_s += 120;
  pool.give_back(places.back());
  places.pop_back();
  world.ahead_s += 120;
  EXPECT_EQ(pool.counters().workers, 5);
  for (const auto& place : places) pool.give_back(place);
  ASSERT_TRUE(eventually([&] {
    world.ahead_s += 61;
    pool.set_waiting(0);
    return pool.counters().workers == 1;
  }));
  EXPECT_GE(pool.counters().stopped, 4u);
}

TEST(ComposerPool, AProcessThatDiesIdleIsReplaced) {
  UPCALL_NEEDS_COMPOSER();
  PoolWorld world({.max_capacity = 1, .slots_per_worker = 1});
  ASSERT_TRUE(world.reaches([](const auto& c) { return c.warm == 1; }));
  const auto place = world.pool->take();
  ASSERT_TRUE(place);
  auto child = world.pool->child(*place);
  ASSERT_TRUE(child);
  (*child)->kill_group();
  auto second = world.pool->child(*place);
  ASSERT_TRUE(second) << "died at its work: the composition goes on with another";
  EXPECT_NE((*second)->pid(), (*child)->pid());
  world.pool->give_back(*place);
  second->reset();
  ASSERT_TRUE(world.reaches([](const auto& c) { return c.warm == 1; }));
  const auto again = world.pool->take();
  ASSERT_TRUE(again);
  world.pool->give_back(*again);  // unused
  ASSERT_TRUE(world.reaches([](const auto& c) { return c.warm == 1; }));
}

TEST(ComposerPool, AProgramThatCannotRunIsTriedAgainAndGivesNoPlace) {
  PoolWorld world({.max_capacity = 1, .slots_per_worker = 1}, "/bin/false");
  ASSERT_TRUE(world.reaches([&](const auto& c) {
    world.ahead_s += 31;
    world.pool->set_waiting(c.waiting + 1);
    return c.died >= 3;
  }));
  EXPECT_FALSE(world.pool->take());
}

TEST(HostLoad, ReadsWhatTheKernelSays) {
  const auto cpu = process::parse_cpu("cpu  10 20 30 1000 500 1 2 3 0 0\ncpu0 5 10 15 500 250 0 1 1 0 0\ncpu1 5 10 15 500 250 1 1 2 0 0\nintr 1\n");
  ASSERT_TRUE(cpu);
  EXPECT_EQ(cpu->busy, 66);
  EXPECT_EQ(cpu->cores, 2);
  EXPECT_EQ(process::parse_available("MemTotal: 5 kB\nMemAvailable:    2048 kB\n"), 2048u * 1024);
  EXPECT_EQ(process::parse_process_ticks("77 (a ) b) S 1 2 3 4 5 6 7 8 9 10 111 222 0 0"), 333);
  for (const char* text : {"", "cpu", "cpu x", "cpu 1 2 3", "cpu  1 2 3 4 5 6 7 8\n", "MemAvailable: x", "77 (name", "77 (name) S 1"}) {
    EXPECT_FALSE(process::parse_cpu(text)) << text;
    EXPECT_FALSE(process::parse_available(text)) << text;
    EXPECT_FALSE(process::parse_process_ticks(text)) << text;
  }
  // The real one, twice: its own process has used some.
  process::HostSampler sampler;
  const pid_t self = ::getpid();
  ASSERT_TRUE(sampler.sample(Instant::from_ms(1000), {&self, 1}));
  const auto until = std::clock() + CLOCKS_PER_SEC * 3 / 10;
  while (std::clock() < until) {}
  const auto seen = sampler.sample(Instant::from_ms(1200), {&self, 1});
  ASSERT_TRUE(seen);
  EXPECT_GT(seen->own_cores, 0.5) << "0.3 s of CPU in what is called 0.2 s";
  EXPECT_GE(seen->busy_cores, seen->own_cores);
  EXPECT_GT(seen->memory_available, 1u << 20);
}

}  // namespace
}  // namespace upcall::test
