// Puts the frames of one source on the ticks of a constant grid without losing or doubling any where the source has the
// grid's rate (or a fraction of it): the source's phase is followed, so that jitter around a tick's border does no harm.
// A frame is never moved by more than one tick. Pure value.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace upcall::compose {

class FrameGrid {
 public:
  explicit FrameGrid(int fps) : tick_us_(1e6 / fps) {}

  std::int64_t place(std::int64_t time_us) {
    const double x = static_cast<double>(time_us) / tick_us_;
    if (frames_ == 0 || x < last_x_ || x - last_x_ > 30) {
      phase_ = x - std::round(x);
      frames_ = 0;
    } else {
      interval_ = frames_ == 1 ? x - last_x_ : interval_ + (x - last_x_ - interval_) * 0.1;
    }
    last_x_ = x;
    ++frames_;
    // A source whose rate does not divide the grid's has no phase: the nearest tick is right. Before that is known, and
    // at the grid's own rate, the source's phase decides.
    const double ratio = std::round(interval_);
    const bool locked = frames_ < 15 || (ratio >= 1 && std::abs(interval_ - ratio) < 0.15 * ratio);
    if (!locked) phase_ = 0;
    const double tick = std::floor(x - phase_ + 0.5);
    phase_ += 0.05 * (x - phase_ - tick);
    // A drifting source loses or gains a tick now and then; not at the half, where jitter would do it again and again.
    if (phase_ > 0.7) phase_ -= 1;
    if (phase_ < -0.7) phase_ += 1;
    last_tick_ = std::max(last_tick_, static_cast<std::int64_t>(tick));
    return last_tick_;
  }

 private:
  double tick_us_;
  double phase_ = 0, last_x_ = 0, interval_ = 0;
  std::int64_t frames_ = 0;
  std::int64_t last_tick_ = 0;
};

}  // namespace upcall::compose
