#include "io/clock/system_clock.hpp"

#include <ctime>

namespace upcall {

Now system_now() {
  timespec mono{}, wall{};
  ::clock_gettime(CLOCK_MONOTONIC, &mono);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  return {Instant::from_ns(std::int64_t(mono.tv_sec) * 1'000'000'000 + mono.tv_nsec),
          WallTime::from_unix_ms(std::int64_t(wall.tv_sec) * 1'000 + wall.tv_nsec / 1'000'000)};
}

}  // namespace upcall
