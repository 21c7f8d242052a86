// Runs of the pipeline as files below DATA/pipeline, so that they outlive the server that a deploy replaces:
//   runs/N/run.json        replaced as a whole; written by whoever enqueues, then by the runner alone
//   runs/N/NN-Stage.log    one a stage, only ever longer
//   runs/N/stop            somebody wants this run stopped, and who
//   queue/N                it has not ended yet
//   tip                    the branch's commit for which there is a run, and its number
//   definition.json        in force
// Server, hook, commands and runner use it at the same time, from several processes; an object is used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipeline/run.hpp"

namespace upcall::pipeline {

class RunStore {
 public:
  explicit RunStore(std::string directory) : directory_(std::move(directory)) {}
  const std::string& directory() const { return directory_; }

  // Gives it a number and a place at the queue's end. Errors: unavailable (no room).
  Result<Run> enqueue(Run run) const;
  // The same for a new tip of the branch, once: of two who noticed it, one makes the run and both get it.
  Result<Run> enqueue_tip(Run run) const;
  // The commit of the newest run for the branch's tip; empty: none yet.
  std::string tip() const;
  Result<void> set_tip(std::string_view commit) const;  // there is no run for it, and none is wanted

  Result<void> save(const Run& run) const;
  // not_found, corrupt.
  Result<Run> load(std::int64_t number) const;
  // Numbers below `before`, the highest first.
  std::vector<std::int64_t> numbers(std::int64_t before, std::size_t most) const;
  std::vector<std::int64_t> queued() const;  // in order
  void leave_queue(std::int64_t number) const;
  // Runs that wait but are in no queue: their maker died between the two.
  void queue_forgotten() const;

  std::string run_directory(std::int64_t number) const;
  std::string log_file(const Run& run, std::size_t stage) const;
  struct LogPiece {
    std::string text;          // whole lines, unless one is longer than a piece
    std::uint64_t next = 0;    // where to go on
    std::uint64_t size = 0;    // of the log now
  };
  static constexpr std::size_t kLogPiece = 64 << 10;
  // A log that has not begun is empty.
  Result<LogPiece> read_log(const Run& run, std::size_t stage, std::uint64_t from) const;

  Result<void> ask_stop(std::int64_t number, std::string_view who) const;
  std::optional<std::string> stop_asked(std::int64_t number) const;

  std::string definition() const;
  Result<void> install_definition(std::string_view text) const;
  // Removes what old runs kept: all but the newest `runs`, releases of all but the newest `releases`.
  void prune(std::size_t runs, std::size_t releases) const;

 private:
  Result<Run> enqueue_locked(Run run) const;
  std::string directory_;
};

// Written beside it, synced, renamed. Errors: unavailable ("no space left" and the like).
Result<void> write_whole(const std::string& file, std::string_view text);
// Nothing: it cannot be read, is longer than `most`, or is no plain file (links are not followed).
std::optional<std::string> read_whole(const std::string& file, std::size_t most);

}  // namespace upcall::pipeline
