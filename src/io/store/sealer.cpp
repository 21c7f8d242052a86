#include "io/store/sealer.hpp"

#include <cstring>

#include "crypto/hkdf.hpp"

namespace upcall::store {

Result<std::unique_ptr<Sealer>> Sealer::open(const std::string& data_dir, RandomSource& random) {
  auto key = read_master_key_file(data_dir + "/master.key");
  if (!key && key.error().code == ErrorCode::not_found) key = make_master_key_file(data_dir + "/master.key", random);
  if (!key) return tl::unexpected(key.error());
  return std::make_unique<Sealer>(*key);
}

Sealer::Sealer(const MasterKey& key) : aead_(crypto::AeadAlgorithm::aes_256_gcm, key.bytes()) {
  crypto::hkdf_sha256(key.bytes(), {}, as_bytes("upcall key derivation"), derivation_root_.bytes());
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
