#include "recording/admission.hpp"

#include <algorithm>

namespace upcall::recording {

namespace {
constexpr double kWeight = 0.2;             // of the newest measurement, once there are enough
constexpr double kShortestFilm = 5;         // seconds; shorter ones are mostly start-up
}  // namespace

Admission admit(const HostLoad& load, const CompositionCost& cost, const AdmissionOptions& options, int running) {
  if (load.memory_available < options.memory_reserve + cost.memory) return Admission::wait_for_memory;
  if (running > 0 && load.other_cores + (running + 1) * cost.cores > load.cores * options.cores_share) return Admission::wait_for_cpu;
  return Admission::admit;
}

CompositionCost learned(const CompositionCost& before, double cpu_seconds, double film_seconds, std::uint64_t peak_memory) {
  CompositionCost out = before;
  if (cpu_seconds > 0 && film_seconds >= kShortestFilm) {
    ++out.measurements;
    const double weight = std::max(kWeight, 1.0 / (1.0 + out.measurements));
    out.cores += weight * (std::clamp(cpu_seconds / film_seconds, 0.01, 16.0) - out.cores);
  }
  if (peak_memory > 0) {
    const double memory = static_cast<double>(out.memory);
    out.memory = static_cast<std::uint64_t>(memory + kWeight * (static_cast<double>(peak_memory) - memory));
  }
  return out;
}

std::optional<PaceMeter::Pace> PaceMeter::progressed(double cpu_seconds, double film_seconds) {
  if (!last_) last_ = Pace{cpu_seconds, film_seconds};
  const Pace since{cpu_seconds - last_->cpu_seconds, film_seconds - last_->film_seconds};
  if (!(since.film_seconds >= kShortestFilm)) return std::nullopt;
  last_ = Pace{cpu_seconds, film_seconds};
  return since;
}

}  // namespace upcall::recording
