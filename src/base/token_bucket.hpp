// A rate with a burst: `burst` at once, then `per_second` more. Plain arithmetic; one thread.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace upcall {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst) : per_second_(per_second), burst_(burst), tokens_(burst) {}

  // Takes one token; false when there is none.
  bool take(Instant now) {
    if (now > at_) {
      tokens_ = std::min(burst_, tokens_ + static_cast<double>((now - at_).us()) / 1e6 * per_second_);
      at_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_, burst_, tokens_;
  Instant at_;
};

}  // namespace upcall
