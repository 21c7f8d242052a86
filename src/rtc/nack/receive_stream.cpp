#include "rtc/nack/receive_stream.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::rtc {

std::int64_t ReceiveStats::on_packet(std::uint16_t sequence, std::uint32_t timestamp, Instant arrival) {
  const bool first = !unwrapper_.started();
  const std::int64_t extended = unwrapper_.unwrap(sequence);
  if (first) {
    first_ = highest_ = extended;
    expected_before_ = 0;
  }
  first_ = std::min(first_, extended);
  highest_ = std::max(highest_, extended);
  ++received_;
  // Interarrival jitter, RFC 3550 A.8, in timestamp units.
  const auto arrival_units = static_cast<std::int64_t>(static_cast<double>(arrival.us()) * clock_rate_ / 1e6);
  const std::int64_t transit = arrival_units - static_cast<std::int64_t>(timestamp);
  if (!first) {
    const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(transit - transit_));
    const double d = std::abs(static_cast<double>(wrapped));
    if (d < clock_rate_ * 5.0) jitter_ += (d - jitter_) / 16.0;
  }
  transit_ = transit;
  last_arrival_ = arrival;
  return extended;
}

void ReceiveStats::on_sender_report(std::uint64_t ntp, Instant arrival) {
  last_sr_ntp_ = ntp;
  last_sr_at_ = arrival;
}

std::int64_t ReceiveStats::lost() const {
  if (received_ == 0) return 0;
  return highest_ - first_ + 1 - static_cast<std::int64_t>(received_);
}

ReceiveStats::Block ReceiveStats::take_report(Instant now) {
  Block out{};
  const std::int64_t expected = received_ == 0 ? 0 : highest_ - first_ + 1;
  const std::int64_t expected_now = expected - expected_before_;
  const std::int64_t received_now = static_cast<std::int64_t>(received_ - received_before_);
  const std::int64_t lost_now = expected_now - received_now;
  if (expected_now > 0 && lost_now > 0) {
    out.fraction_lost = static_cast<std::uint8_t>(std::min<std::int64_t>(255, lost_now * 256 / expected_now));
  }
  out.expected_now = expected_now;
  out.lost_now = lost_now;
  expected_before_ = expected;
  received_before_ = received_;
  out.cumulative_lost = static_cast<std::int32_t>(std::clamp<std::int64_t>(lost(), -0x800000, 0x7fffff));
  // Our unwrapper starts one circle up: the cycles on the wire count from zero.
  out.extended_highest_sequence = static_cast<std::uint32_t>(highest_ - 65536);
  out.jitter = static_cast<std::uint32_t>(jitter_);
  if (last_sr_at_) {
    out.last_sr = static_cast<std::uint32_t>(last_sr_ntp_ >> 16);
    out.delay_since_last_sr = static_cast<std::uint32_t>((now - *last_sr_at_).us() * 65536 / 1'000'000);
  }
  return out;
}

void NackList::reset() {
  size_ = 0;
  highest_ = -1;
  next_due_ = Instant::never();
}

void NackList::forget_before(std::int64_t sequence) {
  const auto end = std::remove_if(missing_.begin(), missing_.begin() + static_cast<std::ptrdiff_t>(size_),
                                  [&](const Missing& m) { return m.sequence < sequence; });
  size_ = static_cast<std::size_t>(end - missing_.begin());
}

void NackList::on_packet(std::int64_t sequence, Instant now) {
  if (highest_ < 0) {
    highest_ = sequence;
    return;
  }
  if (sequence <= highest_) {
    const auto end = std::remove_if(missing_.begin(), missing_.begin() + static_cast<std::ptrdiff_t>(size_),
                                    [&](const Missing& m) { return m.sequence == sequence; });
    size_ = static_cast<std::size_t>(end - missing_.begin());
    return;
  }
  if (sequence - highest_ - 1 > static_cast<std::int64_t>(kMax - size_)) {
    // More than can be asked for one by one: a key frame is cheaper.
    size_ = 0;
    highest_ = sequence;
    gave_up_ = true;
    return;
  }
  for (std::int64_t s = highest_ + 1; s < sequence; ++s) {
    // A reordered packet arrives within a few milliseconds; asking at once would double it.
    missing_[size_++] = Missing{s, now, now + Duration::ms(5), 0};
    next_due_ = std::min(next_due_, now + Duration::ms(5));
  }
  highest_ = sequence;
}

std::size_t NackList::take_due(Instant now, Duration rtt, std::span<std::uint16_t> out) {
  if (size_ == 0) {
    next_due_ = Instant::never();
    return 0;
  }
  if (now < next_due_) return 0;
  std::size_t n = 0;
  std::size_t kept = 0;
  next_due_ = Instant::never();
  for (std::size_t i = 0; i < size_; ++i) {
    Missing m = missing_[i];
    if (m.tries >= kTriesMax || now - m.first_seen > Duration::s(1)) {
      gave_up_ = true;
      continue;
    }
    if (m.ask_at <= now && n < out.size()) {
      out[n++] = static_cast<std::uint16_t>(m.sequence);
      ++m.tries;
      m.ask_at = now + std::max(rtt, Duration::ms(20));
    }
    next_due_ = std::min(next_due_, m.ask_at);
    missing_[kept++] = m;
  }
  size_ = kept;
  return n;
}

bool NackList::take_gave_up() {
  const bool out = gave_up_;
  gave_up_ = false;
  return out;
}

}  // namespace upcall::rtc
