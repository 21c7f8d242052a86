// Writes one STUN message into memory of the caller. Attributes are added in the order of the calls; MESSAGE-INTEGRITY
// comes second to last and FINGERPRINT last, as RFC 8489 demands.
#pragma once

#include <span>

#include "rtc/stun/message.hpp"

namespace upcall::stun {

// Enough for every message that ICE builds with full-length user names.
inline constexpr std::size_t kBuildBufferSize = 640;

class Builder {
 public:
  Builder(MutBytes out, Class cls, std::uint16_t method, const TransactionId& id);

  Builder& username(std::string_view receiver_ufrag, std::string_view sender_ufrag);  // "receiver:sender"
  Builder& priority(std::uint32_t value);
  Builder& use_candidate();
  Builder& ice_controlling(std::uint64_t tie_breaker);
  Builder& ice_controlled(std::uint64_t tie_breaker);
  Builder& xor_mapped_address(const NetAddress& address);
  // Without reason phrase: the number says all, and the answer stays small.
  Builder& error_code(std::uint16_t code);
  Builder& unknown_attributes(std::span<const std::uint16_t> types);
  Builder& integrity(const crypto::HmacSha1& key);
  Builder& fingerprint();

  // The message; empty when it did not fit.
  Bytes finish();

 private:
  void header(Attribute type, std::size_t size);
  void pad();
  void set_length(std::size_t total);

  Writer writer_;
  TransactionId id_;
};

}  // namespace upcall::stun
