#include "sfu/tap.hpp"

namespace upcall::sfu {

namespace {
// A packet of 1500 bytes and the fields around it; names are bounded by the API.
constexpr std::size_t kRecordMax = 4096;
}  // namespace

Tap::Tap(Now now, const wire::SfuOpenTap& open)
    : no_(open.tap), ring_(open.ring), started_(open.started), next_source_(open.first_source) {
  if (open.resumed) return;
  wire::TapStart start;
  start.recording_id = open.recording_id;
  start.meeting_id = open.meeting_title;
  start.wall_unix_ms = (now.wall - (now.mono - started_)).unix_ms();
  write(now.mono, wire::TapRecord(std::move(start)));
}

std::uint64_t Tap::at_us(Instant now) const {
  const std::int64_t since = (now - started_).us();
  return static_cast<std::uint64_t>(since > 0 ? since : 0);
}

bool Tap::push(Bytes record) {
  if (!ring_->push(record)) return false;
  ++records_;
  return true;
}

void Tap::lose(Instant now) {
  if (gap_dropped_ == 0 && waiting_.empty()) gap_since_us_ = at_us(now);
  ++gap_dropped_;
  ++dropped_;
}

bool Tap::catch_up(Instant now) {
  std::uint8_t buffer[kRecordMax];
  if (gap_dropped_ > 0) {
    // First say what is missing, then go on; if even that does not fit, the gap stays open.
    Writer gap(buffer);
    encode(wire::TapRecord(wire::TapGap{gap_since_us_, at_us(now), wire::TapGapReason::ring_full, gap_dropped_}), gap);
    if (!push(gap.written())) return false;
    gap_dropped_ = 0;
  }
  std::size_t done = 0;
  while (done < waiting_.size()) {
    Writer out(buffer);
    if (encode(waiting_[done], out) && !push(out.written())) break;
    ++done;
  }
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(done));
  return waiting_.empty();
}

void Tap::write(Instant now, const wire::TapRecord& record) {
  std::uint8_t buffer[kRecordMax];
  Writer out(buffer);
  if (catch_up(now) && encode(record, out) && push(out.written())) return;
  if (waiting_.size() < kWaitingMax) {
    // A gap that follows is written before this record, so it begins no later.
    if (gap_dropped_ == 0 && waiting_.empty()) gap_since_us_ = at_us(now);
    waiting_.push_back(record);
  } else {
    lose(now);
  }
}

void Tap::write(Instant now, const wire::TapPacket& packet) {
  std::uint8_t buffer[kRecordMax];
  Writer out(buffer);
  if (!catch_up(now) || !encode(packet, out) || !push(out.written())) lose(now);
}

}  // namespace upcall::sfu
