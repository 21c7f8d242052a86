// What happens in a run, as a machine without I/O: it is told what has happened and when, and says what to do next. Source →
// UpdatePipeline (the pipeline itself first, when its definition has changed) → the definition's stages.
//
// One thread. Every input carries its time; deadline() says when tick() is due. Of the effects, at most one is work
// (checkout, install, command, keep_artifacts), and no other begins before its end was told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "pipeline/definition.hpp"
#include "pipeline/run.hpp"

namespace upcall::pipeline {

enum class Do : std::uint8_t {
  checkout,        // bring the commit into the workspace, then source_done()
  install,         // make pushed_text() the active definition, then installed()
  command,         // run stage()'s command number `command`, then command_done()
  keep_artifacts,  // of stage(), then artifacts_kept()
  end_command,     // ask the running work to end
  kill_command,    // it did not
  finished,        // the run is over: nothing follows
};
struct Effect {
  Do what = Do::finished;
  std::size_t command = 0;
  bool operator==(const Effect&) const = default;
};

class Machine {
 public:
  // `active`: the text of the definition in force; empty: none yet. It has been parsed before, or it is taken as none.
  Machine(Run run, std::string active);

  using Effects = std::vector<Effect>;
  Effects start(Now now);
  // `definition`: the file's text in the commit; nothing: it is not there.
  Effects source_done(Now now, std::optional<std::string> definition);
  Effects source_failed(Now now, std::string why);
  Effects installed(Now now, const std::string& failure);  // empty: done
  Effects command_done(Now now, bool signaled, int code);
  Effects artifacts_kept(Now now, const std::string& failure);
  // Somebody stops the run. What runs is ended.
  Effects stop(Now now, const std::string& who);
  // The work cannot go on for a reason of this host (no room for the log).
  Effects abort(Now now, const std::string& why);
  Effects tick(Now now);
  std::optional<Instant> deadline() const { return deadline_; }

  const Run& run() const { return run_; }
  Run& run() { return run_; }
  bool over() const { return is_over(run_.state); }
  // Of the stage that runs; null in Source and UpdatePipeline.
  const StageDefinition* stage() const;
  std::size_t stage_index() const { return at_; }  // in run().stages
  const std::string& pushed_text() const { return pushed_; }

 private:
  enum class Work : std::uint8_t { none, checkout, install, command, artifacts };
  Effects begin_stage(Now now);
  Effects next_stage(Now now);
  Effects finish(Now now, State state, const std::string& message);
  Effects give_up(Now now, State state, const std::string& message);
  Effects ended_by_us(Now now);
  Effects do_work(Work work, Effect effect);
  StageRecord& record() { return run_.stages[at_]; }

  Run run_;
  std::string active_, pushed_;
  Definition definition_;
  std::size_t at_ = 0, command_ = 0;
  Work work_ = Work::none;
  std::optional<Instant> deadline_;
  std::optional<std::pair<State, std::string>> verdict_;  // what the run will be once the work has ended
};

}  // namespace upcall::pipeline
