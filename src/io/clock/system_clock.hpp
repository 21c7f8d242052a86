// The host's clocks, read once into the value that the cores receive. Any thread.
#pragma once

#include "base/time.hpp"

namespace upcall {

// CLOCK_MONOTONIC and CLOCK_REALTIME, read one after the other.
Now system_now();

}  // namespace upcall
