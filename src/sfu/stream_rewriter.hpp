// Numbers of one outgoing stream: whatever source feeds it, sequence and timestamp go on without a seam. A pure
// decision object. "Epoch": a stretch fed by one source with constant offsets; the last few are remembered, so that what is
// asked for again after a change of source is found where it came from.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace upcall::sfu {

// Offsets: outgoing minus the source's.
struct StreamEpoch {
  std::int64_t first_sequence = 0;         // outgoing, unwrapped
  std::int64_t first_source_sequence = 0;
  std::int64_t sequence_offset = 0;
  std::uint32_t timestamp_offset = 0;
  std::uint32_t source = 0;                // who feeds it, as its owner numbers them
  std::uint16_t picture_id_offset = 0;     // of video
  std::uint8_t tl0_offset = 0;
  bool anew = true;                        // nothing from before it is of use any more
};

class StreamRewriter {
 public:
  StreamRewriter(std::uint32_t clock_rate, std::uint16_t first_sequence, std::uint32_t first_timestamp)
      : clock_rate_(clock_rate), last_sequence_(std::int64_t(first_sequence) + 65536 - 1),
        last_timestamp_(first_timestamp) {}

  // Starts feeding from a source whose first packet has these numbers. `since_last`: ticks from what was sent last to this
  // packet, where both clocks are known; else the time that passed.
  StreamEpoch& begin_epoch(std::int64_t source_sequence, std::uint32_t source_timestamp, Instant now, std::uint32_t source = 0,
                           std::optional<std::int64_t> since_last = {}) {
    ++epoch_;
    StreamEpoch& epoch = epochs_[epoch_ % kRemembered];
    epoch = {};
    epoch.source = source;
    epoch.first_sequence = last_sequence_ + 1;
    epoch.first_source_sequence = source_sequence;
    epoch.sequence_offset = last_sequence_ + 1 - source_sequence;
    std::uint32_t step = 0;
    if (sent_any_) {
      // The time that really passed, so that the receiver's jitter buffer sees no jump; at least one tick.
      const std::int64_t elapsed = (now - last_sent_at_).us() * clock_rate_ / 1'000'000;
      step = static_cast<std::uint32_t>(std::max<std::int64_t>(1, since_last.value_or(elapsed)));
    }
    epoch.timestamp_offset = last_timestamp_ + step - source_timestamp;
    return epoch;
  }

  // Would this packet carry the outgoing numbers further than a receiver can follow? SRTP guesses the roll-over within
  // 2^15 of the last packet it got (RFC 3711 §3.3.1): a sender that leaps would lock listeners out of a stream that it
  // shares with others. Such a packet begins a new epoch.
  bool leaps(std::int64_t source_sequence) const {
    return epoch_ != 0 && source_sequence + epoch().sequence_offset > last_sequence_ + kLeap;
  }

  struct Out {
    std::int64_t sequence = 0;  // unwrapped
    std::uint32_t timestamp = 0;
  };
  // Nothing for a packet from before the epoch began (late, of no use to this receiver).
  std::optional<Out> map(std::int64_t source_sequence, std::uint32_t source_timestamp) const {
    if (epoch_ == 0 || source_sequence < epoch().first_source_sequence) return std::nullopt;
    return Out{source_sequence + epoch().sequence_offset, source_timestamp + epoch().timestamp_offset};
  }
  std::uint32_t map_timestamp(std::uint32_t source_timestamp) const { return source_timestamp + epoch().timestamp_offset; }
  // The epoch in which this outgoing packet was sent; nothing when that is too long ago, or still to come, or nobody needs it
  // any more.
  const StreamEpoch* epoch_of(std::int64_t sequence) const {
    if (epoch_ == 0 || sequence > last_sequence_) return nullptr;
    for (std::uint32_t back = 0; back < kRemembered && back < epoch_; ++back) {
      const StreamEpoch& epoch = epochs_[(epoch_ - back) % kRemembered];
      if (sequence >= epoch.first_sequence) return &epoch;
      if (epoch.anew) return nullptr;
    }
    return nullptr;
  }

  void sent(const Out& out, Instant now) {
    if (!sent_any_ || out.sequence > last_sequence_) {
      last_sequence_ = out.sequence;
      last_timestamp_ = out.timestamp;
      last_sent_at_ = now;
    }
    sent_any_ = true;
  }

  // The present one; all zero before the first.
  const StreamEpoch& epoch() const { return epochs_[epoch_ % kRemembered]; }
  bool fed_by(std::uint32_t source) const { return epoch_ != 0 && epoch().source == source; }
  std::int64_t last_sequence() const { return last_sequence_; }
  std::uint32_t last_timestamp() const { return last_timestamp_; }
  Instant last_sent_at() const { return last_sent_at_; }
  bool sent_any() const { return sent_any_; }

  // For a source that makes its own packets one by one (the mixer): the next sequence, timestamp by elapsed time.
  Out next(Instant now, std::uint32_t frame) {
    Out out{last_sequence_ + 1, last_timestamp_ + frame};
    if (sent_any_) {
      const std::int64_t elapsed = (now - last_sent_at_).us() * clock_rate_ / 1'000'000;
      const std::int64_t frames = (elapsed + frame / 2) / frame;
      if (frames > 1) out.timestamp = last_timestamp_ + static_cast<std::uint32_t>(frames) * frame;
    }
    return out;
  }

 private:
  static constexpr std::int64_t kLeap = 1024;  // more than anybody repairs
  std::uint32_t clock_rate_;
  std::int64_t last_sequence_;
  std::uint32_t last_timestamp_;
  Instant last_sent_at_;
  bool sent_any_ = false;
  static constexpr std::uint32_t kRemembered = 4;
  std::uint32_t epoch_ = 0;
  std::array<StreamEpoch, kRemembered> epochs_{};
};

}  // namespace upcall::sfu
