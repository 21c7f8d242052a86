#include "io/metrics/metrics.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace upcall::metrics {
namespace {

TEST(Metrics, TextFormat) {
  Registry r;
  r.counter("b_total", "Things.\nMany\\few.", {{"z", "1"}, {"a", "q\"\\\n"}}).add(3);
  r.counter("b_total", "ignored", {{"a", "q\"\\\n"}, {"z", "1"}}).add();  // the same one, labels in another order
  r.gauge("a_gauge", "Level.").set(-0.5);
  Histogram& h = r.histogram("c_seconds", "Time.", {0.1, 1}, {{"route", "x"}});
  for (const double v : {0.05, 0.1, 0.5, 7.0}) h.observe(v);
  r.gauge_from("d", "Asked.", {}, [] { return 4.0; });
  EXPECT_EQ(r.text(),
            "# HELP a_gauge Level.\n# TYPE a_gauge gauge\na_gauge -0.5\n"
            "# HELP b_total Things.\\nMany\\\\few.\n# TYPE b_total counter\nb_total{a=\"q\\\"\\\\\\n\",z=\"1\"} 4\n"
            "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
            "c_seconds_bucket{route=\"x\",le=\"0.1\"} 2\nc_seconds_bucket{route=\"x\",le=\"1\"} 3\n"
            "c_seconds_bucket{route=\"x\",le=\"+Inf\"} 4\nc_seconds_sum{route=\"x\"} 7.65\nc_seconds_count{route=\"x\"} 4\n"
            "# HELP d Asked.\n# TYPE d gauge\nd 4\n");
}

TEST(Metrics, ParallelAddsAreAllCounted) {
  Registry r;
  Counter& c = r.counter("n_total", "");
  Histogram& h = r.histogram("h", "", latency_bounds());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        c.add();
        h.observe(0.001 * i);
        if (i % 1000 == 0) (void)r.text();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(c.value(), 40'000u);
  EXPECT_EQ(h.count(), 40'000u);
}

TEST(MetricsDeathTest, WrongNamesAndKindsAreBugs) {
  Registry r;
  r.counter("x", "");
  EXPECT_DEATH(r.gauge("x", ""), "two kinds");
  EXPECT_DEATH(r.gauge("1x", ""), "name");
  EXPECT_DEATH(r.gauge("y", "", {{"a-b", ""}}), "label");
}

}  // namespace
}  // namespace upcall::metrics
