// Session keys from master keys, and the counter blocks and nonces of single packets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "rtc/srtp/profile.hpp"

namespace upcall::srtp {

// RFC 3711 §4.3.2
enum class Label : std::uint8_t {
  rtp_encryption = 0,
  rtp_authentication = 1,
  rtp_salt = 2,
  rtcp_encryption = 3,
  rtcp_authentication = 4,
  rtcp_salt = 5,
};

inline constexpr std::size_t kAuthKeySize = 20;

// RFC 3711 §4.3 with a key derivation rate of zero; RFC 6188 for 256-bit keys; RFC 7714 §11 for the shorter salts.
void derive(const MasterKey& master, Label label, MutBytes out);

using Salt = std::array<std::uint8_t, 14>;  // AEAD profiles use the first 12 bytes
using CounterBlock = std::array<std::uint8_t, 16>;
using Nonce = std::array<std::uint8_t, 12>;

// RFC 3711 §4.1.1; `index` is 48 bits for RTP, 31 for RTCP.
CounterBlock cm_counter_block(const Salt& salt, std::uint32_t ssrc, std::uint64_t index);
// RFC 7714 §8.1: `index` = rollover counter and sequence number, 48 bits.
Nonce gcm_rtp_nonce(const Salt& salt, std::uint32_t ssrc, std::uint64_t index);
// RFC 7714 §9.1: 31-bit SRTCP index.
Nonce gcm_rtcp_nonce(const Salt& salt, std::uint32_t ssrc, std::uint32_t index);

// RFC 3711 §3.3.1: the 48-bit index of a packet with sequence number `seq`, given the highest index so far. Nothing
// when it would lie before the start of the stream or beyond the 48 bits.
std::optional<std::uint64_t> estimate_index(bool started, std::uint64_t highest, std::uint16_t seq);

}  // namespace upcall::srtp
