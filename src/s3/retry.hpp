// When a failed call is tried again: exponential pauses with full jitter by class of failure, within a deadline. And the
// difference between our clock and the store's. No clocks here: time comes with each call.
#pragma once

#include <atomic>
#include <optional>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "s3/failure.hpp"

namespace upcall::s3 {

struct RetryLimits {
  Duration total = Duration::s(60);  // from the first attempt; no attempt begins later
  int attempts = 10;                 // all classes together
};

// One call's attempts. One thread.
class RetryPlan {
 public:
  RetryPlan(RetryLimits limits, Instant begun) : limits_(limits), deadline_(begun + limits.total) {}

  // The pause before the next attempt, nothing: give up. connection and server: at random in [0, 0.1 s · 2^n], at most
  // 5 s; slow_down: four times as long, at most 20 s, never under 0.2 s; clock_skew: none, twice at most; bad_answer:
  // three times at most; everything that is not transient: never.
  std::optional<Duration> next(Failure failure, Instant now, RandomSource& random);

  Instant deadline() const { return deadline_; }
  int attempt() const { return attempt_; }  // retries granted so far

 private:
  RetryLimits limits_;
  Instant deadline_;
  int attempt_ = 0, skews_ = 0, bad_answers_ = 0;
};

// The store's clock minus ours. Any thread.
class ServerClock {
 public:
  // From a refusal for skew: the Date of the answer and our time when it came. Within a minute counts as none.
  void learn(WallTime server, WallTime ours);
  WallTime at(WallTime ours) const { return ours + Duration::ms(offset_ms_.load(std::memory_order_relaxed)); }
  Duration offset() const { return Duration::ms(offset_ms_.load(std::memory_order_relaxed)); }

 private:
  std::atomic<std::int64_t> offset_ms_{0};
};

}  // namespace upcall::s3
