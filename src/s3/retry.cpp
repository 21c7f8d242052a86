#include "s3/retry.hpp"

#include <algorithm>

namespace upcall::s3 {

namespace {

constexpr int kSkewsMax = 2;
constexpr int kBadAnswersMax = 3;

struct Pauses {
  Duration first, most, least;
};

constexpr Pauses pauses(Failure failure) {
  if (failure == Failure::slow_down) return {Duration::ms(400), Duration::s(20), Duration::ms(200)};
  return {Duration::ms(100), Duration::s(5), Duration()};
}

}  // namespace

std::optional<Duration> RetryPlan::next(Failure failure, Instant now, RandomSource& random) {
  if (!is_transient(failure) || attempt_ + 1 >= limits_.attempts) return std::nullopt;
  if (failure == Failure::bad_answer && ++bad_answers_ > kBadAnswersMax) return std::nullopt;
  Duration pause;
  if (failure == Failure::clock_skew) {
    if (++skews_ > kSkewsMax) return std::nullopt;
  } else {
    const Pauses p = pauses(failure);
    const Duration bound = std::min(p.most, p.first * (std::int64_t{1} << std::min(attempt_, 20)));
    pause = std::max(p.least, Duration::ms(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound.ms()) + 1))));
  }
  if (now + pause >= deadline_) return std::nullopt;
  ++attempt_;
  return pause;
}

void ServerClock::learn(WallTime server, WallTime ours) {
  const Duration offset = server - ours;
  const bool near = offset < Duration::s(60) && offset > -Duration::s(60);
  offset_ms_.store(near ? 0 : offset.ms(), std::memory_order_relaxed);
}

}  // namespace upcall::s3
