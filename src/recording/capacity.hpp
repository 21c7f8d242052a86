// How many composer workers there should be. Pure: time and what is there go in, what to start and to stop comes out.
// It governs composing only; capturing never waits for a worker.
//
// A worker has `slots_per_worker` places for compositions, takes them once it is warm, and is never stopped while one
// runs. Growing: at once when more of the slots are in use than grow_percent(), by at most `step_max` workers, and again
// when those are warm. Shrinking: when the need was lower for all of `scale_in_after`, and only to the highest need of that
// time (also where `step_min` is more than that). Between the two nothing moves: a load that swings does not flap.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::recording {

struct CapacityOptions {
  int min_capacity = 1, max_capacity = 5;   // workers
  int slots_per_worker = 2;
  double target_percent = 60;               // of the slots in use; above 0, at most 100
  int step_min = 1, step_max = 2;           // workers a step
  Duration scale_in_after = Duration::s(120);
};

// invalid_argument with the parameter's name for what makes no sense.
Result<CapacityOptions> checked(const CapacityOptions& options);

struct WorkerView {
  std::uint32_t id = 0;     // rises with each worker that is started
  bool warm = false;
  int running = 0;          // compositions
};

struct CapacityPlan {
  int desired = 0;                      // what the need asks for, within the limits
  int start = 0;                        // workers to start now
  std::vector<std::uint32_t> stop;      // idle ones to stop now
};

// Workers for so many compositions, within the limits.
int workers_for(const CapacityOptions& options, int compositions);
// Half way from the target to full: what is beyond has too little in reserve for the time a worker takes to get warm.
double grow_percent(const CapacityOptions& options);

class CapacityProvider {
 public:
  explicit CapacityProvider(const CapacityOptions& options) : options_(options) {}

  // Call it whenever something changed and at next_deadline(). `waiting`: compositions without a slot.
  CapacityPlan step(Instant now, std::span<const WorkerView> workers, int waiting);
  Instant next_deadline() const { return low_since_.is_never() ? Instant::never() : low_since_ + options_.scale_in_after; }

  // Which worker takes the next composition: the fullest warm one with a free slot, so that others fall idle.
  std::optional<std::uint32_t> place(std::span<const WorkerView> workers) const;

  // The limits may change at any time; what is too much then goes as workers fall idle.
  void set_options(const CapacityOptions& options);
  const CapacityOptions& options() const { return options_; }

 private:
  CapacityOptions options_;
  Instant low_since_ = Instant::never();    // the need is below what is there since then
  int low_peak_ = 0;                        // the highest need since then
};

}  // namespace upcall::recording
