#include "io/store/master_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "crypto/hkdf.hpp"

namespace upcall::store {

Result<MasterKey> read_master_key_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return fail(ErrorCode::not_found, "there is no master key file");
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("the master key cannot be read: ") + std::strerror(errno));
  const Result<MasterKey> key = [fd]() -> Result<MasterKey> {
    struct stat info {};
    if (::fstat(fd, &info) != 0 || info.st_size != 32) return fail(ErrorCode::corrupt, "the master key file is not a key");
    if ((info.st_mode & 077) != 0) return fail(ErrorCode::forbidden, "the master key file is readable by others: chmod 600 it");
    MasterKey out;
    if (::read(fd, out.bytes().data(), 32) != 32) return fail(ErrorCode::unavailable, "the master key cannot be read");
    return out;
  }();
  ::close(fd);
  return key;
}

Result<MasterKey> make_master_key_file(const std::string& path, RandomSource& random) {
  MasterKey key;
  random.fill(key.bytes());
  const std::string directory = path.substr(0, path.rfind('/'));
  const int dir_fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir_fd < 0) return fail(ErrorCode::unavailable, std::string("the data directory cannot be opened: ") + std::strerror(errno));
  // Written beside and renamed, so that a crash never leaves half a key.
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, key.bytes().data(), 32) == 32 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  const bool there = written && ::rename(fresh.c_str(), path.c_str()) == 0 && ::fsync(dir_fd) == 0;
  ::close(dir_fd);
  if (!there) return fail(ErrorCode::unavailable, "the master key cannot be written");
  return key;
}

ParseResult<MasterKey> parse_master_key(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  if (text.size() < 44) return fail(ParseError::truncated);
  if (text.size() > 64) return fail(ParseError::too_long);
  auto bytes = text.size() == 64 ? from_hex(text) : from_base64(text);
  if (!bytes) return tl::unexpected(bytes.error());
  if (bytes->size() != 32) return fail(ParseError::malformed);
  MasterKey out;
  std::copy(bytes->begin(), bytes->end(), out.bytes().begin());
  crypto::wipe(*bytes);
  return out;
}

std::string master_key_id(const MasterKey& key) {
  std::array<std::uint8_t, 8> id{};
  crypto::hkdf_sha256(key.bytes(), {}, as_bytes("upcall master key id"), id);
  return to_hex(id);
}

}  // namespace upcall::store
