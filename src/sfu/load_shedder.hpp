// What a media thread does when more is asked of it than it can do: fewer videos for those who receive many, so that
// sound and the small calls beside them stay whole. Sans-I/O: it is told how busy the thread was, and answers how many
// cameras a receiver gets at most. On the media thread; no allocation.
//
// Without it a thread that is asked for half as much again as it can do loses a third of everything, sound too, and each
// loss is asked for again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>

#include "base/time.hpp"

namespace upcall::sfu {

class LoadShedder {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  static constexpr Duration kPeriod = Duration::ms(500);
  // Of a processor. Above `kTooBusy` packets wait for each other; work is then taken down to about `kAim`, and is given
  // back below `kEasy` as long as it would stay below `kTooBusy` with it.
  static constexpr unsigned kTooBusyPercent = 85, kAimPercent = 70, kEasyPercent = 65;
  static constexpr unsigned kEasyPeriods = 6;
  // Key frames of pictures that came back, and feedback that is still on its way: a change shows after so many periods.
  static constexpr unsigned kSettlePeriods = 2;

  // How busy the thread was in the last period, and how many cameras the receiver of most is to get (sent or held back).
  // Answers whether cameras_most() changed.
  bool measured(unsigned busy_percent, std::size_t asked_most) {
    if (settling_ > 0) {
      --settling_;
      return false;
    }
    if (busy_percent > kTooBusyPercent) {
      easy_ = 0;
      const std::size_t now = std::min(cameras_most_, asked_most);
      // Everybody keeps one picture: who talks to one person only loses nothing by what others ask.
      const std::size_t less = std::max<std::size_t>(1, now * kAimPercent / std::min(busy_percent, 100u));
      return less < now && set(less);
    }
    if (cameras_most_ == kAll) return false;
    if (busy_percent >= kEasyPercent) {
      easy_ = 0;
      return false;
    }
    if (++easy_ < kEasyPeriods) return false;
    const std::size_t more = cameras_most_ + std::max<std::size_t>(1, cameras_most_ / 8);
    if (cameras_most_ < asked_most && busy_percent * more / cameras_most_ >= kTooBusyPercent) return false;
    return set(more >= asked_most ? kAll : more);
  }

  std::size_t cameras_most() const { return cameras_most_; }

 private:
  bool set(std::size_t cameras) {
    cameras_most_ = cameras;
    easy_ = 0;
    settling_ = kSettlePeriods;
    return true;
  }

  std::size_t cameras_most_ = kAll;
  unsigned easy_ = 0, settling_ = 0;
};

}  // namespace upcall::sfu
