// Probing: a short burst at more than the present rate shows whether the path carries more (draft-ietf-rmcat-gcc has
// none; the idea is that of packet trains). Decides when and how large, and reads the result from the arrivals. Bounded;
// one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace upcall::rtc::bwe {

struct ProbePlan {
  std::uint8_t cluster = 0;       // never 0
  std::uint64_t bps = 0;
  std::size_t bytes = 0;          // to send at once
};

class ProbePlanner {
 public:
  static constexpr Duration kLength = Duration::ms(15);          // of the burst at its rate
  static constexpr std::size_t kPacketsLeast = 5;

  // A plan when it is time. `wanted_bps`: all that could be used. `urgent`: somebody gets less than it should.
  std::optional<ProbePlan> plan(Instant now, std::uint64_t present_bps, std::uint64_t wanted_bps, bool urgent);
  // The time from which plan() may answer; never while nothing is wanted.
  Instant next_at(std::uint64_t present_bps, std::uint64_t wanted_bps, bool urgent) const;
  // All packets of a plan are out.
  void sent(Instant now, const ProbePlan& plan, std::size_t packets);
  // The path was found full: no probe for a while.
  void hold_off(Instant now);

  void on_arrival(std::uint8_t cluster, std::int64_t arrival_us, std::size_t bytes);
  void on_lost(std::uint8_t cluster);
  // Once a feedback: what the cluster under way has shown; nothing while it is not complete. Zero: nothing.
  std::optional<std::uint64_t> result(Instant now);

 private:
  static constexpr Duration kApartUrgent = Duration::ms(1500), kApartUrgentMost = Duration::ms(3000);
  static constexpr Duration kApart = Duration::s(5), kApartMost = Duration::s(20);
  static constexpr Duration kAnswerWithin = Duration::ms(1500);
  struct Running {
    ProbePlan plan;
    std::size_t packets = 0, arrived = 0, lost = 0, bytes = 0, first_bytes = 0;
    std::int64_t first_us = 0, last_us = 0;
    Instant sent_at;
  };
  std::optional<Running> running_;
  std::uint8_t last_cluster_ = 0;
  int failed_ = 0;                 // in a row
  Instant ended_at_, not_before_;
};

}  // namespace upcall::rtc::bwe
