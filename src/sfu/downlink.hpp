// The way from us to one attendee: what it carries, and what waits for it. Plain state with its own small rules; owned by
// its Connection, on the meeting's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/time.hpp"
#include "rtc/bwe/send_side.hpp"
#include "sfu/pacer.hpp"

namespace upcall::sfu {

struct Downlink {
  // While a link is not known: as much as a first picture needs to come in one go.
  static constexpr std::uint64_t kUnknownBps = 10'000'000;
  static constexpr std::uint64_t kUnmeasuredBps = 1'000'000;   // from where loss takes a link down whose receiver tells no arrivals
  static constexpr Duration kRembFresh = Duration::s(5);
  // A queue that long on the way is let drain: less than it carries is sent.
  static constexpr Duration kQueueLong = Duration::ms(150);
  static constexpr std::uint64_t kDrainPercent = 70;
  static constexpr Duration kAllocatePeriod = Duration::ms(250);
  // Of the rate, for sound; more is taken off where it is loaded.
  static constexpr std::uint64_t kAudioBps = 64'000;

  std::unique_ptr<rtc::bwe::SendSideEstimator> estimator;   // with transport-wide feedback
  rtc::bwe::LossBound report_loss;                          // without: from receiver reports
  std::uint64_t remb_bps = 0;
  Instant remb_at;
  Pacer pacer;
  Instant pace_due = Instant::never(), allocate_due = Instant::never();
  std::size_t cameras_asked = 0;                            // that it would be sent if nothing were short
  std::uint64_t wanted_bps = 0;                             // all that its videos could use
  bool wants_more = false;                                  // one of them gets less than it could use
  std::optional<rtc::bwe::ProbePlan> probe;                 // to be sent
  std::uint64_t paced = 0, probed = 0, expired = 0;

  bool stamps() const { return estimator != nullptr; }
  // What it carries; nothing while that was not measured.
  std::optional<std::uint64_t> known_bps(Instant now) const {
    if (estimator && estimator->heard()) return estimator->bps();
    const auto bound = report_loss.bps();
    if (remb_bps != 0 && now - remb_at <= kRembFresh) return bound ? std::min(remb_bps, *bound) : remb_bps;
    return bound;
  }
  std::uint64_t bps(Instant now, std::uint64_t unknown_bps) const { return known_bps(now).value_or(unknown_bps); }
  // What is sent by: less than it carries while a queue stands on the way.
  std::uint64_t rate_bps(Instant now, std::uint64_t unknown_bps) const {
    const std::uint64_t rate = bps(now, unknown_bps);
    const bool queue = estimator && estimator->heard() && estimator->queue_delay() > kQueueLong;
    return queue ? rate * kDrainPercent / 100 : rate;
  }
  void set_budget(Instant now, std::uint64_t unknown_bps) { pacer.budget.set_rate(rate_bps(now, unknown_bps)); }
};

}  // namespace upcall::sfu
