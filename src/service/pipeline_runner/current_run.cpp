#include "service/pipeline_runner/current_run.hpp"

#include <poll.h>
#include <sys/statvfs.h>

#include <cstdio>
#include <filesystem>

#include "io/clock/system_clock.hpp"
#include "io/git/git_command.hpp"
#include "io/git/repository.hpp"

namespace upcall::service {

namespace fs = std::filesystem;
using pipeline::Do;
using pipeline::Effect;
using pipeline::Machine;

namespace {

constexpr Duration kSecretsWithin = Duration::s(60);  // the server may just be starting
constexpr Duration kGitWithin = Duration::s(10 * 60);

// The clock of a retry; its condition is asked again after it.
void breathe() { (void)::poll(nullptr, 0, 500); }

std::string shortened(std::string text) {
  constexpr std::size_t kMost = 300;
  if (text.size() > kMost) text.resize(kMost);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  return text;
}

}  // namespace

std::string CurrentRun::mark(const std::string& data_dir, std::int64_t number) { return "UPCALL_RUN_KEY=" + data_dir + "#" + std::to_string(number); }

CurrentRun::CurrentRun(const RunnerOptions& options, const pipeline::RunStore& store, process::ChildHost& host, pipeline::Run run)
    : machine(std::move(run), store.definition()), options_(options), store_(store), host_(host) {}

void CurrentRun::apply(Machine::Effects effects) {
  while (!effects.empty()) {
    Machine::Effects next;
    for (const Effect& effect : effects) {
      for (const Effect& more : carry_out(effect)) next.push_back(more);
    }
    effects = std::move(next);
    if (!save() && !machine.over()) {
      for (const Effect& more : machine.abort(system_now(), "There is no room left to keep the run.")) effects.push_back(more);
    }
  }
}

bool CurrentRun::save() {
  pipeline::Run& run = machine.run();
  run.process_group = command_ ? command_->group() : 0;
  run.author = mask_.line(run.author);
  run.subject = mask_.line(run.subject);
  run.message = mask_.line(run.message);
  auto done = store_.save(run);
  if (!done) std::fprintf(stderr, "upcall pipeline runner: %s\n", done.error().message.c_str());
  return done.has_value();
}

pipeline::StageLog& CurrentRun::log() {
  if (!log_ || log_of_ != machine.stage_index()) {
    log_.reset();
    log_ = std::make_unique<pipeline::StageLog>(store_.log_file(machine.run(), machine.stage_index()), mask_);
    log_of_ = machine.stage_index();
  }
  return *log_;
}

Machine::Effects CurrentRun::carry_out(const Effect& effect) {
  switch (effect.what) {
    case Do::checkout:
      (void)save();  // whoever looks sees that it runs
      return checkout();
    case Do::install: {
      (void)log().line("Installing the changed " + std::string(pipeline::kDefinitionPath));
      auto done = store_.install_definition(machine.pushed_text());
      return machine.installed(system_now(), done ? "" : "The definition cannot be installed: " + done.error().message);
    }
    case Do::command: return begin_command(effect.command);
    case Do::keep_artifacts: return machine.artifacts_kept(system_now(), keep_artifacts());
    case Do::end_command:
      if (command_) command_->ask_to_end();
      return {};
    case Do::kill_command:
      if (command_) command_->kill();
      return {};
    case Do::finished: command_.reset(); return {};
  }
  return {};
}

Result<void> CurrentRun::learn_secrets() {
  if (!options_.secrets) return {};
  const Instant end = system_now().mono + kSecretsWithin;
  for (;;) {
    auto secrets = options_.secrets();
    if (secrets) {
      for (const std::string& secret : *secrets) mask_.add(secret);
      return {};
    }
    const bool ending = options_.ending != nullptr && *options_.ending;
    if (ending || system_now().mono >= end) return fail(ErrorCode::unavailable, "The secrets that logs must not hold cannot be read: " + secrets.error().message);
    breathe();
  }
}

Machine::Effects CurrentRun::checkout() {
  const auto failed = [this](const std::string& why) {
    (void)log().line(why);
    return machine.source_failed(system_now(), shortened(mask_.line(why)));
  };
  struct statvfs disk {};
  if (::statvfs(store_.directory().c_str(), &disk) == 0 && std::uint64_t{disk.f_bavail} * disk.f_frsize < options_.min_free_bytes) {
    return failed("There are less than " + std::to_string(options_.min_free_bytes >> 20) + " MiB free on the pipeline's disk.");
  }
  if (auto learned = learn_secrets(); !learned) return failed(learned.error().message);
  const pipeline::Run& run = machine.run();
  if (auto done = log().line("Commit " + run.commit + " of " + run.branch + ", by " + run.author + ": " + run.subject); !done) return failed(done.error().message);
  if (auto brought = bring_commit(log()); !brought) return failed(brought.error().message);
  return machine.source_done(system_now(), pipeline::read_whole(work_directory() + "/" + std::string(pipeline::kDefinitionPath), pipeline::kDefinitionMax + 1));
}

// The workspace stays between runs, with all that is ignored in it: caches are warm.
Result<void> CurrentRun::bring_commit(pipeline::StageLog& out) {
  const std::string work = work_directory(), commit = machine.run().commit;
  if (!git::is_commit_id(commit)) return fail(ErrorCode::invalid_argument, "the run names no commit");
  const std::vector<std::vector<std::string>> steps = {
      {"init", "--quiet", work},
      {"-C", work, "fetch", "--quiet", "--no-tags", "--force", "file://" + store_.directory() + "/" + machine.run().repository + ".git", commit},
      {"-C", work, "checkout", "--quiet", "--force", "--detach", commit},
      {"-C", work, "clean", "--quiet", "-ffd"},
  };
  for (const auto& step : steps) {
    auto answer = git::run(host_, step, store_.directory(), kGitWithin);
    if (!answer) return tl::unexpected(answer.error());
    if (!answer->ok()) return fail(ErrorCode::unavailable, "git: " + (answer->complaint.empty() ? "it failed" : answer->complaint));
  }
  return out.line("The workspace is at this commit.");
}

std::vector<std::pair<std::string, std::string>> CurrentRun::environment() const {
  const pipeline::Run& run = machine.run();
  const std::string key = mark(options_.data_dir, run.number);
  const std::size_t equals = key.find('=');
  std::vector<std::pair<std::string, std::string>> out = {
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
      {"HOME", store_.directory() + "/home"},
      {"LANG", "C.UTF-8"},
      {"CI", "true"},
      {"UPCALL_DATA_DIR", options_.data_dir},
      {"UPCALL_ROOT", options_.root},
      {"UPCALL_PROGRAM", current_program(options_)},
      {"UPCALL_RELEASE", store_.run_directory(run.number) + "/release"},
      {"UPCALL_ARTIFACTS", store_.run_directory(run.number) + "/artifacts"},
      {"UPCALL_STAGE", run.stage},
      {"UPCALL_RUN", std::to_string(run.number)},
      {"UPCALL_COMMIT", run.commit},
      {"UPCALL_BRANCH", run.branch},
      {"UPCALL_BY_PIPELINE", "1"},
      {key.substr(0, equals), key.substr(equals + 1)}};
  if (const auto* stage = machine.stage()) {
    for (const auto& [name, value] : stage->environment) {
      std::erase_if(out, [&](const auto& there) { return there.first == name; });
      out.emplace_back(name, value);
    }
  }
  return out;
}

Machine::Effects CurrentRun::begin_command(std::size_t number) {
  const pipeline::StageDefinition& stage = *machine.stage();
  for (const auto& [name, value] : stage.environment) mask_.add_variable(name, value);
  std::error_code error;
  fs::create_directories(store_.directory() + "/home", error);
  auto told = log().line("$ " + stage.commands[number]);
  if (!told) {
    // No work begins: its end is told at once.
    (void)machine.abort(system_now(), told.error().message);
    return machine.command_done(system_now(), false, 127);
  }
  auto begun = pipeline::CommandRun::start(host_, {stage.commands[number], work_directory(), environment(), stage.nice}, log());
  if (!begun) {
    (void)log().line(begun.error().message);
    return machine.command_done(system_now(), false, 127);
  }
  command_ = std::move(*begun);
  return {};
}

void CurrentRun::pump(int ms) {
  if (!command_) return;
  auto end = command_->pump(ms);
  if (!end) {
    // The command goes on writing into a log that takes nothing: it is killed with its run.
    apply(machine.abort(system_now(), shortened(end.error().message)));
    command_->kill();
    return;
  }
  if (!*end) return;
  command_.reset();
  apply(machine.command_done(system_now(), (*end)->signaled, (*end)->code));
}

std::string CurrentRun::keep_artifacts() {
  const fs::path to = store_.run_directory(machine.run().number) + "/artifacts";
  std::error_code error;
  for (const std::string& path : machine.stage()->artifacts) {
    const fs::path from = fs::path(work_directory()) / path;
    if (!fs::exists(fs::symlink_status(from, error))) return "The artifact " + path + " is not there.";
    fs::create_directories((to / path).parent_path(), error);
    fs::copy(from, to / path, fs::copy_options::recursive | fs::copy_options::overwrite_existing | fs::copy_options::copy_symlinks, error);
    if (error) return "The artifact " + path + " cannot be kept: " + error.message() + ".";
    (void)log().line("Kept " + path);
  }
  return {};
}

}  // namespace upcall::service
