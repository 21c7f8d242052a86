#include "io/store/sealer.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/hkdf.hpp"
#include "crypto/secret.hpp"

namespace upcall::store {
namespace {

using MasterKey = crypto::Secret<32>;

Result<MasterKey> make_key(const std::string& path, int dir_fd, RandomSource& random) {
  MasterKey key;
  random.fill(key.bytes());
  // Written beside and renamed, so that a crash never leaves half a key.
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("the master key cannot be written: ") + std::strerror(errno));
  const bool written = ::write(fd, key.bytes().data(), 32) == 32 && ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0 || ::fsync(dir_fd) != 0) {
    return fail(ErrorCode::unavailable, "the master key cannot be written");
  }
  return key;
}

Result<MasterKey> read_key(int fd) {
  struct stat info {};
  if (::fstat(fd, &info) != 0 || info.st_size != 32) return fail(ErrorCode::corrupt, "the master key file is not a key");
  if ((info.st_mode & 077) != 0) {
    return fail(ErrorCode::forbidden, "the master key file is readable by others: chmod 600 it");
  }
  MasterKey key;
  if (::read(fd, key.bytes().data(), 32) != 32) return fail(ErrorCode::unavailable, "the master key cannot be read");
  return key;
}

}  // namespace

Result<std::unique_ptr<Sealer>> Sealer::open(const std::string& data_dir, RandomSource& random) {
  const std::string path = data_dir + "/master.key";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno != ENOENT) {
    return fail(ErrorCode::unavailable, std::string("the master key cannot be read: ") + std::strerror(errno));
  }
  Result<MasterKey> key = MasterKey{};
  if (fd >= 0) {
    key = read_key(fd);
    ::close(fd);
  } else {
    const int dir_fd = ::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0) return fail(ErrorCode::unavailable, std::string("the data directory cannot be opened: ") + std::strerror(errno));
    key = make_key(path, dir_fd, random);
    ::close(dir_fd);
  }
  if (!key) return tl::unexpected(key.error());
  return std::unique_ptr<Sealer>(new Sealer(key->bytes()));
}

Sealer::Sealer(Bytes key) : aead_(crypto::AeadAlgorithm::aes_256_gcm, key) {
  crypto::hkdf_sha256(key, {}, as_bytes("upcall key derivation"), derivation_root_.bytes());
}

crypto::Secret<32> Sealer::derive(std::string_view purpose) const {
  crypto::Secret<32> out;
  crypto::hkdf_sha256(derivation_root_.bytes(), {}, as_bytes(purpose), out.bytes());
  return out;
}

ByteVector Sealer::seal(std::string_view purpose, Bytes secret, RandomSource& random) {
  ByteVector out(crypto::kAeadNonceSize + secret.size() + crypto::kAeadTagSize);
  const MutBytes all(out);
  random.fill(all.first(crypto::kAeadNonceSize));
  if (!secret.empty()) std::memcpy(out.data() + crypto::kAeadNonceSize, secret.data(), secret.size());
  std::lock_guard guard(mutex_);
  aead_.seal_appended(all.first(crypto::kAeadNonceSize), as_bytes(purpose), all.subspan(crypto::kAeadNonceSize), secret.size());
  return out;
}

Result<ByteVector> Sealer::unseal(std::string_view purpose, Bytes sealed) {
  if (sealed.size() < crypto::kAeadNonceSize + crypto::kAeadTagSize) return fail(ErrorCode::corrupt, "a sealed value is damaged");
  ByteVector body(sealed.begin() + crypto::kAeadNonceSize, sealed.end());
  std::lock_guard guard(mutex_);
  if (!aead_.open_appended(sealed.first(crypto::kAeadNonceSize), as_bytes(purpose), body)) {
    return fail(ErrorCode::corrupt, "a sealed value is damaged or was sealed with another master key");
  }
  body.resize(body.size() - crypto::kAeadTagSize);
  return body;
}

}  // namespace upcall::store
