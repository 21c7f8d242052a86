// The tap of one recording: turns what the meeting sees into tap records in the recording's ring. Never blocks, never
// refuses. What does not fit is lost, and so is all that follows until the ring is half empty: then the gap is marked
// and a TapRefresh written, and the meeting announces everybody and every stream again. So nobody has to keep what was
// lost, and no reader goes on with streams whose beginning it missed. The end of a recording always fits.
// One thread (the meeting's).
#pragma once

#include <memory>

#include "base/spsc_ring.hpp"
#include "base/time.hpp"
#include "wire/sfu.hpp"
#include "wire/tap_record.hpp"

namespace upcall::sfu {

class Tap {
 public:
  Tap(Now now, const wire::SfuOpenTap& open);

  wire::TapNo no() const { return no_; }
  std::uint64_t at_us(Instant now) const;
  std::uint32_t next_source() { return next_source_++; }

  // False: lost, and the tap is behind.
  bool write(Instant now, const wire::TapRecord& record);
  bool write(Instant now, const wire::TapPacket& packet);
  // Something was lost that is not marked yet.
  bool behind() const { return gap_dropped_ > 0; }
  // True when there is room again: the gap is marked, and the caller announces roster and streams.
  bool recover(Instant now);
  // Voids what was announced so far; when true, the caller announces roster and streams.
  bool refresh(Instant now);
  // Marks it, and drops media while it lasts. After the end of a pause the caller refreshes and announces. A marker that
  // finds no room stands behind the gap.
  void pause(Instant now, bool paused);
  bool paused() const { return paused_; }
  // The last record; it finds its place in any ring.
  void stop(Instant now, wire::TapStopReason reason);
  // End of a turn: makes the records visible to the journal.
  void publish() { ring_->publish(); }

  std::uint64_t records() const { return records_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  bool push(Bytes record, std::size_t left_free);
  bool push_gap(Instant now);
  void mark_pause(Instant now);
  bool lose(Instant now);

  wire::TapNo no_;
  std::shared_ptr<ByteRing> ring_;
  Instant started_;
  std::uint32_t next_source_ = 1;
  std::uint64_t records_ = 0, dropped_ = 0;
  bool paused_ = false, pause_unmarked_ = false;
  std::uint64_t gap_dropped_ = 0;   // of the gap that is open now
  std::uint64_t gap_since_us_ = 0;
};

}  // namespace upcall::sfu
