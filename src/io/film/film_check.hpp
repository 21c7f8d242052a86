// Facts of a finished film for the judge (recording/film_health.hpp), by decoding it sparsely while it streams by: of long
// films a key frame every few seconds, of short ones everything; the sound always. Costs some 1 % of composing the film.
// Blocking; one thread.
#pragma once

#include <memory>

#include "compose/film_reader.hpp"
#include "recording/film_health.hpp"

namespace upcall::film {

class FilmCheck {
 public:
  FilmCheck();
  ~FilmCheck();
  FilmCheck(const FilmCheck&) = delete;
  FilmCheck& operator=(const FilmCheck&) = delete;

  // The file front to back, in any portions.
  void feed(Bytes bytes);
  // The file is over. Once.
  recording::FilmFacts finish();

 private:
  struct Decoder;
  class Eye;
  class Ear;
  void take_piece();
  void note_times();

  compose::FilmReader reader_;
  recording::FilmFacts facts_;
  std::unique_ptr<Eye> eye_;
  std::unique_ptr<Ear> ear_;
  std::int64_t video_last_us_ = -1, audio_last_us_ = -1, video_end_us_ = 0;
};

// For people and programs: facts and findings as JSON.
std::string to_json(const recording::FilmFacts& facts, const recording::FilmExpectation& expected, const std::vector<recording::HealthFinding>& findings,
                    double cpu_seconds);
// What the composer told: "duration_ms" and "session_log" of its last word; "session_ms" of the service.
Result<recording::FilmExpectation> read_expectation(std::string_view json);

}  // namespace upcall::film
