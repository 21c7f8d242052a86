#include "base/bytes.hpp"

#include <array>

namespace upcall {

std::uint64_t Reader::varint() {
  std::uint64_t v = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    const std::uint8_t b = u8();
    if (failed_) return 0;
    if (shift == 63 && b > 1) break;  // would not fit 64 bits
    v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
    if ((b & 0x80) == 0) return v;
  }
  failed_ = true;
  return 0;
}

Bytes Reader::sized_bytes() {
  const std::uint64_t size = varint();
  if (size > remaining()) {
    failed_ = true;
    return {};
  }
  return bytes(static_cast<std::size_t>(size));
}

void Writer::varint(std::uint64_t v) {
  while (v >= 0x80) {
    u8(static_cast<std::uint8_t>(v | 0x80));
    v >>= 7;
  }
  u8(static_cast<std::uint8_t>(v));
}

namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string encode64(Bytes bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int held = 0;
  for (const std::uint8_t b : bytes) {
    bits = bits << 8 | b;
    held += 8;
    while (held >= 6) {
      held -= 6;
      out.push_back(alphabet[bits >> held & 0x3f]);
    }
  }
  if (held > 0) out.push_back(alphabet[bits << (6 - held) & 0x3f]);
  return out;
}

std::array<std::int8_t, 256> reverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> table;
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    table[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return table;
}

ParseResult<ByteVector> decode64(std::string_view text, const std::array<std::int8_t, 256>& table) {
  if (text.size() % 4 == 1) return fail(ParseError::malformed);
  ByteVector out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const int v = table[static_cast<std::uint8_t>(c)];
    if (v < 0) return fail(ParseError::malformed);
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<std::uint8_t>(bits >> held));
    }
  }
  // Left-over bits must be zero, so that one value has one text.
  if ((bits & ((1u << held) - 1)) != 0) return fail(ParseError::malformed);
  return out;
}

}  // namespace

std::string to_hex(Bytes bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out.push_back(kHex[b >> 4]);
    out.push_back(kHex[b & 15]);
  }
  return out;
}

ParseResult<ByteVector> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(ParseError::malformed);
  ByteVector out(text.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return fail(ParseError::malformed);
    out[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return out;
}

std::string to_base64url(Bytes bytes) { return encode64(bytes, kUrl); }

ParseResult<ByteVector> from_base64url(std::string_view text) {
  static const auto table = reverse(kUrl);
  return decode64(text, table);
}

std::string to_base64(Bytes bytes) {
  std::string out = encode64(bytes, kStandard);
  while (out.size() % 4 != 0) out.push_back('=');
  return out;
}

ParseResult<ByteVector> from_base64(std::string_view text) {
  static const auto table = reverse(kStandard);
  if (text.size() % 4 != 0) return fail(ParseError::malformed);
  for (int i = 0; i < 2 && !text.empty() && text.back() == '='; ++i) text.remove_suffix(1);
  return decode64(text, table);
}

}  // namespace upcall
