// RS256 (RSASSA-PKCS1-v1_5 with SHA-256, RFC 7518 §3.3) of others' tokens; we never sign with it.
#pragma once

#include "base/bytes.hpp"

namespace upcall::crypto {

// `n`, `e`: big-endian, as a JWK has them. False for anything that does not hold, keys under 2048 or over 8192 bits and
// public exponents under 3 included.
[[nodiscard]] bool rs256_verify(Bytes n, Bytes e, Bytes data, Bytes signature);

}  // namespace upcall::crypto
