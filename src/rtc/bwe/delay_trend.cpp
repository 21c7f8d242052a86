#include "rtc/bwe/delay_trend.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::rtc::bwe {

namespace {
constexpr Duration kBurst = Duration::ms(5);            // packets sent this near are one group
constexpr std::int64_t kBurstArrivalUs = 5'000;
constexpr std::int64_t kBurstLongestUs = 100'000;
constexpr double kSmoothing = 0.9;
constexpr double kGain = 4;                             // of the slope, for the comparison with the threshold
constexpr double kDeltasMost = 60;
constexpr double kOverTimeMs = 10;
constexpr double kUp = 0.0087, kDown = 0.039;           // how fast the threshold follows
constexpr double kThresholdLeast = 6, kThresholdMost = 600, kFarAbove = 15, kStepMost = 100;
constexpr std::int64_t kClockJumpUs = 3'000'000;        // the receiver's clock, or a silence: begin anew
constexpr Duration kShortestWindow = Duration::s(10);
constexpr double kQueueSmoothing = 0.2;
// Less is jitter: a radio link shows such trends all the time.
constexpr double kQueueLeastUs = 15'000;
}  // namespace

bool DelayTrend::belongs(const Group& group, Instant sent, std::int64_t arrival_us) const {
  if (sent - group.first_sent <= kBurst) return true;
  // What comes closer together than it was sent was held up by the same queue.
  const std::int64_t arrival_step = arrival_us - group.last_arrival_us;
  const std::int64_t faster = arrival_step - (sent - group.last_sent).us();
  return faster < 0 && arrival_step <= kBurstArrivalUs && arrival_us - group.first_arrival_us < kBurstLongestUs;
}

void DelayTrend::on_packet(Instant sent, std::int64_t arrival_us) {
  measure_queue(sent, arrival_us);
  if (!group_) {
    group_ = Group{sent, sent, arrival_us, arrival_us};
    return;
  }
  if (sent < group_->first_sent) return;  // a straggler of an earlier group
  if (belongs(*group_, sent, arrival_us)) {
    group_->last_sent = std::max(group_->last_sent, sent);
    group_->last_arrival_us = std::max(group_->last_arrival_us, arrival_us);
    return;
  }
  if (before_) on_groups(*before_, *group_);
  before_ = group_;
  group_ = Group{sent, sent, arrival_us, arrival_us};
}

void DelayTrend::on_groups(const Group& before, const Group& group) {
  const std::int64_t arrival_step = group.last_arrival_us - before.last_arrival_us;
  const std::int64_t sent_step = (group.last_sent - before.last_sent).us();
  if (std::abs(arrival_step - sent_step) > kClockJumpUs) {
    count_ = 0;
    accumulated_ms_ = smoothed_ms_ = 0;
    over_ms_ = -1;
    usage_ = Usage::normal;
    shortest_.reset();
    shortest_before_.reset();
    return;
  }
  if (arrival_step < 0) return;  // groups that overtook each other tell nothing
  if (count_ == 0) first_arrival_us_ = group.last_arrival_us;
  accumulated_ms_ += static_cast<double>(arrival_step - sent_step) / 1000;
  smoothed_ms_ = kSmoothing * smoothed_ms_ + (1 - kSmoothing) * accumulated_ms_;
  points_[count_ % kWindow] = {static_cast<double>(group.last_arrival_us - first_arrival_us_) / 1000, smoothed_ms_};
  ++count_;
  const double trend = count_ >= kWindow ? slope() : trend_before_ * (count_ > 1 ? 1.0 : 0.0);
  detect(trend, static_cast<double>(sent_step) / 1000);
}

double DelayTrend::slope() const {
  double mean_at = 0, mean_delay = 0;
  for (const Point& p : points_) {
    mean_at += p.at_ms;
    mean_delay += p.delay_ms;
  }
  mean_at /= kWindow;
  mean_delay /= kWindow;
  double above = 0, below = 0;
  for (const Point& p : points_) {
    above += (p.at_ms - mean_at) * (p.delay_ms - mean_delay);
    below += (p.at_ms - mean_at) * (p.at_ms - mean_at);
  }
  return below == 0 ? trend_before_ : above / below;
}

void DelayTrend::detect(double trend, double step_ms) {
  if (count_ < 2) {
    usage_ = Usage::normal;
    return;
  }
  const double modified = std::min(static_cast<double>(count_), kDeltasMost) * trend * kGain;
  if (modified > threshold_ms_) {
    over_ms_ = over_ms_ < 0 ? step_ms / 2 : over_ms_ + step_ms;
    ++over_count_;
    if (over_ms_ > kOverTimeMs && over_count_ > 1 && trend >= trend_before_ && queue_us_ > kQueueLeastUs) {
      over_ms_ = 0;
      over_count_ = 0;
      usage_ = Usage::over;
    }
  } else {
    over_ms_ = -1;
    over_count_ = 0;
    usage_ = modified < -threshold_ms_ ? Usage::under : Usage::normal;
  }
  trend_before_ = trend;
  const double size = std::abs(modified);
  if (size > threshold_ms_ + kFarAbove) return;  // a sudden change of the path must not blind it
  const double k = size < threshold_ms_ ? kDown : kUp;
  threshold_ms_ += k * (size - threshold_ms_) * std::min(step_ms, kStepMost);
  threshold_ms_ = std::clamp(threshold_ms_, kThresholdLeast, kThresholdMost);
}

void DelayTrend::measure_queue(Instant sent, std::int64_t arrival_us) {
  const std::int64_t way = arrival_us - sent.us();
  if (!shortest_ || sent - window_began_ > kShortestWindow) {
    // Two windows: clocks that drift against each other and new routes are forgotten.
    if (shortest_) shortest_before_ = shortest_;
    shortest_ = way;
    window_began_ = sent;
  }
  shortest_ = std::min(*shortest_, way);
  const std::int64_t base = shortest_before_ ? std::min(*shortest_, *shortest_before_) : *shortest_;
  queue_us_ += kQueueSmoothing * (static_cast<double>(way - base) - queue_us_);
}

}  // namespace upcall::rtc::bwe
