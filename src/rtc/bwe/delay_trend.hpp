// Whether a queue grows on the way to a receiver: the trend of the one-way delay over packet groups, against a threshold
// that adapts (draft-ietf-rmcat-gcc-02 §5.1-5.4, with a regression line in place of the Kalman filter). Only differences
// of the receiver's clock count, so its offset does not matter. Bounded, no allocation; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace upcall::rtc::bwe {

enum class Usage : std::uint8_t { normal, over, under };

class DelayTrend {
 public:
  // Packets in the order in which they were sent; arrival on the receiver's clock, microseconds.
  void on_packet(Instant sent, std::int64_t arrival_us);
  Usage usage() const { return usage_; }
  // How much longer than the fastest of the last 10 to 20 s packets take now, smoothed: what waits in queues. Zero at first.
  Duration queue_delay() const { return Duration::us(static_cast<std::int64_t>(queue_us_)); }
  double threshold_ms() const { return threshold_ms_; }

 private:
  struct Group {
    Instant first_sent, last_sent;
    std::int64_t first_arrival_us = 0, last_arrival_us = 0;
  };
  struct Point {
    double at_ms = 0, delay_ms = 0;
  };
  bool belongs(const Group& group, Instant sent, std::int64_t arrival_us) const;
  void on_groups(const Group& before, const Group& group);
  double slope() const;
  void detect(double trend, double step_ms);
  void measure_queue(Instant sent, std::int64_t arrival_us);

  static constexpr std::size_t kWindow = 20;
  std::optional<Group> group_, before_;
  std::array<Point, kWindow> points_{};
  std::size_t count_ = 0;            // of all points so far
  std::int64_t first_arrival_us_ = 0;
  double accumulated_ms_ = 0, smoothed_ms_ = 0;
  double trend_before_ = 0;
  double threshold_ms_ = 12.5;
  double over_ms_ = -1;              // for how long it has been over; negative: not
  int over_count_ = 0;
  Usage usage_ = Usage::normal;
  // Shortest way of this window and of the one before, in microseconds between two unrelated clocks.
  std::optional<std::int64_t> shortest_, shortest_before_;
  Instant window_began_;
  double queue_us_ = 0;
};

}  // namespace upcall::rtc::bwe
