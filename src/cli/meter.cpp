// upcall meter: a synthetic call on a running server once a minute, and what it measured among the server's metrics.
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "cli/demo/story.hpp"
#include "cli/verification.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct MeterOptions {
  demo::StoryOptions story;
  int every_s = 60;
  bool once = false, as_json = false;
};

void print(const demo::StoryResult& result, bool as_json) {
  if (as_json) {
    std::cout << bj::serialize(verification_json(result)) << std::endl;
    return;
  }
  if (!result.ok) {
    const auto failed = std::find_if(result.steps.begin(), result.steps.end(), [](const demo::StepResult& s) { return !s.ok; });
    std::cout << "FAIL " << (failed == result.steps.end() ? "" : failed->name + ": " + failed->error) << std::endl;
    return;
  }
  std::cout << "ok  ";
  for (const auto& [name, value] : measures_json(result)) {
    char text[80];
    std::snprintf(text, sizeof text, " %s %.0f", std::string(name).c_str(), value.to_number<double>());
    std::cout << text;
  }
  std::cout << std::endl;
}

// Whether the call came about and the server was told.
bool measure(const MeterOptions& options) {
  demo::StoryOptions story_options = options.story;
  demo::Story story(std::move(story_options));
  const demo::StoryResult result = story.verify();
  print(result, options.as_json);
  bj::object report = measures_json(result);
  report["ok"] = result.ok;
  auto taken = running_server_call(options.story.data_dir, "meter.report", report, Duration::s(10));
  if (!taken) std::fprintf(stderr, "upcall meter: the server was not told: %s\n", taken.error().message.c_str());
  return result.ok && taken.has_value();
}

// Between two calls a signal ends the meter at once; a call under way ends first, and leaves nothing behind.
volatile sig_atomic_t told_to_end = 0;

// True: told to end.
bool wait_until(Instant when) {
  sigset_t ends, before;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  // Blocked only here: programs that are started inherit what is blocked.
  pthread_sigmask(SIG_BLOCK, &ends, &before);
  bool end = told_to_end != 0;
  if (!end) {
    const Duration left = std::max(Duration(), when - system_now().mono);
    const timespec pause{left.ns() / 1'000'000'000, left.ns() % 1'000'000'000};
    end = sigtimedwait(&ends, nullptr, &pause) > 0;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return end;
}

int run(MeterOptions options) {
  prepare_verification(options.story);
  if (options.once) return measure(options) ? 0 : 1;
  struct sigaction end{};
  end.sa_handler = [](int) { told_to_end = 1; };
  end.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &end, nullptr);
  sigaction(SIGINT, &end, nullptr);
  Instant next = system_now().mono;
  do {
    (void)measure(options);
    // Not more of them because one took long.
    next = std::max(next + Duration::s(options.every_s), system_now().mono);
  } while (!wait_until(next));
  return 0;
}

}  // namespace

void add_meter(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("meter", "Make a call on the running server once a minute and measure it, as metrics");
  command->footer("Two people join, see and hear each other, and are recorded; the film is played, checked and deleted again. What took how\n"
                  "long stands in the server's /metrics as upcall_meter_...: joining, the first picture, from glass to glass, sound against\n"
                  "picture, recording. As upcall verify, nobody of the contact centre notices it. SIGTERM ends it.\n\n"
                  "Examples:\n"
                  "  upcall meter --data-dir /var/lib/upcall\n"
                  "  upcall meter --data-dir D --once --json");
  auto options = std::make_shared<MeterOptions>();
  add_verification_options(*command, options->story);
  command->add_option("--every", options->every_s, "Seconds from one call's start to the next")->check(CLI::Range(10, 86'400))->capture_default_str();
  command->add_flag("--once", options->once, "One call; status 0 when it came about");
  command->add_flag("--json", options->as_json, "Print JSON, a line a call");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace upcall::cli
