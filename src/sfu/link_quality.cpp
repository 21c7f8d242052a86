#include "sfu/link_quality.hpp"

#include <algorithm>
#include <utility>

namespace upcall::sfu {

void LinkQuality::Way::count(std::int64_t expected, std::int64_t lost) {
  if (expected < 0 || lost > kLeap || lost < -kLeap) return;
  expected_now_ += expected;
  lost_now_ += lost;
}

void LinkQuality::Way::end_second() {
  if (expected_now_ == 0 && lost_now_ == 0) {
    if (++empty_seconds_ >= kForgetSeconds) expected_ = lost_ = 0;
    return;
  }
  empty_seconds_ = 0;
  const double expected = static_cast<double>(std::exchange(expected_now_, 0));
  const double lost = std::min(static_cast<double>(std::exchange(lost_now_, 0)), expected * kSecondAtMost);
  if (std::exchange(skip_, false)) return;
  expected_ = expected_ * kMemory + expected;
  lost_ = lost_ * kMemory + lost;
}

void LinkQuality::Way::restart() {
  expected_ = lost_ = 0;
  skip_ = true;
}

double LinkQuality::Way::loss() const { return expected_ < kEnoughPackets ? 0 : std::max(0.0, lost_ / expected_); }

bool LinkQuality::judge(Duration silence, std::optional<Duration> rtt) {
  const bool soon = up_.flows() || strength_ == Strength::none;  // who is silent stays so until something comes
  up_.end_second();
  down_.end_second();
  const double loss = std::max(up_.loss(), down_.loss());
  const Duration round_trip = rtt.value_or(Duration());
  const bool trouble = loss >= kWeakLoss || round_trip > kWeakRtt;
  const bool calm = loss < kGoodLoss && round_trip < kGoodRtt;
  trouble_seconds_ = trouble ? trouble_seconds_ + 1 : 0;
  calm_seconds_ = calm ? calm_seconds_ + 1 : 0;

  Strength now = strength_;
  if (silence >= (soon ? kSilence : kSilenceWithoutMedia)) {
    now = Strength::none;
    up_.restart();
    down_.restart();
  } else if (strength_ == Strength::none) {
    now = Strength::weak;
    calm_seconds_ = 0;
  } else if (trouble_seconds_ >= kTroubleSeconds) {
    now = Strength::weak;
  } else if (calm_seconds_ >= kCalmSeconds) {
    now = Strength::good;
  }
  return std::exchange(strength_, now) != now;
}

}  // namespace upcall::sfu
