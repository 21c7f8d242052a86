// From usage of the path to a rate: additive increase near the last known capacity, multiplicative elsewhere, and a
// decrease to a share of what arrives (draft-ietf-rmcat-gcc-02 §5.5); a bound by loss beside it (§6). Bits a second, UDP
// and IP headers included. Pure decisions; one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "rtc/bwe/delay_trend.hpp"

namespace upcall::rtc::bwe {

struct RateLimits {
  std::uint64_t start_bps = 2'000'000, least_bps = 100'000, most_bps = 30'000'000;
};

class RateControl {
 public:
  explicit RateControl(const RateLimits& limits) : limits_(limits), bps_(static_cast<double>(limits.start_bps)) {}

  struct Input {
    Usage usage = Usage::normal;
    std::optional<std::uint64_t> acknowledged_bps, recent_bps;
    Duration rtt = Duration::ms(100);
  };
  void update(Instant now, const Input& in);
  // A probe has shown that this much arrives.
  void raise(std::uint64_t bps);
  // Nobody tells what arrives: half of it, not below `least`.
  void halve(std::uint64_t least_bps);
  std::uint64_t bps() const { return static_cast<std::uint64_t>(bps_); }
  // When it was lowered last.
  Instant lowered_at() const { return lowered_at_; }

 private:
  double increase(double seconds, const Input& in) const;
  void decrease(Instant now, const Input& in);
  void learn_capacity(double bps);

  RateLimits limits_;
  double bps_;
  bool holding_ = false;
  Instant updated_at_, lowered_at_;
  std::optional<double> capacity_bps_;   // where the path was full lately
  double capacity_variance_ = 0.4;       // normalised by the capacity, in kbit/s
};

// Loss of over 10 % takes the rate down to half, and waits a second to see whether that helped. Where it did, it goes on; where as
// much is lost as before, the link loses whatever is sent, and no bound is set for a while: radio is so, and a lower rate is
// only a worse picture. A bottleneck that drops without a queue is told from it: sending half ends most of its loss.
class LossBound {
 public:
  static constexpr double kNoHelp = 0.7;              // share of the loss that is left
  static constexpr double kAlwaysLower = 0.5;         // loss of more than this is never called the link's own
  static constexpr Duration kSee = Duration::s(1);    // and a round trip
  static constexpr Duration kBelieve = Duration::s(20), kBelieveMost = Duration::s(80);  // doubled each time it is found again

  // Packets of one feedback. `bps`: the rate that was sent by.
  void update(Instant now, std::uint64_t expected, std::uint64_t lost, std::uint64_t bps, Duration rtt);
  // Nothing: loss sets no bound.
  std::optional<std::uint64_t> bps() const { return bound_bps_ ? std::optional(static_cast<std::uint64_t>(*bound_bps_)) : std::nullopt; }
  double loss() const { return loss_; }
  // Less is sent now to see whether that ends the loss.
  bool trying() const { return tried_.has_value(); }
  void lift() {
    bound_bps_.reset();
    tried_.reset();
  }

 private:
  // The rate and the loss from which an attempt to end it began.
  struct Attempt {
    double from_bps = 0, loss = 0;
    std::optional<Instant> half_at;
  };
  std::optional<Attempt> tried_;
  Instant own_until_;                // until then the link's own loss is
  double own_loss_ = 0;              // this
  Duration believe_ = kBelieve;
  std::uint64_t expected_ = 0, lost_ = 0;
  double loss_ = 0;
  Instant window_began_, lowered_at_;
  bool began_ = false;
  std::optional<double> bound_bps_;
};

}  // namespace upcall::rtc::bwe
