// HMAC (RFC 2104) over SHA-1 and SHA-256. Compare results with constant_time_equal, never with ==.
#pragma once

#include "crypto/hash.hpp"

namespace upcall::crypto {

Sha1Digest hmac_sha1(Bytes key, Bytes data);
Sha256Digest hmac_sha256(Bytes key, Bytes data);

// A key set once, used for many messages: both inner and outer states after the key block are kept, so a message costs
// no key set-up and no allocation. const use is safe from several threads.
template <class Hash, class Digest>
class KeyedHmac {
 public:
  explicit KeyedHmac(Bytes key);

  // The code over the concatenation of the parts; unused parts stay empty.
  Digest mac(Bytes a, Bytes b = {}, Bytes c = {}) const;

 private:
  Hash inner_;
  Hash outer_;
};

using HmacSha1 = KeyedHmac<Sha1, Sha1Digest>;
using HmacSha256 = KeyedHmac<Sha256, Sha256Digest>;

extern template class KeyedHmac<Sha1, Sha1Digest>;
extern template class KeyedHmac<Sha256, Sha256Digest>;

}  // namespace upcall::crypto
