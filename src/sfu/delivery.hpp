// What a receiver's reports tell about one stream that we send it: round trip and loss (RFC 3550 §6.4.1). Plain
// arithmetic, no allocation; one thread.
//
// The round trip is measured from when we sent the sender report, not from the time it carries: that is its origin's,
// and would add the origin's delays to this link. For the same reason holes that the stream had before we sent it are
// no loss of this link.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtc/rtcp/rtcp.hpp"

namespace upcall::sfu {

class Delivery {
 public:
  void report_sent(std::uint64_t ntp, Instant now) {
    sent_[next_++ % sent_.size()] = {static_cast<std::uint32_t>(ntp >> 16), now};
  }

  // Nothing for a block that answers none of the last reports.
  std::optional<Duration> round_trip(Instant now, const rtc::ReportBlock& block) const {
    if (block.last_sr == 0) return std::nullopt;
    for (const SentReport& report : sent_) {
      if (report.compact_ntp != block.last_sr) continue;
      const Duration held = Duration::us(std::int64_t(block.delay_since_last_sr) * 1'000'000 / 65536);
      const Duration out = now - report.at - held;
      if (out < Duration() || out > kRoundTripMax) return std::nullopt;
      return out;
    }
    return std::nullopt;
  }

  struct Loss {
    std::int64_t expected = 0, lost = 0;  // packets since the last block; lost may be negative
  };
  // `last_sequence` (unwrapped) and `packets`: of the stream, sent so far. Nothing for the first block and for one that
  // says nothing new.
  std::optional<Loss> on_block(const rtc::ReportBlock& block, std::int64_t last_sequence, std::int64_t packets) {
    // What is on its way: taken as without holes; where it has some, the next block makes up for it.
    const auto behind = static_cast<std::uint16_t>(static_cast<std::uint16_t>(last_sequence) -
                                                   static_cast<std::uint16_t>(block.extended_highest_sequence));
    const Seen seen{last_sequence - behind, packets - behind, block.cumulative_lost};
    const std::optional<Seen> before = before_;
    if (before && seen.highest <= before->highest) return std::nullopt;
    before_ = seen;
    if (!before) return std::nullopt;
    const std::int64_t arrived = seen.highest - before->highest - (seen.lost - before->lost);
    const std::int64_t expected = seen.packets - before->packets;
    return Loss{expected, expected - arrived};
  }

 private:
  static constexpr Duration kRoundTripMax = Duration::s(10);
  struct SentReport {
    std::uint32_t compact_ntp = 0;  // the middle 32 bits
    Instant at;
  };
  struct Seen {
    std::int64_t highest = 0, packets = 0, lost = 0;
  };
  std::array<SentReport, 4> sent_{};
  std::size_t next_ = 0;
  std::optional<Seen> before_;
};

}  // namespace upcall::sfu
