#include "rtc/bwe/rate_control.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace upcall::rtc::bwe {

namespace {
constexpr double kBeta = 0.85;                     // of what arrives, after the path was found full
constexpr double kGrowth = 1.08;                   // a second, far from known capacity
constexpr double kAheadOfArrivals = 1.5;           // never further above what was seen to arrive ...
constexpr double kAheadAlways = 20'000;            // ... and this
constexpr Duration kDecreaseApartMost = Duration::ms(200);
constexpr double kStepDownMost = 0.5;              // one decrease takes no more than half
constexpr Duration kLossWindow = Duration::ms(250);
constexpr std::uint64_t kLossPacketsLeast = 20;
constexpr double kLossSmoothing = 0.3;
constexpr double kLossHigh = 0.10, kLossLow = 0.02;
constexpr double kBoundLeast = 250'000;
constexpr double kBoundGone = 30'000'000;
}  // namespace

void RateControl::update(Instant now, const Input& in) {
  const double seconds = updated_at_ == Instant() ? 0 : std::min((now - updated_at_).seconds(), 1.0);
  updated_at_ = now;
  switch (in.usage) {
    case Usage::over: decrease(now, in); break;
    case Usage::under: holding_ = true; break;     // the queue empties: let it
    case Usage::normal:
      if (std::exchange(holding_, false)) break;
      bps_ = std::max(bps_, increase(seconds, in));
      break;
  }
  bps_ = std::clamp(bps_, static_cast<double>(limits_.least_bps), static_cast<double>(limits_.most_bps));
}

double RateControl::increase(double seconds, const Input& in) const {
  if (!in.acknowledged_bps) return bps_;
  const double arrives = static_cast<double>(*in.acknowledged_bps);
  const double most = arrives * kAheadOfArrivals + kAheadAlways;
  bool near = false;
  if (capacity_bps_) {
    const double deviation = std::sqrt(capacity_variance_ * *capacity_bps_ / 1000) * 1000;
    near = arrives < *capacity_bps_ + 3 * deviation;
  }
  double next;
  if (near) {
    // One average packet a response time, a response being the way there and back and the detector's own 100 ms.
    const double frame_bits = bps_ / 30;
    const double packets = std::ceil(frame_bits / (1200 * 8));
    const double response_s = (in.rtt + Duration::ms(100)).seconds();
    next = bps_ + std::max(4000.0, frame_bits / packets / response_s) * seconds;
  } else {
    next = bps_ * std::pow(kGrowth, seconds);
  }
  return std::min(next, most);
}

void RateControl::decrease(Instant now, const Input& in) {
  holding_ = true;
  const double arrives = static_cast<double>(in.recent_bps.value_or(in.acknowledged_bps.value_or(bps())));
  const Duration apart = std::clamp(in.rtt, Duration::ms(10), kDecreaseApartMost);
  if (lowered_at_ != Instant() && now - lowered_at_ < apart && arrives > bps_ * kStepDownMost) return;
  learn_capacity(arrives);
  const double next = std::max(kBeta * arrives, bps_ * kStepDownMost);
  if (next < bps_) {
    bps_ = next;
    lowered_at_ = now;
  }
}

void RateControl::learn_capacity(double bps) {
  if (capacity_bps_) {
    const double deviation = std::sqrt(capacity_variance_ * *capacity_bps_ / 1000) * 1000;
    if (std::abs(bps - *capacity_bps_) > 3 * deviation) capacity_bps_.reset();  // another path
  }
  if (!capacity_bps_) {
    capacity_bps_ = bps;
    return;
  }
  constexpr double kNew = 0.05;
  const double error_kbps = (*capacity_bps_ - bps) / 1000;
  *capacity_bps_ += kNew * (bps - *capacity_bps_);
  const double norm = std::max(*capacity_bps_ / 1000, 1.0);
  capacity_variance_ = std::clamp((1 - kNew) * capacity_variance_ + kNew * error_kbps * error_kbps / norm, 0.4, 2.5);
}

void RateControl::raise(std::uint64_t bps) {
  if (static_cast<double>(bps) <= bps_) return;
  bps_ = std::min(static_cast<double>(bps), static_cast<double>(limits_.most_bps));
  if (capacity_bps_ && static_cast<double>(bps) > *capacity_bps_) capacity_bps_.reset();
}

void RateControl::halve(std::uint64_t least_bps) {
  bps_ = std::max(bps_ / 2, std::min(bps_, static_cast<double>(std::max(least_bps, limits_.least_bps))));
}

void LossBound::update(Instant now, std::uint64_t expected, std::uint64_t lost, std::uint64_t bps, Duration rtt) {
  if (!began_) {
    began_ = true;
    window_began_ = now;
  }
  expected_ += expected;
  lost_ += lost;
  const Duration window = now - window_began_;
  if (window < kLossWindow || expected_ < kLossPacketsLeast) return;
  const double now_lost = static_cast<double>(std::min(lost_, expected_)) / static_cast<double>(expected_);
  loss_ += kLossSmoothing * (now_lost - loss_);   // fifty packets alone tell 5 % from 10 badly
  expected_ = lost_ = 0;
  window_began_ = now;
  if (loss_ > kLossHigh) {
    if (now < own_until_ && loss_ <= kAlwaysLower && loss_ < own_loss_ + 0.2) return;
    if (tried_ && tried_->half_at) {
      if (now - *tried_->half_at < kSee + rtt) return;
      const bool helped = loss_ > kAlwaysLower || loss_ < tried_->loss * kNoHelp;
      if (!helped) {
        believe_ = own_until_ == Instant() ? kBelieve : std::min(believe_ * 2, kBelieveMost);
        own_until_ = now + believe_;
        own_loss_ = loss_;
        lift();
        return;
      }
      tried_.reset();
    }
    if (lowered_at_ != Instant() && now - lowered_at_ < Duration::ms(300) + rtt) return;
    lowered_at_ = now;
    const double from = std::min(static_cast<double>(bps), bound_bps_.value_or(static_cast<double>(bps)));
    if (!tried_) tried_ = Attempt{.from_bps = from, .loss = loss_};
    bound_bps_ = std::max({from * (1 - 0.5 * loss_), tried_->from_bps / 2, kBoundLeast});
    if (*bound_bps_ <= std::max(tried_->from_bps / 2, kBoundLeast) && !tried_->half_at) tried_->half_at = now;
    return;
  }
  tried_.reset();   // it has helped, or something else has
  if (loss_ < kLossLow && bound_bps_) {
    *bound_bps_ *= std::pow(kGrowth, std::min(window.seconds(), 1.0));
    if (*bound_bps_ > kBoundGone) bound_bps_.reset();
  }
}

}  // namespace upcall::rtc::bwe
