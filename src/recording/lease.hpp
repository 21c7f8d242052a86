// The owner's lease of a recording, as its owner sees it. The store keeps it by wall time; the owner measures by its own
// monotonic clock from the moment at which it asked, and counts it as over `margin` earlier: that covers the difference of
// two servers' clocks and what was on its way to the disk when the owner noticed. Value type, any thread.
#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace upcall::recording {

struct LeaseRules {
  Duration span = Duration::s(30);      // in the store, from the moment of asking
  Duration margin = Duration::s(10);    // by which the owner stops earlier
  Duration renew = Duration::s(10);     // after the last success
  Duration retry = Duration::s(2);      // after an attempt without success
  // Another server may take it when it is over. False where this process alone can reach the store: then nothing is won by
  // giving a recording up while the store is away, and it is lost by the store's word only.
  bool shared = true;
};

class Lease {
 public:
  Lease(const LeaseRules& rules, Instant asked) : rules_(rules) { held(asked); }

  // It was given, to whoever asked at `asked`.
  void held(Instant asked) {
    if (asked < asked_) return;
    asked_ = asked;
    renew_at_ = asked + rules_.renew;
  }
  // An attempt to renew it begins.
  void renewing(Instant now) { renew_at_ = now + rules_.retry; }

  bool is_over(Instant now) const { return now >= ends(); }   // never, unless shared
  bool is_renewal_due(Instant now) const { return now >= renew_at_; }
  Instant ends() const { return rules_.shared ? asked_ + (rules_.span - rules_.margin) : Instant::never(); }
  Instant deadline() const { return std::min(ends(), renew_at_); }

 private:
  LeaseRules rules_;
  Instant asked_, renew_at_;
};

}  // namespace upcall::recording
