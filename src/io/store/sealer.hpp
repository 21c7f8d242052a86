// Secrets at rest. One master key per data directory (file master.key, mode 0600) seals what the server must be able to
// read again: recording keys, access-key secrets, join tokens, signing keys. AES-256-GCM, random nonce, and the purpose
// (table and row id) as associated data, so a sealed value cannot be moved to another row.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "crypto/aead.hpp"

namespace upcall::store {

// Any thread.
class Sealer {
 public:
  // Makes the key file on first use. A key file that others may read, or of a wrong size, is refused.
  static Result<std::unique_ptr<Sealer>> open(const std::string& data_dir, RandomSource& random);

  // nonce (12) | ciphertext | tag (16).
  ByteVector seal(std::string_view purpose, Bytes secret, RandomSource& random);
  // ErrorCode::corrupt when the bytes were changed or belong to another purpose or key.
  Result<ByteVector> unseal(std::string_view purpose, Bytes sealed);

 private:
  explicit Sealer(Bytes key) : aead_(crypto::AeadAlgorithm::aes_256_gcm, key) {}
  std::mutex mutex_;
  crypto::Aead aead_;
};

}  // namespace upcall::store
