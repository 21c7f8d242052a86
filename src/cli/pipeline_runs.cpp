// `upcall pipeline runs|show|log|retry|stop`: what there is, from the files, with or without a server.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "base/wall_text.hpp"
#include "cli/pipeline_follow.hpp"
#include "cli/pipeline_parts.hpp"
#include "cli/pipeline_paths.hpp"
#include "io/clock/system_clock.hpp"
#include "io/pipeline_runs/run_store.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;
using pipeline::Run;
using pipeline::RunStore;

namespace {

struct Wanted {
  std::string data_dir = "upcall-data", stage;
  std::int64_t number = 0;
  std::size_t most = 20;
  bool as_json = false, follow = false;
};

int refuse(const Error& error) {
  std::fprintf(stderr, "upcall pipeline: %s\n", error.message.c_str());
  return 1;
}

bj::value as_value(const Run& run) {
  auto parsed = json::parse(pipeline::to_json(run));
  return parsed ? std::move(*parsed) : bj::value();
}

std::string times(const std::optional<WallTime>& from, const std::optional<WallTime>& to) { return from && to ? std::to_string((*to - *from).ms() / 1000) + " s" : ""; }

int runs(const Wanted& wanted) {
  const RunStore store(pipeline_directory(wanted.data_dir));
  bj::array list;
  for (const std::int64_t number : store.numbers(INT64_MAX, wanted.most)) {
    const auto run = store.load(number);
    if (!run) continue;
    if (wanted.as_json) list.push_back(as_value(*run));
    else std::printf("%5lld  %-11s  %.10s  %-8s  %s  %s\n", static_cast<long long>(number), std::string(to_string(run->state)).c_str(), run->commit.c_str(), times(run->started, run->ended).c_str(),
                     to_iso8601(run->queued).c_str(), run->subject.c_str());
  }
  if (wanted.as_json) std::cout << bj::serialize(bj::object{{"runs", std::move(list)}}) << std::endl;
  return 0;
}

int show(const Wanted& wanted) {
  const RunStore store(pipeline_directory(wanted.data_dir));
  const auto run = store.load(wanted.number);
  if (!run) return refuse(run.error());
  if (wanted.as_json) {
    std::cout << bj::serialize(as_value(*run)) << std::endl;
    return 0;
  }
  std::printf("Run %lld: %s\n%s\nCommit %s of %s, by %s: %s\n", static_cast<long long>(run->number), std::string(to_string(run->state)).c_str(), run->message.c_str(), run->commit.c_str(), run->branch.c_str(),
              run->author.c_str(), run->subject.c_str());
  for (const auto& s : run->stages) std::printf("  %-20s %-11s %-8s %s\n", s.name.c_str(), std::string(to_string(s.state)).c_str(), times(s.started, s.ended).c_str(), s.message.c_str());
  return 0;
}

int retry(const Wanted& wanted) {
  const RunStore store(pipeline_directory(wanted.data_dir));
  auto old = store.load(wanted.number);
  if (!old) return refuse(old.error());
  auto made = store.enqueue(pipeline::again(*old, "cli", system_now().wall));
  if (!made) return refuse(made.error());
  if (wanted.as_json) std::cout << bj::serialize(as_value(*made)) << std::endl;
  else std::printf("Run %lld\n", static_cast<long long>(made->number));
  return 0;
}

int stop(const Wanted& wanted) {
  const RunStore store(pipeline_directory(wanted.data_dir));
  if (auto asked = store.ask_stop(wanted.number, "cli"); !asked) return refuse(asked.error());
  return 0;
}

}  // namespace

void add_pipeline_runs(CLI::App& pipeline, int& exit_code) {
  auto wanted = std::make_shared<Wanted>();
  const auto command = [&](const char* name, const char* help, const char* example, bool one) {
    auto* out = pipeline.add_subcommand(name, help);
    out->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
    if (one) out->add_option("RUN", wanted->number, "The run's number")->required();
    out->footer(std::string("Example:\n  ") + example);
    return out;
  };
  auto* list = command("runs", "Runs, the newest first", "upcall pipeline runs --data-dir D --json", false);
  list->add_option("--limit", wanted->most, "How many")->capture_default_str();
  list->add_flag("--json", wanted->as_json, "Print JSON");
  list->callback([wanted, &exit_code] { exit_code = runs(*wanted); });
  auto* one = command("show", "One run with its stages", "upcall pipeline show 7 --data-dir D", true);
  one->add_flag("--json", wanted->as_json, "Print JSON");
  one->callback([wanted, &exit_code] { exit_code = show(*wanted); });
  auto* log = command("log", "What a stage has written", "upcall pipeline log 7 BuildAndTest --follow --data-dir D", true);
  log->add_option("STAGE", wanted->stage, "The stage's name")->required();
  log->add_flag("--follow", wanted->follow, "Until the stage is over");
  log->callback([wanted, &exit_code] { exit_code = print_log(RunStore(pipeline_directory(wanted->data_dir)), wanted->number, wanted->stage, wanted->follow); });
  auto* again = command("retry", "The same commit once more, as a new run", "upcall pipeline retry 7 --data-dir D", true);
  again->add_flag("--json", wanted->as_json, "Print JSON");
  again->callback([wanted, &exit_code] { exit_code = retry(*wanted); });
  auto* end = command("stop", "End a run that waits or runs", "upcall pipeline stop 7 --data-dir D", true);
  end->callback([wanted, &exit_code] { exit_code = stop(*wanted); });
}

}  // namespace upcall::cli
