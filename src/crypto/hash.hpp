// SHA-256; SHA-1 and MD5 only where a protocol demands them (STUN, SRTP, WebSocket; S3's ETags). Nothing here allocates.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace upcall::crypto {

inline constexpr std::size_t kSha1Size = 20;
inline constexpr std::size_t kSha256Size = 32;
inline constexpr std::size_t kMd5Size = 16;
using Sha1Digest = std::array<std::uint8_t, kSha1Size>;
using Sha256Digest = std::array<std::uint8_t, kSha256Size>;
using Md5Digest = std::array<std::uint8_t, kMd5Size>;

Sha1Digest sha1(Bytes data);
Sha256Digest sha256(Bytes data);
// Against transmission errors only: whoever wants to can make two texts of one MD5.
Md5Digest md5(Bytes data);

// True when both have the same size and bytes; takes the same time wherever they differ.
bool constant_time_equal(Bytes a, Bytes b);

// Incremental SHA-256. A copy goes on from the same state, so that a common prefix is hashed once.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = default;
  Sha256& operator=(const Sha256&) = default;
  ~Sha256();

  Sha256& update(Bytes data);
  // Ends this hash; afterwards the object is as new.
  Sha256Digest finish();

 private:
  alignas(8) std::array<std::uint8_t, 112> state_;  // OpenSSL's SHA256_CTX, kept out of this header
};

// Incremental SHA-1, the same.
class Sha1 {
 public:
  Sha1();
  Sha1(const Sha1&) = default;
  Sha1& operator=(const Sha1&) = default;
  ~Sha1();

  Sha1& update(Bytes data);
  Sha1Digest finish();

 private:
  alignas(8) std::array<std::uint8_t, 96> state_;  // OpenSSL's SHA_CTX
};

}  // namespace upcall::crypto
