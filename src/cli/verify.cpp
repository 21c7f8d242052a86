// upcall verify: a synthetic call on a running server, recorded, played and deleted again.
#include <cstdio>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>

#include "cli/commands.hpp"
#include "cli/demo/story.hpp"
#include "cli/verification.hpp"

namespace upcall::cli {

namespace {

int run(demo::StoryOptions options, bool as_json) {
  prepare_verification(options);
  if (!as_json) {
    options.on_step = [](const std::string& name, bool ok, std::int64_t ms, const std::string& note) {
      std::printf("%s %-30s %6lld ms  %s\n", ok ? "ok  " : "FAIL", name.c_str(), static_cast<long long>(ms), note.c_str());
      std::fflush(stdout);
    };
  }
  demo::Story story(std::move(options));
  const demo::StoryResult result = story.verify();
  if (as_json) std::cout << boost::json::serialize(verification_json(result)) << std::endl;
  return result.ok ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("verify", "Make a call on the running server: two people, real media, a recording that is played and deleted again");
  command->footer("The call has no customer and comes from no queue: nobody of the contact centre notices it. The two people's accounts are\n"
                  "disabled between two verifications.\n\n"
                  "Examples:\n"
                  "  upcall verify --data-dir /var/lib/upcall\n"
                  "  upcall verify --data-dir D --url https://127.0.0.1:8443 --insecure --json");
  auto options = std::make_shared<demo::StoryOptions>();
  add_verification_options(*command, *options);
  auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([options, as_json, &exit_code] { exit_code = run(*options, *as_json); });
}

}  // namespace upcall::cli
