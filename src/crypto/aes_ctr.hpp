// AES in counter mode with a 128-bit counter block: SRTP's AES-CM (RFC 3711 §4.1.1) and its key derivation. Gives no
// integrity by itself.
#pragma once

#include <memory>

#include "base/bytes.hpp"

namespace upcall::crypto {

inline constexpr std::size_t kAesBlockSize = 16;

// One key (16 or 32 bytes), set up once; calls allocate nothing. Move-only; one thread at a time.
class AesCtr {
 public:
  explicit AesCtr(Bytes key);
  AesCtr(AesCtr&&) noexcept;
  AesCtr& operator=(AesCtr&&) noexcept;
  ~AesCtr();

  // XORs the key stream that starts at counter block `iv` (16 bytes) into `text`: the same call both ways.
  void apply(Bytes iv, MutBytes text);

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;  // EVP_CIPHER_CTX
};

}  // namespace upcall::crypto
