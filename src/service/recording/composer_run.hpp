// One composing of one journal: a child process (upcall-recorder worker), its control socket, and the upload that its
// parts go into. A child that dies is started again from the journal's beginning with a fresh upload.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/objects/object_store.hpp"
#include "io/process/child_process.hpp"

namespace upcall::service {

struct ComposerOptions {
  std::string program;            // path of upcall-recorder
  std::string journal_directory;
  ByteVector key;                 // wiped when the run ends
  std::string object_key;
  std::string title;
  int width = 1920, height = 1080, fps = 30;
  bool live = true;               // the journal may still grow
  int attempts = 5;
};

struct ComposerOutcome {
  objects::ObjectInfo object;
  std::int64_t duration_ms = 0;
  std::uint64_t video_frames = 0;
  int width = 0, height = 0;
  double cpu_core_seconds = 0;    // of all attempts
  double peak_rss_mib = 0;
  int attempts = 0;
  std::string warning;
};

class ComposerRun {
 public:
  // `done` is called once, on the run's thread.
  ComposerRun(ComposerOptions options, process::ChildHost& host, objects::ObjectStore& store, std::function<Now()> clock,
              std::function<void(Result<ComposerOutcome>)> done);
  // Kills the child; `done` gets an error when the run had not ended.
  ~ComposerRun();
  ComposerRun(const ComposerRun&) = delete;
  ComposerRun& operator=(const ComposerRun&) = delete;

  std::int64_t composed_ms() const { return composed_ms_.load(std::memory_order_relaxed); }
  // Of the running child, -1 when none runs.
  int pid() const { return pid_.load(std::memory_order_relaxed); }

 private:
  void run();
  Result<ComposerOutcome> attempt();

  ComposerOptions options_;
  process::ChildHost& host_;
  objects::ObjectStore& store_;
  std::function<Now()> clock_;
  std::function<void(Result<ComposerOutcome>)> done_;
  std::atomic<std::int64_t> composed_ms_{0};
  std::atomic<int> pid_{-1};
  std::atomic<bool> stop_{false};
  double cpu_core_seconds_ = 0, peak_rss_mib_ = 0;
  std::thread thread_;
};

}  // namespace upcall::service
