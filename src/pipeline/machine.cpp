#include "pipeline/machine.hpp"

namespace upcall::pipeline {

namespace {

constexpr Duration kSourceLimit = Duration::s(30 * 60);
constexpr Duration kInstallLimit = Duration::s(60);
constexpr Duration kGrace = Duration::s(5);  // between the request to end and the kill
constexpr std::size_t kOwnStages = 2;

std::string seconds_text(Duration d) { return std::to_string(d.ms() / 1000) + " s"; }

}  // namespace

Machine::Machine(Run run, std::string active) : run_(std::move(run)), active_(std::move(active)) {
  if (auto parsed = parse_definition(active_)) {
    definition_ = std::move(*parsed);
  } else {
    active_.clear();
  }
  run_.stages = {{std::string(kSourceStage)}, {std::string(kUpdateStage)}};
  for (const StageDefinition& s : definition_.stages) run_.stages.push_back({s.name});
}

const StageDefinition* Machine::stage() const { return at_ < kOwnStages || at_ - kOwnStages >= definition_.stages.size() ? nullptr : &definition_.stages[at_ - kOwnStages]; }

Machine::Effects Machine::do_work(Work work, Effect effect) {
  work_ = work;
  return {effect};
}

Machine::Effects Machine::start(Now now) {
  if (run_.state != State::waiting) return {};
  run_.state = State::running;
  run_.started = now.wall;
  return begin_stage(now);
}

Machine::Effects Machine::begin_stage(Now now) {
  record().state = State::running;
  record().started = now.wall;
  command_ = 0;
  if (at_ == 0) {
    deadline_ = now.mono + kSourceLimit;
    return do_work(Work::checkout, {Do::checkout});
  }
  if (at_ == 1) {
    deadline_ = now.mono + kInstallLimit;
    if (pushed_ == active_) {
      record().message = "The definition has not changed.";
      return next_stage(now);
    }
    if (auto parsed = parse_definition(pushed_); !parsed) return finish(now, State::failed, std::string(kDefinitionPath) + ", " + parsed.error().message);
    return do_work(Work::install, {Do::install});
  }
  deadline_ = now.mono + stage()->time_limit;
  return do_work(Work::command, {Do::command, 0});
}

Machine::Effects Machine::next_stage(Now now) {
  record().state = State::succeeded;
  record().ended = now.wall;
  deadline_.reset();
  if (++at_ < run_.stages.size()) return begin_stage(now);
  run_.state = State::succeeded;
  run_.ended = now.wall;
  return {{Do::finished}};
}

Machine::Effects Machine::finish(Now now, State state, const std::string& message) {
  work_ = Work::none;
  deadline_.reset();
  record().state = state;
  record().ended = now.wall;
  record().message = message;
  for (StageRecord& s : run_.stages) {
    if (s.state == State::waiting) s.state = State::skipped;
  }
  run_.state = state;
  run_.ended = now.wall;
  run_.message = record().name + ": " + message;
  return {{Do::finished}};
}

Machine::Effects Machine::source_done(Now now, std::optional<std::string> definition) {
  if (work_ != Work::checkout) return {};
  work_ = Work::none;
  if (verdict_) return ended_by_us(now);
  if (!definition) return finish(now, State::failed, std::string(kDefinitionPath) + " is not in the commit.");
  pushed_ = std::move(*definition);
  return next_stage(now);
}

Machine::Effects Machine::source_failed(Now now, std::string why) {
  if (work_ != Work::checkout) return {};
  work_ = Work::none;
  return verdict_ ? ended_by_us(now) : finish(now, State::failed, why);
}

Machine::Effects Machine::installed(Now now, const std::string& failure) {
  if (work_ != Work::install) return {};
  work_ = Work::none;
  if (verdict_) return ended_by_us(now);
  if (!failure.empty()) return finish(now, State::failed, failure);
  active_ = pushed_;
  if (auto parsed = parse_definition(active_)) definition_ = std::move(*parsed);
  run_.definition_changed = true;
  record().message = "The definition has changed: it is installed, and the run goes on with it.";
  run_.stages.resize(kOwnStages);
  for (const StageDefinition& s : definition_.stages) run_.stages.push_back({s.name});
  return next_stage(now);
}

Machine::Effects Machine::command_done(Now now, bool signaled, int code) {
  if (work_ != Work::command) return {};
  work_ = Work::none;
  if (verdict_) return ended_by_us(now);
  const std::string which = "command " + std::to_string(command_ + 1) + " of " + std::to_string(stage()->commands.size());
  if (signaled) return finish(now, State::failed, which + " was ended by signal " + std::to_string(code) + ".");
  if (code != 0) return finish(now, State::failed, which + " ended with status " + std::to_string(code) + ".");
  if (++command_ < stage()->commands.size()) return do_work(Work::command, {Do::command, command_});
  if (!stage()->artifacts.empty()) return do_work(Work::artifacts, {Do::keep_artifacts});
  return next_stage(now);
}

Machine::Effects Machine::artifacts_kept(Now now, const std::string& failure) {
  if (work_ != Work::artifacts) return {};
  work_ = Work::none;
  if (verdict_) return ended_by_us(now);
  return failure.empty() ? next_stage(now) : finish(now, State::failed, failure);
}

Machine::Effects Machine::ended_by_us(Now now) {
  const auto [state, message] = *verdict_;
  return finish(now, state, message);
}

Machine::Effects Machine::give_up(Now now, State state, const std::string& message) {
  if (over() || verdict_) return {};
  if (run_.state == State::waiting) {
    run_.started = now.wall;
    return finish(now, state, message);
  }
  verdict_.emplace(state, message);
  deadline_ = now.mono + kGrace;
  return {{Do::end_command}};
}

Machine::Effects Machine::stop(Now now, const std::string& who) { return give_up(now, State::stopped, "Stopped by " + who + "."); }
Machine::Effects Machine::abort(Now now, const std::string& why) { return give_up(now, State::failed, why); }

Machine::Effects Machine::tick(Now now) {
  if (over() || !deadline_ || now.mono < *deadline_) return {};
  if (!verdict_) {
    const Duration limit = at_ == 0 ? kSourceLimit : at_ == 1 ? kInstallLimit : stage()->time_limit;
    return give_up(now, State::timed_out, "It took longer than its limit of " + seconds_text(limit) + ".");
  }
  // Asked to end and still there: killed, and again if that is what it takes.
  deadline_ = now.mono + kGrace;
  return {{Do::kill_command}};
}

}  // namespace upcall::pipeline
