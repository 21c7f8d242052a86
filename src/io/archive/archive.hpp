// A tar archive (pax), compressed with zstd, of plain files: written to a descriptor, read back from a file. libarchive does it.
//
// Threads: one at a time an object. Errors: exhausted (no space), corrupt (not such an archive, cut off, altered),
// not_found, unavailable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::archive {

class Writer {
 public:
  // `fd` stays the caller's; it is at its end when finish() returns.
  static Result<std::unique_ptr<Writer>> start(int fd);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // A file of exactly `bytes`, which the next calls of write() bring.
  Result<void> begin(const std::string& path, std::uint64_t bytes);
  Result<void> write(Bytes bytes);
  // Before it the archive is not whole.
  Result<void> finish();

 private:
  struct Impl;
  explicit Writer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Entry {
  std::string path;
  std::uint64_t bytes = 0;
};

class Reader {
 public:
  static Result<std::unique_ptr<Reader>> open(const std::string& file);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next file; nothing at the archive's end. Anything but a plain file is corrupt.
  Result<std::optional<Entry>> next();
  // Of the file that next() gave; 0 at its end.
  Result<std::size_t> read(MutBytes out);

 private:
  struct Impl;
  explicit Reader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::archive
