// One recording of a call under kills, and what its film says of them. Times are the run's clock in ms, the one that
// stands in every picture.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "film_judge.hpp"

namespace upcall::story {

// The server was killed while this recording was in this state, and was ready again later.
struct Outage {
  std::int64_t killed_ms = 0, ready_ms = 0;
  std::string status;
};
// What was sent then had to be kept.
inline bool in_capture(const Outage& o) { return o.status == "starting" || o.status == "recording"; }

// How many pictures one camera had sent by a moment.
struct SentAt {
  std::int64_t clock_ms = 0;
  double frames = 0;
};

struct Take {
  std::string id;
  std::int64_t started_ms = 0, stop_asked_ms = 0;   // start answered; stop asked for
  std::vector<Outage> outages;
  int composer_kills = 0;
  // One a camera (agent, customer): at two moments between which the server did not end.
  std::optional<SentAt> from[2], to[2];
};

// What one camera's pictures in the film tell.
struct CameraFindings {
  std::vector<double> lost_ms;      // for each kill of the server in capture: kill − last picture of before it
  std::vector<double> away_ms;      // … first picture after − kill
  double longest_step_ms = 0;       // between two pictures of the film, away from outages
  std::optional<double> missing;    // pictures that were sent between `from` and `to` and are not in the film
};

// The films are small.
inline constexpr int kFilmWidth = 640, kFilmHeight = 360;
// Where a camera of two may stand in them.
std::vector<test::Place> places_of_two();
// Clock values of one camera in the film, rising, wherever its picture stands.
std::vector<std::int64_t> clocks_of(const test::Film& film, unsigned participant);
// `clocks`: rising.
CameraFindings judge_camera(const Take& take, unsigned participant, const std::vector<std::int64_t>& clocks);

}  // namespace upcall::story
