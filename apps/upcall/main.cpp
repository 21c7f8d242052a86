// upcall: the server and its command line.
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"

int main(int argc, char** argv) {
  CLI::App app{"Upcall: a web chat becomes a recorded video call, self-hosted."};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("upcall ") + UPCALL_VERSION);
  app.footer(
      "Examples:\n"
      "  upcall demo                       plays one whole story and leaves the film\n"
      "  upcall serve --data-dir D         runs the server\n"
      "  upcall user add --data-dir D --username ann@example.com --name Ann --security-profile Agent\n"
      "Every command has --help.");
  int exit_code = 0;
  upcall::cli::add_serve(app, exit_code);
  upcall::cli::add_demo(app, exit_code);
  upcall::cli::add_admin(app, exit_code);
  upcall::cli::add_configure(app, exit_code);
  upcall::cli::add_sync_config(app, exit_code);
  upcall::cli::add_master_key(app, exit_code);
  upcall::cli::add_handover(app, exit_code);
  upcall::cli::add_deploy(app, exit_code);
  upcall::cli::add_verify(app, exit_code);
  upcall::cli::add_meter(app, exit_code);
  upcall::cli::add_backup(app, exit_code);
  upcall::cli::add_doctor(app, exit_code);
  upcall::cli::add_operations(app, exit_code);
  upcall::cli::add_capacity(app, exit_code);
  upcall::cli::add_pipeline(app, exit_code);
  app.add_subcommand("version", "Print the version")->callback([] { std::puts("upcall " UPCALL_VERSION); });
  auto arguments = upcall::cli::with_config_file({argv + 1, argv + argc});
  if (!arguments) {
    std::fprintf(stderr, "upcall serve: %s\n", arguments.error().message.c_str());
    return 2;
  }
  try {
    *arguments = upcall::cli::with_bare_booleans(upcall::cli::with_empty_values(std::move(*arguments)));
    std::reverse(arguments->begin(), arguments->end());  // as CLI11 takes them
    app.parse(std::move(*arguments));
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  return exit_code;
}
