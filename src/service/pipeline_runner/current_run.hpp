// The run that is being carried out: turns the machine's effects into work and its end into the machine's inputs. Private to
// this folder. One thread.
#pragma once

#include <memory>
#include <string>

#include "io/pipeline_runs/command_run.hpp"
#include "io/pipeline_runs/run_store.hpp"
#include "pipeline/machine.hpp"
#include "service/pipeline_runner/runner.hpp"

namespace upcall::service {

class CurrentRun {
 public:
  CurrentRun(const RunnerOptions& options, const pipeline::RunStore& store, process::ChildHost& host, pipeline::Run run);

  // Does what the machine wants, and all that follows at once.
  void apply(pipeline::Machine::Effects effects);
  // Takes a command's output for at most `ms`.
  void pump(int ms);
  bool save();
  // "NAME=value" in the environment of every command of this run.
  static std::string mark(const std::string& data_dir, std::int64_t number);

  pipeline::Machine machine;
  bool stopping = false;

 private:
  pipeline::Machine::Effects carry_out(const pipeline::Effect& effect);
  pipeline::Machine::Effects checkout();
  Result<void> bring_commit(pipeline::StageLog& log);
  pipeline::Machine::Effects begin_command(std::size_t number);
  std::string keep_artifacts();
  Result<void> learn_secrets();
  std::vector<std::pair<std::string, std::string>> environment() const;
  // The log of the stage that the machine is in.
  pipeline::StageLog& log();
  std::string work_directory() const { return store_.directory() + "/work"; }

  const RunnerOptions& options_;
  const pipeline::RunStore& store_;
  process::ChildHost& host_;
  pipeline::Mask mask_;
  std::unique_ptr<pipeline::StageLog> log_;
  std::size_t log_of_ = SIZE_MAX;
  std::unique_ptr<pipeline::CommandRun> command_;
};

}  // namespace upcall::service
