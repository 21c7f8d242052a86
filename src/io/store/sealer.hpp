// Secrets at rest. One master key per data directory (master_key.hpp: where it comes from) seals what the server must be able to
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
#include "io/store/master_key.hpp"

namespace upcall::store {

// Any thread.
class Sealer {
 public:
  // With the key of the file master.key, made on first use.
  static Result<std::unique_ptr<Sealer>> open(const std::string& data_dir, RandomSource& random);
  explicit Sealer(const MasterKey& key);

  // nonce (12) | ciphertext | tag (16).
  ByteVector seal(std::string_view purpose, Bytes secret, RandomSource& random);
  // ErrorCode::corrupt when the bytes were changed or belong to another purpose or key.
  Result<ByteVector> unseal(std::string_view purpose, Bytes sealed);

  // A key of its own for another store under the same master key ("objects"): HKDF, the same at each start.
  crypto::Secret<32> derive(std::string_view purpose) const;

 private:
  std::mutex mutex_;
  crypto::Aead aead_;
  crypto::Secret<32> derivation_root_;
};

}  // namespace upcall::store
