// Pauses between attempts that double up to a longest one. Value type.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace upcall::service {

class Backoff {
 public:
  Backoff(Duration first, Duration longest) : first_(first), longest_(longest), next_(first) {}
  Duration next() {
    const Duration out = next_;
    next_ = std::min(next_ * 2, longest_);
    return out;
  }
  void reset() { next_ = first_; }

 private:
  Duration first_, longest_, next_;
};

}  // namespace upcall::service
