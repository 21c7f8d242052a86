#include "rtc/stun/message.hpp"

#include <algorithm>

namespace upcall::stun {

namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int k = 0; k < 8; ++k) c = (c & 1) != 0 ? 0xedb88320u ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

std::optional<NetAddress> parse_xor_address(Bytes value, const TransactionId& id) {
  if (value.size() < 4) return std::nullopt;
  const bool v6 = value[1] == 2;
  if (value[1] != 1 && !v6) return std::nullopt;
  if (value.size() != (v6 ? 20u : 8u)) return std::nullopt;
  NetAddress out;
  out.is_ipv6 = v6;
  out.port = static_cast<std::uint16_t>((value[2] << 8 | value[3]) ^ (kMagicCookie >> 16));
  const std::uint8_t cookie[4] = {0x21, 0x12, 0xa4, 0x42};
  for (std::size_t i = 0; i < (v6 ? 16u : 4u); ++i) {
    out.ip[i] = value[4 + i] ^ (i < 4 ? cookie[i] : id[i - 4]);
  }
  return out;
}

// One attribute before MESSAGE-INTEGRITY. False: malformed.
bool take_attribute(Message& m, std::uint16_t type, Bytes value) {
  Reader reader(value);
  switch (static_cast<Attribute>(type)) {
    case Attribute::username:
      if (value.size() > kMaxUsernameSize) return false;
      if (!m.username) m.username = as_text(value);
      return true;
    case Attribute::priority:
      if (value.size() != 4) return false;
      if (!m.priority) m.priority = reader.u32();
      return true;
    case Attribute::use_candidate:
      m.use_candidate = true;
      return value.empty();
    case Attribute::ice_controlling:
      if (value.size() != 8) return false;
      if (!m.ice_controlling) m.ice_controlling = reader.u64();
      return true;
    case Attribute::ice_controlled:
      if (value.size() != 8) return false;
      if (!m.ice_controlled) m.ice_controlled = reader.u64();
      return true;
    case Attribute::xor_mapped_address: {
      const auto address = parse_xor_address(value, m.transaction_id);
      if (!address) return false;
      if (!m.xor_mapped_address) m.xor_mapped_address = address;
      return true;
    }
    case Attribute::error_code: {
      if (value.size() < 4) return false;
      const unsigned hundreds = value[2] & 7, rest = value[3];
      if (hundreds < 3 || hundreds > 6 || rest > 99) return false;
      if (!m.error_code) m.error_code = static_cast<std::uint16_t>(hundreds * 100 + rest);
      return true;
    }
    case Attribute::mapped_address:
    case Attribute::unknown_attributes:
      return true;  // known, of no use here
    default:
      if (type < 0x8000 && m.unknown_count < kMaxUnknownTypes) m.unknown_types[m.unknown_count++] = type;
      return true;
  }
}

}  // namespace

std::uint32_t fingerprint(Bytes before_attribute) {
  std::uint32_t crc = 0xffffffffu;
  for (const std::uint8_t b : before_attribute) crc = kCrcTable[(crc ^ b) & 0xff] ^ (crc >> 8);
  return crc ^ 0xffffffffu ^ kFingerprintXor;
}

ParseResult<Message> parse(Bytes datagram) {
  if (datagram.size() < kHeaderSize) return fail(ParseError::truncated);
  if (datagram.size() > kMaxMessageSize) return fail(ParseError::too_long);
  Reader reader(datagram);
  const std::uint16_t type = reader.u16();
  const std::size_t length = reader.u16();
  if ((type & 0xc000) != 0 || length % 4 != 0 || reader.u32() != kMagicCookie) return fail(ParseError::malformed);
  if (length > datagram.size() - kHeaderSize) return fail(ParseError::truncated);
  if (length < datagram.size() - kHeaderSize) return fail(ParseError::malformed);

  Message m;
  m.raw = datagram;
  // RFC 8489 §5: the two class bits lie between the method's bits.
  m.cls = static_cast<Class>((type >> 7 & 2) | (type >> 4 & 1));
  m.method = static_cast<std::uint16_t>((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
  const Bytes id = reader.bytes(m.transaction_id.size());
  std::copy(id.begin(), id.end(), m.transaction_id.begin());

  for (std::size_t count = 0; reader.remaining() > 0; ++count) {
    if (count == kMaxAttributes) return fail(ParseError::too_long);
    if (m.has_fingerprint) return fail(ParseError::malformed);  // it must be the last one
    const std::size_t at = reader.position();
    const std::uint16_t attribute = reader.u16();
    const std::size_t size = reader.u16();
    const Bytes value = reader.bytes(size);
    reader.skip((4 - size % 4) % 4);
    if (!reader.ok()) return fail(ParseError::malformed);

    if (attribute == static_cast<std::uint16_t>(Attribute::fingerprint)) {
      if (size != 4) return fail(ParseError::malformed);
      if (Reader(value).u32() != fingerprint(datagram.first(at))) return fail(ParseError::bad_integrity);
      m.has_fingerprint = true;
    } else if (m.integrity_at) {
      continue;  // not authenticated: must be ignored
    } else if (attribute == static_cast<std::uint16_t>(Attribute::message_integrity)) {
      if (size != crypto::kSha1Size) return fail(ParseError::malformed);
      m.integrity_at = at;
    } else if (!take_attribute(m, attribute, value)) {
      return fail(ParseError::malformed);
    }
  }
  return m;
}

bool integrity_ok(const Message& message, const crypto::HmacSha1& key) {
  if (!message.integrity_at) return false;
  const std::size_t at = *message.integrity_at;
  // The HMAC was computed when MESSAGE-INTEGRITY was the last attribute: with the length field of that moment.
  const std::size_t length = at + 4 + crypto::kSha1Size - kHeaderSize;
  const std::uint8_t length_field[2] = {static_cast<std::uint8_t>(length >> 8), static_cast<std::uint8_t>(length)};
  const crypto::Sha1Digest expected =
      key.mac(message.raw.first(2), length_field, message.raw.subspan(4, at - 4));
  return crypto::constant_time_equal(expected, message.raw.subspan(at + 4, crypto::kSha1Size));
}

std::string_view receiver_ufrag(const Message& message) {
  if (!message.username) return {};
  const std::size_t colon = message.username->find(':');
  return colon == std::string_view::npos ? std::string_view{} : message.username->substr(0, colon);
}

}  // namespace upcall::stun
