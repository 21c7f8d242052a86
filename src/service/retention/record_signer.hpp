// Signs what must be believed later: erasure certificates, manifests. Compact JWS by ES256, with a key of its own, so that
// no signed record can ever pass for a token. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/rng.hpp"
#include "crypto/signature.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

class RecordSigner {
 public:
  // Makes the key on first use; it lies sealed in the store.
  static Result<std::unique_ptr<RecordSigner>> open(store::Store& store, store::Sealer& sealer, RandomSource& random);

  std::string sign(std::string_view json) const;
  // The text, when this key has signed it.
  ParseResult<std::string> verified(std::string_view jws) const;
  // For whoever verifies: a JWK.
  std::string public_jwk() const;

 private:
  explicit RecordSigner(crypto::Es256PrivateKey key) : key_(std::move(key)) {}
  crypto::Es256PrivateKey key_;
};

}  // namespace upcall::service
