// Virtual time: what is to happen when, in the order it was asked for. One thread; nothing here reads a real clock.
#pragma once

#include <functional>
#include <map>

#include "base/time.hpp"

namespace upcall::sim {

class EventQueue {
 public:
  // Starts well after zero so that "never happened" (a default Instant) lies long ago, as on a real host.
  Now now() const { return {mono_, wall_}; }

  void at(Instant when, std::function<void()> action) { actions_.emplace(std::max(when, mono_), std::move(action)); }
  void after(Duration delay, std::function<void()> action) { at(mono_ + delay, std::move(action)); }

  Instant next() const { return actions_.empty() ? Instant::never() : actions_.begin()->first; }
  // Moves the clock on (never back).
  void advance_to(Instant when) {
    if (when <= mono_) return;
    wall_ = kWallStart + (when - kMonoStart);
    mono_ = when;
  }
  // Runs the first action that is due; false when none is.
  bool run_one() {
    if (next() > mono_) return false;
    auto node = actions_.extract(actions_.begin());
    node.mapped()();
    return true;
  }

 private:
  static constexpr Instant kMonoStart = Instant::from_ms(1'000'000);
  static constexpr WallTime kWallStart = WallTime::from_unix_ms(1'800'000'000'000);
  std::multimap<Instant, std::function<void()>> actions_;
  Instant mono_ = kMonoStart;
  WallTime wall_ = kWallStart;
};

}  // namespace upcall::sim
