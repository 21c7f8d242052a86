#include "rtc/red/red_sender.hpp"

#include <algorithm>

#include "rtc/red/red.hpp"

namespace upcall::rtc {

std::size_t RedSender::wanted(double loss) {
  if (loss <= kOneFrom || loss > kOffFrom) return 0;
  return loss <= kTwoFrom ? 1 : 2;
}

void RedSender::on_report(Instant now, std::int64_t expected, std::int64_t lost) {
  if (expected <= 0) return;
  // By packets, what was before fades by half: three reports with nothing lost outweigh one with a tenth.
  constexpr double kMemory = 0.5;
  expected_ = expected_ * kMemory + static_cast<double>(expected);
  lost_ = std::max(0.0, lost_ * kMemory + static_cast<double>(lost));
  loss_ = std::min(1.0, lost_ / expected_);
  const std::size_t now_wanted = wanted(loss_);
  if (now_wanted >= repeated_ || loss_ > kOffFrom) {
    repeated_ = now_wanted;
    more_wanted_at_ = now;
  } else if (now - more_wanted_at_ >= kCalm) {
    repeated_ = now_wanted;
    more_wanted_at_ = now;
  }
}

std::size_t RedSender::encode(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type, Bytes frame, MutBytes out) {
  std::array<RedBlock, kRepeatedMax> earlier;
  std::size_t count = 0, size = 1 + frame.size();
  // A receiver knows a repeated frame by its time alone: where the stream has jumped meanwhile it would take it for another.
  const Kept& before = kept_[static_cast<std::size_t>(std::max<std::int64_t>(sequence - 1, 0) % kKept)];
  const std::uint32_t step = before.sequence == sequence - 1 ? timestamp - before.timestamp : 0;
  // The oldest first; what would make the packet too long is left out, the oldest before the others.
  for (std::size_t i = 1; i <= repeated_; ++i) {
    const std::int64_t wanted_sequence = sequence - static_cast<std::int64_t>(i) * kDistance;
    if (wanted_sequence < 0) break;
    const Kept& kept = kept_[static_cast<std::size_t>(wanted_sequence % kKept)];
    const std::uint32_t offset = timestamp - kept.timestamp;
    if (kept.sequence != wanted_sequence || kept.size == 0 || offset == 0 || offset > kRedOffsetMax) continue;
    if (offset != step * static_cast<std::uint32_t>(i) * static_cast<std::uint32_t>(kDistance)) continue;
    if (size + 4 + kept.size > std::min(kPayloadMax, out.size())) break;
    size += 4 + kept.size;
    earlier[count++] = {payload_type, static_cast<std::uint16_t>(offset), Bytes(kept.bytes).first(kept.size)};
  }
  std::reverse(earlier.begin(), earlier.begin() + static_cast<std::ptrdiff_t>(count));
  const std::size_t written = count == 0 ? 0 : write_red(out, std::span(earlier).first(count), payload_type, frame);
  Kept& kept = kept_[static_cast<std::size_t>(std::max<std::int64_t>(sequence, 0) % kKept)];
  if (sequence > kept.sequence) {  // one that came late does not take a later one's place
    kept.sequence = sequence;
    kept.timestamp = timestamp;
    kept.size = frame.size() <= kept.bytes.size() ? frame.size() : 0;
    std::copy_n(frame.begin(), kept.size, kept.bytes.begin());
  }
  return written;
}

}  // namespace upcall::rtc
