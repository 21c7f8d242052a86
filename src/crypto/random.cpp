#include "crypto/random.hpp"

#include <algorithm>

#include <openssl/rand.h>

#include "base/invariant.hpp"

namespace upcall::crypto {

void SystemRandom::fill(MutBytes out) {
  // RAND_bytes takes an int.
  constexpr std::size_t kChunk = 1u << 20;
  while (!out.empty()) {
    const std::size_t n = std::min(out.size(), kChunk);
    UPCALL_INVARIANT(RAND_bytes(out.data(), static_cast<int>(n)) == 1, "the random generator is not seeded");
    out = out.subspan(n);
  }
}

}  // namespace upcall::crypto
