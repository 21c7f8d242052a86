// Internal to io/film_spool: one file with errors as values (exhausted: no space; not_found; unavailable).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::film_spool {

class SpoolFile {
 public:
  SpoolFile() = default;
  SpoolFile(SpoolFile&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  SpoolFile& operator=(SpoolFile&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~SpoolFile();

  // `anew`: an old file of this name is unlinked first (who reads it keeps it).
  static Result<SpoolFile> open(const std::string& path, bool anew);
  static Result<SpoolFile> open_to_read(const std::string& path);
  Result<void> write_at(std::uint64_t offset, Bytes bytes) const;
  // As much as there is.
  Result<std::size_t> read_at(std::uint64_t offset, MutBytes out) const;
  Result<void> truncate(std::uint64_t size) const;
  Result<void> sync() const;

 private:
  explicit SpoolFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace upcall::film_spool
