#include "rtc/stun/builder.hpp"

namespace upcall::stun {

Builder::Builder(MutBytes out, Class cls, std::uint16_t method, const TransactionId& id) : writer_(out), id_(id) {
  const auto c = static_cast<std::uint16_t>(cls);
  writer_.u16(static_cast<std::uint16_t>((method & 0xf) | (method & 0x70) << 1 | (method & 0xf80) << 2 |
                                         (c & 1) << 4 | (c & 2) << 7));
  writer_.u16(0);
  writer_.u32(kMagicCookie);
  writer_.bytes(id);
}

void Builder::header(Attribute type, std::size_t size) {
  writer_.u16(static_cast<std::uint16_t>(type));
  writer_.u16(static_cast<std::uint16_t>(size));
}

void Builder::pad() { writer_.zeros((4 - writer_.size() % 4) % 4); }

void Builder::set_length(std::size_t total) {
  writer_.patch_u16(2, static_cast<std::uint16_t>(total - kHeaderSize));
}

Builder& Builder::username(std::string_view receiver_ufrag, std::string_view sender_ufrag) {
  header(Attribute::username, receiver_ufrag.size() + 1 + sender_ufrag.size());
  writer_.bytes(as_bytes(receiver_ufrag));
  writer_.u8(':');
  writer_.bytes(as_bytes(sender_ufrag));
  pad();
  return *this;
}

Builder& Builder::priority(std::uint32_t value) {
  header(Attribute::priority, 4);
  writer_.u32(value);
  return *this;
}

Builder& Builder::use_candidate() {
  header(Attribute::use_candidate, 0);
  return *this;
}

Builder& Builder::ice_controlling(std::uint64_t tie_breaker) {
  header(Attribute::ice_controlling, 8);
  writer_.u64(tie_breaker);
  return *this;
}

Builder& Builder::ice_controlled(std::uint64_t tie_breaker) {
  header(Attribute::ice_controlled, 8);
  writer_.u64(tie_breaker);
  return *this;
}

Builder& Builder::xor_mapped_address(const NetAddress& address) {
  const std::size_t ip_size = address.is_ipv6 ? 16 : 4;
  header(Attribute::xor_mapped_address, 4 + ip_size);
  writer_.u8(0);
  writer_.u8(address.is_ipv6 ? 2 : 1);
  writer_.u16(static_cast<std::uint16_t>(address.port ^ (kMagicCookie >> 16)));
  for (std::size_t i = 0; i < ip_size; ++i) {
    const std::uint8_t mask = i < 4 ? static_cast<std::uint8_t>(kMagicCookie >> (24 - 8 * i)) : id_[i - 4];
    writer_.u8(address.ip[i] ^ mask);
  }
  return *this;
}

Builder& Builder::error_code(std::uint16_t code) {
  header(Attribute::error_code, 4);
  writer_.u16(0);
  writer_.u8(static_cast<std::uint8_t>(code / 100));
  writer_.u8(static_cast<std::uint8_t>(code % 100));
  return *this;
}

Builder& Builder::unknown_attributes(std::span<const std::uint16_t> types) {
  header(Attribute::unknown_attributes, types.size() * 2);
  for (const std::uint16_t type : types) writer_.u16(type);
  pad();
  return *this;
}

Builder& Builder::integrity(const crypto::HmacSha1& key) {
  // The length field must already count this attribute while the HMAC is made.
  set_length(writer_.size() + 4 + crypto::kSha1Size);
  const crypto::Sha1Digest digest = key.mac(writer_.written());
  header(Attribute::message_integrity, digest.size());
  writer_.bytes(digest);
  return *this;
}

Builder& Builder::fingerprint() {
  set_length(writer_.size() + 8);
  const std::uint32_t value = stun::fingerprint(writer_.written());
  header(Attribute::fingerprint, 4);
  writer_.u32(value);
  return *this;
}

Bytes Builder::finish() {
  if (!writer_.ok()) return {};
  set_length(writer_.size());
  return writer_.written();
}

}  // namespace upcall::stun
