// A player that is not a browser: opens a film over HTTP with FFmpeg's libraries and seeks in it, counting what it reads.
// One thread; blocks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace upcall::test {

struct SeekFigures {
  double asked_s = 0, shown_s = 0;   // the first picture at or after the place that was asked for
  double ms = 0;                     // from asking to that picture, decoded
  std::uint64_t bytes = 0;           // read meanwhile
  bool good = false;
};

class FilmSeeker {
 public:
  FilmSeeker();
  ~FilmSeeker();
  // Opens it and decodes the first picture. `asked_s` is 0.
  SeekFigures open(const std::string& url);
  double duration_s() const;
  SeekFigures seek(double at_s);
  // Goes on from there for so long; the longest time between two pictures, or a negative number when the film ends before.
  double longest_step_s(double seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace upcall::test
