#include "rtc/bwe/probe.hpp"

#include <algorithm>

namespace upcall::rtc::bwe {

namespace {
constexpr double kStep = 2;                   // a probe asks for so many times the present rate ...
constexpr double kBeyondWanted = 1.1;         // ... and for no more than this of what is wanted
constexpr double kWorthwhile = 1.1;           // the present rate lacks at least this
constexpr double kArrivedLeast = 0.8;
constexpr double kShown = 0.95;               // of what arrived: the burst's edges flatter it
constexpr std::int64_t kSpanLeastUs = 1'000;  // below: aggregation on the way, it shows no rate
}  // namespace

Instant ProbePlanner::next_at(std::uint64_t present_bps, std::uint64_t wanted_bps, bool urgent) const {
  if (running_ || static_cast<double>(wanted_bps) < static_cast<double>(present_bps) * kWorthwhile) return Instant::never();
  if (failed_ == 0) return not_before_;       // the last one succeeded: go on
  const Duration first = urgent ? kApartUrgent : kApart, most = urgent ? kApartUrgentMost : kApartMost;
  return std::max(not_before_, ended_at_ + std::min(first * (std::int64_t(1) << std::min(failed_ - 1, 4)), most));
}

std::optional<ProbePlan> ProbePlanner::plan(Instant now, std::uint64_t present_bps, std::uint64_t wanted_bps, bool urgent) {
  if (running_ && now - running_->sent_at > kAnswerWithin) {
    running_.reset();                         // no answer came
    ++failed_;
    ended_at_ = now;
  }
  const Instant at = next_at(present_bps, wanted_bps, urgent);
  if (at.is_never() || now < at) return std::nullopt;
  ProbePlan out;
  out.cluster = last_cluster_ == 255 ? 1 : static_cast<std::uint8_t>(last_cluster_ + 1);
  out.bps = static_cast<std::uint64_t>(std::min(static_cast<double>(present_bps) * kStep, static_cast<double>(wanted_bps) * kBeyondWanted));
  out.bytes = static_cast<std::size_t>(static_cast<double>(out.bps) / 8 * kLength.seconds());
  return out;
}

void ProbePlanner::sent(Instant now, const ProbePlan& plan, std::size_t packets) {
  last_cluster_ = plan.cluster;
  running_ = Running{.plan = plan, .packets = packets};
  running_->sent_at = now;
}

void ProbePlanner::hold_off(Instant now) {
  not_before_ = std::max(not_before_, now + kApartUrgent);
  failed_ = std::max(failed_, 1);
  ended_at_ = now;
}

void ProbePlanner::on_arrival(std::uint8_t cluster, std::int64_t arrival_us, std::size_t bytes) {
  if (!running_ || cluster != running_->plan.cluster) return;
  Running& r = *running_;
  if (r.arrived == 0) {
    r.first_us = r.last_us = arrival_us;
    r.first_bytes = bytes;
  }
  if (arrival_us < r.first_us) {
    r.first_us = arrival_us;
    r.first_bytes = bytes;
  }
  r.last_us = std::max(r.last_us, arrival_us);
  r.bytes += bytes;
  ++r.arrived;
}

void ProbePlanner::on_lost(std::uint8_t cluster) {
  if (running_ && cluster == running_->plan.cluster) ++running_->lost;
}

std::optional<std::uint64_t> ProbePlanner::result(Instant now) {
  if (!running_) return std::nullopt;
  const Running& r = *running_;
  if (r.arrived + r.lost < r.packets) return std::nullopt;
  std::uint64_t shown = 0;
  if (r.arrived >= kPacketsLeast && static_cast<double>(r.arrived) >= static_cast<double>(r.packets) * kArrivedLeast) {
    const std::int64_t span = r.last_us - r.first_us;
    shown = r.plan.bps;
    if (span > kSpanLeastUs) {
      const auto rate = static_cast<std::uint64_t>(static_cast<double>(r.bytes - r.first_bytes) * 8e6 / static_cast<double>(span) * kShown);
      shown = std::min(shown, rate);
    }
  }
  // It goes on at once only as long as it gets what it asks for.
  failed_ = static_cast<double>(shown) > static_cast<double>(r.plan.bps) * 0.75 ? 0 : failed_ + 1;
  ended_at_ = now;
  running_.reset();
  return shown;
}

}  // namespace upcall::rtc::bwe
