// How failed log-ins slow down further ones, for an account and for an address. Pure: the store keeps the counts, so
// that they outlive a restart.
#pragma once

#include "base/time.hpp"

namespace upcall::identity {

struct Failures {
  int count = 0;
  WallTime last = WallTime::from_unix_ms(0);
  WallTime locked_until = WallTime::from_unix_ms(0);
};

struct LockoutRule {
  int free = 10;                          // failures within `window` before the first delay
  Duration window = Duration::s(15 * 60);
  Duration first_delay = Duration::s(30); // doubles with each failure after that
  Duration longest = Duration::s(15 * 60);
};
inline constexpr LockoutRule kAccountLockout{};
// Many people may sit behind one address: it takes more of them.
inline constexpr LockoutRule kAddressLockout{.free = 30};
// The growth is forgotten after a day without failure.
inline constexpr Duration kFailuresForgotten = Duration::s(24 * 3600);

// Zero: a try is allowed.
Duration wait_before_next(const Failures& failures, WallTime now);
Failures after_failure(Failures failures, const LockoutRule& rule, WallTime now);

}  // namespace upcall::identity
