#include "server/backup/backup.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <vector>

#include "base/wall_text.hpp"
#include "crypto/hash.hpp"
#include "io/archive/archive.hpp"
#include "server/backup/staging.hpp"

namespace upcall::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 256 << 10;

struct Fd {
  int fd = -1;
  explicit Fd(int f) : fd(f) {}
  ~Fd() {
    if (fd >= 0) ::close(fd);
  }
  Fd(const Fd&) = delete;
};

std::string mib(std::uint64_t bytes) { return std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB"; }

std::uint64_t size_of(const std::string& path) {
  struct stat at{};
  return ::stat(path.c_str(), &at) == 0 ? static_cast<std::uint64_t>(at.st_size) : 0;
}

Result<void> enough_space(const FreeBytes& space, const std::string& directory, std::uint64_t needed, const std::string& what) {
  auto there = space(directory);
  if (!there) return tl::unexpected(there.error());
  if (*there >= needed) return {};
  return fail(ErrorCode::exhausted, what + " may need " + mib(needed) + " in " + directory + ", and " + mib(*there) + " are free: make room, or choose another disk");
}

// Exactly as many bytes as the file has when it is opened: journals grow meanwhile, and a film's spool may be cut.
Result<ManifestFile> add_file(archive::Writer& out, const StagedFile& staged) {
  const Fd in(::open(staged.source.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat at{};
  if (in.fd < 0 || ::fstat(in.fd, &at) != 0) return fail(ErrorCode::unavailable, "cannot read " + staged.path + ": " + std::strerror(errno));
  const auto size = static_cast<std::uint64_t>(at.st_size);
  if (auto begun = out.begin(staged.path, size); !begun) return tl::unexpected(begun.error());
  crypto::Sha256 hash;
  std::vector<std::uint8_t> piece(kPiece);
  for (std::uint64_t done = 0; done < size;) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - done));
    ssize_t n = ::read(in.fd, piece.data(), want);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(ErrorCode::unavailable, "cannot read " + staged.path + ": " + std::strerror(errno));
    if (n == 0) {
      // What follows the end that was cut is nothing, and readers of these files take it for that.
      std::fill_n(piece.begin(), want, std::uint8_t{0});
      n = static_cast<ssize_t>(want);
    }
    const Bytes bytes(piece.data(), static_cast<std::size_t>(n));
    hash.update(bytes);
    if (auto written = out.write(bytes); !written) return tl::unexpected(written.error());
    done += bytes.size();
  }
  return ManifestFile{staged.path, size, to_hex(hash.finish())};
}

Result<void> write_archive(int fd, const Staging& staging, Manifest& manifest) {
  auto writer = archive::Writer::start(fd);
  if (!writer) return tl::unexpected(writer.error());
  for (const StagedFile& file : staging.files()) {
    auto added = add_file(**writer, file);
    if (!added) return tl::unexpected(added.error());
    manifest.files.push_back(std::move(*added));
  }
  const std::string text = manifest_text(manifest);
  if (auto begun = (*writer)->begin(kManifestName, text.size()); !begun) return begun;
  if (auto written = (*writer)->write(as_bytes(text)); !written) return written;
  return (*writer)->finish();
}

Result<std::string> target_of(const BackupOptions& options) {
  std::error_code error;
  std::string out = options.out;
  if (fs::is_directory(out, error)) {
    std::string stamp;
    for (const char c : to_iso8601(options.now).substr(0, 19)) {
      if (c != '-' && c != ':') stamp += c;
    }
    out += "/upcall-" + stamp + "Z.backup";
  }
  const std::string folder = fs::path(out).parent_path().string();
  if (!folder.empty() && !fs::is_directory(folder, error)) return fail(ErrorCode::not_found, "there is no directory " + folder + ": make it, or correct --out");
  if (fs::exists(out, error)) return fail(ErrorCode::conflict, "the file " + out + " is there already: choose another name");
  return out;
}

}  // namespace

Result<std::uint64_t> free_bytes(const std::string& directory) {
  struct statvfs at{};
  if (::statvfs(directory.empty() ? "." : directory.c_str(), &at) != 0) return fail(ErrorCode::unavailable, "cannot ask for the free space of " + directory);
  return static_cast<std::uint64_t>(at.f_bavail) * at.f_frsize;
}

