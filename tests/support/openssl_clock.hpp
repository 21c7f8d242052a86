// Takes the clock of OpenSSL's DTLS timers over: libssl calls gettimeofday(), and a program's own symbol of that name
// wins over libc's. Include it in exactly ONE source file of a test program; then set virtual_gettimeofday_us before
// each call into DTLS. It starts in 2001 because OpenSSL takes a time of zero for "no timer".
#pragma once

#include <atomic>
#include <cstdint>

#include <sys/time.h>

#include "base/time.hpp"

namespace upcall::test {

inline constexpr std::int64_t kOpenSslEpochUs = 1'000'000'000'000'000;
inline std::atomic<std::int64_t> virtual_gettimeofday_us{kOpenSslEpochUs};

inline void set_openssl_clock(Instant now) { virtual_gettimeofday_us = kOpenSslEpochUs + now.us(); }

}  // namespace upcall::test

extern "C" int gettimeofday(struct timeval* tv, void*) noexcept {
  const std::int64_t us = upcall::test::virtual_gettimeofday_us;
  tv->tv_sec = us / 1'000'000;
  tv->tv_usec = us % 1'000'000;
  return 0;
}
