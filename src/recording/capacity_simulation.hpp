// Days of calls against the capacity provider, in virtual time: what `upcall capacity simulate` shows and what the tests
// judge. Calls come at random (Poisson) at a rate that follows the hour and the weekday; each is recorded and composed
// live. Composers that get less than they need fall behind and catch up later. Deterministic for a seed. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "recording/admission.hpp"
#include "recording/capacity.hpp"

namespace upcall::recording {

struct CapacityScenario {
  CapacityOptions capacity;
  int days = 7;                          // from a Monday
  double calls_per_busy_hour = 30;       // at the top of a working day; nights have a fiftieth, weekends a fifth
  double call_minutes = 8;               // mean; lengths are log-normal
  double burst_calls = 0;                // that begin within one minute each working day at 10:00
  Duration warm_up = Duration::s(2);     // from a worker's start to its first composition
  double cores = 16;
  CompositionCost cost;
  double catch_up_speed = 2.3;           // film seconds a second, of one composer that is behind
  std::uint64_t seed = 1;
};

// One a minute: what the plot shows.
struct CapacitySample {
  double hour = 0;                       // since the beginning
  double capturing = 0, running = 0, waiting = 0;   // means of the minute
  double workers = 0;
  double slots = 0;
  double lag_s = 0;                      // of the composition that is furthest behind, at the end of the minute
};

struct CapacityOutcome {
  std::vector<CapacitySample> samples;
  std::uint64_t calls = 0, composed = 0; // of those that ended
  double busy_utilisation = 0;           // running over slots, mean over the busy hours
  double busy_hours = 0;                 // hours with at least half of the busiest hour's work
  double lag_s_p50 = 0, lag_s_p99 = 0, lag_s_max = 0;   // of samples of busy hours
  double lag_s_at_end = 0;               // after the last night
  double wait_s_max = 0;                 // from a recording's start to its composer's
  std::uint64_t grown = 0, shrunk = 0;   // steps
  std::uint64_t reversals = 0;           // grown again within `scale_in_after` after shrinking
  double life_s_min = 0;                 // of a worker that was stopped; 0 when none was
  int workers_max = 0;
};

// Errors: what checked() says of the options, invalid_argument for other values that make no sense.
Result<CapacityOutcome> simulate(const CapacityScenario& scenario);

}  // namespace upcall::recording
