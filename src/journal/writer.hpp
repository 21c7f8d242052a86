// Plans what is written for one recording: collects encoded tap records, seals them into blocks, cuts segments. Knows no
// files: bytes go to a JournalSink. One thread. After warm-up add() and seal() allocate only at segment ends and where a
// window begins.
//
// A write that fails loses the records since the last seal, nothing else: the chain is not advanced, and the next seal
// that succeeds begins with a gap record (disk_full).
#pragma once

#include <cstdint>
#include <optional>

#include "base/rng.hpp"
#include "journal/format.hpp"
#include "journal/window_keys.hpp"

namespace upcall::journal {

// Where the bytes go. Calls come in this order: open_segment, write…, close_segment. False: nothing of this call is kept
// (the implementation cuts a half-written block off again).
class JournalSink {
 public:
  virtual ~JournalSink() = default;
  virtual bool open_segment(std::uint32_t segment) = 0;
  virtual bool write(Bytes bytes) = 0;
  // The segment is complete: make it durable now, then it may be copied away.
  virtual void close_segment() = 0;
  // Version 2: the key of a window that begins, for its place in the key file, before the first block that uses it.
  virtual bool write_window(std::uint32_t /*window*/, const WindowPlace& /*place*/) { return false; }
};

struct JournalWriterOptions {
  std::uint64_t segment_us = 10'000'000;
  // Version 2, with keys of windows made of this; it must outlive the writer. None: version 1.
  RandomSource* windows = nullptr;
  std::uint32_t next_window = 1;   // no place of this number and higher was ever used
};

class JournalWriter {
 public:
  // `from`: default for a new journal, else what recovery answered. `epoch` must be higher than every epoch that ever
  // wrote to this journal and is used by this writer alone.
  JournalWriter(Bytes recording_key, const JournalPosition& from, std::uint32_t epoch,
                JournalWriterOptions options = {});

  // Takes a whole encoded record. False: the pending block is full (seal first) or the record is larger than a block.
  bool add(Bytes record);
  std::size_t pending_bytes() const { return pending_.size() - head_size_; }
  std::uint64_t pending_records() const { return pending_records_; }

  // Writes one block with all that was added, opening and finishing segments as needed. False: the sink refused.
  // until_us: everything up to this moment has been handed to add(). It never falls.
  bool seal(std::uint64_t until_us, JournalSink& sink);
  // Seals the rest and ends the segment; `final` after a stop record: nothing follows in this journal.
  bool close(std::uint64_t until_us, bool final, JournalSink& sink);

  // Version 2: drops what was added since the last seal, which is no loss, and the key in use: the next block begins a
  // window. The footer that is still to come names no key frame of from_us and later.
  void forget(std::uint64_t from_us);
  // The window that was begun last, 0: none by this writer.
  std::uint32_t last_window() const { return next_window_ - 1; }

  std::uint64_t sealed_until_us() const { return position_.until_us; }
  std::uint64_t sealed_records() const { return sealed_records_; }
  // Records lost to failed writes so far.
  std::uint64_t lost_records() const { return lost_records_; }
  const JournalPosition& position() const { return position_; }

 private:
  bool ensure_segment(std::uint64_t now_us, JournalSink& sink);
  bool write_block(ByteVector& block, BlockKind kind, std::uint64_t until_us, JournalSink& sink);
  bool finish_segment(bool final, JournalSink& sink);
  void drop_pending();
  bool ensure_window(std::uint64_t until_us, JournalSink& sink);
  void begin_pending() { pending_.resize(head_size_); }

  JournalWriterOptions options_;
  std::uint16_t version_;
  std::size_t head_size_;
  std::optional<crypto::Aead> cipher_;        // of the epoch, or of the window that is open
  // Version 2.
  std::optional<WindowSecrets> secrets_;
  ByteVector key_;
  std::uint32_t window_ = 0, next_window_ = 1;   // window_ 0: none is open
  std::uint64_t window_from_us_ = 0;

  JournalPosition position_;
  std::uint64_t counter_ = 0;

  bool segment_open_ = false;
  std::uint64_t segment_first_us_ = 0;
  std::uint32_t segment_size_ = 0;
  Tag segment_chain_{};
  SegmentIndex index_;

  ByteVector pending_;              // room for the head, then (size, record)*
  std::uint64_t pending_records_ = 0;
  std::vector<SegmentIndex::KeyFrame> pending_keys_;
  std::uint32_t next_source_ = 1;   // including pending records

  std::uint64_t sealed_records_ = 0, lost_records_ = 0, gap_records_ = 0;

 public:
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;
};

}  // namespace upcall::journal
