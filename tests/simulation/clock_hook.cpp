#include "clock_hook.hpp"

#include "../support/openssl_clock.hpp"

namespace upcall::sim {

void follow_clock(Instant now) { test::set_openssl_clock(now); }

}  // namespace upcall::sim
