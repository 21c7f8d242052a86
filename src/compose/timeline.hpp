// Where every RTP timestamp of a recording lies on the recording's own clock (microseconds since its start).
//
// Camera, microphone and content share of one person are different connections with unrelated RTP clocks; what they have
// in common is the sender's wall clock in their sender reports (RFC 3550 §6.4.1). So, per source, a regression over its
// reports maps RTP time to the sender's clock, and per person the smallest (arrival - sender's clock) of the last 10 s
// over all their sources maps that to ours: the least delayed packet is the best witness. The mapping moves by at most
// 5 ms a second, so that clock drift is followed without a jump. Before a source's first report its arrival times serve
// alone. A disagreement over 500 ms (a clock was set, RTP time restarted) re-anchors at once and leaves a marker.
//
// Pure; one thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/seq.hpp"

namespace upcall::compose {

class Timeline {
 public:
  struct Marker {
    std::int64_t at_us = 0;       // when it was noticed
    std::uint32_t source = 0;
    std::int64_t jump_us = 0;     // by how much the source's media moved
  };

  // `person`: equal for all sources whose sender reports come from one clock.
  void add_source(std::uint32_t source, const std::string& person, std::uint32_t clock_rate);
  void remove_source(std::uint32_t source);

  // In order of arrival. Answers the unwrapped RTP timestamp.
  std::int64_t on_packet(std::uint32_t source, std::int64_t arrival_us, std::uint32_t timestamp);
  void on_sender_report(std::uint32_t source, std::int64_t arrival_us, std::uint64_t ntp, std::uint32_t timestamp);
  // Moves the mappings towards what the window says. Call at least every 100 ms of recording time.
  void advance(std::int64_t now_us);

  std::int64_t time_of(std::uint32_t source, std::int64_t unwrapped_timestamp) const;
  // The inverse, fractional.
  double timestamp_at(std::uint32_t source, std::int64_t time_us) const;
  // Has the source sent anything that anchors it?
  bool anchored(std::uint32_t source) const;

  const std::vector<Marker>& markers() const { return markers_; }

 private:
  static constexpr int kWindowSeconds = 10;
  static constexpr std::int64_t kJumpUs = 500'000;
  static constexpr std::int64_t kNone = INT64_MAX;

  struct Report {
    std::int64_t timestamp = 0;
    std::int64_t ntp_us = 0;
  };
  struct Source {
    std::string person;
    double rate = 90000;
    Unwrapper<std::uint32_t> unwrapper;
    std::int64_t base = 0, latest = 0;      // unwrapped RTP time: first and latest
    std::int64_t late_since_us = -1;
    // Smallest (arrival - nominal RTP time) of each of the last seconds.
    std::array<std::int64_t, kWindowSeconds> least{};
    std::int64_t bucket = -1;               // newest second in `least`
    std::vector<Report> reports;
    // Regression: ntp_us = ntp0 + slope × (timestamp - ts0), slope in us per tick.
    std::int64_t ts0 = 0;
    double ntp0 = 0, slope = 0;
    bool anchored = false, by_report = false;
    double offset_us = 0;                   // present mapping: time = clock(timestamp) + offset

    double nominal_us(std::int64_t timestamp) const { return static_cast<double>(timestamp - base) * 1e6 / rate; }
    double ntp_us(std::int64_t timestamp) const { return ntp0 + slope * static_cast<double>(timestamp - ts0); }
    double clock_us(std::int64_t timestamp) const { return by_report ? ntp_us(timestamp) : nominal_us(timestamp); }
    std::int64_t least_of_window() const;
  };

  // Smallest (arrival - sender's clock) that this source alone has seen.
  static double own_offset(const Source& s);
  double target_offset(const Source& s) const;
  static void fit(Source& s);

  std::unordered_map<std::uint32_t, Source> sources_;
  std::int64_t advanced_us_ = -1;
  std::vector<Marker> markers_;
};

}  // namespace upcall::compose
