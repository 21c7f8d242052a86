// Carries out the pipeline's runs, one after another, each as pipeline::Machine says. A process of its own: a deploy replaces
// the server, and the run goes on.
//
// One thread; `ending` may be set from a signal handler.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/pipeline_runs/run_store.hpp"
#include "io/process/child_process.hpp"

namespace upcall::service {

struct RunnerOptions {
  std::string data_dir;    // whole path
  std::string root;        // where releases are installed; UPCALL_ROOT
  std::string program;     // this `upcall`
  // Asked again and again, since they may be changed: what is looked at for pushes that made no run.
  struct Settings {
    std::string repository, branch, stage;
  };
  std::function<Result<Settings>()> settings;
  // Secrets that no log may hold. Asked before each run; a run whose secrets are not known does not begin.
  std::function<Result<std::vector<std::string>>()> secrets;
  std::atomic<bool>* ending = nullptr;
  std::uint64_t min_free_bytes = std::uint64_t{256} << 20;  // on the disk of the data directory, or no run begins
};

// The current release's `upcall`, once there is one below `root`; else this one.
std::string current_program(const RunnerOptions& options);

class PipelineRunner {
 public:
  enum class Why : std::uint8_t { ending, new_program };
  explicit PipelineRunner(RunnerOptions options);
  ~PipelineRunner();

  // Errors: conflict (another runner has this data directory).
  Result<void> open();
  // Works until told to end, or until its own program has been replaced and no run is under way.
  Why work();
  // One look at the queue: true when a run was carried out. For tests, and for `runner --once`.
  bool work_once();

 private:
  void carry_out(std::int64_t number);
  void look_for_tips();
  bool program_changed() const;
  bool ending() const { return options_.ending != nullptr && *options_.ending; }
  void wait_for_work(int ms);

  RunnerOptions options_;
  pipeline::RunStore store_;
  process::ChildHost host_;
  int lock_ = -1, watch_ = -1;
  std::string program_mark_;  // of the program that runs
  Instant next_look_{};
  std::string unclaimed_tip_;
};

}  // namespace upcall::service
