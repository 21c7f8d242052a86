// SRTP protection profiles (RFC 5764 §4.1.2, RFC 7714 §14.2) and the keys that DTLS gives for them.
#pragma once

#include <cstdint>

#include "crypto/secret.hpp"

namespace upcall::srtp {

// In our order of preference; the values are those of the use_srtp extension.
enum class Profile : std::uint16_t {
  aead_aes_128_gcm = 0x0007,
  aead_aes_256_gcm = 0x0008,
  aes128_cm_sha1_80 = 0x0001,
};

constexpr bool is_aead(Profile p) { return p != Profile::aes128_cm_sha1_80; }
constexpr std::size_t key_size(Profile p) { return p == Profile::aead_aes_256_gcm ? 32 : 16; }
constexpr std::size_t salt_size(Profile p) { return is_aead(p) ? 12 : 14; }
// Bytes added to an RTP packet; to an RTCP packet kIndexSize more.
constexpr std::size_t tag_size(Profile p) { return is_aead(p) ? 16 : 10; }
inline constexpr std::size_t kSrtcpIndexSize = 4;
// What a buffer must have left behind any packet, whatever the profile.
inline constexpr std::size_t kMaxExpansion = 16 + kSrtcpIndexSize;

// Master key and salt of one direction; the first key_size and salt_size bytes count. Wiped at destruction.
struct MasterKey {
  Profile profile = Profile::aead_aes_128_gcm;
  crypto::Secret<32> key;
  crypto::Secret<14> salt;

  Bytes key_bytes() const { return key.bytes().first(key_size(profile)); }
  Bytes salt_bytes() const { return salt.bytes().first(salt_size(profile)); }
};

}  // namespace upcall::srtp
