// The tap of one recording: turns what the meeting sees into tap records in the recording's ring. Never blocks, never
// refuses: a packet that does not fit is counted and becomes a marked gap. What a reader needs to understand the rest
// (who is there, which source is whose) waits, within a bound, and follows the gap. One thread (the meeting's).
#pragma once

#include <memory>
#include <string>
#include <vector>

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

  void write(Instant now, const wire::TapRecord& record);
  void write(Instant now, const wire::TapPacket& packet);
  // End of a turn: makes the records visible to the journal.
  void publish() { ring_->publish(); }

  std::uint64_t records() const { return records_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  static constexpr std::size_t kWaitingMax = 256;
  bool push(Bytes record);
  // Writes the open gap and what waits behind it; false while the ring is too full for that.
  bool catch_up(Instant now);
  void lose(Instant now);

  wire::TapNo no_;
  std::shared_ptr<ByteRing> ring_;
  Instant started_;
  std::uint32_t next_source_ = 1;
  std::uint64_t records_ = 0, dropped_ = 0;
  std::uint64_t gap_dropped_ = 0;   // of the gap that is open now
  std::uint64_t gap_since_us_ = 0;
  std::vector<wire::TapRecord> waiting_;  // of the gap, no packets
};

}  // namespace upcall::sfu
