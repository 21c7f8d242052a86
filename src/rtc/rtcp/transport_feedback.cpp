#include "rtc/rtcp/transport_feedback.hpp"

#include <algorithm>

namespace upcall::rtc {

namespace {
constexpr std::int64_t kReferenceUs = 64'000;  // unit of the reference time
constexpr std::int64_t kDeltaUs = 250;
// As many statuses as surely fit one packet of 1200 bytes: 2 bits each + up to 2 bytes of delta.
constexpr std::int64_t kStatusesMax = 400;
enum Symbol : std::uint8_t { kNotReceived = 0, kSmall = 1, kLarge = 2 };
}  // namespace

void TransportFeedbackRecorder::on_packet(std::uint16_t transport_sequence, Instant arrival) {
  const std::int64_t sequence = unwrapper_.unwrap(transport_sequence);
  if (next_base_ == kNone) next_base_ = sequence;
  if (sequence < next_base_) return;  // reported already (or as lost): a second report would mislead the sender
  if (sequence >= next_base_ + static_cast<std::int64_t>(kWindow)) {
    // A jump over the window: what was not yet reported is given up.
    arrival_us_.fill(kNone);
    count_ = 0;
    next_base_ = sequence;
  }
  std::int64_t& slot = arrival_us_[static_cast<std::size_t>(sequence) % kWindow];
  if (slot != kNone) return;  // duplicate
  slot = arrival.us();
  highest_ = count_ == 0 ? sequence : std::max(highest_, sequence);
  ++count_;
}

bool TransportFeedbackRecorder::write(Writer& out, std::uint32_t sender_ssrc, std::uint32_t media_ssrc) {
  if (count_ == 0) return false;
  const std::int64_t last = std::min(highest_, next_base_ + kStatusesMax - 1);
  std::array<std::uint8_t, kStatusesMax> symbols;
  std::array<std::int16_t, kStatusesMax> deltas;
  std::int64_t first_arrival = kNone;
  for (std::int64_t s = next_base_; s <= last && first_arrival == kNone; ++s) {
    first_arrival = arrival_us_[static_cast<std::size_t>(s) % kWindow];
  }
  if (first_arrival == kNone) {  // only losses in this stretch: skip them, they are told by the next base
    next_base_ = last + 1;
    return write(out, sender_ssrc, media_ssrc);
  }
  const std::int64_t reference = first_arrival / kReferenceUs;
  std::int64_t clock = reference * kReferenceUs;
  std::size_t n = 0;
  std::size_t received = 0;
  std::int64_t s = next_base_;
  for (; s <= last; ++s) {
    const std::int64_t arrival = arrival_us_[static_cast<std::size_t>(s) % kWindow];
    if (arrival == kNone) {
      symbols[n++] = kNotReceived;
      continue;
    }
    const std::int64_t delta = (arrival - clock) / kDeltaUs;
    if (delta < -32768 || delta > 32767) break;  // a new feedback with its own reference time
    clock += delta * kDeltaUs;
    deltas[n] = static_cast<std::int16_t>(delta);
    symbols[n++] = delta >= 0 && delta <= 255 ? kSmall : kLarge;
    ++received;
  }
  const std::size_t start = out.size();
  out.u8(0x80 | 15);
  out.u8(205);
  out.u16(0);
  out.u32(sender_ssrc);
  out.u32(media_ssrc);
  out.u16(static_cast<std::uint16_t>(next_base_));
  out.u16(static_cast<std::uint16_t>(n));
  out.u24(static_cast<std::uint32_t>(reference) & 0xffffff);
  out.u8(feedback_count_);
  // Two-bit status vectors of 7 symbols; runs of one symbol over 7 become a run-length chunk.
  for (std::size_t i = 0; i < n;) {
    std::size_t run = 1;
    while (i + run < n && symbols[i + run] == symbols[i] && run < 8191) ++run;
    if (run >= 7) {
      out.u16(static_cast<std::uint16_t>(symbols[i] << 13 | run));
      i += run;
      continue;
    }
    std::uint16_t chunk = 0xC000;
    for (std::size_t k = 0; k < 7 && i + k < n; ++k) {
      chunk |= static_cast<std::uint16_t>(symbols[i + k] << (2 * (6 - k)));
    }
    out.u16(chunk);
    i += std::min<std::size_t>(7, n - i);
  }
  for (std::size_t i = 0; i < n; ++i) {
    if (symbols[i] == kSmall) out.u8(static_cast<std::uint8_t>(deltas[i]));
    if (symbols[i] == kLarge) out.u16(static_cast<std::uint16_t>(deltas[i]));
  }
  out.zeros((4 - (out.size() - start) % 4) % 4);
  if (!out.ok()) return false;
  out.patch_u16(start + 2, static_cast<std::uint16_t>((out.size() - start) / 4 - 1));
  ++feedback_count_;
  for (std::int64_t done = next_base_; done < s; ++done) {
    arrival_us_[static_cast<std::size_t>(done) % kWindow] = kNone;
  }
  next_base_ = s;
  count_ -= received;
  return true;
}

ParseResult<std::size_t> decode_transport_feedback(Bytes fci, std::span<TransportArrival> out) {
  Reader in(fci);
  const std::uint16_t base = in.u16();
  const std::size_t count = in.u16();
  const std::uint32_t reference = in.u24();
  in.skip(1);
  if (!in.ok()) return fail(ParseError::truncated);
  if (count > out.size()) return fail(ParseError::too_long);
  // Symbols first (kept in arrival_us for the moment), then deltas.
  std::size_t n = 0;
  while (n < count) {
    const std::uint16_t chunk = in.u16();
    if (!in.ok()) return fail(ParseError::truncated);
    if ((chunk & 0x8000) == 0) {
      const std::size_t run = chunk & 0x1fff;
      if (run == 0) return fail(ParseError::malformed);
      for (std::size_t k = 0; k < run && n < count; ++k) out[n++].arrival_us = chunk >> 13 & 3;
    } else if (chunk & 0x4000) {
      for (int k = 6; k >= 0 && n < count; --k) out[n++].arrival_us = chunk >> (2 * k) & 3;
    } else {
      for (int k = 13; k >= 0 && n < count; --k) out[n++].arrival_us = chunk >> k & 1;
    }
  }
  std::int64_t clock = std::int64_t(reference) * kReferenceUs;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t symbol = out[i].arrival_us;
    out[i].sequence = static_cast<std::uint16_t>(base + i);
    out[i].received = symbol == kSmall || symbol == kLarge;
    if (symbol == 3) return fail(ParseError::malformed);
    if (symbol == kSmall) clock += std::int64_t(in.u8()) * kDeltaUs;
    if (symbol == kLarge) clock += std::int64_t(static_cast<std::int16_t>(in.u16())) * kDeltaUs;
    out[i].arrival_us = out[i].received ? clock : 0;
  }
  if (!in.ok()) return fail(ParseError::truncated);
  return n;
}

}  // namespace upcall::rtc
