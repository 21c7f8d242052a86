// One command of a stage: /bin/sh in the workspace, in a process group of its own, its output into the stage's log.
// One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/pipeline_runs/stage_log.hpp"
#include "io/process/child_process.hpp"

namespace upcall::pipeline {

class CommandRun {
 public:
  struct Options {
    std::string command, directory;
    std::vector<std::pair<std::string, std::string>> environment;  // the whole of it
    int nice = 0;
  };
  static Result<std::unique_ptr<CommandRun>> start(process::ChildHost& host, Options options, StageLog& log);
  ~CommandRun();  // kills the group
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  struct End {
    bool signaled = false;
    int code = 0;
  };
  // Takes output for at most `wait_ms`; the end when the command has ended, with all that it had written by then. What it has
  // left running in its group is killed then. Errors: the log's.
  Result<std::optional<End>> pump(int wait_ms);
  void ask_to_end();
  void kill();
  pid_t group() const;

 private:
  CommandRun(std::unique_ptr<process::ChildProcess> child, int pipe, StageLog& log) : child_(std::move(child)), pipe_(pipe), log_(log) {}
  Result<bool> take();  // whether there was something
  std::unique_ptr<process::ChildProcess> child_;
  int pipe_;
  StageLog& log_;
};

// Kills processes of `group` that carry `mark` ("NAME=value") in their environment: what a runner that was killed has left.
void kill_leftovers(pid_t group, std::string_view mark);

}  // namespace upcall::pipeline
