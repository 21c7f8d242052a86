#include "quality/series.hpp"

#include <algorithm>

namespace upcall::quality {

namespace {

float as_float(double v) { return static_cast<float>(v); }

Point point_of(const Figures& f) {
  return {true,
          as_float(f.score),
          f.reason,
          as_float(f.rtt_ms.value_or(0)),
          as_float(f.loss_up_percent.value_or(0)),
          as_float(f.loss_down_percent.value_or(0)),
          as_float(f.frozen_percent),
          as_float(f.up_kbps.value_or(f.sent_kbps)),
          as_float(f.down_kbps.value_or(f.received_kbps))};
}

// `share`: of b in what is the middle of both.
Point merged(const Point& a, const Point& b, float share) {
  if (!a.present) return b;
  if (!b.present) return a;
  const auto middle = [&](float x, float y) { return x + (y - x) * share; };
  const Point& worse = b.score < a.score ? b : a;
  return {true,
          worse.score,
          worse.reason,
          middle(a.rtt_ms, b.rtt_ms),
          std::max(a.loss_up_percent, b.loss_up_percent),
          std::max(a.loss_down_percent, b.loss_down_percent),
          std::max(a.frozen_percent, b.frozen_percent),
          middle(a.up_kbps, b.up_kbps),
          middle(a.down_kbps, b.down_kbps)};
}

}  // namespace

std::string_view to_string(Happening happening) {
  constexpr std::array<std::string_view, 7> kWords = {"joined", "left", "dropped", "video_on", "video_off", "share_on", "share_off"};
  return kWords[static_cast<std::size_t>(happening)];
}

void Series::halve() {
  for (std::size_t i = 0; i < points_.size(); i += 2) {
    points_[i / 2] = i + 1 < points_.size() ? merged(points_[i], points_[i + 1], 0.5F) : points_[i];
  }
  points_.resize((points_.size() + 1) / 2);
  step_ = step_ * 2;
}

std::size_t Series::slot_of(Instant now) {
  const auto at = [&] { return static_cast<std::size_t>(std::max<std::int64_t>(0, (now - began_).ns()) / step_.ns()); };
  while (at() >= kPointsMax) halve();
  return std::max(at(), points_.empty() ? 0 : points_.size() - 1);
}

void Series::add(Instant now, const Figures& figures) {
  const std::size_t slot = slot_of(now);
  if (slot >= points_.size()) {
    points_.resize(slot + 1);
    samples_in_last_ = 0;
  }
  ++samples_in_last_;
  points_[slot] = merged(points_[slot], point_of(figures), 1.0F / static_cast<float>(samples_in_last_));
}

void Series::note(Instant now, Happening what) {
  if (moments_.size() < kMomentsMax) moments_.push_back({std::max(Duration(), now - began_), what});
}

Series::Summary Series::summary() const {
  Summary out;
  std::array<int, kReasonCount> reasons{};
  double sum = 0;
  std::int64_t present = 0, bad = 0;
  for (const Point& p : points_) {
    if (!p.present) continue;
    sum += p.score;
    out.worst_score = present == 0 ? p.score : std::min<double>(out.worst_score, p.score);
    ++present;
    if (p.score >= kBadScore) continue;
    ++bad;
    ++reasons[static_cast<std::size_t>(p.reason)];
  }
  if (present > 0) out.mean_score = sum / static_cast<double>(present);
  out.present = step_ * present;
  out.bad = step_ * bad;
  if (bad > 0) out.reason = static_cast<Reason>(std::max_element(reasons.begin(), reasons.end()) - reasons.begin());
  return out;
}

}  // namespace upcall::quality
