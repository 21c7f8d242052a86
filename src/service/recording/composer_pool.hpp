// Composer processes ahead of their work (ADR 9). A worker is `slots_per_worker` places; each place holds one process that
// has loaded and tried its codecs and waits for an order. How many workers there are says recording::CapacityProvider, and
// whether one more composition may begin, beside a free place, recording::admit by what the host measures.
//
// Threads: members from any thread. `changed` is called on the pool's own thread whenever a place may be free.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/process/child_process.hpp"
#include "io/process/host_load.hpp"
#include "recording/admission.hpp"
#include "recording/capacity.hpp"

namespace upcall::service {

struct ComposerPoolOptions {
  std::string program;                        // upcall-recorder
  recording::CapacityOptions capacity;
  recording::AdmissionOptions admission;
  bool measure_host = true;                   // false: places alone decide
  Duration warm_limit = Duration::s(30);      // a process that is not warm by then is replaced
};

class ComposerPool {
 public:
  struct Place {
    std::uint32_t worker = 0;
    std::size_t slot = 0;
  };
  struct Counters {
    int workers = 0, desired = 0, slots = 0, warm = 0, running = 0, waiting = 0;
    std::uint64_t started = 0, stopped = 0, died = 0;   // workers, workers, idle processes
    recording::Admission admission = recording::Admission::admit;   // the last answer to one that wanted to begin
    recording::CompositionCost cost;
  };

  // References must outlive the pool.
  ComposerPool(ComposerPoolOptions options, process::ChildHost& children, std::function<Now()> clock, std::function<void()> changed);
  // Every place must have been given back.
  ~ComposerPool();
  ComposerPool(const ComposerPool&) = delete;
  ComposerPool& operator=(const ComposerPool&) = delete;

  // Nothing: the composition waits; tell how many do by set_waiting().
  std::optional<Place> take();
  void set_waiting(int compositions);
  // The process of a place that was taken: the warm one, and after that one has gone a new one.
  Result<std::unique_ptr<process::ChildProcess>> child(const Place& place);
  void running_as(const Place& place, pid_t pid);
  void give_back(const Place& place);
  // What a composition, or a part of one, took; 0: not known.
  void learn(double cpu_seconds, double film_seconds, double peak_rss_mib);

  void set_capacity(const recording::CapacityOptions& capacity);
  Counters counters() const;

 private:
  struct Slot {
    std::unique_ptr<process::ChildProcess> child;   // idle: warming or warm
    bool warm = false, taken = false;
    Instant since;
    Instant retry_at;                               // after a process that could not be started
    Duration pause = Duration::ms(500);
    pid_t running = -1;
  };
  struct Worker {
    std::uint32_t id = 0;
    bool was_warm = false;                          // all of its places were at least once
    std::vector<Slot> slots;
  };
  void run();
  // With mutex_ held. True: somebody may want to know.
  bool scale(Instant now);
  bool look_after(Instant now);
  void listen(int timeout_ms);
  std::vector<recording::WorkerView> view() const;
  Worker* find(std::uint32_t id);
  void wake();

  ComposerPoolOptions options_;
  process::ChildHost& children_;
  std::function<Now()> clock_;
  std::function<void()> changed_;
  int wake_fd_ = -1;
  mutable std::mutex mutex_;                        // guards what follows
  recording::CapacityProvider provider_;
  recording::CompositionCost cost_;
  recording::HostLoad load_;
  Counters counters_;
  std::vector<Worker> workers_;
  std::uint32_t next_worker_ = 1;
  int waiting_ = 0;
  bool stop_ = false;
  process::HostSampler sampler_;                    // the pool's thread only
  std::thread thread_;
};

}  // namespace upcall::service
