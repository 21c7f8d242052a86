#include "io/store/data_dir_lock.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace upcall::store {

namespace {
// A server that was killed may have left a child between fork and exec, which holds the lock for another moment.
constexpr int kPatienceMs = 1500, kPauseMs = 20;
}  // namespace

Result<DataDirLock> DataDirLock::take(const std::string& data_dir) {
  std::error_code made;
  const bool existed = std::filesystem::exists(data_dir, made);
  std::filesystem::create_directories(data_dir, made);
  if (made) return fail(ErrorCode::unavailable, "the data directory cannot be made: " + made.message());
  if (!existed) ::chmod(data_dir.c_str(), 0700);
  const int fd = ::open((data_dir + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("the data directory cannot be locked: ") + std::strerror(errno));
  int why = 0;
  for (int waited_ms = 0;; waited_ms += kPauseMs) {
    why = ::flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
    if (why != EWOULDBLOCK || waited_ms >= kPatienceMs) break;
    ::poll(nullptr, 0, kPauseMs);
  }
  if (why != 0) {
    ::close(fd);
    if (why == EWOULDBLOCK) return fail(ErrorCode::conflict, "another process uses this data directory");
    return fail(ErrorCode::unavailable, std::string("the data directory cannot be locked: ") + std::strerror(why));
  }
  return DataDirLock(fd);
}

void DataDirLock::let_go() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

DataDirLock::~DataDirLock() { let_go(); }

}  // namespace upcall::store
