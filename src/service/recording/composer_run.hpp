// One film from its journal into the object store: composer processes, one after another as often as they die, and beside
// them the upload. What was composed stays in the film's spool, over restarts of children and of the server.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "io/objects/object_store.hpp"
#include "io/process/child_process.hpp"
#include "service/recording/composer_child.hpp"
#include "service/recording/film_manifest.hpp"
#include "service/recording/film_uploader.hpp"

namespace upcall::service {

struct ComposerOptions {
  ComposerOrder order;            // its key is wiped when the run ends
  std::string recording_id;
  // A process for the next attempt. Called on the run's thread; not when the film is complete.
  std::function<Result<std::unique_ptr<process::ChildProcess>>()> child;
  std::function<void(int pid)> pid;   // of the running process, -1: none; may be empty
  std::function<void(double cpu_seconds, double film_seconds)> pace;   // what a part of the film took; may be empty
  FilmUploaderOptions upload;
  int attempts = 5;               // children in a row that add nothing to the film
  // Beside the film a manifest is stored, of this meeting and start; without a signer none.
  SignRecord sign;
  std::string external_meeting_id;
  WallTime started;
  // Of a run before; nothing: it is opened.
  std::shared_ptr<film_spool::FilmSpool> film;
};

struct ComposerOutcome {
  objects::ObjectInfo object;
  std::int64_t duration_ms = 0;
  std::uint64_t video_frames = 0;
  int width = 0, height = 0;
  double cpu_core_seconds = 0;    // of all children of this run
  double peak_rss_mib = 0;
  int attempts = 0;               // children of this run; 0: the film was complete
  int restarts = 0;               // of them, those that went on with a film
  std::int64_t resumed_from_ms = -1;  // place of the last of these in the film
  std::int64_t replay_ms = 0;     // time that the last one took to get there
  int uploads = 0;                // begun by this run
  std::string warning;
};

class ComposerRun {
 public:
  struct Callbacks {
    // Once, on the run's thread, before done: no child will run any more.
    std::function<void()> composed;
    // Once, last of all, on the run's thread.
    std::function<void(Result<ComposerOutcome>)> done;
  };
  // References must outlive the run.
  ComposerRun(ComposerOptions options, objects::ObjectStore& store, std::function<Now()> clock,
              RandomSource& random, Callbacks callbacks);
  // Kills the child and stops the upload; `done` gets an error when the run had not ended.
  ~ComposerRun();
  ComposerRun(const ComposerRun&) = delete;
  ComposerRun& operator=(const ComposerRun&) = delete;

  // How much of the film there is.
  std::int64_t composed_ms() const;
  // Of the running child, -1 when none runs.
  int pid() const { return pid_.load(std::memory_order_relaxed); }
  // Nothing before it is open.
  std::shared_ptr<film_spool::FilmSpool> film() const;
  // Why the upload of film or manifest is not going on; empty: it is, or there is none.
  std::string upload_trouble() const;

 private:
  void run();
  Result<ComposerOutcome> whole_way();
  Result<void> compose(film_spool::FilmSpool& film, ComposerOutcome& outcome);
  Result<void> store_manifest(const film_spool::FilmSpool& film, const ComposerOutcome& outcome);
  bool pause(Duration span);

  ComposerOptions options_;
  objects::ObjectStore& store_;
  std::function<Now()> clock_;
  RandomSource& random_;
  Callbacks callbacks_;
  std::atomic<std::int64_t> composed_ms_{0};
  std::atomic<int> pid_{-1};
  mutable std::mutex mutex_;                        // guards what follows
  std::condition_variable wake_;
  bool stop_ = false;
  std::shared_ptr<film_spool::FilmSpool> film_;
  std::unique_ptr<FilmUploader> uploader_;
  std::string manifest_trouble_;
  std::thread thread_;
};

}  // namespace upcall::service
