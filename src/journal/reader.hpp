// Reads a journal from the bytes of its segments, also while it grows. Knows no files. One thread.
//
//   JournalReader reader(key);
//   reader.begin_segment();                       // for each segment in the order of their numbers
//   reader.append(bytes of the segment…);
//   while (reader.next() == ReadStatus::record) use(reader.record());
//
// A segment that stops without footer is a torn tail: the clean end of what could be saved, if no other segment follows
// or the next one is of a higher epoch and names the last valid block. Everything else (a changed bit, blocks left out,
// swapped or repeated, a segment missing in the middle) is an error with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/format.hpp"
#include "wire/tap_record.hpp"

namespace upcall::journal {

enum class ReadStatus : std::uint8_t {
  record,        // record() holds the next one
  more_needed,   // all whole blocks of what was appended are read
  segment_end,   // footer read: go on with the next segment
  journal_end,   // final footer read: the journal is complete
  corrupt,       // see corruption(); everything given out before was authentic
};

class JournalReader {
 public:
  // `from_any_segment`: recovery starts with the last segment and trusts its header's `previous`.
  explicit JournalReader(Bytes recording_key, bool from_any_segment = false);

  // The bytes appended from here on are those of the next segment file. What is left of the present one is a torn tail,
  // to be vouched for by the next header.
  void begin_segment();
  void append(Bytes bytes);

  ReadStatus next();
  // Valid until the next call of any member; a packet's payload points into the reader's memory.
  const wire::TapRecord& record() const { return record_; }

  // Everything up to here was sealed and has been given out (or is just being given out).
  std::uint64_t until_us() const { return position_.until_us; }
  const JournalPosition& position() const { return position_; }
  // Index of the last segment that ended with a footer.
  const SegmentIndex& index() const { return index_; }

  struct Corruption {
    std::uint32_t segment = 0;
    std::uint64_t offset = 0;   // of the block or header in the segment file
    const char* what = "";
  };
  const std::optional<Corruption>& corruption() const { return corruption_; }
  // Records of unknown type that were skipped.
  std::uint64_t skipped_records() const { return skipped_; }

 private:
  ReadStatus refuse(const char* what);
  ReadStatus read_header();
  std::optional<ReadStatus> open_block();

  ByteVector key_;
  std::optional<crypto::Aead> cipher_;
  std::uint32_t cipher_epoch_ = 0;
  std::uint64_t counter_ = 0;
  bool from_any_;

  ByteVector buffer_;               // bytes of the segment not consumed yet
  std::size_t at_ = 0;              // consumed in buffer_
  std::uint64_t offset_ = 0;        // of buffer_[0] in the segment file
  bool header_read_ = false, footer_read_ = true, any_segment_ = false;
  std::uint64_t blocks_in_segment_ = 0;
  SegmentHeader header_;
  Tag chain_{};

  ByteVector plain_;                // opened records block
  std::size_t plain_at_ = 0;
  wire::TapRecord record_;
  JournalPosition position_;
  SegmentIndex index_;
  std::optional<Corruption> corruption_;
  std::uint64_t skipped_ = 0;

 public:
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;
};

}  // namespace upcall::journal
