// The one place of this program where OpenSSL's clock is taken over (tests/support/openssl_clock.hpp).
#pragma once

#include "base/time.hpp"

namespace upcall::sim {

void follow_clock(Instant now);

}  // namespace upcall::sim
