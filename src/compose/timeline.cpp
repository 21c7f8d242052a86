#include "compose/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::compose {

namespace {
constexpr double kMaxSlew = 0.005;          // us of correction a us
constexpr double kMaxSlopeError = 0.001;    // 1000 ppm: no clock in use drifts that much
constexpr std::size_t kReportsMax = 32;
constexpr std::int64_t kFitSpanUs = 3'000'000;
constexpr std::int64_t kLateForUs = 1'000'000;
constexpr std::size_t kMarkersMax = 256;

// 32.32 fixed point seconds to microseconds.
std::int64_t ntp_to_us(std::uint64_t ntp) {
  const auto seconds = static_cast<std::int64_t>(ntp >> 32);
  const auto fraction = static_cast<std::int64_t>(((ntp & 0xffffffffu) * 1'000'000u) >> 32);
  return seconds * 1'000'000 + fraction;
}
}  // namespace

std::int64_t Timeline::Source::least_of_window() const {
  std::int64_t out = kNone;
  for (const std::int64_t v : least) out = std::min(out, v);
  return out;
}

void Timeline::add_source(std::uint32_t source, const std::string& person, std::uint32_t clock_rate) {
  Source s;
  s.person = person;
  s.rate = std::max<std::uint32_t>(clock_rate, 1);
  s.least.fill(kNone);
  sources_.insert_or_assign(source, std::move(s));
}

void Timeline::remove_source(std::uint32_t source) { sources_.erase(source); }

std::int64_t Timeline::on_packet(std::uint32_t source, std::int64_t arrival_us, std::uint32_t timestamp) {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return 0;
  Source& s = it->second;
  const std::int64_t ts = s.unwrapper.unwrap(timestamp);
  if (!s.anchored) {
    s.base = ts;
    s.latest = ts;
  }
  s.latest = std::max(s.latest, ts);
  const auto delay = static_cast<std::int64_t>(static_cast<double>(arrival_us) - s.nominal_us(ts));
  const std::int64_t second = arrival_us / 1'000'000;
  if (s.bucket < 0) s.bucket = second;
  while (s.bucket < second) {
    ++s.bucket;
    s.least[static_cast<std::size_t>(s.bucket % kWindowSeconds)] = kNone;
    if (second - s.bucket > kWindowSeconds) s.bucket = second - kWindowSeconds;
  }
  // RTP time that fell behind for good (the sender restarted it): forget the window that says otherwise.
  const std::int64_t least = s.least_of_window();
  if (least != kNone && delay > least + kJumpUs) {
    if (s.late_since_us < 0) s.late_since_us = arrival_us;
    if (arrival_us - s.late_since_us > kLateForUs) {
      s.least.fill(kNone);
      s.late_since_us = -1;
    }
  } else {
    s.late_since_us = -1;
  }
  std::int64_t& bucket = s.least[static_cast<std::size_t>(second % kWindowSeconds)];
  bucket = std::min(bucket, delay);
  if (!s.anchored) {
    s.anchored = true;
    s.offset_us = static_cast<double>(delay);
  }
  return ts;
}

void Timeline::fit(Source& s) {
  const double nominal = 1e6 / s.rate;
  const Report& last = s.reports.back();
  s.ts0 = last.timestamp;
  s.ntp0 = static_cast<double>(last.ntp_us);
  s.slope = nominal;
  const Report& first = s.reports.front();
  // Reports are rounded to a millisecond by many senders: a short span says nothing about drift.
  if (s.reports.size() < 3 || last.ntp_us - first.ntp_us < kFitSpanUs) return;
  double mean_x = 0, mean_y = 0;
  for (const Report& r : s.reports) {
    mean_x += static_cast<double>(r.timestamp - s.ts0);
    mean_y += static_cast<double>(r.ntp_us - last.ntp_us);
  }
  const auto n = static_cast<double>(s.reports.size());
  mean_x /= n;
  mean_y /= n;
  double xx = 0, xy = 0;
  for (const Report& r : s.reports) {
    const double x = static_cast<double>(r.timestamp - s.ts0) - mean_x;
    xx += x * x;
    xy += x * (static_cast<double>(r.ntp_us - last.ntp_us) - mean_y);
  }
  if (xx <= 0) return;
  const double slope = xy / xx;
  if (std::abs(slope / nominal - 1) > kMaxSlopeError) return;
  s.slope = slope;
  s.ntp0 = static_cast<double>(last.ntp_us) + mean_y - slope * mean_x;
}

