#include "journal/format.hpp"

#include <algorithm>
#include <cstdio>

#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/secret.hpp"

namespace upcall::journal {

namespace {
constexpr std::string_view kMagic = "UPCJRNL1";
constexpr std::string_view kKeyLabel = "upcall journal";
constexpr std::string_view kNamePrefix = "segment-", kNameSuffix = ".upj";
// A footer lists at most this many key frames (one a frame, for 10 s, of 30 sources).
constexpr std::uint64_t kIndexMax = 16384;
}  // namespace

std::array<std::uint8_t, kHeaderSize> encode(const SegmentHeader& h) {
  std::array<std::uint8_t, kHeaderSize> out{};
  Writer w(out);
  w.bytes(as_bytes(kMagic));
  w.u16(h.version);
  w.u32(h.epoch);
  w.u32(h.segment);
  w.u64(h.first_us);
  w.u64(static_cast<std::uint64_t>(h.wall_unix_ms));
  w.u32(h.next_source);
  w.bytes(h.previous);
  return out;
}

ParseResult<SegmentHeader> parse_segment_header(Bytes bytes) {
  Reader in(bytes);
  const std::size_t magic = std::min(bytes.size(), kMagic.size());
  if (!std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(magic), kMagic.begin())) {
    return fail(ParseError::malformed);
  }
  in.skip(kMagic.size());
  const std::uint16_t version = in.u16();
  if (in.ok() && version != kVersion && version != kWindowVersion) return fail(ParseError::unsupported);
  SegmentHeader out;
  out.version = version;
  out.epoch = in.u32();
  out.segment = in.u32();
  out.first_us = in.u64();
  out.wall_unix_ms = static_cast<std::int64_t>(in.u64());
  out.next_source = in.u32();
  const Bytes previous = in.bytes(kTagSize);
  if (!in.ok()) return fail(ParseError::truncated);
  std::copy(previous.begin(), previous.end(), out.previous.begin());
  return out;
}

void encode(const BlockHead& h, std::uint16_t version, MutBytes out) {
  Writer w(out);
  w.u32(h.size);
  w.u8(static_cast<std::uint8_t>(h.kind));
  w.u64(h.counter);
  w.u64(h.until_us);
  if (version >= kWindowVersion) w.u32(h.window);
}

ParseResult<BlockHead> parse_block_head(Bytes bytes, std::uint16_t version) {
  Reader in(bytes);
  BlockHead out;
  out.size = in.u32();
  const std::uint8_t kind = in.u8();
  out.counter = in.u64();
  out.until_us = in.u64();
  const bool windows = version >= kWindowVersion;
  if (windows) out.window = in.u32();
  if (!in.ok()) return fail(ParseError::truncated);
  if (kind < 1 || kind > (windows ? 3 : 2) || (windows && (out.window == 0) != (kind == 3))) return fail(ParseError::malformed);
  if (out.size > kBlockMax) return fail(ParseError::too_long);
  out.kind = static_cast<BlockKind>(kind);
  return out;
}

Tag chain_start(Bytes encoded_header) {
  const crypto::Sha256Digest digest = crypto::sha256(encoded_header);
  Tag out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

Tag chain_after(std::uint16_t version, const Tag& before, Bytes head, Bytes tag) {
  Tag out;
  if (version < kWindowVersion) {
    std::copy_n(tag.begin(), out.size(), out.begin());
    return out;
  }
  crypto::Sha256 hash;
  hash.update(before);
  hash.update(head);
  hash.update(tag);
  const crypto::Sha256Digest digest = hash.finish();
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

crypto::Aead epoch_cipher(Bytes recording_key, std::uint32_t epoch, crypto::AeadUse use) {
  std::array<std::uint8_t, 32> info{};
  Writer w(info);
  w.bytes(as_bytes(kKeyLabel));
  w.u32(epoch);
  crypto::Secret<kKeySize> key;
  crypto::hkdf_sha256(recording_key, {}, w.written(), key.bytes());
  return crypto::Aead(crypto::AeadAlgorithm::aes_256_gcm, key.bytes(), use);
}

std::array<std::uint8_t, 12> block_nonce(std::uint64_t counter) {
  std::array<std::uint8_t, 12> out{};
  Writer w(out);
  w.u32(0);
  w.u64(counter);
  return out;
}

std::string segment_file_name(std::uint32_t segment) {
  char text[32];
  std::snprintf(text, sizeof text, "segment-%06u.upj", segment);
  return text;
}

ParseResult<std::uint32_t> parse_segment_file_name(std::string_view name) {
  if (!name.starts_with(kNamePrefix) || !name.ends_with(kNameSuffix)) return fail(ParseError::malformed);
  name.remove_prefix(kNamePrefix.size());
  name.remove_suffix(kNameSuffix.size());
  if (name.size() < 6 || name.size() > 9) return fail(ParseError::malformed);
  std::uint32_t out = 0;
  for (const char c : name) {
    if (c < '0' || c > '9') return fail(ParseError::malformed);
    out = out * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return out;
}

ByteVector encode(const SegmentIndex& index) {
  ByteVector out(32 + index.key_frames.size() * 25);
  Writer w(out);
  w.u8(index.final ? 1 : 0);
  w.varint(index.records);
  w.varint(index.next_source);
  w.varint(index.key_frames.size());
  for (const auto& k : index.key_frames) {
    w.varint(k.source);
    w.varint(k.at_us);
    w.varint(k.block_offset);
  }
  out.resize(w.size());
  return out;
}

ParseResult<SegmentIndex> parse_segment_index(Bytes bytes) {
  Reader in(bytes);
  SegmentIndex out;
  out.final = in.u8() != 0;
  out.records = in.varint();
  out.next_source = static_cast<std::uint32_t>(in.varint());
  const std::uint64_t count = in.varint();
  if (!in.ok()) return fail(ParseError::truncated);
  if (count > kIndexMax || count > in.remaining() / 3) return fail(ParseError::malformed);
  out.key_frames.resize(count);
  for (auto& k : out.key_frames) {
    k.source = static_cast<std::uint32_t>(in.varint());
    k.at_us = in.varint();
    k.block_offset = static_cast<std::uint32_t>(in.varint());
  }
  if (!in.ok()) return fail(ParseError::truncated);
  if (in.remaining() != 0) return fail(ParseError::malformed);
  return out;
}

}  // namespace upcall::journal
