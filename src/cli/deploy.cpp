// upcall deploy and upcall destroy: an installation's releases, side by side.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "cli/deploy/deploy_run.hpp"
#include "cli/deploy/server_process.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Wanted {
  deploy::DeployOptions options;
  std::string root = "/opt/upcall";
  std::vector<std::string> parts;
  bool only_plan = false, as_json = false, by_hand = false;
};

bj::object placement_json(const deployment::Placement& placement) {
  bj::object out;
  for (const auto& [part, release] : placement) out[deployment::to_string(part)] = release;
  return out;
}

bj::object result_json(const deploy::DeployResult& result, bool deployed) {
  bj::array changes;
  for (const auto& change : result.plan.changes) changes.push_back(bj::object{{"part", deployment::to_string(change.part)}, {"from", change.from}, {"to", change.to}});
  return {{"ok", true}, {"deployed", deployed}, {"release", result.release}, {"changes", std::move(changes)}, {"handsOver", result.plan.hands_over},
          {"parts", placement_json(result.plan.after)}, {"pid", static_cast<std::int64_t>(result.pid)}};
}

// What is asked for next: where pages and interfaces are, and the names by which clients know the instance.
bj::object outputs_of(const std::string& data_dir) {
  auto instance = running_server_call(data_dir, "instance.show", {}, Duration::s(10));
  if (!instance || !instance->is_object()) return {};
  const bj::object& facts = instance->get_object();
  std::string url = json::text_or(facts, "url");
  while (url.ends_with('/')) url.pop_back();
  return {{"webAppURL", url + "/"},
          {"customerPageURL", url + "/demo-website.html"},
          {"issuer", url},
          {"instanceId", json::text_or(facts, "instanceId")},
          {"instanceArn", json::text_or(facts, "instanceArn")},
          {"defaultContactFlowId", json::text_or(facts, "defaultContactFlowId")}};
}

int refused(const Wanted& wanted, const std::string& why) {
  if (wanted.as_json) std::cout << bj::serialize(bj::object{{"ok", false}, {"message", why}}) << std::endl;
  std::fprintf(stderr, "upcall deploy: %s\n", why.c_str());
  return 1;
}

int run(Wanted wanted) {
  for (const std::string& name : wanted.parts) {
    const auto part = deployment::part_from(name);
    if (!part) return refused(wanted, "there is no part \"" + name + "\"; parts are backend, recording, events and frontend");
    wanted.options.parts.push_back(*part);
  }
  wanted.options.data_dir = std::filesystem::absolute(wanted.options.data_dir).lexically_normal().string();
  // What the parameters say counts, not what the command line would like.
  auto parameters = admin_call(wanted.options.data_dir, "configure", {});
  if (!parameters) return refused(wanted, parameters.error().message);
  const bj::object* all = parameters->is_object() ? json::object_at(parameters->get_object(), "parameters") : nullptr;
  wanted.options.recording_on = all == nullptr || json::text_or(*all, "deployRecordingStack") == "true";
  const char* by_pipeline = std::getenv("UPCALL_BY_PIPELINE");
  const bool pipeline_only = all != nullptr && json::text_or(*all, "cdkPipelineEnabled") == "true";
  if (pipeline_only && !wanted.by_hand && !wanted.only_plan && (by_pipeline == nullptr || std::string_view(by_pipeline) != "1")) {
    return refused(wanted, "this installation is deployed by its pipeline only (cdkPipelineEnabled): push to its repository, or say --by-hand");
  }
  auto store = deploy::ReleaseStore::open(wanted.root);
  if (!store) return refused(wanted, store.error().message);
  if (wanted.only_plan) {
    auto planned = deploy::plan_deployment(*store, wanted.options);
    if (!planned) return refused(wanted, planned.error().message);
    if (wanted.as_json) std::cout << bj::serialize(result_json(*planned, false)) << std::endl;
    else for (const std::string& line : deployment::describe(planned->plan)) std::cout << line << '\n';
    return 0;
  }
  if (!wanted.as_json) {
    wanted.options.on_step = [](const std::string& step, bool ok, std::int64_t ms, const std::string& note) {
      std::printf("%s %-32s %6lld ms  %s\n", ok ? "ok  " : "FAIL", step.c_str(), static_cast<long long>(ms), note.c_str());
      std::fflush(stdout);
    };
  }
  auto deployed = deploy::deploy(*store, wanted.options);
  if (!deployed) return refused(wanted, deployed.error().message);
  const bj::object outputs = outputs_of(wanted.options.data_dir);
  if (wanted.as_json) {
    bj::object all_of_it = result_json(*deployed, true);
    all_of_it["outputs"] = outputs;
    std::cout << bj::serialize(all_of_it) << std::endl;
    return 0;
  }
  if (deployed->plan.changes.empty()) {
    std::cout << "release " << deployed->release << " is deployed already" << std::endl;
  } else {
    std::cout << "release " << deployed->release << " is deployed; process " << deployed->pid << " serves" << std::endl;
  }
  for (const auto& [name, value] : outputs) std::cout << "  " << std::string_view(name) << " = " << json::text_or(outputs, name) << '\n';
  return 0;
}