void Timeline::on_sender_report(std::uint32_t source, std::int64_t arrival_us, std::uint64_t ntp,
                                std::uint32_t timestamp) {
  const auto it = sources_.find(source);
  // A report before any media names a timestamp that cannot be unwrapped against anything yet.
  if (it == sources_.end() || !it->second.anchored || ntp == 0) return;
  Source& s = it->second;
  Unwrapper<std::uint32_t> probe = s.unwrapper;
  const Report report{probe.unwrap(timestamp), ntp_to_us(ntp)};
  const bool stale = !s.reports.empty() && report.ntp_us <= s.reports.back().ntp_us &&
                     report.timestamp <= s.reports.back().timestamp;
  if (s.by_report) {
    const double error = static_cast<double>(report.ntp_us) - s.ntp_us(report.timestamp);
    if (std::abs(error) > static_cast<double>(kJumpUs)) {
      s.reports.clear();
    } else if (stale) {
      return;  // reordered or repeated
    }
  }
  s.reports.push_back(report);
  if (s.reports.size() > kReportsMax) s.reports.erase(s.reports.begin());
  const bool first = !s.by_report;
  const double before = s.clock_us(s.latest) + s.offset_us;
  const bool restarted = s.reports.size() == 1;
  const double old_end = s.by_report ? s.ntp_us(s.latest) : 0;
  fit(s);
  s.by_report = true;
  if (first) {
    // Arrival mapping to report mapping in one step: within the first seconds, and mostly by next to nothing.
    s.offset_us = target_offset(s);
    const double jump = s.clock_us(s.latest) + s.offset_us - before;
    if (std::abs(jump) > static_cast<double>(kJumpUs) && markers_.size() < kMarkersMax) {
      markers_.push_back({arrival_us, source, static_cast<std::int64_t>(jump)});
    }
    // A better witness for the person's other sources too, whose mapping so far was a guess.
    for (auto& [number, other] : sources_) {
      if (&other == &s || !other.by_report || other.person != s.person) continue;
      const double target = target_offset(other);
      if (std::abs(target - other.offset_us) < static_cast<double>(kJumpUs)) other.offset_us = target;
    }
  } else if (restarted) {
    // The sender's clock was set: its media goes on where it was, the offset takes the step.
    s.offset_us += old_end - s.ntp_us(s.latest);
    const double target = target_offset(s);
    const double jump = target - s.offset_us;
    if (std::abs(jump) > static_cast<double>(kJumpUs)) s.offset_us = target;
    if (markers_.size() < kMarkersMax) markers_.push_back({arrival_us, source, static_cast<std::int64_t>(jump)});
  }
}

double Timeline::own_offset(const Source& s) {
  const std::int64_t least = s.least_of_window();
  if (least == kNone) return s.offset_us;
  // arrival - clock = (arrival - nominal) - (clock - nominal), the latter taken at the latest packet.
  return static_cast<double>(least) - (s.clock_us(s.latest) - s.nominal_us(s.latest));
}

double Timeline::target_offset(const Source& s) const {
  const double own = own_offset(s);
  if (!s.by_report) return own;
  double out = own;
  for (const auto& [number, other] : sources_) {
    if (&other == &s || !other.by_report || other.person != s.person) continue;
    const double offset = own_offset(other);
    // One that differs by half a second speaks of another clock (it was just set, reports are still on their way).
    if (std::abs(offset - own) < static_cast<double>(kJumpUs)) out = std::min(out, offset);
  }
  return out;
}

void Timeline::advance(std::int64_t now_us) {
  if (advanced_us_ < 0) advanced_us_ = now_us;
  const std::int64_t elapsed = now_us - advanced_us_;
  if (elapsed < 20'000) return;
  advanced_us_ = now_us;
  const double step = kMaxSlew * static_cast<double>(elapsed);
  for (auto& [number, s] : sources_) {
    if (!s.anchored) continue;
    const double difference = target_offset(s) - s.offset_us;
    if (std::abs(difference) > static_cast<double>(kJumpUs)) {
      s.offset_us += difference;
      if (markers_.size() < kMarkersMax) markers_.push_back({now_us, number, static_cast<std::int64_t>(difference)});
    } else {
      s.offset_us += std::clamp(difference, -step, step);
    }
  }
}

std::int64_t Timeline::time_of(std::uint32_t source, std::int64_t ts) const {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return 0;
  return std::llround(it->second.clock_us(ts) + it->second.offset_us);
}

double Timeline::timestamp_at(std::uint32_t source, std::int64_t time_us) const {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return 0;
  const Source& s = it->second;
  const double clock = static_cast<double>(time_us) - s.offset_us;
  if (s.by_report) return static_cast<double>(s.ts0) + (clock - s.ntp0) / s.slope;
  return static_cast<double>(s.base) + clock * s.rate / 1e6;
}

bool Timeline::anchored(std::uint32_t source) const {
  const auto it = sources_.find(source);
  return it != sources_.end() && it->second.anchored;
}

}  // namespace upcall::compose
