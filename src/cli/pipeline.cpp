// `upcall pipeline`: the repository and its user. Runs: pipeline_runs.cpp; the runner and the hook: pipeline_runner.cpp.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "cli/pipeline_paths.hpp"
#include "cli/pipeline_parts.hpp"
#include "io/git/repository.hpp"
#include "service/pipeline/git_user.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Wanted {
  std::string data_dir = "upcall-data";
  std::string repository, branch, stage, adopt, mirror;
  bool as_json = false;
};

int refuse(const std::string& text) {
  std::fprintf(stderr, "upcall pipeline: %s\n", text.c_str());
  return 1;
}

void print_access(const bj::object& answer) {
  const auto line = [&answer](const char* label, const char* key) {
    const std::string text = json::text_or(answer, key);
    if (!text.empty()) std::printf("%-11s %s\n", label, text.c_str());
  };
  line("Repository:", "url");
  line("Branch:", "branch");
  line("Stage:", "stage");
  line("User:", "username");
  line("State:", "userState");
  line("Password:", "password");
  if (answer.contains("password")) std::puts("The password is shown this once. Another one: upcall pipeline user reset");
}

int print(const bj::value& answer, bool as_json) {
  if (as_json) std::cout << bj::serialize(answer) << std::endl;
  else print_access(answer.as_object());
  return 0;
}

int init(const Wanted& wanted) {
  if (!wanted.adopt.empty() && !wanted.mirror.empty()) return refuse("give --adopt or --mirror, not both");
  bj::object arguments;
  if (!wanted.repository.empty()) arguments["repository"] = wanted.repository;
  if (!wanted.branch.empty()) arguments["branch"] = wanted.branch;
  if (!wanted.stage.empty()) arguments["stage"] = wanted.stage;
  auto before = admin_call(wanted.data_dir, "pipeline.settings", {});
  if (!before) return refuse(before.error().message);
  std::string adopt = wanted.adopt, mirror = wanted.mirror;
  const std::string source = json::text_or(before->as_object(), "source");
  if (adopt.empty() && mirror.empty() && wanted.repository.empty()) (source.starts_with('/') ? adopt : mirror) = source;
  const bool from_elsewhere = !adopt.empty() || !mirror.empty();
  if (!json::boolean_at(before->as_object(), "createNewRepository").value_or(true) && !from_elsewhere) {
    return refuse("cdkPipelineCreateNewRepository is false: say which repository with --adopt DIR or --mirror URL");
  }
  git::NewRepository repository;
  repository.branch = wanted.branch.empty() ? json::text_or(before->as_object(), "branch") : wanted.branch;
  const std::string name = wanted.repository.empty() ? json::text_or(before->as_object(), "repository") : wanted.repository;
  if (!service::is_repository_name(name)) return refuse("the repository's name must be of letters, digits, . _ and -");
  if (!service::is_branch_name(repository.branch)) return refuse("this is not the name of a branch");
  repository.directory = repository_directory(wanted.data_dir, name);
  repository.origin = !adopt.empty() ? git::Origin::adopted : !mirror.empty() ? git::Origin::mirrored : git::Origin::fresh;
  repository.source = adopt.empty() ? mirror : adopt;
  repository.program = own_program();
  repository.data_dir = whole_path(wanted.data_dir);
  process::ChildHost host;
  // A second init is for what is missing: the repository stays, its hooks are those of this program.
  auto made = git::make_repository(host, repository);
  if (!made && made.error().code == ErrorCode::conflict && !from_elsewhere) made = git::write_hooks(repository);
  if (!made) return refuse(made.error().message);
  if (auto seen = remember_tip(host, wanted.data_dir, repository.directory, repository.branch); !seen) return refuse(seen.error().message);
  auto answer = admin_call(wanted.data_dir, "pipeline.init", arguments);
  if (!answer) return refuse(answer.error().message);
  return print(*answer, wanted.as_json);
}

int call(const Wanted& wanted, const char* command) {
  auto answer = admin_call(wanted.data_dir, command, {});
  if (!answer) return refuse(answer.error().message);
  return print(*answer, wanted.as_json);
}

}  // namespace

void add_pipeline(CLI::App& app, int& exit_code) {
  auto* pipeline = app.add_subcommand("pipeline", "A git repository whose pushes are built, tested and deployed");
  pipeline->require_subcommand(1);
  auto wanted = std::make_shared<Wanted>();
  const auto common = [wanted](CLI::App* command) {
    command->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
    command->add_flag("--json", wanted->as_json, "Print JSON");
    return command;
  };
  auto* make = common(pipeline->add_subcommand("init", "Make the repository and its user; the password is shown once"));
  make->add_option("--repository", wanted->repository, "Its name (without: cdk-pipeline-repository-name)");
  make->add_option("--branch", wanted->branch, "The branch whose pushes run (without: cdk-pipeline-repository-branch-name)");
  make->add_option("--stage", wanted->stage, "Name of the stage that is deployed to (without: cdk-pipeline-stage-name)");
  make->add_option("--adopt", wanted->adopt, "Begin with a copy of this repository on this host");
  make->add_option("--mirror", wanted->mirror, "Follow the repository at this address; pushes go there");
  make->footer("Examples:\n"
               "  upcall pipeline init --data-dir D --repository upcall --branch main\n"
               "  upcall pipeline init --data-dir D --adopt /srv/src/upcall\n"
               "  upcall pipeline init --data-dir D --mirror https://git.example.com/upcall.git");
  make->callback([wanted, &exit_code] { exit_code = init(*wanted); });

  auto* user = pipeline->add_subcommand("user", "The repository's user");
  user->require_subcommand(1);
  auto* reset = common(user->add_subcommand("reset", "A new password, shown once; the old one is void at once"));
  reset->footer("Example:\n  upcall pipeline user reset --data-dir D");
  reset->callback([wanted, &exit_code] { exit_code = call(*wanted, "pipeline.user-reset"); });
  auto* revoke = common(user->add_subcommand("revoke", "Nobody can push or fetch until a reset"));
  revoke->footer("Example:\n  upcall pipeline user revoke --data-dir D");
  revoke->callback([wanted, &exit_code] { exit_code = call(*wanted, "pipeline.user-revoke"); });
  auto* show = common(user->add_subcommand("show", "Address, branch and name; never the password"));
  show->footer("Example:\n  upcall pipeline user show --data-dir D --json");
  show->callback([wanted, &exit_code] { exit_code = call(*wanted, "pipeline.settings"); });

  add_pipeline_runs(*pipeline, exit_code);
  add_pipeline_runner(*pipeline, exit_code);
}

}  // namespace upcall::cli
