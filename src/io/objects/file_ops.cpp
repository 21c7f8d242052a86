#include "io/objects/file_ops.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace upcall::objects {

tl::unexpected<Error> system_error(int error, const char* doing) {
  const std::string text = std::string("the object store cannot ") + doing + ": " + std::strerror(error);
  // EFBIG: the limit on file sizes is a full disk to us.
  if (error == ENOSPC || error == EDQUOT || error == EFBIG) return fail(ErrorCode::exhausted, text);
  if (error == ENOENT || error == ENOTDIR) return fail(ErrorCode::not_found, text);
  return fail(ErrorCode::unavailable, text);
}

File::~File() {
  if (fd_ >= 0) ::close(fd_);
}

Result<File> File::open(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return system_error(errno, "open a file");
  return File(fd);
}

Result<void> File::write_at(std::uint64_t offset, Bytes bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(n == 0 ? ENOSPC : errno, "write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> File::read_at(std::uint64_t offset, MutBytes out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::pread(fd_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "read");
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<void> File::sync() const {
  if (::fdatasync(fd_) != 0) return system_error(errno, "make data durable");
  return {};
}

void File::truncate(std::uint64_t size) const { (void)!::ftruncate(fd_, static_cast<off_t>(size)); }

Result<ByteVector> read_whole(const std::string& path, std::size_t limit) {
  auto file = File::open(path, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  ByteVector out(limit + 1);
  const auto got = file->read_at(0, out);
  if (!got) return tl::unexpected(got.error());
  if (*got > limit) return fail(ErrorCode::corrupt, "a file of the object store is larger than it can be");
  out.resize(*got);
  return out;
}

Result<void> sync_directory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return system_error(errno, "open a directory");
  const int rc = ::fsync(fd), error = errno;
  ::close(fd);
  if (rc != 0) return system_error(error, "make a directory durable");
  return {};
}

Result<void> make_parents(const std::string& root, const std::string& relative_file) {
  std::string at = root;
  std::size_t start = 0;
  for (std::size_t slash; (slash = relative_file.find('/', start)) != std::string::npos; start = slash + 1) {
    const std::string parent = at;
    at += "/" + relative_file.substr(start, slash - start);
    if (::mkdir(at.c_str(), 0700) != 0) {
      if (errno == EEXIST) continue;
      return system_error(errno, "make a directory");
    }
    if (auto ok = sync_directory(parent); !ok) return ok;
  }
  return {};
}

}  // namespace upcall::objects
