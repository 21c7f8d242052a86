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
//
// What was forgotten (version 2) is neither: it is told as such, and reading goes on behind it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "journal/format.hpp"
#include "journal/window_keys.hpp"
#include "wire/tap_record.hpp"

namespace upcall::journal {

enum class ReadStatus : std::uint8_t {
  record,        // record() holds the next one
  more_needed,   // all whole blocks of what was appended are read
  segment_end,   // footer read: go on with the next segment
  journal_end,   // final footer read: the journal is complete
  corrupt,       // see corruption(); everything given out before was authentic
  forgotten,     // a block whose key was destroyed: see forgotten()
  held,          // the next block is younger than hold_after() lets through
};

class JournalReader {
 public:
  // `from_any_segment`: recovery starts with the last segment and trusts its header's `previous`.
  // `places`: of the journal's key file, for version 2; must outlive the reader.
  explicit JournalReader(Bytes recording_key, bool from_any_segment = false, WindowPlaces* places = nullptr);

  // The bytes appended from here on are those of the next segment file. What is left of the present one is a torn tail,
  // to be vouched for by the next header.
  void begin_segment();
  void append(Bytes bytes);

  ReadStatus next();
  // Blocks of version 2 that end later are not opened: neither they nor another block of their window may be forgotten
  // once somebody has read them. Default: all are.
  void hold_after(std::uint64_t until_us) { hold_after_us_ = until_us; }
  // Valid until the next call of any member; a packet's payload points into the reader's memory.
  const wire::TapRecord& record() const { return record_; }

  // Everything up to here was sealed and has been given out (or is just being given out).
  std::uint64_t until_us() const { return position_.until_us; }
  const JournalPosition& position() const { return position_; }
  // Index of the last segment that ended with a footer.
  const SegmentIndex& index() const { return index_; }

  // What lay in this span cannot be read any more. Spans follow each other without overlapping.
  struct Forgotten {
    std::uint64_t from_us = 0, until_us = 0;
  };
  const Forgotten& forgotten() const { return forgotten_; }

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
  WindowState enter_window(std::uint32_t window);
  std::optional<ReadStatus> accept(const BlockHead& head, Bytes block, SegmentIndex index);

  ByteVector key_;
  WindowPlaces* places_;
  std::optional<WindowSecrets> secrets_;
  std::optional<crypto::Aead> cipher_;
  std::uint32_t cipher_epoch_ = 0;
  std::uint32_t cipher_window_ = 0; // 0: the epoch's
  std::uint64_t hold_after_us_ = UINT64_MAX;
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
  Forgotten forgotten_;
  std::optional<Corruption> corruption_;
  std::uint64_t skipped_ = 0;

 public:
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;
};

}  // namespace upcall::journal
