// upcall configure: sets what is given and keeps the rest.
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
    if (command.count("--" + std::string(row.flag)) > 0) given[row.name] = wanted.values.at(std::string(row.name));
  }
  const auto answer = [&](const char* what, const bj::object& arguments) -> bool {
    auto result = admin_call(wanted.data_dir, what, arguments);
    if (!result) {
      std::fprintf(stderr, "upcall configure: %s\n", result.error().message.c_str());
      return false;
    }
    if (wanted.as_json) {
      std::cout << bj::serialize(*result) << std::endl;
    } else {
      for (const auto& [name, value] : result->as_object()) std::cout << std::string_view(name) << " = " << std::string_view(value.as_string()) << '\n';
    }
    return true;
  };
  if (!given.empty() && !answer("configure.set", given)) return 1;
  if (given.empty() && !wanted.list) {
    std::fprintf(stderr, "upcall configure: nothing is given; --list shows what is set, --help what there is\n");
    return 2;
  }
  return !wanted.list || answer("configure.list", {}) ? 0 : 1;
}

}  // namespace

void add_configure(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("configure", "Sets parameters; what is not given keeps its value");
  command->footer("Examples:\n"
                  "  upcall configure --data-dir D --deploy-recording-stack=false\n"
                  "  upcall configure --data-dir D --max-capacity=8 --target-capacity-percent=70\n"
                  "  upcall configure --data-dir D -l --json");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  command->add_flag("-l,--list", wanted->list, "Print all parameters");
  command->add_flag("--json", wanted->as_json, "Print JSON");
  for (const admin::ParameterRow& row : admin::parameters()) {
    std::string help(row.help);
    if (!row.fallback.empty()) help += " [" + std::string(row.fallback) + "]";
    command->add_option("--" + std::string(row.flag), wanted->values[std::string(row.name)], help)->group("Parameters");
  }
  command->callback([wanted, command, &exit_code] { exit_code = run(*wanted, *command); });
}

}  // namespace upcall::cli
