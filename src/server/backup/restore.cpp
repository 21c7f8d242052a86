#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "crypto/hash.hpp"
#include "io/archive/archive.hpp"
#include "io/store/data_dir_lock.hpp"
#include "io/store/master_key.hpp"
#include "io/store/migrations.hpp"
#include "io/store/store.hpp"
#include "server/backup/backup.hpp"

namespace upcall::backup {

namespace fs = std::filesystem;

namespace {

Error system_error(const std::string& what) {
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return {full ? ErrorCode::exhausted : ErrorCode::unavailable, what + ": " + std::strerror(errno)};
}

Result<void> sync_folder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool ok = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!ok) return tl::unexpected(system_error("the directory " + folder + " cannot be brought to the disk"));
  return {};
}

Result<void> write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return tl::unexpected(system_error("a file cannot be written"));
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

// Parents below `root` with mode 0700.
Result<void> make_parents(const std::string& root, const std::string& path) {
  for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string folder = root + "/" + path.substr(0, at);
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return tl::unexpected(system_error("a directory cannot be made"));
  }
  return {};
}

Result<void> put_file(archive::Reader& in, const std::string& root, const ManifestFile& listed) {
  if (auto made = make_parents(root, listed.path); !made) return made;
  const int fd = ::open((root + "/" + listed.path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(system_error("a file cannot be made"));
  crypto::Sha256 hash;
  std::vector<std::uint8_t> piece(256 << 10);
  std::uint64_t bytes = 0;
  Result<void> done;
  while (done) {
    auto n = in.read(piece);
    if (!n) done = tl::unexpected(n.error());
    if (!n || *n == 0) break;
    bytes += *n;
    hash.update(Bytes(piece.data(), *n));
    done = write_all(fd, Bytes(piece.data(), *n));
  }
  if (done && ::fsync(fd) != 0) done = tl::unexpected(system_error("a file cannot be brought to the disk"));
  ::close(fd);
  // It was verified a moment ago: somebody exchanged the file since.
  if (done && (bytes != listed.bytes || to_hex(hash.finish()) != listed.sha256)) return fail(ErrorCode::corrupt, "the backup has changed while it was read");
  return done;
}

Result<void> extract(const std::string& file, const Manifest& manifest, const std::string& root) {
  std::map<std::string_view, const ManifestFile*> listed;
  for (const ManifestFile& f : manifest.files) listed.emplace(f.path, &f);
  auto reader = archive::Reader::open(file);
  if (!reader) return tl::unexpected(reader.error());
  std::size_t put = 0;
  while (true) {
    auto entry = (*reader)->next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) break;
    if ((*entry)->path == kManifestName) continue;
    const auto at = listed.find((*entry)->path);
    if (at == listed.end()) return fail(ErrorCode::corrupt, "the backup has changed while it was read");
    if (auto done = put_file(**reader, root, *at->second); !done) return done;
    ++put;
  }
  if (put != listed.size()) return fail(ErrorCode::corrupt, "the backup has changed while it was read");
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_directory(error)) continue;
    if (auto synced = sync_folder(at->path()); !synced) return synced;
  }
  return sync_folder(root);
}

// Everything but the lock and, when asked for, the folder of the restore itself.
std::vector<std::string> names_in(const std::string& directory, bool with_restoring) {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != "lock" && (with_restoring || name != store::kRestoringName)) out.push_back(name);
  }
  return out;
}

void empty(const std::string& directory) {
  std::error_code ignored;
  for (const std::string& name : names_in(directory, true)) {
    if (name != store::kRestoringName) fs::remove_all(directory + "/" + name, ignored);
  }
  // Last: while it is there, what lies beside it is known to be a restore's.
  fs::remove_all(directory + "/" + store::kRestoringName, ignored);
}

Result<void> put_key(const RestoreOptions& options, const Manifest& manifest, const std::string& root) {
  if (options.master_key_file.empty()) return {};
  auto key = store::read_master_key_file(options.master_key_file);
  if (!key) return tl::unexpected(key.error());
  if (store::master_key_id(*key) != manifest.master_key_id) {
    return fail(ErrorCode::invalid_argument, "the key in " + options.master_key_file + " is not this backup's (" + manifest.master_key_id + "): look for the one that was the server's when the backup was made");
  }
  const std::string path = root + "/" + kMasterKeyName;
  ::unlink(path.c_str());
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return tl::unexpected(system_error("the key cannot be written"));
  auto done = write_all(fd, key->bytes());
  if (done && ::fsync(fd) != 0) done = tl::unexpected(system_error("the key cannot be brought to the disk"));
  ::close(fd);
  return done;
}

Result<void> fill(const RestoreOptions& options, const Manifest& manifest) {
  const std::string root = options.data_dir + "/" + store::kRestoringName;
  if (::mkdir(root.c_str(), 0700) != 0) return tl::unexpected(system_error("the directory cannot be written"));
  if (auto synced = sync_folder(options.data_dir); !synced) return synced;
  if (auto done = extract(options.file, manifest, root); !done) return done;
  if (auto done = put_key(options, manifest, root); !done) return done;
  std::vector<std::string> names = names_in(root, true);
  for (const std::string& name : names) {
    if (::rename((root + "/" + name).c_str(), (options.data_dir + "/" + name).c_str()) != 0) return tl::unexpected(system_error("a file cannot be put into place"));
  }
  if (auto synced = sync_folder(options.data_dir); !synced) return synced;
  // Only now may a server open it.
  if (::rmdir(root.c_str()) != 0) return tl::unexpected(system_error("the restore cannot be ended"));
  return sync_folder(options.data_dir);
}

}  // namespace

Result<Manifest> restore(const RestoreOptions& options) {
  auto manifest = verify(options.file);
  if (!manifest) return manifest;
  const int known = store::migrations().back().version;
  if (manifest->schema > known) {
    return fail(ErrorCode::invalid_argument, "the backup was made by Upcall " + manifest->version + ", whose schema (" + std::to_string(manifest->schema) + ") is newer than this program's (" +
                                                 std::to_string(known) + "): install that version first");
  }
  std::error_code error;
  const bool existed = fs::exists(options.data_dir, error);
  if (existed && !fs::is_directory(options.data_dir, error)) return fail(ErrorCode::conflict, options.data_dir + " is a file: give a directory that is empty or not there");
  const bool interrupted = fs::exists(options.data_dir + "/" + store::kRestoringName, error);
  if (!interrupted && !names_in(options.data_dir, true).empty()) {
    return fail(ErrorCode::conflict, "the directory " + options.data_dir + " is not empty: give another one, or move its content away first");
  }
  auto lock = store::DataDirLock::take(options.data_dir);
  if (!lock) return tl::unexpected(lock.error());
  if (interrupted) empty(options.data_dir);
  auto there = options.space(options.data_dir);
  const std::uint64_t needed = manifest->bytes() + manifest->files.size() * 4096 + (1 << 20);
  Result<void> done;
  if (!there) {
    done = tl::unexpected(there.error());
  } else if (*there < needed) {
    done = fail(ErrorCode::exhausted, "the restore needs " + std::to_string(needed >> 20) + " MiB in " + options.data_dir + ", and " + std::to_string(*there >> 20) + " MiB are free: make room, or choose another disk");
  } else {
    done = fill(options, *manifest);
  }
  if (!done) {
    empty(options.data_dir);
    ::unlink((options.data_dir + "/lock").c_str());
    if (!existed) ::rmdir(options.data_dir.c_str());
    return tl::unexpected(done.error());
  }
  return manifest;
}

}  // namespace upcall::backup
