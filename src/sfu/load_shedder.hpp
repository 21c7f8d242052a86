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
#include <optional>

#include "base/time.hpp"

namespace upcall::sfu {

class LoadShedder {
 public:
  static constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
  static constexpr Duration kPeriod = Duration::ms(500);
  // Of a processor. Above `kTooBusy` packets wait for each other; work is then taken down to about `kAim`, and is given
  // back below `kEasy` as long as it would stay below `kTooBusy` with it.
  static constexpr unsigned kTooBusyPercent = 85, kAimPercent = 70, kEasyPercent = 65;
  static constexpr unsigned kEasyPeriods = 3;
  // Key frames of pictures that came back, and feedback that is still on its way: a change shows after so many periods.
  static constexpr unsigned kSettlePeriods = 2;

  // How busy the thread was in the last period, and how many cameras the receiver of most is to get (sent or held back).
  // Answers whether cameras_most() changed.
  bool measured(unsigned busy_percent, std::size_t asked_most) {
    busy_percent = std::min(busy_percent, 100u);
    if (settling_ > 0) {
      if (--settling_ == 0) learn(busy_percent, asked_most);
      return false;
    }
    if (busy_percent > kTooBusyPercent) {
      easy_ = 0;
      const std::size_t now = std::min(cameras_most_, asked_most);
      // Everybody keeps one picture: who talks to one person only loses nothing by what others ask.
      const std::size_t less = std::max<std::size_t>(1, now * kAimPercent / busy_percent);
      return less < now && set(less, busy_percent, asked_most);
    }
    if (cameras_most_ == kAll) return false;
    if (busy_percent >= kEasyPercent) {
      easy_ = 0;
      return false;
    }
    if (++easy_ < kEasyPeriods) return false;
    if (cameras_most_ >= asked_most) return set(kAll, busy_percent, asked_most);
    if (each_percent_ && busy_percent + *each_percent_ >= kTooBusyPercent) return false;
    const std::size_t fits = each_percent_ ? cameras_most_ + static_cast<std::size_t>((kAimPercent - busy_percent) / std::max(*each_percent_, 0.1))
                                           : cameras_most_ * kAimPercent / std::max(busy_percent, 1u);
    const std::size_t more = std::clamp(fits, cameras_most_ + 1, cameras_most_ * 2);
    return set(more >= asked_most ? kAll : more, busy_percent, asked_most);
  }

  std::size_t cameras_most() const { return cameras_most_; }

 private:
  bool set(std::size_t cameras, unsigned busy_percent, std::size_t asked_most) {
    before_ = {std::min(cameras_most_, asked_most), busy_percent};
    cameras_most_ = cameras;
    easy_ = 0;
    settling_ = kSettlePeriods;
    return true;
  }
  // What a camera more for everybody costs: most of the work may be another (sound, joins). A full thread tells nothing
  // of how much more it was asked for, but that it was too much.
  void learn(unsigned busy_percent, std::size_t asked_most) {
    const std::size_t now = std::min(cameras_most_, asked_most);
    if (now == before_.cameras || before_.busy_percent >= kFullPercent) return;
    const double cameras = static_cast<double>(now) - static_cast<double>(before_.cameras);
    each_percent_ = std::max(0.0, (static_cast<double>(busy_percent) - static_cast<double>(before_.busy_percent)) / cameras);
  }

  static constexpr unsigned kFullPercent = 97;
  struct Point {
    std::size_t cameras = 0;
    unsigned busy_percent = 100;
  };

  std::size_t cameras_most_ = kAll;
  std::optional<double> each_percent_;   // nothing: not known; all that it does is then taken for pictures
  Point before_;                         // the last change
  unsigned easy_ = 0, settling_ = 0;
};

}  // namespace upcall::sfu
