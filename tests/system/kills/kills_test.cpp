// Composers and the server killed with -9 at random moments: every recording ends stored, every film plays, a killed
// composer costs nothing and a killed server what was on its way to the disk. Six kills here; as many as wanted with
//
//   UPCALL_KILLS=200 UPCALL_SEED=7 UPCALL_KILLS_DIR=films build/release/bin/test_system_kills
//
// which keeps the films (tools/kills.sh then plays them in browsers). The seed decides on kinds and moments of kills; the
// machine on what they meet.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

#include "kill_run.hpp"

namespace upcall::story {
namespace {

std::string environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != 0 ? value : otherwise;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size() - 1)))];
}

void print(const char* what, const std::vector<double>& v) {
  std::printf("%-52s n %zu  least %.0f  median %.0f  p95 %.0f  most %.0f\n", what, v.size(), quantile(v, 0), quantile(v, 0.5), quantile(v, 0.95), quantile(v, 1));
}

TEST(Kills, EveryRecordingIsStoredAndLosesNoMoreThanItMay) {
  KillOptions options;
  options.seed = std::strtoull(environment("UPCALL_SEED", "1").c_str(), nullptr, 10);
  options.kills = std::atoi(environment("UPCALL_KILLS", "6").c_str());
  options.calls = options.kills > 20 ? 4 : 2;
  options.keep_directory = environment("UPCALL_KILLS_DIR", "");
  ASSERT_GT(options.kills, 0);
  std::printf("seed %llu, %d kills\n", static_cast<unsigned long long>(options.seed), options.kills);
  const KillReport report = KillRun(options).run();

  std::printf("kills: %d of the server, %d of composers; %d films, %d of them met a kill\n", report.server, report.composer, report.films, report.disturbed);
  for (const auto& [state, n] : report.states) std::printf("  recordings met by a kill of the %s: %d\n", state.c_str(), n);
  print("lost by a kill of the server, ms before it", report.lost_ms);
  print("first picture after it, ms", report.away_ms);
  print("longest step between pictures elsewhere, ms", report.longest_step_ms);
  print("pictures missing where the server stayed", report.missing);
  for (const std::string& fault : report.faults) ADD_FAILURE() << fault;
  EXPECT_EQ(report.server + report.composer, options.kills);
  EXPECT_GT(report.films, 0);
  EXPECT_GT(report.disturbed, 0);
  // Half a second of media, the way of a picture from the camera to the server included. A machine so busy that cameras
  // themselves pause (their pictures come 67 ms apart) takes longer for that way.
  const double held_up = std::max(0.0, quantile(report.longest_step_ms, 1) - 100);
  EXPECT_LE(quantile(report.lost_ms, 1), 500 + held_up);
  // The last picture that was counted may be on its way, the first have been before its time.
  EXPECT_LE(quantile(report.missing, 1), 2);
}

}  // namespace
}  // namespace upcall::story
