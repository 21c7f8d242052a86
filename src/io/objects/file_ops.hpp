// Internal to io/objects: files with errors as values. Errors: exhausted (no space, quota, size limit), not_found,
// unavailable.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::objects {

class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  File& operator=(File&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~File();

  static Result<File> open(const std::string& path, int flags);
  Result<void> write_at(std::uint64_t offset, Bytes bytes) const;
  // As much as there is.
  Result<std::size_t> read_at(std::uint64_t offset, MutBytes out) const;
  Result<void> sync() const;
  void truncate(std::uint64_t size) const;

 private:
  int fd_ = -1;
};

Result<ByteVector> read_whole(const std::string& path, std::size_t limit);
Result<void> sync_directory(const std::string& path);
// The directory of `path` and those above it, each made durable in its parent; stops at `root`, which exists.
Result<void> make_parents(const std::string& root, const std::string& relative_file);
tl::unexpected<Error> system_error(int error, const char* doing);

}  // namespace upcall::objects
