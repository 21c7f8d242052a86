#include "recording/capacity.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::recording {

Result<CapacityOptions> checked(const CapacityOptions& o) {
  const auto wrong = [](const char* text) { return fail(ErrorCode::invalid_argument, text); };
  if (!(o.target_percent > 0 && o.target_percent <= 100)) return wrong("targetCapacityPercent must be above 0 and at most 100.");
  if (o.min_capacity < 0) return wrong("minCapacity must not be negative.");
  if (o.max_capacity < 1 || o.max_capacity > 1000) return wrong("maxCapacity must be from 1 to 1000.");
  if (o.min_capacity > o.max_capacity) return wrong("minCapacity must not be above maxCapacity.");
  if (o.slots_per_worker < 1 || o.slots_per_worker > 64) return wrong("slotsPerWorker must be from 1 to 64.");
  if (o.step_min < 1) return wrong("minimumScalingStepSize must be at least 1.");
  if (o.step_max < o.step_min) return wrong("maximumScalingStepSize must not be below minimumScalingStepSize.");
  if (o.scale_in_after < Duration()) return wrong("scaleInAfterSeconds must not be negative.");
  return o;
}

int workers_for(const CapacityOptions& o, int compositions) {
  const double slots = std::ceil(compositions * 100.0 / o.target_percent - 1e-9);
  // Rounded down: rounding up twice would end far below the target when workers are few. But a slot for each.
  const double workers = std::max(std::floor(slots / o.slots_per_worker), std::ceil(static_cast<double>(compositions) / o.slots_per_worker));
  return std::max(static_cast<int>(std::min(workers, static_cast<double>(o.max_capacity))), o.min_capacity);
}

double grow_percent(const CapacityOptions& o) { return o.target_percent + (100 - o.target_percent) / 2; }

CapacityPlan CapacityProvider::step(Instant now, std::span<const WorkerView> workers, int waiting) {
  int running = 0, warming = 0;
  for (const WorkerView& w : workers) {
    running += w.running;
    warming += w.warm ? 0 : 1;
  }
  const int current = static_cast<int>(workers.size());
  CapacityPlan plan;
  plan.desired = workers_for(options_, running + waiting);
  if (plan.desired >= current) {
    low_since_ = Instant::never();
    // What warms is counted already; more is started when it turns out not to be enough.
    const bool short_of_slots = running + waiting > grow_percent(options_) / 100 * current * options_.slots_per_worker + 1e-9;
    if (warming == 0 && plan.desired > current && (short_of_slots || current < options_.min_capacity)) {
      plan.start = std::clamp(plan.desired - current, options_.step_min, options_.step_max);
      plan.start = std::min(plan.start, options_.max_capacity - current);
    }
    return plan;
  }
  if (low_since_.is_never()) {
    low_since_ = now;
    low_peak_ = plan.desired;
  }
  low_peak_ = std::max(low_peak_, plan.desired);
  if (now - low_since_ < options_.scale_in_after) return plan;
  std::vector<std::uint32_t> idle;
  for (const WorkerView& w : workers) {
    if (w.running == 0) idle.push_back(w.id);
  }
  std::sort(idle.rbegin(), idle.rend());  // the youngest first: it holds the least
  // Not below the highest need, even where the smallest step would: that would have to grow again at once.
  const int remove = std::min({current - low_peak_, options_.step_max, static_cast<int>(idle.size())});
  plan.stop.assign(idle.begin(), idle.begin() + std::max(remove, 0));
  low_since_ = now;
  low_peak_ = plan.desired;
  return plan;
}

std::optional<std::uint32_t> CapacityProvider::place(std::span<const WorkerView> workers) const {
  const WorkerView* best = nullptr;
  for (const WorkerView& w : workers) {
    if (!w.warm || w.running >= options_.slots_per_worker) continue;
    if (best == nullptr || w.running > best->running || (w.running == best->running && w.id < best->id)) best = &w;
  }
  return best == nullptr ? std::nullopt : std::optional(best->id);
}

void CapacityProvider::set_options(const CapacityOptions& options) {
  options_ = options;
  low_since_ = Instant::never();
}

}  // namespace upcall::recording
