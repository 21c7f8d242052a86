// May one more composition begin on this host? Beside the slots of capacity.hpp: by what the host measures. Composers
// run at the lowest priority, so this protects their own pace and the host's memory, not the calls. Pure.
#pragma once

#include <cstdint>
#include <optional>

namespace upcall::recording {

struct HostLoad {
  double cores = 1;                      // of the host
  double other_cores = 0;                // in use by everything but our composers
  std::uint64_t memory_available = 0;    // bytes
};

// Of one composition, as measured on this host.
struct CompositionCost {
  double cores = 0.30;                   // CPU seconds for a second of film: what keeping pace takes
  std::uint64_t memory = 400ull << 20;   // bytes
  int measurements = 0;                  // of CPU, that went into it; without one it is what other hosts needed
};

struct AdmissionOptions {
  double cores_share = 1.0;                        // of the host's cores that keeping pace may take
  std::uint64_t memory_reserve = 512ull << 20;     // bytes that stay free
};

enum class Admission : std::uint8_t { admit, wait_for_cpu, wait_for_memory };

// `running`: compositions at work. The first is never kept waiting for CPU: a busy host composes slowly, not never.
Admission admit(const HostLoad& load, const CompositionCost& cost, const AdmissionOptions& options, int running);

// Folds what a composition, or a part of one, took into the measured cost: the mean of the first ones and of what was
// assumed, then a moving average; garbage is ignored.
CompositionCost learned(const CompositionCost& before, double cpu_seconds, double film_seconds, std::uint64_t peak_memory);

// Of one process at work: its CPU time and how far its film is, both so far, become measurements that are long enough to
// learn from. What it took before its first word (start-up, running through a film in hand) is left out.
class PaceMeter {
 public:
  struct Pace {
    double cpu_seconds = 0, film_seconds = 0;
  };
  std::optional<Pace> progressed(double cpu_seconds, double film_seconds);

 private:
  std::optional<Pace> last_;
};

}  // namespace upcall::recording
