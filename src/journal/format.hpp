// The journal of one recording: tap records, sealed, in segments of about 10 s. Frozen: a change needs a new version
// number and a reader of all (tests/golden/journal-v* keep the reader honest). Version 2 is that of recordings of which
// the last seconds may be forgotten (window_keys.hpp, ADR 12), version 1 that of all others.
//
// A segment is a file: header, then blocks. All integers big-endian.
//   header  "UPCJRNL1", u16 version, u32 epoch, u32 segment number, u64 first_us, u64 wall_unix_ms of the recording's
//           time 0, u32 next_source, 16 bytes `previous`: the tag of the last valid block before this segment (zeros:
//           none)
//   block   u32 plain size, u8 kind, u64 counter, u64 until_us, ciphertext, 16-byte tag
// AES-256-GCM with the epoch's key = HKDF-SHA256(recording key, info "upcall journal" + epoch), nonce = 4 zero bytes and
// the counter, which only rises within an epoch; an epoch number is used by one writer once, so that no nonce repeats.
// The additional data of a block are `chain` and the block's head; `chain` is the tag of the block before it, for a
// segment's first block SHA-256 over the header (first 16 bytes). So each seal vouches for everything before it.
//   kind 1  records: (varint size, tap record)*; may be empty: "nothing happened until until_us"
//   kind 2  footer, the last block of a finished segment: see SegmentIndex
// Version 2:
//   block   u32 window behind until_us; its key is the window's (window_cipher), its nonce as before
//   kind 3  a footer behind which the journal ends, known without a key. Window 0: its key is the epoch's, so that no
//           forgetting takes the end away; it names no key frames.
//   chain   SHA-256 over (chain before, head, tag), first 16 bytes: so that a block whose key was forgotten, and which
//           nobody can check any more, is vouched for with its head by those behind it. `previous` is the chain.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"

namespace upcall::journal {

inline constexpr std::uint16_t kVersion = 1, kWindowVersion = 2;
inline constexpr std::size_t kKeySize = 32;
inline constexpr std::size_t kTagSize = crypto::kAeadTagSize;
inline constexpr std::size_t kHeaderSize = 8 + 2 + 4 + 4 + 8 + 8 + 4 + kTagSize;
inline constexpr std::size_t kBlockHeadMax = 4 + 1 + 8 + 8 + 4;
constexpr std::size_t block_head_size(std::uint16_t version) { return version >= kWindowVersion ? kBlockHeadMax : kBlockHeadMax - 4; }
// A block's plain text is at most this long; a reader refuses more before it waits for it.
inline constexpr std::size_t kBlockMax = 4u << 20;

using Tag = std::array<std::uint8_t, kTagSize>;

enum class BlockKind : std::uint8_t { records = 1, footer = 2, final_footer = 3 };

struct SegmentHeader {
  std::uint32_t epoch = 0;
  std::uint32_t segment = 0;
  std::uint64_t first_us = 0;
  std::int64_t wall_unix_ms = 0;
  std::uint32_t next_source = 1;
  Tag previous{};
  std::uint16_t version = kVersion;
};

struct BlockHead {
  std::uint32_t size = 0;
  BlockKind kind = BlockKind::records;
  std::uint64_t counter = 0;
  std::uint64_t until_us = 0;
  std::uint32_t window = 0;     // version 2
};

std::array<std::uint8_t, kHeaderSize> encode(const SegmentHeader& header);
// truncated: more bytes may come; malformed / unsupported: never ours.
ParseResult<SegmentHeader> parse_segment_header(Bytes bytes);
// block_head_size(version) bytes.
void encode(const BlockHead& head, std::uint16_t version, MutBytes out);
ParseResult<BlockHead> parse_block_head(Bytes bytes, std::uint16_t version = kVersion);

// The chain value that a segment's first block authenticates.
Tag chain_start(Bytes encoded_header);
// The value behind a block.
Tag chain_after(std::uint16_t version, const Tag& before, Bytes head, Bytes tag);
crypto::Aead epoch_cipher(Bytes recording_key, std::uint32_t epoch, crypto::AeadUse use);
std::array<std::uint8_t, 12> block_nonce(std::uint64_t counter);

// "segment-000007.upj", and back.
std::string segment_file_name(std::uint32_t segment);
ParseResult<std::uint32_t> parse_segment_file_name(std::string_view name);

// The footer: where a reader can start decoding a source without reading the segment.
// Encoded: u8 final, varint records, varint next_source, varint entries, (varint source, varint at_us, varint offset)*.
struct SegmentIndex {
  struct KeyFrame {
    std::uint32_t source = 0;   // layers are sources of their own
    std::uint64_t at_us = 0;
    std::uint32_t block_offset = 0;  // of the block that holds its first packet, from the file's start
    bool operator==(const KeyFrame&) const = default;
  };
  bool final = false;           // the journal ends with this segment
  std::uint64_t records = 0;
  std::uint32_t next_source = 1;
  std::vector<KeyFrame> key_frames;
};
ByteVector encode(const SegmentIndex& index);
ParseResult<SegmentIndex> parse_segment_index(Bytes bytes);

// Where a journal stands: all that a new writer needs to go on with it.
struct JournalPosition {
  std::uint32_t epoch = 0;         // of the last valid block; a new writer takes a higher one
  std::uint32_t next_segment = 0;
  Tag chain{};                     // tag of the last valid block
  std::uint64_t until_us = 0;      // recorded up to here
  std::int64_t wall_unix_ms = 0;   // UTC of at_us = 0
  std::uint32_t next_source = 1;   // smallest unused source number
  bool complete = false;           // ended with a stop record and a final footer: nothing may follow
};

}  // namespace upcall::journal
