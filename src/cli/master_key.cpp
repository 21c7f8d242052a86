// upcall master-key rotate: a new master key for a data directory whose server does not run.
#include <cstdio>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/keys/master_keys.hpp"

namespace upcall::cli {

namespace {

struct Options {
  std::string data_dir = "upcall-data";
  server::RotationOptions rotation;
  bool as_json = false;
};

int rotate(const Options& options) {
  crypto::SystemRandom random;
  auto store = store::Store::open({options.data_dir});
  if (!store) {
    std::fprintf(stderr, "upcall: %s\n", store.error().message.c_str());
    return 1;
  }
  const Instant begin = system_now().mono;
  const auto done = server::rotate_master_key(**store, options.rotation, random);
  if (!done) {
    std::fprintf(stderr, "upcall: %s\n", done.error().message.c_str());
    return 1;
  }
  const auto noted = (*store)->write([&](store::Database& db) {
    return store::audit::add(db, {system_now().wall, "cli", "master_key.rotated", done->key_id, ""});
  });
  if (!noted) std::fprintf(stderr, "upcall: rotated, but not noted in the audit: %s\n", noted.error().message.c_str());
  const double seconds = (system_now().mono - begin).seconds();
  std::printf(options.as_json ? "{\"keyId\":\"%s\",\"rows\":%zu,\"objects\":%zu,\"unreadable\":%zu,\"seconds\":%.3f}\n"
                              : "the master key is now %s: %zu rows and %zu objects sealed anew, %zu unreadable before and after, in %.3f s\n",
              done->key_id.c_str(), done->rows, done->objects, done->unreadable, seconds);
  return 0;
}

}  // namespace

void add_master_key(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand("master-key", "The key that everything stored is sealed with");
  group->require_subcommand(1);
  CLI::App* c = group->add_subcommand("rotate", "Seal everything anew under a new key (stop the server first)");
  const auto options = std::make_shared<Options>();
  c->add_option("--data-dir", options->data_dir, "The server's data directory")->capture_default_str();
  c->add_option("--master-key-command", options->rotation.command, "The program that prints the present key, if it is another than before");
  c->add_option("--new-master-key-command", options->rotation.new_command, "The program that prints the new key; without: a new file master.key");
  c->add_flag("--json", options->as_json, "Print JSON");
  c->footer("Example:\n  upcall master-key rotate --data-dir D\nA rotation that was interrupted is finished by the next start, or by this command, which then rotates once more.");
  c->callback([options, &exit_code] { exit_code = rotate(*options); });
}

}  // namespace upcall::cli
