#include "service/pipeline_runner/runner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "io/clock/system_clock.hpp"
#include "io/git/git_command.hpp"
#include "io/git/repository.hpp"
#include "service/pipeline_runner/current_run.hpp"

namespace upcall::service {

namespace fs = std::filesystem;
using pipeline::Run;
using pipeline::State;

namespace {

constexpr int kPumpMs = 200;
constexpr int kIdleMs = 2000;
constexpr Duration kLookEvery = Duration::s(5);     // for tips without a run
constexpr Duration kMirrorEvery = Duration::s(60);
constexpr std::size_t kRunsKept = 200, kReleasesKept = 5;

// Whether the file at this path, through its links, is another one than before.
std::string mark_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return std::to_string(found.st_dev) + "." + std::to_string(found.st_ino) + "." + std::to_string(found.st_size) + "." + std::to_string(found.st_mtim.tv_sec) + "." + std::to_string(found.st_mtim.tv_nsec);
}

void say(const std::string& text) { std::fprintf(stderr, "upcall pipeline runner: %s\n", text.c_str()); }

}  // namespace

std::string current_program(const RunnerOptions& options) {
  const std::string released = options.root + "/parts/backend/bin/upcall";
  return !options.root.empty() && ::access(released.c_str(), X_OK) == 0 ? released : options.program;
}

PipelineRunner::PipelineRunner(RunnerOptions options) : options_(std::move(options)), store_(options_.data_dir + "/pipeline") {}
PipelineRunner::~PipelineRunner() {
  if (lock_ >= 0) ::close(lock_);
  if (watch_ >= 0) ::close(watch_);
}

Result<void> PipelineRunner::open() {
  std::error_code error;
  fs::create_directories(store_.directory() + "/queue", error);
  lock_ = ::open((store_.directory() + "/runner.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_ < 0) return fail(ErrorCode::unavailable, "cannot open " + store_.directory() + "/runner.lock");
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) return fail(ErrorCode::conflict, "another runner works on this data directory");
  watch_ = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (watch_ >= 0) (void)::inotify_add_watch(watch_, (store_.directory() + "/queue").c_str(), IN_CREATE | IN_MOVED_TO);
  program_mark_ = mark_of(options_.program);
  store_.queue_forgotten();
  for (const std::int64_t number : store_.queued()) {
    auto run = store_.load(number);
    if (!run) {
      say(run.error().message);
      store_.leave_queue(number);
      continue;
    }
    if (run->state != State::running) continue;
    pipeline::kill_leftovers(static_cast<pid_t>(run->process_group), CurrentRun::mark(options_.data_dir, number));
    pipeline::interrupt(*run, system_now().wall);
    if (auto saved = store_.save(*run); !saved) return saved;
    store_.leave_queue(number);
  }
  return {};
}

bool PipelineRunner::program_changed() const {
  const std::string now = mark_of(current_program(options_));
  return !now.empty() && now != program_mark_;
}

void PipelineRunner::wait_for_work(int ms) {
  pollfd wait{watch_, POLLIN, 0};
  if (::poll(&wait, 1, ms) <= 0) return;
  char events[4096];
  while (::read(watch_, events, sizeof events) > 0) {
  }
}

PipelineRunner::Why PipelineRunner::work() {
  while (!ending()) {
    if (work_once()) continue;
    if (program_changed()) return Why::new_program;
    wait_for_work(kIdleMs);
  }
  return Why::ending;
}

bool PipelineRunner::work_once() {
  for (const std::int64_t number : store_.queued()) {
    auto run = store_.load(number);
    if (!run || pipeline::is_over(run->state)) {
      store_.leave_queue(number);
      continue;
    }
    // Between runs only: the new program takes the queue from here.
    if (program_changed()) return false;
    carry_out(number);
    return true;
  }
  look_for_tips();
  return false;
}

// Pushes whose hook did not come to make a run (a server that was killed), and what a mirrored repository has got.
void PipelineRunner::look_for_tips() {
  const Instant now = system_now().mono;
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  const auto settings = options_.settings();
  if (!settings || settings->repository.empty()) return;
  const std::string directory = store_.directory() + "/" + settings->repository + ".git";
  const bool mirror = git::is_mirror(directory);
  next_look_ = now + (mirror ? kMirrorEvery : kLookEvery);
  if (mirror) {
    if (auto updated = git::update_mirror(host_, directory); !updated) {
      say("the mirrored repository did not answer: " + updated.error().message);
      return;
    }
  }
  const auto tip = git::tip(host_, directory, settings->branch);
  if (!tip || tip->empty() || *tip == store_.tip()) {
    unclaimed_tip_.clear();
    return;
  }
  // A hook that is at work right now gets its time: only what is there at two looks is taken.
  if (!mirror && unclaimed_tip_ != *tip) {
    unclaimed_tip_ = *tip;
    return;
  }
  auto facts = git::commit_facts(host_, directory, *tip);
  Run run;
  run.repository = settings->repository;
  run.branch = settings->branch;
  run.commit = *tip;
  run.stage = settings->stage;
  run.by = mirror ? "the mirrored repository" : "the repository";
  run.queued = system_now().wall;
  if (facts) {
    run.author = facts->author;
    run.subject = facts->subject;
  }
  if (auto made = store_.enqueue_tip(std::move(run)); !made) say(made.error().message);
}

void PipelineRunner::carry_out(std::int64_t number) {
  auto loaded = store_.load(number);
  if (!loaded) return;
  CurrentRun current(options_, store_, host_, std::move(*loaded));
  if (const auto who = store_.stop_asked(number)) {
    current.apply(current.machine.stop(system_now(), *who));
  } else {
    current.apply(current.machine.start(system_now()));
  }
  while (!current.machine.over()) {
    current.pump(kPumpMs);
    if (const auto who = current.stopping ? std::nullopt : store_.stop_asked(number)) {
      current.stopping = true;
      current.apply(current.machine.stop(system_now(), *who));
    }
    if (ending() && !current.stopping) {
      current.stopping = true;
      current.apply(current.machine.stop(system_now(), "the end of the runner"));
    }
    current.apply(current.machine.tick(system_now()));
  }
  // What became of it must be on the disk before the next one begins, also when the disk is full for a while.
  while (!current.save() && !ending()) wait_for_work(kIdleMs);
  store_.leave_queue(number);
  store_.prune(kRunsKept, kReleasesKept);
}

}  // namespace upcall::service
