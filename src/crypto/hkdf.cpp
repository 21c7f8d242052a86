#include "crypto/hkdf.hpp"

#include <algorithm>

#include "base/invariant.hpp"
#include "crypto/hmac.hpp"
#include "crypto/secret.hpp"

namespace upcall::crypto {

void hkdf_sha256(Bytes secret, Bytes salt, Bytes info, MutBytes out) {
  UPCALL_INVARIANT(out.size() <= kHkdfMaxOutput, "HKDF cannot give that much");
  // HMAC pads a short key with zeros, so an empty salt needs no special case.
  Sha256Digest prk = hmac_sha256(salt, secret);
  const HmacSha256 expand(prk);
  wipe(prk);
  Sha256Digest block{};
  Bytes previous;
  for (std::uint8_t i = 1; !out.empty(); ++i) {
    block = expand.mac(previous, info, Bytes(&i, 1));
    previous = block;
    const std::size_t n = std::min(out.size(), block.size());
    std::copy_n(block.begin(), n, out.begin());
    out = out.subspan(n);
  }
  wipe(block);
}

}  // namespace upcall::crypto
