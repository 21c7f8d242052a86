// Landlock (landlock(7)): every way to touch a file that the kernel knows is taken away, reading is given back where named.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "io/sandbox/sandbox.hpp"

namespace upcall::sandbox {

namespace {

// Of later kernels than this header: moving between folders (2), truncation (3), requests to devices (5).
constexpr std::uint64_t kRefer = 1u << 13, kTruncate = 1u << 14, kIoctlDevice = 1u << 15;
constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE;

std::uint64_t accesses_of(long version) {
  std::uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;   // the first version's, which end with that one
  if (version >= 2) all |= kRefer;
  if (version >= 3) all |= kTruncate;
  if (version >= 5) all |= kIoctlDevice;
  return all;
}

Error failed(const char* what) { return {ErrorCode::unavailable, std::string(what) + ": " + std::strerror(errno)}; }

class Rules {
 public:
  explicit Rules(int fd) : fd_(fd) {}
  ~Rules() { ::close(fd_); }
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  bool allow(const std::string& path, std::uint64_t access) {
    const int at = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (at < 0) return false;
    landlock_path_beneath_attr rule{access, at};
    const bool done = ::syscall(SYS_landlock_add_rule, fd_, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
    ::close(at);
    return done;
  }
  bool apply() { return ::syscall(SYS_landlock_restrict_self, fd_, 0) == 0; }

 private:
  int fd_;
};

std::string nearest_folder(std::filesystem::path path) {
  std::error_code error;
  while (!std::filesystem::is_directory(path, error) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path.string();
}

}  // namespace

Result<void> limit_files(const ReadableFiles& readable) {
  const long version = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) return tl::unexpected(failed("no limit of files (Landlock)"));
  landlock_ruleset_attr all{};
  all.handled_access_fs = accesses_of(version);
  const auto fd = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0));
  if (fd < 0) return tl::unexpected(failed("no limit of files (Landlock)"));
  Rules rules(fd);
  for (const std::string& folder : readable.folders) {
    const std::string at = nearest_folder(folder);
    if (!rules.allow(at, kRead | LANDLOCK_ACCESS_FS_READ_DIR)) return tl::unexpected(failed("a folder cannot be named to Landlock"));
  }
  for (const std::string& file : readable.files) {
    if (!rules.allow(file, kRead) && errno != ENOENT) return tl::unexpected(failed("a file cannot be named to Landlock"));
  }
  if (!rules.apply()) return tl::unexpected(failed("no limit of files (Landlock)"));
  return {};
}

}  // namespace upcall::sandbox
