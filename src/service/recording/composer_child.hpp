// One composer process and the conversation with it: gives it its orders, puts what it makes into the film's spool. A
// film that is there in part is gone on with (ADR 10).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/film_spool/film_spool.hpp"
#include "io/process/child_process.hpp"
#include "service/recording/film_settings.hpp"

namespace upcall::service {

struct ComposerOrder {
  std::string journal_directory;
  ByteVector key;                 // wiped by its owner
  std::string title;
  FilmSettings settings;
  bool live = true;               // the journal may still grow
};

struct ComposerHooks {
  // Waits; false: the server is stopping.
  std::function<bool(Duration)> pause;
  std::function<void(int pid)> pid;                  // -1: it has ended
  std::function<void(std::int64_t)> composed_ms;
  // What a part of the film took: CPU seconds, seconds of film. May be empty.
  std::function<void(double, double)> pace;
};

struct ComposerExit {
  Result<void> composed;          // the spool holds the complete film
  std::int64_t resumed_from_ms = -1;   // of the film, when it was gone on with
  double cpu_core_seconds = 0, peak_rss_mib = 0;
};

// A process that warms itself and waits for an order. `program`: path of upcall-recorder.
Result<std::unique_ptr<process::ChildProcess>> spawn_composer(process::ChildHost& host, const std::string& program);

// Blocks until the child has ended. A disk without room is waited for, with the child waiting too.
ComposerExit run_composer_child(const ComposerOrder& order, film_spool::FilmSpool& film, std::unique_ptr<process::ChildProcess> child,
                                const ComposerHooks& hooks);

}  // namespace upcall::service
