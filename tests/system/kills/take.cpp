#include "take.hpp"

#include <algorithm>

namespace upcall::story {

std::vector<test::Place> places_of_two() {
  // Below a title of 24 lines: side by side, and alone while the other is not there.
  return {{0, 102, 320}, {320, 102, 320}, {22, 24, 596}};
}

std::vector<std::int64_t> clocks_of(const test::Film& film, unsigned participant) {
  std::vector<std::int64_t> out;
  for (const auto& place : film.readings) {
    for (const test::JudgedFrame& f : place) {
      if (f.participant == participant) out.push_back(f.clock_ms);
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

CameraFindings judge_camera(const Take& take, unsigned participant, const std::vector<std::int64_t>& clocks) {
  CameraFindings out;
  std::int64_t begin = take.started_ms;
  const auto between = [&](std::int64_t from, std::int64_t to) {
    return std::pair{std::lower_bound(clocks.begin(), clocks.end(), from), std::upper_bound(clocks.begin(), clocks.end(), to)};
  };
  const auto steps = [&](std::int64_t from, std::int64_t to) {
    const auto [first, last] = between(from, to);
    for (auto at = first; at != last && at + 1 != last; ++at) out.longest_step_ms = std::max(out.longest_step_ms, static_cast<double>(*(at + 1) - *at));
  };
  for (const Outage& o : take.outages) {
    if (!in_capture(o)) continue;
    steps(begin, o.killed_ms);
    const auto [first, last] = between(begin, o.killed_ms);
    // Who had not come back since the outage before had nothing to lose.
    if (first != last) out.lost_ms.push_back(static_cast<double>(o.killed_ms - *(last - 1)));
    if (last != clocks.end()) out.away_ms.push_back(static_cast<double>(*last - o.killed_ms));
    begin = o.ready_ms;
  }
  steps(begin, INT64_MAX);
  const auto& from = take.from[participant];
  const auto& to = take.to[participant];
  if (from && to) {
    const auto [first, last] = between(from->clock_ms, to->clock_ms);
    out.missing = to->frames - from->frames - static_cast<double>(last - first);
  }
  return out;
}

}  // namespace upcall::story