struct Destroying {
  std::string data_dir = "upcall-data", root = "/opt/upcall";
  bool with_recordings = false, yes = false;
};

bool agreed(const Destroying& wanted) {
  if (wanted.yes) return true;
  if (::isatty(0) == 0) {
    std::fprintf(stderr, "upcall destroy: nobody can be asked here; say --yes\n");
    return false;
  }
  std::printf("The server on %s is ended, the releases in %s are removed%s. Type \"destroy\" to go on: ", wanted.data_dir.c_str(), wanted.root.c_str(),
              wanted.with_recordings ? ", and EVERY RECORDING, contact and user with the data directory" : "; recordings and the data directory stay");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "destroy";
}

int destroy(const Destroying& wanted) {
  std::error_code error;
  if (!std::filesystem::exists(wanted.root + "/releases", error)) {
    std::fprintf(stderr, "upcall destroy: there is no installation in %s\n", wanted.root.c_str());
    return 1;
  }
  if (!agreed(wanted)) return 1;
  auto store = deploy::ReleaseStore::open(wanted.root);
  if (!store) {
    std::fprintf(stderr, "upcall destroy: %s\n", store.error().message.c_str());
    return 1;
  }
  if (auto ended = deploy::end_server(wanted.data_dir, Duration::s(60)); !ended) {
    std::fprintf(stderr, "upcall destroy: %s; nothing was removed\n", ended.error().message.c_str());
    return 1;
  }
  for (const char* what : {"parts", "releases", "deployment.json", "serve.conf", "serve.log"}) std::filesystem::remove_all(wanted.root + "/" + what, error);
  if (wanted.with_recordings) {
    std::filesystem::remove_all(wanted.data_dir, error);
    std::printf("The installation is gone, with its data directory and every recording in it.\n");
  } else {
    std::printf("The installation is gone. Recordings, contacts and users stay in %s (rm -r removes them for good).\n", wanted.data_dir.c_str());
  }
  return 0;
}

}  // namespace

void add_deploy(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("deploy", "Place a release beside the running one, hand over to it, verify it by a call; back again when that fails");
  command->footer("Parts: backend, recording, events, frontend. Without --part all of them, recording and events only while the parameter\n"
                  "deployRecordingStack is true. Calls and recordings go on where they are; new ones begin on the new release.\n\n"
                  "Examples:\n"
                  "  upcall deploy --data-dir D --root /opt/upcall --release build/release-dir --plan\n"
                  "  upcall deploy --data-dir D --root /opt/upcall --release build/release-dir\n"
                  "  upcall deploy --data-dir D --root /opt/upcall --release build/release-dir --part frontend\n"
                  "  upcall deploy --data-dir D --root /opt/upcall --back");
  auto wanted = std::make_shared<Wanted>();
  wanted->options.data_dir = "upcall-data";
  command->add_option("--data-dir", wanted->options.data_dir, "The server's data directory (made when missing)")->capture_default_str();
  command->add_option("--root", wanted->root, "Where releases lie side by side")->capture_default_str();
  auto* release = command->add_option("--release", wanted->options.release, "The release's folder, as tools/release.sh makes it");
  auto* back = command->add_flag("--back", wanted->options.back, "Back to what was deployed before the last deployment");
  release->excludes(back);
  command->add_option("--part", wanted->parts, "Only this part; may be repeated")->excludes(back);
  command->add_flag("--plan", wanted->only_plan, "Only print what would change");
  command->add_flag("!--no-verify", wanted->options.verify, "Without the call that verifies it");
  command->add_flag("--insecure", wanted->options.insecure, "The call takes any certificate (a server that made its own)");
  command->add_option("--verify-url", wanted->options.verify_url, "Where the call reaches the server (default: the address that it hands out)");
  command->add_flag("--by-hand", wanted->by_hand, "Although cdkPipelineEnabled says that only the pipeline deploys");
  command->add_flag("--json", wanted->as_json, "Print JSON");
  command->callback([wanted, &exit_code] {
    if (wanted->options.release.empty() && !wanted->options.back) {
      std::fprintf(stderr, "upcall deploy: say --release FOLDER, or --back\n");
      exit_code = 2;
      return;
    }
    exit_code = run(*wanted);
  });

  auto* ending = app.add_subcommand("destroy", "End the server and remove its releases; recordings stay unless told otherwise");
  ending->footer("Examples:\n"
                 "  upcall destroy --data-dir D --root /opt/upcall\n"
                 "  upcall destroy --data-dir D --root /opt/upcall --with-recordings --yes");
  auto going = std::make_shared<Destroying>();
  ending->add_option("--data-dir", going->data_dir, "The server's data directory")->capture_default_str();
  ending->add_option("--root", going->root, "Where its releases lie")->capture_default_str();
  ending->add_flag("--with-recordings", going->with_recordings, "Remove the data directory too, with every recording, contact and user");
  ending->add_flag("--yes", going->yes, "Do not ask");
  ending->callback([going, &exit_code] { exit_code = destroy(*going); });
}

}  // namespace upcall::cli
