#include "io/film_spool/spool_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace upcall::film_spool {

namespace {
tl::unexpected<Error> system_error(int error, const char* doing) {
  const std::string text = std::string("the film spool cannot ") + doing + ": " + std::strerror(error);
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return fail(ErrorCode::exhausted, text);
  if (error == ENOENT || error == ENOTDIR) return fail(ErrorCode::not_found, text);
  return fail(ErrorCode::unavailable, text);
}
}  // namespace

SpoolFile::~SpoolFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<SpoolFile> SpoolFile::open(const std::string& path, bool anew) {
  if (anew && ::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(errno, "begin anew");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error(errno, "be opened");
  return SpoolFile(fd);
}

Result<SpoolFile> SpoolFile::open_to_read(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return system_error(errno, "be opened");
  return SpoolFile(fd);
}

Result<void> SpoolFile::write_at(std::uint64_t offset, Bytes bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(n == 0 ? ENOSPC : errno, "be written");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> SpoolFile::read_at(std::uint64_t offset, MutBytes out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "be read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<void> SpoolFile::truncate(std::uint64_t size) const {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return system_error(errno, "be cut");
  return {};
}

Result<void> SpoolFile::sync() const {
  if (::fdatasync(fd_) != 0) return system_error(errno, "be made durable");
  return {};
}

}  // namespace upcall::film_spool
