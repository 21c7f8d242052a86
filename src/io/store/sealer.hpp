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
#include "crypto/secret.hpp"

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

  // A key of its own for another store under the same master key ("objects"): HKDF, the same at each start.
  crypto::Secret<32> derive(std::string_view purpose) const;

 private:
  explicit Sealer(Bytes key);
  std::mutex mutex_;
  crypto::Aead aead_;
  crypto::Secret<32> derivation_root_;
};

}  // namespace upcall::store
