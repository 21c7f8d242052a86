// The exclusive right to a data directory, held by an advisory file lock that the kernel drops with the process.
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace upcall::store {

class DataDirLock {
 public:
  // Makes the directory (0700) when absent. ErrorCode::conflict when another process holds it.
  static Result<DataDirLock> take(const std::string& data_dir);
  // What another process has and gives away: a descriptor of its lock. Both hold it until one has let go.
  static DataDirLock given(int fd) { return DataDirLock(fd); }
  int fd() const { return fd_; }
  // Whoever was given it has it alone from here on.
  void let_go();
  ~DataDirLock();
  DataDirLock(DataDirLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DataDirLock& operator=(DataDirLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

 private:
  explicit DataDirLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace upcall::store
