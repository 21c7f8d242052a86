// A film's spool: one append-only file beside the journal, of sealed records. This half knows no files. All integers
// big-endian (ADR 10).
//
//   file    "UPCFILM1", u16 version, records
//   record  u32 plain size, u8 kind, u32 epoch, u64 number (from 1, rising by one), [16 bytes salt: writer records only],
//           ciphertext, 16-byte tag
//   kind 1  writer: empty; whoever opens the file for writing puts one, with an epoch one higher and a salt of its own
//   kind 2  header of the film (wire::FilmHeader), once, before any fragment
//   kind 3  fragment (wire::FilmFragment)
//   kind 4  end: JSON of the composer's facts; nothing follows but other writers
//
// AES-256-GCM; a writer's key = HKDF-SHA256(recording key, its salt, "upcall film spool" + epoch + recording id), nonce =
// epoch and record number. So no nonce comes twice, even if a torn tail is cut off and written again: that is another
// writer, with another salt. Additional data: the tag of the record before it (for the first: SHA-256 over the file's
// head, first 16 bytes), then the record's head and salt. So each seal vouches for its place and for all before it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/aead.hpp"
#include "crypto/secret.hpp"

namespace upcall::film_spool {

inline constexpr std::size_t kKeySize = 32, kSaltSize = 16, kTagSize = crypto::kAeadTagSize;
inline constexpr std::size_t kFileHeadSize = 8 + 2;
inline constexpr std::size_t kRecordHeadSize = 4 + 1 + 4 + 8;
inline constexpr std::size_t kPlainMax = 17u << 20;   // refused before anybody waits for more

using Tag = std::array<std::uint8_t, kTagSize>;
using Salt = std::array<std::uint8_t, kSaltSize>;

enum class RecordKind : std::uint8_t { writer = 1, header = 2, fragment = 3, end = 4 };

struct RecordHead {
  std::uint32_t size = 0;            // of the plain text
  RecordKind kind = RecordKind::writer;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  // In the file, head and tag included.
  std::uint64_t whole() const { return kRecordHeadSize + (kind == RecordKind::writer ? kSaltSize : 0) + size + kTagSize; }
};
std::array<std::uint8_t, kFileHeadSize> file_head();
std::array<std::uint8_t, kRecordHeadSize> encode(const RecordHead& head);
// truncated: more bytes may come.
ParseResult<RecordHead> parse_record_head(Bytes bytes);

// One writer's cipher; seals or opens single records whose place is known.
class WriterCipher {
 public:
  WriterCipher(Bytes recording_key, std::string_view recording_id, std::uint32_t epoch, const Salt& salt);
  // False: not what was written there. `plain` has head.size bytes.
  bool open(const RecordHead& head, const Tag& before, Bytes sealed_and_tag, MutBytes plain);
  // `plain` and the tag behind it; the tag is also the chain's next value.
  void seal(const RecordHead& head, const Tag& before, Bytes salt, MutBytes text_and_tag, std::size_t size);

 private:
  crypto::Aead aead_;
};

// Where a spool stands after its last valid record.
struct SpoolPosition {
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  Tag chain{};
  std::uint64_t offset = 0;          // behind it
};

// Makes records. One thread.
class SpoolSealer {
 public:
  // `from`: what the scanner answered; default: a new file. `salt`: random, never used before.
  SpoolSealer(Bytes recording_key, std::string_view recording_id, const SpoolPosition& from, const Salt& salt);
  // First of all: what begins this writer's part (and the file, when it is new).
  ByteVector begin();
  // The plain text is first ++ second. When writing it failed, nothing may be sealed after it: open the file again.
  ByteVector seal(RecordKind kind, Bytes first, Bytes second = {});
  const SpoolPosition& position() const { return position_; }
  // Of the record before the one that was made last.
  const Tag& chain_before() const { return before_; }

 private:
  ByteVector make(RecordKind kind, Bytes first, Bytes second);
  SpoolPosition position_;
  Tag before_{};
  Salt salt_;
  WriterCipher cipher_;
};

enum class ScanStatus : std::uint8_t {
  record,        // head(), plain(), before() and place() tell of it
  more_needed,   // all whole records of what was appended are read: the rest, if any, is a torn tail
  corrupt,       // everything before was authentic
};

// Reads a spool from its first byte. One thread.
class SpoolScanner {
 public:
  SpoolScanner(Bytes recording_key, std::string_view recording_id);
  ~SpoolScanner();
  SpoolScanner(const SpoolScanner&) = delete;
  SpoolScanner& operator=(const SpoolScanner&) = delete;

  void append(Bytes bytes);
  ScanStatus next();

  const RecordHead& head() const { return head_; }
  Bytes plain() const { return plain_; }             // valid until the next call
  const Tag& before() const { return before_; }      // chain value that the record authenticates
  std::uint64_t place() const { return place_; }     // of the record's head in the file
  const Salt& salt() const { return salt_; }         // of the present writer
  const SpoolPosition& position() const { return position_; }
  const char* reason() const { return reason_; }     // of corrupt

 private:
  ScanStatus refuse(const char* reason);
  ByteVector key_;
  std::string recording_id_;
  std::optional<WriterCipher> cipher_;
  ByteVector buffer_;
  std::size_t at_ = 0;
  bool head_read_ = false, ended_ = false;
  RecordHead head_;
  ByteVector plain_;
  Tag before_{};
  std::uint64_t place_ = 0;
  Salt salt_{};
  SpoolPosition position_;
  const char* reason_ = nullptr;
};

}  // namespace upcall::film_spool
