// upcall tls reload, upcall log reopen: what is done to a running server.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Options {
  std::string data_dir = "upcall-data";
  bool as_json = false;
};

int run(const Options& options, const char* command, void (*print)(const bj::object&)) {
  const auto answer = admin_call(options.data_dir, command, {});
  if (!answer) {
    std::fprintf(stderr, "upcall: %s\n", answer.error().message.c_str());
    return 1;
  }
  if (options.as_json) {
    std::cout << bj::serialize(*answer) << std::endl;
  } else {
    print(answer->as_object());
  }
  return 0;
}

void print_certificate(const bj::object& answer) {
  std::string names;
  for (const bj::value& name : answer.at("names").as_array()) names += " " + std::string(name.as_string());
  std::printf("%s certificate for%s, until %s\n", answer.at("changed").as_bool() ? "new" : "the same", names.c_str(), json::text_or(answer, "expires").c_str());
}

void add(CLI::App& app, const char* group_name, const char* group_help, const char* name, const char* help, const char* command,
         void (*print)(const bj::object&), int& exit_code) {
  CLI::App* group = app.add_subcommand(group_name, group_help);
  group->require_subcommand(1);
  CLI::App* c = group->add_subcommand(name, help);
  const auto options = std::make_shared<Options>();
  c->add_option("--data-dir", options->data_dir, "The server's data directory")->capture_default_str();
  c->add_flag("--json", options->as_json, "Print JSON");
  c->footer(std::string("Example:\n  upcall ") + group_name + " " + name + " --data-dir D");
  c->callback([options, command, print, &exit_code] { exit_code = run(*options, command, print); });
}

}  // namespace

void add_operations(CLI::App& app, int& exit_code) {
  add(app, "tls", "The running server's certificate", "reload", "Show the certificate that lies in its files now; what cannot be used is refused", "tls.reload", print_certificate, exit_code);
  add(app, "log", "The running server's log file", "reopen", "Open it anew, after it was moved away", "log.reopen",
      [](const bj::object& answer) {
        const std::string file = json::text_or(answer, "file");
        std::printf("%s\n", file.empty() ? "this server logs to standard error" : ("writing to " + file).c_str());
      },
      exit_code);
}

}  // namespace upcall::cli
