#include "cli/pipeline_follow.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <string>

#include "io/clock/system_clock.hpp"

namespace upcall::cli {

using pipeline::Run;
using pipeline::RunStore;
using pipeline::State;

namespace {

constexpr int kLookMs = 250;
constexpr Duration kFollowAtMost = Duration::s(2 * 3600 - 60);

volatile sig_atomic_t server_goes = 0;
void on_drain(int) { server_goes = 1; }

bool runner_works(const RunStore& store) {
  const int fd = ::open((store.directory() + "/runner.lock").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return false;
  const bool held = ::flock(fd, LOCK_EX | LOCK_NB) != 0;
  ::close(fd);
  return held;
}

std::string took(const pipeline::StageRecord& s) { return s.started && s.ended ? " after " + std::to_string((*s.ended - *s.started).ms() / 1000) + " s" : ""; }

// What has come to a log since `at`. False: the output is gone.
bool print_news(const RunStore& store, const Run& run, std::size_t stage, std::uint64_t& at) {
  for (;;) {
    const auto piece = store.read_log(run, stage, at);
    if (!piece || piece->text.empty()) return true;
    at = piece->next;
    if (std::fwrite(piece->text.data(), 1, piece->text.size(), stdout) != piece->text.size() || std::fflush(stdout) != 0) return false;
  }
}

}  // namespace

int follow_push(const RunStore& store, std::int64_t number) {
  struct sigaction action {};
  action.sa_handler = on_drain;
  (void)::sigaction(SIGWINCH, &action, nullptr);
  const Instant end = system_now().mono + kFollowAtMost;
  const auto later = [number](const char* why) {
    std::printf("%s Run %lld goes on: upcall pipeline show %lld\n", why, static_cast<long long>(number), static_cast<long long>(number));
    std::fflush(stdout);
    return 0;
  };
  std::map<std::size_t, std::uint64_t> read;
  std::map<std::size_t, State> told;
  bool said_waiting = false;
  std::printf("Run %lld\n", static_cast<long long>(number));
  for (;;) {
    const bool goes = server_goes != 0;
    const auto run = store.load(number);
    if (!run) return 0;
    if (run->state == State::waiting && !said_waiting) {
      if (!runner_works(store)) return later("No runner works at the moment (upcall pipeline runner).");
      for (const std::int64_t before : store.queued()) {
        if (before >= number) break;
        std::printf("It waits for run %lld.\n", static_cast<long long>(before));
        said_waiting = true;
      }
    }
    for (std::size_t i = 0; i < run->stages.size(); ++i) {
      const pipeline::StageRecord& s = run->stages[i];
      if (s.state == State::waiting || s.state == State::skipped) continue;
      if (!told.contains(i)) {
        std::printf("--- %s\n", s.name.c_str());
        told[i] = State::running;
      }
      if (!print_news(store, *run, i, read[i])) return 0;
      if (told[i] == s.state) continue;
      told[i] = s.state;
      std::printf("--- %s: %s%s%s%s\n", s.name.c_str(), std::string(to_string(s.state)).c_str(), took(s).c_str(), s.message.empty() ? "" : ". ", s.message.c_str());
    }
    if (std::fflush(stdout) != 0) return 0;
    if (pipeline::is_over(run->state)) {
      std::printf("Run %lld %s%s%s\n", static_cast<long long>(number), std::string(to_string(run->state)).c_str(), run->message.empty() ? "." : ": ", run->message.c_str());
      return 0;
    }
    if (goes) return later("The server is being replaced.");
    if (system_now().mono >= end) return later("This takes long.");
    (void)::poll(nullptr, 0, kLookMs);
  }
}

int print_log(const RunStore& store, std::int64_t number, std::string_view stage, bool follow) {
  std::uint64_t at = 0;
  for (;;) {
    const auto run = store.load(number);
    if (!run) {
      std::fprintf(stderr, "upcall pipeline: %s\n", run.error().message.c_str());
      return 1;
    }
    std::size_t index = 0;
    while (index < run->stages.size() && run->stages[index].name != stage) ++index;
    if (index == run->stages.size() && (pipeline::is_over(run->state) || !follow)) {
      std::fprintf(stderr, "upcall pipeline: run %lld has no stage %.*s\n", static_cast<long long>(number), static_cast<int>(stage.size()), stage.data());
      return 1;
    }
    if (index < run->stages.size()) {
      if (!print_news(store, *run, index, at)) return 0;
      if (!follow || pipeline::is_over(run->stages[index].state)) return 0;
    }
    (void)::poll(nullptr, 0, kLookMs);
  }
}

}  // namespace upcall::cli
