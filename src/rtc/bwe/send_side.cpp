#include "rtc/bwe/send_side.hpp"

#include <algorithm>
#include <array>

namespace upcall::rtc::bwe {

namespace {
// The reference time of a feedback has 24 bits of 64 ms: it begins anew after 12.4 days.
constexpr std::int64_t kArrivalCircleUs = (std::int64_t(1) << 24) * 64'000;
constexpr Duration kProbeQueueMost = Duration::ms(80);
constexpr std::uint64_t kFirstBurstBps = 8'000'000;   // more is not concluded from the first picture
}  // namespace

void SendSideEstimator::on_sent(Instant now, std::size_t bytes, std::uint8_t cluster) {
  if (!heard() && cluster == 0) {
    const bool goes_on = burst_packets_ > 0 && now - burst_at_ <= ProbePlanner::kLength;
    if (goes_on) {
      ++burst_packets_;
    } else if (burst_packets_ < ProbePlanner::kPacketsLeast) {
      burst_at_ = now;
      burst_packets_ = 1;
      burst_cluster_ = burst_cluster_ == 255 ? 1 : static_cast<std::uint8_t>(burst_cluster_ + 1);
    }
    if (goes_on || burst_packets_ == 1) cluster = burst_cluster_;
  }
  history_.put(now, bytes + kHeaders, cluster);
  sent_at_ = now;
}

void SendSideEstimator::begin_with_first_burst(Instant now) {
  if (burst_packets_ < ProbePlanner::kPacketsLeast) return;
  probes_.sent(now, {.cluster = burst_cluster_, .bps = kFirstBurstBps}, burst_packets_);
}

std::int64_t SendSideEstimator::unwrap(std::int64_t arrival_us) {
  if (!last_arrival_us_) return *(last_arrival_us_ = arrival_us + kArrivalCircleUs);
  std::int64_t step = (arrival_us - *last_arrival_us_) % kArrivalCircleUs;
  if (step > kArrivalCircleUs / 2) step -= kArrivalCircleUs;
  if (step < -kArrivalCircleUs / 2) step += kArrivalCircleUs;
  const std::int64_t out = *last_arrival_us_ + step;
  last_arrival_us_ = std::max(*last_arrival_us_, out);
  return out;
}

ParseResult<SendSideEstimator::Arrivals> SendSideEstimator::on_feedback(Instant now, Bytes fci, Duration rtt) {
  std::array<TransportArrival, kStatusesMax> arrivals;
  const auto count = decode_transport_feedback(fci, arrivals);
  if (!count) return fail(count.error());
  if (!heard()) begin_with_first_burst(now);
  Arrivals out;
  for (std::size_t i = 0; i < *count; ++i) {
    const TransportArrival& told = arrivals[i];
    SentHistory::Sent* sent = history_.find(told.sequence);
    if (sent == nullptr || sent->state == SentHistory::State::arrived) continue;
    if (!told.received) {
      if (sent->state == SentHistory::State::lost) continue;
      sent->state = SentHistory::State::lost;
      probes_.on_lost(sent->cluster);
      ++out.lost;
      continue;
    }
    // Told as lost before, and late: it arrived all the same.
    sent->state = SentHistory::State::arrived;
    ++out.arrived;
    const std::int64_t arrival_us = unwrap(told.arrival_us);
    acknowledged_.on_packet(arrival_us, sent->bytes);
    probes_.on_arrival(sent->cluster, arrival_us, sent->bytes);
    trend_.on_packet(sent->at, arrival_us);
  }
  if (out.arrived == 0 && out.lost == 0) return out;
  const std::uint64_t before = bps();
  heard_at_ = now;
  // By what was really sent: to allow less than that is what a lower rate means.
  const auto arrives = acknowledged_.bps();
  const double sent_bps = arrives ? static_cast<double>(*arrives) / std::max(0.1, 1 - loss_.loss()) : static_cast<double>(before);
  loss_.update(now, out.arrived + out.lost, out.lost, std::min(before, static_cast<std::uint64_t>(sent_bps)), rtt);
  const Instant lowered = rate_.lowered_at();
  rate_.update(now, {trend_.usage(), acknowledged_.bps(), acknowledged_.recent_bps(), rtt});
  if (rate_.lowered_at() != lowered) probes_.hold_off(now);
  if (const auto shown = probes_.result(now); shown && *shown > before) {
    rate_.raise(*shown);
    // A burst may well pass where a stream does not: an attempt to end loss is not broken off by it.
    if (loss_.bps() && *loss_.bps() < *shown && !loss_.trying()) loss_.lift();
  }
  return out;
}

void SendSideEstimator::handle_timeout(Instant now) {
  if (!heard() || sent_at_ <= heard_at_ || now - heard_at_ < kSilence || now - halved_at_ < kSilence / 2) return;
  halved_at_ = now;
  rate_.halve(kSilentLeastBps);
}

std::uint64_t SendSideEstimator::bps() const {
  const std::uint64_t bound = loss_.bps().value_or(rate_.bps());
  return std::max(limits_.least_bps, std::min(rate_.bps(), bound));
}

std::optional<ProbePlan> SendSideEstimator::plan_probe(Instant now, std::uint64_t wanted_bps, bool urgent) {
  if (!heard() || trend_.usage() == Usage::over || trend_.queue_delay() > kProbeQueueMost) return std::nullopt;
  return probes_.plan(now, bps(), std::min(wanted_bps, limits_.most_bps), urgent);
}

}  // namespace upcall::rtc::bwe
