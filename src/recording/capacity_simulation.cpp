#include "recording/capacity_simulation.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numbers>

#include "base/rng.hpp"

namespace upcall::recording {

namespace {

constexpr int kDaySeconds = 24 * 3600;
constexpr double kLengthSigma = 0.7;        // of the logarithm of a call's length

struct Recording {
  std::int64_t start_s = 0, end_s = 0;
  double composed_s = 0;
  std::uint32_t worker = 0;                 // 0: waits
  double lag(std::int64_t now) const { return static_cast<double>(std::min(now, end_s) - start_s) - composed_s; }
};

struct Worker {
  std::uint32_t id;
  std::int64_t started_s, warm_at_s;
};

// Share of the busy hour's calls at this moment.
double rate_share(std::int64_t second) {
  const int day = static_cast<int>(second / kDaySeconds) % 7;
  const double hour = static_cast<double>(second % kDaySeconds) / 3600;
  // Two humps, at eleven and at half past fifteen, as call centres have them.
  const auto hump = [hour](double at, double width) { return std::exp(-0.5 * std::pow((hour - at) / width, 2)); };
  const double working = std::min(1.0, std::max(hump(11, 1.6), hump(15.5, 1.7)));
  return std::max(0.02, working) * (day >= 5 ? 0.2 : 1.0);
}

double normal(RandomSource& random) {
  const double u = 1 - random.unit();
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * random.unit());
}

// Seconds; never shorter than ten, never longer than four hours.
std::int64_t call_length(const CapacityScenario& s, RandomSource& random) {
  const double mean = s.call_minutes * 60;
  const double length = std::exp(std::log(mean) - kLengthSigma * kLengthSigma / 2 + kLengthSigma * normal(random));
  return static_cast<std::int64_t>(std::clamp(length, 10.0, 4.0 * 3600));
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

class Simulation {
 public:
  explicit Simulation(const CapacityScenario& scenario)
      : s_(scenario), random_(scenario.seed), provider_(scenario.capacity) {}

  CapacityOutcome run() {
    const std::int64_t end = static_cast<std::int64_t>(s_.days) * kDaySeconds;
    for (now_ = 0; now_ < end; ++now_) second();
    out_.lag_s_at_end = worst_lag();
    summarise();
    return std::move(out_);
  }

 private:
  void second() {
    arrive();
    scale();
    place();
    compose();
    note();
  }

  void arrive() {
    int calls = random_.chance(s_.calls_per_busy_hour * rate_share(now_) / 3600) ? 1 : 0;
    const int day = static_cast<int>(now_ / kDaySeconds) % 7;
    const std::int64_t in_day = now_ % kDaySeconds;
    if (day < 5 && in_day >= 10 * 3600 && in_day < 10 * 3600 + 60 && random_.chance(s_.burst_calls / 60)) ++calls;
    for (; calls > 0; --calls) {
      recordings_.push_back({now_, now_ + call_length(s_, random_), 0, 0});
      ++out_.calls;
    }
  }

  std::vector<WorkerView> view() const {
    std::vector<WorkerView> out;
    for (const Worker& w : workers_) {
      const auto runs = [&](const Recording& r) { return r.worker == w.id; };
      out.push_back({w.id, w.warm_at_s <= now_, static_cast<int>(std::count_if(recordings_.begin(), recordings_.end(), runs))});
    }
    return out;
  }

  int waiting() const {
    return static_cast<int>(std::count_if(recordings_.begin(), recordings_.end(), [](const Recording& r) { return r.worker == 0; }));
  }

  void scale() {
    const CapacityPlan plan = provider_.step(Instant::from_ms(now_ * 1000), view(), waiting());
    if (plan.start > 0) {
      ++out_.grown;
      if (last_shrunk_ >= 0 && now_ - last_shrunk_ < s_.capacity.scale_in_after.ms() / 1000) ++out_.reversals;
      const std::int64_t warm_up = (s_.warm_up.ms() + 999) / 1000;
      for (int i = 0; i < plan.start; ++i) workers_.push_back({next_worker_++, now_, now_ + warm_up});
    }
    if (!plan.stop.empty()) {
      ++out_.shrunk;
      last_shrunk_ = now_;
      std::erase_if(workers_, [&](const Worker& w) {
        if (std::find(plan.stop.begin(), plan.stop.end(), w.id) == plan.stop.end()) return false;
        const double life = static_cast<double>(now_ - w.started_s);
        out_.life_s_min = out_.life_s_min == 0 ? life : std::min(out_.life_s_min, life);
        return true;
      });
    }
    out_.workers_max = std::max(out_.workers_max, static_cast<int>(workers_.size()));
  }

  void place() {
    for (Recording& r : recordings_) {
      if (r.worker != 0) continue;
      const std::vector<WorkerView> workers = view();
      int running = 0;
      for (const WorkerView& w : workers) running += w.running;
      const HostLoad load{s_.cores, 0, 64ull << 30};
      if (admit(load, s_.cost, {}, running) != Admission::admit) return;
      const auto worker = provider_.place(workers);
      if (!worker) return;
      r.worker = *worker;
      out_.wait_s_max = std::max(out_.wait_s_max, static_cast<double>(now_ - r.start_s));
    }
  }

  // One second of work: who keeps pace takes its cost, who is behind up to catch_up_speed of it; all share the cores.
  void compose() {
    double wanted = 0;
    for (const Recording& r : recordings_) {
      if (r.worker != 0) wanted += speed_of(r) * s_.cost.cores;
    }
    const double share = wanted > s_.cores ? s_.cores / wanted : 1;
    for (Recording& r : recordings_) {
      if (r.worker != 0) r.composed_s += speed_of(r) * share;
    }
    const auto before = recordings_.size();
    std::erase_if(recordings_, [&](const Recording& r) { return now_ + 1 >= r.end_s && r.composed_s >= static_cast<double>(r.end_s - r.start_s) - 1e-6; });
    out_.composed += before - recordings_.size();
  }

  double speed_of(const Recording& r) const { return std::min(s_.catch_up_speed, std::max(r.lag(now_ + 1), 0.0)); }

  double worst_lag() const {
    double worst = 0;
    for (const Recording& r : recordings_) worst = std::max(worst, r.lag(now_));
    return worst;
  }

  void note() {
    minute_.workers += static_cast<double>(workers_.size()) / 60;
    minute_.slots += static_cast<double>(workers_.size()) * s_.capacity.slots_per_worker / 60;
    minute_.waiting += waiting() / 60.0;
    minute_.running += static_cast<double>(recordings_.size() - static_cast<std::size_t>(waiting())) / 60;
    const auto live = [&](const Recording& r) { return now_ < r.end_s; };
    minute_.capturing += static_cast<double>(std::count_if(recordings_.begin(), recordings_.end(), live)) / 60;
    if (now_ % 60 != 59) return;
    minute_.hour = static_cast<double>(now_ - 59) / 3600;
    minute_.lag_s = worst_lag();
    out_.samples.push_back(minute_);
    minute_ = {};
  }

  // Quiet hours do not count: a pool at its least cannot be well used with nothing to do.
  void summarise() {
    std::vector<double> work(out_.samples.size() / 60);
    for (std::size_t i = 0; i < work.size() * 60; ++i) work[i / 60] += out_.samples[i].running + out_.samples[i].waiting;
    const double busiest = work.empty() ? 0 : *std::max_element(work.begin(), work.end());
    double running = 0, slots = 0;
    std::vector<double> lags;
    for (std::size_t i = 0; i < work.size() * 60; ++i) {
      if (busiest == 0 || work[i / 60] < busiest / 2) continue;
      out_.busy_hours += 1.0 / 60;
      running += out_.samples[i].running;
      slots += out_.samples[i].slots;
      lags.push_back(out_.samples[i].lag_s);
    }
    out_.busy_utilisation = slots > 0 ? running / slots : 0;
    out_.lag_s_p50 = percentile(lags, 0.5);
    out_.lag_s_p99 = percentile(lags, 0.99);
    for (const CapacitySample& m : out_.samples) out_.lag_s_max = std::max(out_.lag_s_max, m.lag_s);
  }

  const CapacityScenario s_;
  SeededRandom random_;
  CapacityProvider provider_;
  std::vector<Worker> workers_;
  std::deque<Recording> recordings_;        // in the order of their starts
  std::uint32_t next_worker_ = 1;
  std::int64_t now_ = 0, last_shrunk_ = -1;
  CapacitySample minute_;
  CapacityOutcome out_;
};

}  // namespace

Result<CapacityOutcome> simulate(const CapacityScenario& s) {
  if (auto fine = checked(s.capacity); !fine) return tl::unexpected(fine.error());
  const auto wrong = [](const char* text) { return fail(ErrorCode::invalid_argument, text); };
  if (s.days < 1 || s.days > 366) return wrong("The number of days must be from 1 to 366.");
  if (!(s.calls_per_busy_hour >= 0 && s.calls_per_busy_hour <= 3600)) return wrong("Calls an hour must be from 0 to 3600.");
  if (!(s.call_minutes > 0 && s.call_minutes <= 240)) return wrong("The length of a call must be above 0 and at most 240 minutes.");
  if (!(s.cores > 0) || !(s.cost.cores > 0)) return wrong("Cores must be above 0.");
  if (!(s.catch_up_speed > 1)) return wrong("The catch-up speed must be above 1, or a backlog never ends.");
  return Simulation(s).run();
}

}  // namespace upcall::recording
