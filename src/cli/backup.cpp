// upcall backup create | verify, upcall restore.
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"
#include "server/backup/backup.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

int complain(const Error& error) {
  std::fprintf(stderr, "upcall: %s\n", error.message.c_str());
  return 1;
}

bj::object facts(const backup::Manifest& m) {
  return {{"created", m.created}, {"version", m.version}, {"schema", m.schema}, {"masterKeyId", m.master_key_id}, {"withRecordings", m.with_recordings},
          {"withKeys", m.with_keys}, {"files", m.files.size()}, {"bytes", m.bytes()}};
}

std::string key_place(const backup::Manifest& m, const std::string& data_dir) {
  return m.key_command.empty() ? "the file " + data_dir + "/master.key" : "what " + m.key_command + " prints";
}

int create(const backup::BackupOptions& options, bool as_json) {
  const auto report = backup::create(options);
  if (!report) return complain(report.error());
  const backup::Manifest& m = report->manifest;
  if (as_json) {
    bj::object out = facts(m);
    out["file"] = report->file;
    out["fileBytes"] = report->file_bytes;
    std::cout << bj::serialize(out) << std::endl;
    return 0;
  }
  std::printf("%s: %zu files, %.1f MB (%.1f MB of content)\n", report->file.c_str(), m.files.size(), static_cast<double>(report->file_bytes) / 1e6, static_cast<double>(m.bytes()) / 1e6);
  std::printf("It can be read by whoever has it: chats, names and addresses of customers and staff, hashes of passwords. Films, journals and\n"
              "stored secrets in it are sealed under the master key %s.\n", m.master_key_id.c_str());
  if (m.with_keys) {
    std::printf("The keys are in it: whoever has this file can read everything. Keep it as you keep a key.\n");
  } else {
    std::printf("That key is not in it: keep %s in another place. Without it neither films nor log-ins come back.\n", key_place(m, options.data_dir).c_str());
  }
  if (!m.with_recordings) std::printf("Stored films and files of chats are not in it (--with-recordings).\n");
  return 0;
}

int verify(const std::string& file, bool as_json) {
  const auto manifest = backup::verify(file);
  if (!manifest) return complain(manifest.error());
  if (as_json) {
    std::cout << bj::serialize(facts(*manifest)) << std::endl;
  } else {
    std::printf("whole: %zu files, %.1f MB of %s, made by Upcall %s; its master key is %s\n", manifest->files.size(), static_cast<double>(manifest->bytes()) / 1e6, manifest->created.c_str(),
                manifest->version.c_str(), manifest->master_key_id.c_str());
  }
  return 0;
}

int restore(const backup::RestoreOptions& options, bool as_json) {
  const auto manifest = backup::restore(options);
  if (!manifest) return complain(manifest.error());
  if (as_json) {
    std::cout << bj::serialize(facts(*manifest)) << std::endl;
    return 0;
  }
  std::printf("%s is as the server's was on %s: %zu files\n", options.data_dir.c_str(), manifest->created.c_str(), manifest->files.size());
  if (!manifest->with_keys && options.master_key_file.empty()) {
    if (manifest->key_command.empty()) {
      std::printf("Now put the master key %s to %s/master.key (mode 0600); the server does not start without it.\n", manifest->master_key_id.c_str(), options.data_dir.c_str());
    } else {
      std::printf("The server asks %s for its master key %s.\n", manifest->key_command.c_str(), manifest->master_key_id.c_str());
    }
  }
  return 0;
}

}  // namespace

void add_backup(CLI::App& app, int& exit_code) {
  CLI::App* group = app.add_subcommand("backup", "One file of everything that the server keeps");
  group->require_subcommand(1);
  const auto as_json = std::make_shared<bool>(false);

  CLI::App* c = group->add_subcommand("create", "Make a backup; the server may run");
  const auto options = std::make_shared<backup::BackupOptions>();
  options->data_dir = "upcall-data";
  c->add_option("--data-dir", options->data_dir, "The server's data directory")->capture_default_str();
  c->add_option("--out", options->out, "A new file, or a directory for a file named by the time")->required();
  c->add_flag("--with-recordings", options->with_recordings, "With the films and files of the embedded object store, and journals that are kept");
  c->add_flag("--with-keys", options->with_keys, "With master.key and the self-signed certificate's key");
  c->add_flag("--json", *as_json, "Print JSON");
  c->footer("Example:\n  upcall backup create --data-dir /var/lib/upcall --out /var/backups/upcall --with-recordings");
  c->callback([options, as_json, &exit_code] {
    options->now = system_now().wall;
    exit_code = create(*options, *as_json);
  });

  CLI::App* v = group->add_subcommand("verify", "Is a backup whole? Reads all of it");
  const auto file = std::make_shared<std::string>();
  v->add_option("FILE", *file, "The backup")->required();
  v->add_flag("--json", *as_json, "Print JSON");
  v->footer("Example:\n  upcall backup verify /var/backups/upcall/upcall-20260131T020000Z.backup");
  v->callback([file, as_json, &exit_code] { exit_code = verify(*file, *as_json); });

  CLI::App* r = app.add_subcommand("restore", "Put a backup into an empty data directory");
  const auto back = std::make_shared<backup::RestoreOptions>();
  r->add_option("--from", back->file, "The backup")->required();
  r->add_option("--data-dir", back->data_dir, "A directory that is empty or not there")->required();
  r->add_option("--master-key", back->master_key_file, "The file with the master key, when it is not in the backup");
  r->add_flag("--json", *as_json, "Print JSON");
  r->footer("Example:\n  upcall restore --from /var/backups/upcall/upcall-20260131T020000Z.backup --data-dir /var/lib/upcall --master-key /media/safe/master.key");
  r->callback([back, as_json, &exit_code] { exit_code = restore(*back, *as_json); });
}

}  // namespace upcall::cli
