#include "sfu/tap.hpp"

#include "base/invariant.hpp"

namespace upcall::sfu {

namespace {
// A packet of 1500 bytes and the fields around it; names are bounded by the API.
constexpr std::size_t kRecordMax = 4096;
// Kept free for the end: a gap (at most 32 bytes) and a stop (12), each with its size.
constexpr std::size_t kReserve = 64;
}  // namespace

Tap::Tap(Now now, const wire::SfuOpenTap& open)
    : no_(open.tap), ring_(open.ring), started_(open.started), next_source_(open.first_source) {
  if (!open.resumed) {
    wire::TapStart start;
    start.recording_id = open.recording_id;
    start.meeting_id = open.meeting_title;
    start.wall_unix_ms = (now.wall - (now.mono - started_)).unix_ms();
    write(now.mono, wire::TapRecord(std::move(start)));
  }
  if (open.paused) pause(now.mono, true);
}

std::uint64_t Tap::at_us(Instant now) const {
  const std::int64_t since = (now - started_).us();
  return static_cast<std::uint64_t>(since > 0 ? since : 0);
}

bool Tap::push(Bytes record, std::size_t left_free) {
  if (!ring_->fits(4 + record.size() + left_free) || !ring_->push(record)) return false;
  ++records_;
  return true;
}

bool Tap::push_gap(Instant now) {
  std::uint8_t buffer[kReserve];
  Writer gap(buffer);
  encode(wire::TapRecord(wire::TapGap{gap_since_us_, at_us(now), wire::TapGapReason::ring_full, gap_dropped_}), gap);
  if (!push(gap.written(), 0)) return false;
  gap_dropped_ = 0;
  return true;
}

bool Tap::lose(Instant now) {
  if (gap_dropped_ == 0) gap_since_us_ = at_us(now);
  ++gap_dropped_;
  ++dropped_;
  return false;
}

bool Tap::write(Instant now, const wire::TapRecord& record) {
  if (paused_ && std::holds_alternative<wire::TapSenderReport>(record)) return true;
  if (behind()) return lose(now);
  std::uint8_t buffer[kRecordMax];
  Writer out(buffer);
  if (!encode(record, out)) {
    ++dropped_;   // no ring would take it: no gap that room could end
    return true;
  }
  return push(out.written(), kReserve) || lose(now);
}

bool Tap::write(Instant now, const wire::TapPacket& packet) {
  if (paused_) return true;
  if (behind()) return lose(now);
  std::uint8_t buffer[kRecordMax];
  Writer out(buffer);
  if (!encode(packet, out)) {
    ++dropped_;
    return true;
  }
  return push(out.written(), kReserve) || lose(now);
}

bool Tap::recover(Instant now) {
  // Half of it: to go on at the first free byte would be a gap and an announcement for each packet.
  if (!behind() || !ring_->fits(ring_->capacity() / 2)) return false;
  if (!push_gap(now)) return false;
  if (pause_unmarked_) mark_pause(now);
  return refresh(now);
}

void Tap::pause(Instant now, bool paused) {
  if (paused == paused_) return;
  paused_ = paused;
  mark_pause(now);
}

void Tap::mark_pause(Instant now) { pause_unmarked_ = !write(now, wire::TapRecord(wire::TapPause{at_us(now), paused_})); }

bool Tap::refresh(Instant now) { return write(now, wire::TapRecord(wire::TapRefresh{at_us(now), next_source_})); }

void Tap::stop(Instant now, wire::TapStopReason reason) {
  std::uint8_t buffer[kReserve];
  Writer out(buffer);
  encode(wire::TapRecord(wire::TapStop{at_us(now), reason}), out);
  const bool told = (!behind() || push_gap(now)) && push(out.written(), 0);
  UPCALL_INVARIANT(told, "the end of a recording has its place reserved");
}

}  // namespace upcall::sfu
