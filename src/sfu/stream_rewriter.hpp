// Numbers of one outgoing stream: whatever source feeds it, sequence and timestamp go on without a seam. A pure
// decision object. "Epoch": a stretch fed by one source with constant offsets.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace upcall::sfu {

class StreamRewriter {
 public:
  StreamRewriter(std::uint32_t clock_rate, std::uint16_t first_sequence, std::uint32_t first_timestamp)
      : clock_rate_(clock_rate), last_sequence_(std::int64_t(first_sequence) + 65536 - 1),
        last_timestamp_(first_timestamp) {}

  // Starts feeding from a source whose first packet has these numbers.
  void begin_epoch(std::int64_t source_sequence, std::uint32_t source_timestamp, Instant now) {
    ++epoch_;
    first_source_sequence_ = source_sequence;
    sequence_offset_ = last_sequence_ + 1 - source_sequence;
    std::uint32_t step = 0;
    if (sent_any_) {
      // The time that really passed, so that the receiver's jitter buffer sees no jump; at least one tick.
      const std::int64_t elapsed_us = (now - last_sent_at_).us();
      step = static_cast<std::uint32_t>(elapsed_us * clock_rate_ / 1'000'000);
      if (step == 0) step = 1;
    }
    timestamp_offset_ = last_timestamp_ + step - source_timestamp;
  }

  // Would this packet carry the outgoing numbers further than a receiver can follow? SRTP guesses the roll-over within
  // 2^15 of the last packet it got (RFC 3711 §3.3.1): a sender that leaps would lock listeners out of a stream that it
  // shares with others. Such a packet begins a new epoch.
  bool leaps(std::int64_t source_sequence) const {
    return epoch_ != 0 && source_sequence + sequence_offset_ > last_sequence_ + kLeap;
  }

  struct Out {
    std::int64_t sequence = 0;  // unwrapped
    std::uint32_t timestamp = 0;
  };
  // Nothing for a packet from before the epoch began (late, of no use to this receiver).
  std::optional<Out> map(std::int64_t source_sequence, std::uint32_t source_timestamp) const {
    if (epoch_ == 0 || source_sequence < first_source_sequence_) return std::nullopt;
    return Out{source_sequence + sequence_offset_, source_timestamp + timestamp_offset_};
  }
  std::uint32_t map_timestamp(std::uint32_t source_timestamp) const { return source_timestamp + timestamp_offset_; }
  // Source sequence of an outgoing one, if it belongs to the present epoch.
  std::optional<std::int64_t> source_of(std::int64_t sequence) const {
    const std::int64_t source = sequence - sequence_offset_;
    if (epoch_ == 0 || source < first_source_sequence_ || sequence > last_sequence_) return std::nullopt;
    return source;
  }

  void sent(const Out& out, Instant now) {
    if (!sent_any_ || out.sequence > last_sequence_) {
      last_sequence_ = out.sequence;
      last_timestamp_ = out.timestamp;
      last_sent_at_ = now;
    }
    sent_any_ = true;
  }

  std::uint32_t epoch() const { return epoch_; }
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
  std::uint32_t epoch_ = 0;
  std::int64_t first_source_sequence_ = 0;
  std::int64_t sequence_offset_ = 0;
  std::uint32_t timestamp_offset_ = 0;
};

}  // namespace upcall::sfu
