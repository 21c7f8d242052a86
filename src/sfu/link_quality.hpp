// Judges the link of one connection, once a second, from what the meeting knows anyway: loss of what the person sends
// (our receiver statistics), loss of what we send (the person's receiver reports), round trip, silence.
//
//   none   nothing at all has come for 3 s (10 s from a connection that sends no media: its checks are seconds apart)
//   weak   3 s in a row 5 % lost either way or a round trip over 500 ms; at once when something comes after none
//   good   from the start; again 3 s in a row under half of both limits
//
// Loss is weighed by packets and fades by a quarter with each second that brings news, so one lost packet is nothing;
// and no second counts as more than 10 %, so a hole of a second (another access point) is nothing either, and nobody
// stays weak for long after the worst. Below 100 packets no loss is told from chance; what is older than 10 s is
// forgotten, and so is what got lost in a silence that was told as none. Decides only; one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

class LinkQuality {
 public:
  using Strength = wire::SfuLinkStrength;
  static constexpr double kWeakLoss = 0.05, kGoodLoss = kWeakLoss / 2;
  static constexpr Duration kWeakRtt = Duration::ms(500), kGoodRtt = Duration::ms(250);
  static constexpr Duration kSilence = Duration::s(3), kSilenceWithoutMedia = Duration::s(10);
  static constexpr int kTroubleSeconds = 3, kCalmSeconds = 3;

  // Packets of the running second: what the person sent, what we sent to it. `lost` may be negative (late arrivals).
  void count_up(std::int64_t expected, std::int64_t lost) { up_.count(expected, lost); }
  void count_down(std::int64_t expected, std::int64_t lost) { down_.count(expected, lost); }

  // Ends the second. `silence`: since anything came; `rtt`: nothing when it was not measured lately. True when the
  // judgement has changed.
  bool judge(Duration silence, std::optional<Duration> rtt);

  Strength strength() const { return strength_; }
  // Fraction, 0 while there is too little to tell.
  double loss_up() const { return up_.loss(); }
  double loss_down() const { return down_.loss(); }

 private:
  class Way {
   public:
    void count(std::int64_t expected, std::int64_t lost);
    void end_second();
    // Forgets everything, and the next second that brings news with it: it tells of before.
    void restart();
    double loss() const;
    // Packets come, or came until a moment ago.
    bool flows() const { return expected_ > 0 && empty_seconds_ <= kFlowsSeconds; }

   private:
    static constexpr double kMemory = 0.75;       // of what was known before, after a second
    static constexpr double kSecondAtMost = 0.1;  // of its packets lost
    static constexpr double kEnoughPackets = 100;
    static constexpr int kFlowsSeconds = 4, kForgetSeconds = 10;  // receivers report on sound every 5 s or so
    static constexpr std::int64_t kLeap = 1024;   // more than this at once are other numbers, not loss
    int empty_seconds_ = 0;
    bool skip_ = false;
    std::int64_t expected_now_ = 0, lost_now_ = 0;
    double expected_ = 0, lost_ = 0;
  };

  Way up_, down_;
  Strength strength_ = Strength::good;
  int trouble_seconds_ = 0, calm_seconds_ = 0;
};

}  // namespace upcall::sfu
