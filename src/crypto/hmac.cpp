#include "crypto/hmac.hpp"

#include <algorithm>

#include "crypto/secret.hpp"

namespace upcall::crypto {

namespace {
constexpr std::size_t kBlockSize = 64;  // of both hashes
}

template <class Hash, class Digest>
KeyedHmac<Hash, Digest>::KeyedHmac(Bytes key) {
  Secret<kBlockSize> block;
  if (key.size() > kBlockSize) {
    Digest hashed = Hash().update(key).finish();
    std::copy(hashed.begin(), hashed.end(), block.value.begin());
    wipe(hashed);
  } else {
    std::copy(key.begin(), key.end(), block.value.begin());
  }
  for (std::uint8_t& b : block.value) b ^= 0x36;
  inner_.update(block.bytes());
  for (std::uint8_t& b : block.value) b ^= 0x36 ^ 0x5c;
  outer_.update(block.bytes());
}

template <class Hash, class Digest>
Digest KeyedHmac<Hash, Digest>::mac(Bytes a, Bytes b, Bytes c) const {
  Hash inner = inner_;
  inner.update(a).update(b).update(c);
  const Digest digest = inner.finish();
  Hash outer = outer_;
  return outer.update(digest).finish();
}

template class KeyedHmac<Sha1, Sha1Digest>;
template class KeyedHmac<Sha256, Sha256Digest>;

Sha1Digest hmac_sha1(Bytes key, Bytes data) { return HmacSha1(key).mac(data); }
Sha256Digest hmac_sha256(Bytes key, Bytes data) { return HmacSha256(key).mac(data); }

}  // namespace upcall::crypto
