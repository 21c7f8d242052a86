// A sender, a path and a receiver for the estimator alone: packets of 1000 bytes through a bottleneck with a queue, real
// feedback packets back every 50 ms. Virtual time in steps of 1 ms.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>

#include "base/rng.hpp"
#include "rtc/bwe/send_side.hpp"

namespace upcall::rtc::bwe {

struct PathOptions {
  std::uint64_t capacity_bps = 3'000'000;
  std::uint64_t source_bps = 100'000'000;   // of media; what is sent is the smaller of it and the estimate
  Duration one_way = Duration::ms(50);
  Duration queue_max = Duration::ms(1000);
  Duration jitter;
  double loss = 0;
  std::uint64_t wanted_bps = 0;             // for probes; 0: none are sent
  std::uint16_t first_sequence = 0xfff0;
  std::int64_t receiver_clock_us = (std::int64_t(1) << 24) * 64'000 - 2'000'000;  // wraps after two seconds
};

class PathRig {
 public:
  explicit PathRig(PathOptions o, std::uint64_t seed = 1) : options(o), random_(seed), estimator({}, o.first_sequence) {}

  void run(Duration time) {
    const Instant end = now + time;
    while (now < end) step();
  }
  // Runs until it holds; how long that took, or nothing.
  std::optional<Duration> until(const std::function<bool()>& condition, Duration limit) {
    const Instant began = now;
    while (now - began < limit) {
      if (condition()) return now - began;
      step();
    }
    return std::nullopt;
  }
  Duration queue() const { return std::max(Duration(), free_at_ - now); }

  PathOptions options;
 private:
  SeededRandom random_;
 public:
  SendSideEstimator estimator;
  Instant now = Instant::from_ms(1'000'000);
  std::uint64_t sent = 0, arrived = 0, lost = 0, bytes_sent = 0, probes = 0;
  Duration longest_queue;

 private:
  void step() {
    now = now + Duration::ms(1);
    const double rate = static_cast<double>(std::min(options.source_bps, estimator.bps()));
    owed_ += rate / 8000;
    for (; owed_ >= 1028; owed_ -= 1028) send(1000, 0);
    if (options.wanted_bps != 0) {
      const bool urgent = estimator.bps() < options.wanted_bps;
      if (const auto plan = estimator.plan_probe(now, options.wanted_bps, urgent)) {
        const std::size_t packets = std::max<std::size_t>(ProbePlanner::kPacketsLeast, plan->bytes / 300);
        for (std::size_t i = 0; i < packets; ++i) send(300, plan->cluster);
        estimator.probe_sent(now, *plan, packets);
        ++probes;
      }
    }
    while (!flying_.empty() && flying_.front().at <= now) {
      recorder_.on_packet(flying_.front().sequence, Instant::from_ns((flying_.front().at - start_).ns() + options.receiver_clock_us * 1000));
      flying_.pop_front();
    }
    if (now >= feedback_at_) {
      feedback_at_ = now + Duration::ms(50);
      std::uint8_t buffer[1200];
      Writer w{MutBytes(buffer)};
      if (recorder_.pending() && recorder_.write(w, 1, 2)) {
        back_.push_back({now + options.one_way, ByteVector(buffer + 12, buffer + w.size())});
      }
    }
    while (!back_.empty() && back_.front().at <= now) {
      if (const auto told = estimator.on_feedback(now, back_.front().fci, options.one_way * 2)) {
        arrived += told->arrived;
        lost += told->lost;
      }
      back_.pop_front();
    }
    estimator.handle_timeout(now);
    longest_queue = std::max(longest_queue, queue());
  }
  void send(std::size_t bytes, std::uint8_t cluster) {
    const std::uint16_t sequence = estimator.next_sequence();
    estimator.on_sent(now, bytes, cluster);
    ++sent;
    bytes_sent += bytes + 28;
    if (random_.chance(options.loss) || queue() > options.queue_max) return;
    free_at_ = std::max(free_at_, now) + Duration::ns(static_cast<std::int64_t>((bytes + 28) * 8'000'000'000 / options.capacity_bps));
    Instant at = free_at_ + options.one_way;
    if (options.jitter > Duration()) at = at + Duration::us(static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(options.jitter.us()))));
    last_ = std::max(last_, at);
    flying_.push_back({last_, sequence});
  }

  struct Flying {
    Instant at;
    std::uint16_t sequence;
  };
  struct Back {
    Instant at;
    ByteVector fci;
  };
  std::deque<Flying> flying_;
  std::deque<Back> back_;
  TransportFeedbackRecorder recorder_;
  Instant start_ = now, free_at_, last_, feedback_at_ = now;
  double owed_ = 0;
};

}  // namespace upcall::rtc::bwe
