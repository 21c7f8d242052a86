// `upcall pipeline runner`, which carries out runs, and `hook`, which git starts after a push.
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/pipeline_follow.hpp"
#include "cli/pipeline_parts.hpp"
#include "cli/pipeline_paths.hpp"
#include "io/clock/system_clock.hpp"
#include "io/git/repository.hpp"
#include "io/pipeline_runs/run_store.hpp"
#include "json/json.hpp"
#include "service/pipeline_runner/runner.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

std::atomic<bool> ending{false};
void on_signal(int) { ending = true; }

struct Wanted {
  std::string data_dir = "upcall-data", root;
  bool once = false;
};

Result<service::RunnerOptions::Settings> settings(const std::string& data_dir) {
  auto answer = admin_call(data_dir, "pipeline.settings", {});
  if (!answer) return tl::unexpected(answer.error());
  const bj::object& o = answer->as_object();
  service::RunnerOptions::Settings out{json::text_or(o, "repository"), json::text_or(o, "branch"), json::text_or(o, "stage")};
  if (json::text_or(o, "userState") == "none") out.repository.clear();
  return out;
}

Result<std::vector<std::string>> secrets(const std::string& data_dir) {
  auto answer = admin_call(data_dir, "pipeline.secrets", {});
  if (!answer) return tl::unexpected(answer.error());
  std::vector<std::string> out;
  if (const bj::array* list = json::array_at(answer->as_object(), "secrets")) {
    for (const bj::value& v : *list) {
      if (v.is_string()) out.emplace_back(v.get_string().c_str());
    }
  }
  return out;
}

int run(const Wanted& wanted) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  (void)::sigaction(SIGTERM, &action, nullptr);
  (void)::sigaction(SIGINT, &action, nullptr);
  service::RunnerOptions options;
  options.data_dir = whole_path(wanted.data_dir);
  options.root = wanted.root.empty() ? "" : whole_path(wanted.root);
  options.program = own_program();
  options.settings = [data_dir = options.data_dir] { return settings(data_dir); };
  options.secrets = [data_dir = options.data_dir] { return secrets(data_dir); };
  options.ending = &ending;
  std::string next;
  {
    service::PipelineRunner runner(options);
    if (auto opened = runner.open(); !opened) {
      std::fprintf(stderr, "upcall pipeline runner: %s\n", opened.error().message.c_str());
      return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    if (wanted.once) {
      while (!ending && runner.work_once()) {
      }
      return 0;
    }
    if (runner.work() == service::PipelineRunner::Why::ending) return 0;
    next = service::current_program(options);
  }
  // The lock has been let go; the new program takes it and the queue.
  std::string arguments[] = {next, "pipeline", "runner", "--data-dir", options.data_dir, "--root", options.root};
  char* argv[8] = {};
  const std::size_t count = options.root.empty() ? 5 : 7;
  for (std::size_t i = 0; i < count; ++i) argv[i] = arguments[i].data();
  ::execv(next.c_str(), argv);
  std::fprintf(stderr, "upcall pipeline runner: cannot start %s\n", next.c_str());
  return 1;
}

// "old new ref" lines on standard input; the working directory is the repository.
int hook(const Wanted& wanted) {
  const std::string data_dir = whole_path(wanted.data_dir);
  auto known = settings(data_dir);
  if (!known) {
    std::printf("The server does not say which branch runs (%s): the runner will look by itself.\n", known.error().message.c_str());
    return 0;
  }
  std::error_code error;
  process::ChildHost host;
  const pipeline::RunStore store(pipeline_directory(data_dir));
  const std::string repository = repository_directory(data_dir, known->repository), wanted_ref = "refs/heads/" + known->branch;
  const char* user = ::getenv("REMOTE_USER");
  std::int64_t number = 0;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::size_t first = line.find(' '), second = first == std::string::npos ? first : line.find(' ', first + 1);
    if (second == std::string::npos) continue;
    const std::string commit = line.substr(first + 1, second - first - 1), ref = line.substr(second + 1);
    if (ref != wanted_ref) {
      std::printf("%s starts no run: the pipeline runs pushes to %s.\n", ref.c_str(), known->branch.c_str());
      continue;
    }
    if (!git::is_commit_id(commit) || commit.find_first_not_of('0') == std::string::npos) {
      std::printf("%s was deleted: that starts no run.\n", known->branch.c_str());
      continue;
    }
    auto facts = git::commit_facts(host, repository, commit);
    pipeline::Run run;
    run.repository = known->repository;
    run.branch = known->branch;
    run.stage = known->stage;
    run.commit = commit;
    run.by = user != nullptr ? user : "local";
    run.queued = system_now().wall;
    if (facts) {
      run.author = facts->author;
      run.subject = facts->subject;
    }
    auto made = store.enqueue_tip(std::move(run));
    if (!made) {
      std::printf("The push is there, but no run could be made now: %s. The runner will look by itself.\n", made.error().message.c_str());
      continue;
    }
    number = made->number;
  }
  return number > 0 ? follow_push(store, number) : 0;
}

}  // namespace

Result<void> remember_tip(process::ChildHost& host, const std::string& data_dir, const std::string& repository, const std::string& branch) {
  const pipeline::RunStore store(pipeline_directory(data_dir));
  if (!store.tip().empty()) return {};
  auto tip = git::tip(host, repository, branch);
  if (!tip) return tl::unexpected(tip.error());
  return store.set_tip(tip->empty() ? "none" : *tip);
}

void add_pipeline_runner(CLI::App& pipeline, int& exit_code) {
  auto wanted = std::make_shared<Wanted>();
  auto* runner = pipeline.add_subcommand("runner", "Carry out runs, one after another (a service of its own: upcall-pipeline.service)");
  runner->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  runner->add_option("--root", wanted->root, "Where `upcall deploy` installs releases; its current one becomes this runner's program");
  runner->add_flag("--once", wanted->once, "End when nothing waits");
  runner->footer("Example:\n  upcall pipeline runner --data-dir /var/lib/upcall --root /opt/upcall");
  runner->callback([wanted, &exit_code] { exit_code = run(*wanted); });
  auto* after_push = pipeline.add_subcommand("hook", "What git starts after a push")->group("");
  after_push->add_option("--data-dir", wanted->data_dir, "The server's data directory");
  after_push->callback([wanted, &exit_code] { exit_code = hook(*wanted); });
}

}  // namespace upcall::cli