Result<BackupReport> create(const BackupOptions& options) {
  auto target = target_of(options);
  if (!target) return tl::unexpected(target.error());
  const std::string folder = fs::path(*target).parent_path().string();
  // The database is copied beside itself first.
  const std::uint64_t database = size_of(options.data_dir + "/" + kDatabaseName) + size_of(options.data_dir + "/" + kDatabaseName + "-wal");
  if (auto enough = enough_space(options.space, options.data_dir, database, "a copy of the database"); !enough) return tl::unexpected(enough.error());
  auto staging = Staging::take(options.data_dir, options.with_recordings, options.with_keys);
  if (!staging) return tl::unexpected(staging.error());
  std::uint64_t needed = 1 << 20;
  for (const StagedFile& file : (*staging)->files()) needed += size_of(file.source) + 4096;
  if (auto enough = enough_space(options.space, folder.empty() ? "." : folder, needed, "the backup"); !enough) return tl::unexpected(enough.error());

  const std::string partial = *target + ".partial";
  const Fd out(::open(partial.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (out.fd < 0) return fail(ErrorCode::unavailable, "cannot write " + partial + ": " + std::strerror(errno));
  if (::flock(out.fd, LOCK_EX | LOCK_NB) != 0) return fail(ErrorCode::conflict, "another backup is being written to " + *target);
  // One that was killed may have left it.
  if (::fchmod(out.fd, 0600) != 0 || ::ftruncate(out.fd, 0) != 0) return fail(ErrorCode::unavailable, "cannot write " + partial + ": " + std::strerror(errno));
  BackupReport report;
  const StagedFacts& facts = (*staging)->facts();
  report.manifest = {UPCALL_VERSION, to_iso8601(options.now), facts.schema, facts.master_key_id, facts.key_command, options.with_recordings, options.with_keys, {}};
  auto written = write_archive(out.fd, **staging, report.manifest);
  if (written && ::fsync(out.fd) != 0) written = fail(ErrorCode::unavailable, std::string("the backup could not be brought to the disk: ") + std::strerror(errno));
  // Never over a file that has come meanwhile.
  if (written && ::link(partial.c_str(), target->c_str()) != 0) written = fail(ErrorCode::unavailable, "cannot name the backup " + *target + ": " + std::strerror(errno));
  ::unlink(partial.c_str());
  if (!written) return tl::unexpected(written.error());
  const Fd directory(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd >= 0) ::fsync(directory.fd);
  report.file = *target;
  report.file_bytes = size_of(*target);
  return report;
}

Result<Manifest> verify(const std::string& file) {
  const auto broken = [&](const std::string& why) { return fail(ErrorCode::corrupt, "the backup " + file + " cannot be used: " + why + ". Take another one"); };
  auto reader = archive::Reader::open(file);
  if (!reader && reader.error().code != ErrorCode::corrupt) return tl::unexpected(reader.error());
  if (!reader) return broken("it is not one of ours, or damaged");
  std::map<std::string, ManifestFile> seen;
  std::string manifest_body;
  bool ended = false;
  std::vector<std::uint8_t> piece(kPiece);
  while (true) {
    auto entry = (*reader)->next();
    if (!entry) return broken("it is not one of ours, cut off or damaged");
    if (!*entry) break;
    if (ended) return broken("something follows its end");
    const bool is_manifest = (*entry)->path == kManifestName;
    if (is_manifest && (*entry)->bytes > kManifestMax) return broken("its list of files is too long");
    crypto::Sha256 hash;
    std::uint64_t bytes = 0;
    while (true) {
      auto n = (*reader)->read(piece);
      if (!n) return broken("it is cut off or damaged");
      if (*n == 0) break;
      bytes += *n;
      if (is_manifest) {
        manifest_body.append(reinterpret_cast<const char*>(piece.data()), *n);
      } else {
        hash.update(Bytes(piece.data(), *n));
      }
    }
    ended = is_manifest;
    if (!is_manifest && !seen.try_emplace((*entry)->path, ManifestFile{(*entry)->path, bytes, to_hex(hash.finish())}).second) return broken("it holds a file twice");
  }
  if (!ended) return broken("its end is missing");
  auto manifest = parse_manifest(manifest_body);
  if (!manifest) return broken(manifest.error() == ParseError::unsupported ? "it is of a newer version of Upcall" : "its list of files cannot be read");
  if (manifest->files.size() != seen.size()) return broken("files are missing, or more than were listed");
  for (const ManifestFile& listed : manifest->files) {
    const auto at = seen.find(listed.path);
    if (at == seen.end() || at->second.bytes != listed.bytes || at->second.sha256 != listed.sha256) return broken("the file " + listed.path + " in it is not what was put in");
  }
  return std::move(*manifest);
}

}  // namespace upcall::backup
