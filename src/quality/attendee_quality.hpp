// How one person's call is, now: from the last ten seconds of what the media worker counts of its connection and of what
// its client says. Judges the person's own ways and device: what came broken from somebody else is counted there.
// Sans-I/O, bounded; one thread.
#pragma once

#include <array>
#include <optional>

#include "base/time.hpp"
#include "quality/figures.hpp"
#include "quality/series.hpp"
#include "wire/sfu.hpp"
#include "wire/signal/client_metrics.hpp"

namespace upcall::quality {

class AttendeeQuality {
 public:
  static constexpr Duration kWindow = Duration::s(10);
  // How soon what somebody sends broken is known from the counters, which come every two seconds; symptoms wait for it.
  static constexpr Duration kSeenSoon = Duration::ms(2500);
  static constexpr Duration kSentWindow = Duration::s(4);
  // Below that the reason is told.
  static constexpr double kGoodScore = 4;

  explicit AttendeeQuality(Instant began) : series_(began) {}

  // Counters of another connection than before begin anew.
  void on_server(Instant now, const wire::SfuConnectionFigures& figures);
  void on_client(Instant now, const wire::ClientMetrics& metrics);
  void on_happening(Instant now, Happening what);
  bool present() const { return present_; }
  bool camera_on() const { return camera_on_; }
  std::uint64_t client_frames() const { return client_frames_; }

  // `others_send_well`: what reaches this person has not been broken before it came to us.
  Figures judge(Instant now, bool others_send_well) const;
  // What has come from this person for as long as a judgement looks back was fit to be seen and heard.
  bool sends_well(Instant now) const { return !sent_badly_at_ || now - *sent_badly_at_ > kWindow + kSeenSoon; }
  // Judges and puts it into the series; nothing while the person is not there or nothing is known yet.
  std::optional<Figures> tick(Instant now, bool others_send_well);

  const Series& series() const { return series_; }

 private:
  struct Server {
    Instant at;
    wire::SfuConnectionFigures f;
  };
  struct Client {
    Instant at;
    wire::ClientMetrics m;
  };
  struct Sums;
  Sums sums(Instant now, bool others_send_well, Duration window = kWindow) const;
  double sends(Instant now) const;
  double sound(const Sums& s) const;
  std::optional<double> picture_up(const Sums& s) const;
  std::optional<double> picture_down(const Sums& s) const;
  double whole(const Sums& s) const;
  void explain(const Sums& s, Figures& out) const;

  // The newest behind; a ring as long as the window at the pace they come.
  std::array<Server, 6> server_{};
  std::array<Client, 10> client_{};
  std::size_t servers_ = 0, clients_ = 0;  // ever
  std::uint64_t client_frames_ = 0;
  bool present_ = false, camera_on_ = false;
  std::optional<Instant> sent_badly_at_;   // last
  std::optional<Instant> still_since_;     // its camera is on and nothing comes
  Series series_;
};

}  // namespace upcall::quality
