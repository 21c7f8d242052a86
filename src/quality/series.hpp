// Figures over the time of a call, bounded: one point each 5 s for an hour, then half as many for twice the time, and so on.
// What happened to the person meanwhile stands beside it. Pure; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/time.hpp"
#include "quality/figures.hpp"

namespace upcall::quality {

// Of one step: the worst score, what was lost and frozen at most, the others' middle. Absent: the person was not there.
struct Point {
  bool present = false;
  float score = 0;
  Reason reason = Reason::none;   // of the worst moment
  float rtt_ms = 0, loss_up_percent = 0, loss_down_percent = 0, frozen_percent = 0;
  float up_kbps = 0, down_kbps = 0;   // carried, or else what was sent and received
};

enum class Happening : std::uint8_t { joined, left, dropped, video_on, video_off, share_on, share_off };
std::string_view to_string(Happening happening);

struct Moment {
  Duration at;          // since the series began
  Happening what;
};

class Series {
 public:
  static constexpr Duration kStep = Duration::s(5);
  static constexpr std::size_t kPointsMax = 720, kMomentsMax = 200;

  explicit Series(Instant began) : began_(began) {}

  // In the order of time. A time before the last one counts as the last.
  void add(Instant now, const Figures& figures);
  // Beyond kMomentsMax nothing is kept.
  void note(Instant now, Happening what);

  Instant began() const { return began_; }
  Duration step() const { return step_; }
  const std::vector<Point>& points() const { return points_; }
  const std::vector<Moment>& moments() const { return moments_; }

  struct Summary {
    double mean_score = 0, worst_score = 0;
    Duration present, bad;            // bad: scored below kBadScore
    Reason reason = Reason::none;     // of most of the bad time
  };
  static constexpr double kBadScore = 3;
  Summary summary() const;

 private:
  std::size_t slot_of(Instant now);
  void halve();

  Instant began_;
  Duration step_ = kStep;
  std::vector<Point> points_;
  std::size_t samples_in_last_ = 0;
  std::vector<Moment> moments_;
};

}  // namespace upcall::quality
