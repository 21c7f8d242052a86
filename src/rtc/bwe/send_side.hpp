// Send-side bandwidth estimation for one receiver: what was sent goes in, with the receiver's transport-wide feedback
// (draft-holmer-rmcat-transport-wide-cc-extensions-01), and a rate comes out that its path carries. Rates in bits a
// second, IP and UDP headers included. Bounded, no allocation after construction; one thread.
//
//   estimator.next_sequence() → stamped into the packet; estimator.on_sent(now, bytes)
//   estimator.on_feedback(now, fci, rtt) → estimator.bps()
//
// Before the first feedback there is no estimate: heard() is false. What was sent in one go by then (a first picture) is
// the first probe.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "rtc/bwe/acknowledged_rate.hpp"
#include "rtc/bwe/delay_trend.hpp"
#include "rtc/bwe/probe.hpp"
#include "rtc/bwe/rate_control.hpp"
#include "rtc/bwe/sent_history.hpp"
#include "rtc/rtcp/transport_feedback.hpp"

namespace upcall::rtc::bwe {

class SendSideEstimator {
 public:
  static constexpr std::size_t kHeaders = 28;                  // IPv4 and UDP, of each datagram
  static constexpr Duration kSilence = Duration::s(2);         // of a receiver that gave feedback before
  static constexpr std::uint64_t kSilentLeastBps = 300'000;    // and how far its silence takes the rate down

  SendSideEstimator(const RateLimits& limits, std::uint16_t first_sequence)
      : limits_(limits), history_(first_sequence), rate_(limits) {}

  std::uint16_t next_sequence() const { return history_.next_sequence(); }
  // `bytes`: of the datagram. `cluster`: of the probe it belongs to, 0 none.
  void on_sent(Instant now, std::size_t bytes, std::uint8_t cluster = 0);

  struct Arrivals {
    std::size_t arrived = 0, lost = 0;   // told by this feedback for the first time
  };
  // Nothing of a feedback that cannot be decoded is used.
  ParseResult<Arrivals> on_feedback(Instant now, Bytes fci, Duration rtt);
  // From time to time: a receiver that fell silent.
  void handle_timeout(Instant now);

  bool heard() const { return heard_at_ != Instant(); }
  // What may be sent.
  std::uint64_t bps() const;
  Duration queue_delay() const { return trend_.queue_delay(); }
  Usage usage() const { return trend_.usage(); }
  double loss() const { return loss_.loss(); }
  std::optional<std::uint64_t> acknowledged_bps() const { return acknowledged_.bps(); }

  // Probes. `wanted_bps`: what could be used; `urgent`: somebody gets less than it should. None while a queue stands.
  std::optional<ProbePlan> plan_probe(Instant now, std::uint64_t wanted_bps, bool urgent);
  Instant next_probe_at(std::uint64_t wanted_bps, bool urgent) const { return probes_.next_at(bps(), wanted_bps, urgent); }
  void probe_sent(Instant now, const ProbePlan& plan, std::size_t packets) { probes_.sent(now, plan, packets); }

 private:
  void begin_with_first_burst(Instant now);
  std::int64_t unwrap(std::int64_t arrival_us);

  static constexpr std::size_t kStatusesMax = 1024;
  RateLimits limits_;
  SentHistory history_;
  DelayTrend trend_;
  AcknowledgedRate acknowledged_;
  RateControl rate_;
  LossBound loss_;
  ProbePlanner probes_;
  std::optional<std::int64_t> last_arrival_us_;   // unwrapped
  Instant heard_at_, sent_at_, halved_at_;
  Instant burst_at_;                              // before the first feedback
  std::size_t burst_packets_ = 0;
  std::uint8_t burst_cluster_ = 0;
};

}  // namespace upcall::rtc::bwe
