// When what may be sent to one receiver: a budget that fills at its rate, and queues for what does not fit at once.
// Repairs go before new video, content before cameras: a repaired packet lets a decoder go on, a new one behind a hole
// does not. Audio never waits; it takes from the same budget. Queues hold no payloads: those stand in the publication's
// history. Bounded; allocates its queues once, the first time that something waits. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/time.hpp"
#include "sfu/stream_rewriter.hpp"

namespace upcall::sfu {

struct VideoSubscription;

// Over any second no more than 1.05 times the rate: it saves up 50 ms of it.
class SendBudget {
 public:
  static constexpr Duration kDepth = Duration::ms(50);

  void set_rate(std::uint64_t bps) { ns_per_byte_ = 8e9 / static_cast<double>(std::max<std::uint64_t>(bps, 1)); }
  bool allows(Instant now, std::size_t bytes) const { return free_at_ <= now || free_at_ + cost(bytes) <= now + kDepth; }
  void spend(Instant now, std::size_t bytes) { free_at_ = std::max(free_at_, now) + cost(bytes); }
  // When it allows so much; at the latest when all is paid.
  Instant ready_at(std::size_t bytes) const { return std::min(free_at_, free_at_ + cost(bytes) - kDepth); }

 private:
  Duration cost(std::size_t bytes) const { return Duration::ns(static_cast<std::int64_t>(static_cast<double>(bytes) * ns_per_byte_)); }
  double ns_per_byte_ = 0;
  Instant free_at_;
};

template <class T, std::size_t N>
class FixedQueue {
 public:
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == N; }
  std::size_t size() const { return size_; }
  const T& front() const { return items_[first_]; }
  void push(const T& item) { items_[(first_ + size_++) % N] = item; }
  void pop() {
    first_ = (first_ + 1) % N;
    --size_;
  }
  // Keeps the order of those that stay; how many went.
  template <class Pred>
  std::size_t remove_if(Pred gone) {
    const std::size_t before = size_;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < before; ++i) {
      const T item = items_[(first_ + i) % N];
      if (!gone(item)) items_[(first_ + kept++) % N] = item;
    }
    size_ = kept;
    return before - kept;
  }
  template <class Fn>
  void for_each(Fn fn) const {
    for (std::size_t i = 0; i < size_; ++i) fn(items_[(first_ + i) % N]);
  }
  template <class Pred>
  bool contains(Pred is) const {
    for (std::size_t i = 0; i < size_; ++i) {
      if (is(items_[(first_ + i) % N])) return true;
    }
    return false;
  }

 private:
  std::array<T, N> items_{};
  std::size_t first_ = 0, size_ = 0;
};

struct WaitingVideo {
  VideoSubscription* to = nullptr;
  std::int64_t source_sequence = 0;
  StreamRewriter::Out numbers;         // given when it came: they are the order of the stream
  std::uint32_t source_epoch = 0;
  std::uint16_t picture_id_offset = 0;
  std::uint8_t tl0_offset = 0;
  std::uint16_t bytes = 0;
  Instant since;
};
struct WaitingRepair {
  VideoSubscription* to = nullptr;
  std::uint16_t sequence = 0;
};

class Pacer {
 public:
  // A picture that waited longer is of no use; its stream begins anew at a key frame. Text of a screen may be late.
  static constexpr Duration kCameraWaitsMost = Duration::ms(500), kContentWaitsMost = Duration::ms(1500);

  struct Queues {
    FixedQueue<WaitingRepair, 128> repairs;
    FixedQueue<WaitingVideo, 512> content, cameras;
  };

  SendBudget budget;
  bool idle() const { return !queues_ || (queues_->repairs.empty() && queues_->content.empty() && queues_->cameras.empty()); }
  Queues& queues() {
    if (!queues_) queues_ = std::make_unique<Queues>();
    return *queues_;
  }
  // Of new video that waits.
  std::size_t waiting_bytes() const {
    std::size_t sum = 0;
    if (idle()) return sum;
    const auto count = [&sum](const WaitingVideo& w) { sum += w.bytes; };
    queues_->content.for_each(count);
    queues_->cameras.for_each(count);
    return sum;
  }
  // How many packets of new video were taken out.
  std::size_t forget(const VideoSubscription* to) {
    if (!queues_) return 0;
    queues_->repairs.remove_if([to](const WaitingRepair& w) { return w.to == to; });
    const auto its = [to](const WaitingVideo& w) { return w.to == to; };
    return queues_->content.remove_if(its) + queues_->cameras.remove_if(its);
  }

 private:
  std::unique_ptr<Queues> queues_;
};

}  // namespace upcall::sfu
