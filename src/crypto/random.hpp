// The operating system's randomness through OpenSSL's generator: for keys, tokens, SSRCs.
#pragma once

#include "base/rng.hpp"

namespace upcall::crypto {

// Any thread. A generator that cannot be seeded ends the process: going on with predictable keys is worse.
class SystemRandom final : public RandomSource {
 public:
  void fill(MutBytes out) override;
};

}  // namespace upcall::crypto
