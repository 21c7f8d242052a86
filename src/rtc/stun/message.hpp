// STUN messages (RFC 8489) as far as ICE needs them: a bounded parser to a view. Nothing is copied or allocated.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/net_address.hpp"
#include "crypto/hmac.hpp"

namespace upcall::stun {

inline constexpr std::uint32_t kMagicCookie = 0x2112a442;
inline constexpr std::uint32_t kFingerprintXor = 0x5354554e;
inline constexpr std::size_t kHeaderSize = 20;
inline constexpr std::size_t kMaxMessageSize = 1500;
// What a message may hold at most; beyond it is refused, whoever sent it.
inline constexpr std::size_t kMaxAttributes = 32;
inline constexpr std::size_t kMaxUsernameSize = 513;  // RFC 8489 §14.3: less than 509 characters; ICE 256 + 1 + 256
inline constexpr std::size_t kMaxUnknownTypes = 8;

inline constexpr std::uint16_t kBindingMethod = 1;

enum class Class : std::uint8_t { request = 0, indication = 1, success = 2, error = 3 };

enum class Attribute : std::uint16_t {
  mapped_address = 0x0001,
  username = 0x0006,
  message_integrity = 0x0008,
  error_code = 0x0009,
  unknown_attributes = 0x000a,
  xor_mapped_address = 0x0020,
  priority = 0x0024,
  use_candidate = 0x0025,
  software = 0x8022,
  fingerprint = 0x8028,
  ice_controlled = 0x8029,
  ice_controlling = 0x802a,
};

using TransactionId = std::array<std::uint8_t, 12>;

// A parsed message. `raw` and `username` point into the datagram and live as long as it does. Attributes after
// MESSAGE-INTEGRITY are not represented (they are not authenticated); of a repeated attribute the first counts.
struct Message {
  Bytes raw;
  Class cls = Class::request;
  std::uint16_t method = 0;
  TransactionId transaction_id{};

  std::optional<std::string_view> username;
  std::optional<std::uint32_t> priority;
  std::optional<std::uint64_t> ice_controlling;
  std::optional<std::uint64_t> ice_controlled;
  std::optional<NetAddress> xor_mapped_address;
  std::optional<std::uint16_t> error_code;  // 300..699
  bool use_candidate = false;
  bool has_fingerprint = false;  // present and right; a wrong one is a parse error
  std::optional<std::size_t> integrity_at;  // offset of the MESSAGE-INTEGRITY attribute

  // Comprehension-required types (< 0x8000) that this parser does not know, for the 420 answer.
  std::array<std::uint16_t, kMaxUnknownTypes> unknown_types{};
  std::size_t unknown_count = 0;
};

// `datagram` must be exactly one message. Errors: truncated, malformed, too_long (over the limits above),
// bad_integrity (FINGERPRINT present and wrong).
ParseResult<Message> parse(Bytes datagram);

// MESSAGE-INTEGRITY (RFC 8489 §14.5, HMAC-SHA1) present and right under `key` (ICE: the short-term password).
bool integrity_ok(const Message& message, const crypto::HmacSha1& key);

// The part of USERNAME before the colon: the receiver's own ufrag, by which a socket shared by many transports finds
// the right one. Empty when there is none.
std::string_view receiver_ufrag(const Message& message);

// CRC-32 (ISO 3309) of the message up to the FINGERPRINT attribute, XORed as RFC 8489 §14.7 says.
std::uint32_t fingerprint(Bytes before_attribute);

}  // namespace upcall::stun
