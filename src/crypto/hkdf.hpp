// HKDF with SHA-256 (RFC 5869): independent keys from one secret, told apart by `info`.
#pragma once

#include "crypto/hash.hpp"

namespace upcall::crypto {

inline constexpr std::size_t kHkdfMaxOutput = 255 * kSha256Size;

// Fills `out` (at most kHkdfMaxOutput bytes, else the invariant fails). An empty salt means 32 zeros, as in the RFC.
void hkdf_sha256(Bytes secret, Bytes salt, Bytes info, MutBytes out);

}  // namespace upcall::crypto
