#include "identity/lockout.hpp"

#include <algorithm>

namespace upcall::identity {

Duration wait_before_next(const Failures& failures, WallTime now) { return now < failures.locked_until ? failures.locked_until - now : Duration(); }

Failures after_failure(Failures f, const LockoutRule& rule, WallTime now) {
  // Once locked, only a day of quiet starts anew: otherwise the delay would never grow.
  const Duration memory = f.count >= rule.free ? kFailuresForgotten : rule.window;
  if (now - f.last > memory) f = {};
  f.count = std::min(f.count + 1, 1'000'000);
  f.last = now;
  if (f.count < rule.free) return f;
  Duration delay = rule.first_delay;
  for (int i = rule.free; i < f.count && delay < rule.longest; ++i) delay = delay + delay;
  f.locked_until = now + std::min(delay, rule.longest);
  return f;
}

}  // namespace upcall::identity
