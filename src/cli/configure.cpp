// upcall configure: sets what is given, keeps the rest, and prints all.
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "json/json.hpp"
#include "server/admin/parameter_table.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Wanted {
  std::string data_dir = "upcall-data";
  bool list = false, as_json = false;
  std::map<std::string, std::string> values;   // by parameter
};

int run(const Wanted& wanted, const CLI::App& command) {
  bj::object given;
  for (const admin::ParameterRow& row : admin::parameters()) {
    if (command.count("--" + std::string(row.flag)) == 0) continue;
    std::string value = wanted.values.at(std::string(row.name));
    if (row.secret && value == "-" && !std::getline(std::cin, value)) {
      std::fprintf(stderr, "upcall configure: no secret on standard input\n");
      return 1;
    }
    given[row.name] = value;
  }
  auto result = admin_call(wanted.data_dir, "configure", given);
  if (!result) {
    std::fprintf(stderr, "upcall configure: %s\n", result.error().message.c_str());
    return 1;
  }
  const bj::object* all = result->is_object() ? json::object_at(result->get_object(), "parameters") : nullptr;
  if (wanted.as_json || all == nullptr) {
    std::cout << (all == nullptr ? bj::serialize(*result) : bj::serialize(*all)) << std::endl;
  } else {
    for (const auto& [name, value] : *all) std::cout << std::string_view(name) << " = " << json::text_or(*all, name) << '\n';
  }
  return 0;
}

}  // namespace

void add_configure(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("configure", "Sets parameters, keeps the others, and prints all; a running server takes them up at once");
  command->footer("Examples:\n"
                  "  upcall configure --data-dir D --deploy-recording-stack=false\n"
                  "  upcall configure --data-dir D --max-capacity=8 --target-capacity-percent=70\n"
                  "  upcall configure --data-dir D --recording-object-store=s3 --recording-s3-endpoint=https://s3.example.com \\\n"
                  "    --recording-s3-bucket=calls --recording-s3-access-key-id=ID --recording-s3-secret-access-key=- < secret.txt\n"
                  "  upcall configure --data-dir D -l --json");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  command->add_flag("-l,--list", wanted->list, "Only print, as without any parameter");
  command->add_flag("--json", wanted->as_json, "Print JSON");
  for (const admin::ParameterRow& row : admin::parameters()) {
    std::string help(row.help);
    if (!row.fallback.empty()) help += " [" + std::string(row.fallback) + "]";
    // Also by the name that it has in the store.
    command->add_option("--" + std::string(row.flag) + ",--" + std::string(row.name), wanted->values[std::string(row.name)], help)->group("Parameters");
  }
  command->callback([wanted, command, &exit_code] { exit_code = run(*wanted, *command); });
}

}  // namespace upcall::cli
