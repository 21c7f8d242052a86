// Receiver's bookkeeping of one RTP stream (RFC 3550 §6.4.1, appendix A.3 and A.8) and the list of packets to ask for
// again (RFC 4585 §6.2.1). Sans-I/O, bounded, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/seq.hpp"
#include "base/time.hpp"

namespace upcall::rtc {

class ReceiveStats {
 public:
  explicit ReceiveStats(std::uint32_t clock_rate) : clock_rate_(clock_rate) {}

  // Returns the unwrapped sequence number.
  std::int64_t on_packet(std::uint16_t sequence, std::uint32_t timestamp, Instant arrival);
  // Unwraps without counting: a retransmission came on an SSRC of its own and must neither hide a loss from the sender
  // (RFC 4588 §6.3) nor look like jitter. Only after on_packet().
  std::int64_t extend(std::uint16_t sequence) { return unwrapper_.unwrap(sequence); }
  void on_sender_report(std::uint64_t ntp, Instant arrival);

  struct Block {
    std::uint8_t fraction_lost;
    std::int32_t cumulative_lost;
    std::uint32_t extended_highest_sequence;
    std::uint32_t jitter;
    std::uint32_t last_sr;
    std::uint32_t delay_since_last_sr;
    // Of this interval alone. What comes late is lost in one and negative in the next, so a sum is right.
    std::int64_t expected_now, lost_now;
  };
  // Also starts the next interval of fraction_lost.
  Block take_report(Instant now);

  std::uint64_t packets() const { return received_; }
  std::int64_t lost() const;
  // When the last sender report came; nothing before the first.
  std::optional<Instant> last_sender_report() const { return last_sr_at_; }
  double jitter_ms() const { return clock_rate_ == 0 ? 0 : jitter_ * 1000.0 / clock_rate_; }
  Instant last_arrival() const { return last_arrival_; }
  std::int64_t highest() const { return highest_; }

 private:
  std::uint32_t clock_rate_;
  Unwrapper<std::uint16_t> unwrapper_;
  std::int64_t first_ = 0, highest_ = 0;
  std::uint64_t received_ = 0;
  std::int64_t expected_before_ = 0;
  std::uint64_t received_before_ = 0;
  double jitter_ = 0;
  std::int64_t transit_ = 0;
  std::uint64_t last_sr_ntp_ = 0;
  std::optional<Instant> last_sr_at_;
  Instant last_arrival_;
};

// Which packets are missing and when to ask again.
class NackList {
 public:
  // Feed every received sequence number (unwrapped), retransmissions included.
  void on_packet(std::int64_t sequence, Instant now);
  // Forget everything up to here (a key frame began: older losses no longer matter).
  void forget_before(std::int64_t sequence);
  void reset();

  // Writes the low 16 bits of what is due to be asked for, oldest first; repeats after `rtt` (at least 20 ms).
  std::size_t take_due(Instant now, Duration rtt, std::span<std::uint16_t> out);
  Instant next_deadline() const { return size_ == 0 ? Instant::never() : next_due_; }

  // True once after too much was lost, or a packet stayed lost: ask for a key frame instead.
  bool take_gave_up();
  std::size_t size() const { return size_; }
  // Since when the oldest packet of the list is missing.
  std::optional<Instant> oldest() const { return size_ == 0 ? std::nullopt : std::optional(missing_[0].first_seen); }

 private:
  static constexpr std::size_t kMax = 128;
  static constexpr int kTriesMax = 10;
  struct Missing {
    std::int64_t sequence;
    Instant first_seen, ask_at;
    int tries;
  };
  std::array<Missing, kMax> missing_;
  std::size_t size_ = 0;
  std::int64_t highest_ = -1;
  Instant next_due_ = Instant::never();
  bool gave_up_ = false;
};

}  // namespace upcall::rtc
