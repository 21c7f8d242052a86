// upcall handover: a running server starts another release of itself, which takes over while calls go on.
#include <cstdio>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

void add_handover(CLI::App& app, int& exit_code) {
  struct Wanted {
    std::string data_dir = "upcall-data", program;
    bool as_json = false;
  };
  auto* command = app.add_subcommand("handover", "Let another release take over from the running server; calls and recordings go on where they are");
  command->footer("The new process gets the options that the running one was started with, the listening socket, and all that comes in.\n"
                  "The old one ends when its last call has ended. When the new one does not start, the old release serves on.\n\n"
                  "Examples:\n"
                  "  upcall handover --data-dir D                                        the same program, new options from its --config file\n"
                  "  upcall handover --data-dir D --program /opt/upcall/parts/backend/bin/upcall");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  command->add_option("--program", wanted->program, "The release's upcall (default: the one that runs)");
  command->add_flag("--json", wanted->as_json, "Print JSON");
  command->callback([wanted, &exit_code] {
    auto result = running_server_call(wanted->data_dir, "handover", {{"program", wanted->program}}, Duration::s(180));
    if (!result) {
      std::fprintf(stderr, "upcall handover: %s\n", result.error().message.c_str());
      exit_code = 1;
      return;
    }
    if (wanted->as_json) {
      std::cout << bj::serialize(*result) << std::endl;
    } else {
      std::cout << "process " << json::integer_at(result->as_object(), "pid").value_or(0) << " serves " << json::text_or(result->as_object(), "url") << std::endl;
    }
    exit_code = 0;
  });
}

}  // namespace upcall::cli
