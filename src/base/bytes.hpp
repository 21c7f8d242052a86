// Bounded big-endian reader and writer over byte spans; hex and base64. No function here reads or writes outside its
// span: a Reader that ran out stays failed and answers zeros, so a parser checks once at the end.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace upcall {

using Bytes = std::span<const std::uint8_t>;
using MutBytes = std::span<std::uint8_t>;
using ByteVector = std::vector<std::uint8_t>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}

  std::uint8_t u8() { return take(1) ? bytes_[at_ - 1] : 0; }
  std::uint16_t u16() { return static_cast<std::uint16_t>(big_endian(2)); }
  std::uint32_t u24() { return static_cast<std::uint32_t>(big_endian(3)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(big_endian(4)); }
  std::uint64_t u64() { return big_endian(8); }
  // LEB128, at most 10 bytes.
  std::uint64_t varint();
  // A view of the next `size` bytes; empty and failed when there are fewer.
  Bytes bytes(std::size_t size) {
    return take(size) ? bytes_.subspan(at_ - size, size) : Bytes{};
  }
  // varint length, then that many bytes.
  Bytes sized_bytes();
  std::string text() { return std::string(as_text(sized_bytes())); }
  void skip(std::size_t size) { take(size); }
  Bytes rest() { return bytes(remaining()); }

  bool ok() const { return !failed_; }
  std::size_t remaining() const { return failed_ ? 0 : bytes_.size() - at_; }
  std::size_t position() const { return at_; }

 private:
  bool take(std::size_t size) {
    if (failed_ || bytes_.size() - at_ < size) {
      failed_ = true;
      return false;
    }
    at_ += size;
    return true;
  }
  std::uint64_t big_endian(std::size_t size) {
    if (!take(size)) return 0;
    std::uint64_t v = 0;
    for (std::size_t i = at_ - size; i < at_; ++i) v = v << 8 | bytes_[i];
    return v;
  }
  Bytes bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// Writes into memory that the caller owns; overflow sets failed and writes nothing.
class Writer {
 public:
  explicit Writer(MutBytes bytes) : bytes_(bytes) {}

  void u8(std::uint8_t v) { big_endian(v, 1); }
  void u16(std::uint16_t v) { big_endian(v, 2); }
  void u24(std::uint32_t v) { big_endian(v, 3); }
  void u32(std::uint32_t v) { big_endian(v, 4); }
  void u64(std::uint64_t v) { big_endian(v, 8); }
  void varint(std::uint64_t v);
  void bytes(Bytes b) {
    if (!take(b.size())) return;
    if (!b.empty()) std::memcpy(bytes_.data() + at_ - b.size(), b.data(), b.size());
  }
  void sized_bytes(Bytes b) { varint(b.size()); bytes(b); }
  void text(std::string_view t) { sized_bytes(as_bytes(t)); }
  void zeros(std::size_t n) {
    if (take(n)) std::memset(bytes_.data() + at_ - n, 0, n);
  }
  // Overwrites two bytes written before, for lengths known late.
  void patch_u16(std::size_t at, std::uint16_t v) {
    if (at + 2 > at_) { failed_ = true; return; }
    bytes_[at] = static_cast<std::uint8_t>(v >> 8);
    bytes_[at + 1] = static_cast<std::uint8_t>(v);
  }

  bool ok() const { return !failed_; }
  std::size_t size() const { return at_; }
  Bytes written() const { return bytes_.first(at_); }
  MutBytes written() { return bytes_.first(at_); }

 private:
  bool take(std::size_t size) {
    if (failed_ || bytes_.size() - at_ < size) {
      failed_ = true;
      return false;
    }
    at_ += size;
    return true;
  }
  void big_endian(std::uint64_t v, std::size_t size) {
    if (!take(size)) return;
    for (std::size_t i = 0; i < size; ++i) {
      bytes_[at_ - 1 - i] = static_cast<std::uint8_t>(v >> (8 * i));
    }
  }
  MutBytes bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

std::string to_hex(Bytes bytes);
ParseResult<ByteVector> from_hex(std::string_view text);

// RFC 4648 §5 without padding: safe in URLs, tokens and WebSocket subprotocols.
std::string to_base64url(Bytes bytes);
ParseResult<ByteVector> from_base64url(std::string_view text);
// RFC 4648 §4 with padding.
std::string to_base64(Bytes bytes);
ParseResult<ByteVector> from_base64(std::string_view text);

}  // namespace upcall
