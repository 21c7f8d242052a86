#include "server/backup/staging.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/store/database.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/backup/manifest.hpp"

namespace upcall::backup {

namespace fs = std::filesystem;

namespace {

constexpr const char* kPrefix = ".backup-";

// The folder's owner lives as long as it holds this.
int lock_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) ::close(fd);
  return -1;
}

Error system_error(const std::string& what) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return {full ? ErrorCode::exhausted : ErrorCode::unavailable, what + ": " + std::strerror(errno)};
}

}  // namespace

void Staging::remove_stale(const std::string& data_dir) {
  std::error_code error;
  for (fs::directory_iterator at(data_dir, error), end; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with(kPrefix)) continue;
    const int lock = lock_folder(at->path());
    if (lock < 0) continue;
    std::error_code ignored;
    fs::remove_all(at->path(), ignored);
    ::close(lock);
  }
}

Result<std::unique_ptr<Staging>> Staging::take(const std::string& data_dir, bool with_recordings, bool with_keys) {
  struct stat at{};
  if (::stat((data_dir + "/" + kDatabaseName).c_str(), &at) != 0) {
    return fail(ErrorCode::not_found, "there is no database in " + data_dir + ": give the server's data directory with --data-dir");
  }
  // Another user would leave files in it that the server cannot write.
  if (at.st_uid != ::geteuid()) return fail(ErrorCode::conflict, "the data directory belongs to another user: run this as that user (sudo -u upcall …)");
  remove_stale(data_dir);
  std::string folder = data_dir + "/" + kPrefix + "XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return tl::unexpected(system_error("the data directory cannot be written"));
  const int lock = lock_folder(folder);
  std::unique_ptr<Staging> out(new Staging(data_dir, folder, lock));
  for (const char* below : {"spool", "objects/data", "objects/index"}) {
    if (!with_recordings && std::string_view(below) != "spool") continue;
    if (auto linked = out->link_all(below); !linked) return tl::unexpected(linked.error());
  }
  if (auto copied = out->copy_database(); !copied) return tl::unexpected(copied.error());
  // The index before the data: what it names by now is there by now.
  for (const char* below : {"spool", "objects/index", "objects/data"}) {
    if (!with_recordings && std::string_view(below) != "spool") continue;
    if (auto linked = out->link_all(below); !linked) return tl::unexpected(linked.error());
  }
  if (with_keys) {
    if (auto linked = out->link_all("tls"); !linked) return tl::unexpected(linked.error());
  }
  out->choose(with_recordings, with_keys);
  return out;
}

Staging::~Staging() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

// What is gone by the time that it is looked at is not there; a file that came again under its name replaces its link.
Result<void> Staging::link_all(const std::string& below) {
  const fs::path root = fs::path(data_dir_) / below;
  std::error_code error;
  if (!fs::is_directory(root, error)) return {};
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    std::error_code gone;
    if (!at->is_regular_file(gone)) continue;
    const std::string path = fs::relative(at->path(), data_dir_, gone).string();
    if (gone || !is_backup_path(path)) continue;
    const fs::path to = fs::path(folder_) / path;
    std::error_code made;
    fs::create_directories(to.parent_path(), made);
    if (::link(at->path().c_str(), to.c_str()) == 0 || errno == ENOENT) continue;
    if (errno == EEXIST) {
      struct stat old{}, now{};
      if (::stat(to.c_str(), &old) != 0 || ::stat(at->path().c_str(), &now) != 0 || old.st_ino == now.st_ino) continue;
      ::unlink(to.c_str());
      if (::link(at->path().c_str(), to.c_str()) == 0 || errno == ENOENT) continue;
    }
    return tl::unexpected(system_error("a file of the data directory cannot be linked (it must be one file system)"));
  }
  // A folder that went while it was walked ends the walk: again, until nothing disturbs it.
  if (error == std::errc::no_such_file_or_directory) return link_all(below);
  if (error) return fail(ErrorCode::unavailable, "the data directory cannot be read: " + error.message());
  return {};
}

Result<void> Staging::copy_database() {
  const std::string copy = folder_ + "/" + kDatabaseName;
  {
    auto live = store::Database::open(data_dir_ + "/" + kDatabaseName, store::Database::Mode::read_only);
    if (!live) return tl::unexpected(live.error());
    if (auto copied = (*live)->copy_to(copy); !copied) return copied;
  }
  auto db = store::Database::open(copy, store::Database::Mode::read_write);
  if (!db) return tl::unexpected(db.error());
  const auto check = (*db)->one("pragma quick_check(1)", [](store::Row& row) { return row.text(0); });
  if (!check) return tl::unexpected(check.error());
  if (!*check || **check != "ok") return fail(ErrorCode::corrupt, "the database is damaged: its own check finds faults. Restore the last good backup");
  const auto schema = (*db)->one("select version from schema_version", [](store::Row& row) { return row.i64(0); });
  if (!schema) return tl::unexpected(schema.error());
  facts_.schema = schema->value_or(0);
  auto id = store::parameters::get_or(**db, "masterKeyId", ""), command = store::parameters::get_or(**db, "masterKeyCommand", "");
  if (!id || !command) return tl::unexpected(id ? command.error() : id.error());
  facts_.master_key_id = *id;
  facts_.key_command = *command;
  // Failed ones too: their journal is all that there is of them.
  auto open = (*db)->all("select recording_id from recordings where state <> 'stored'", [](store::Row& row) { return row.text(0); });
  if (!open) return tl::unexpected(open.error());
  open_recordings_ = {open->begin(), open->end()};
  return {};
}

void Staging::choose(bool with_recordings, bool with_keys) {
  std::error_code error;
  files_.push_back({kDatabaseName, folder_ + "/" + kDatabaseName});
  for (fs::recursive_directory_iterator at(folder_, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    const std::string path = fs::relative(at->path(), folder_, error).string();
    if (path.find('/') == std::string::npos) continue;   // the database and what SQLite lays beside it
    if (path.starts_with("spool/") && !with_recordings) {
      const std::string id = path.substr(6, path.find('/', 6) - 6);
      if (!open_recordings_.contains(id)) continue;
    }
    files_.push_back({path, at->path()});
  }
  if (with_keys && fs::exists(data_dir_ + "/" + kMasterKeyName, error)) files_.push_back({kMasterKeyName, data_dir_ + "/" + kMasterKeyName});
}

}  // namespace upcall::backup
