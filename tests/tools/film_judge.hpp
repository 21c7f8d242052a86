// An independent judge of films: decodes with FFmpeg's libraries and reads the test pattern with code of its own, from
// the pattern's description alone, at the place where the picture ought to be. Shares nothing with the recorder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace upcall::test {

struct JudgedFrame {
  double time_s = 0;
  std::uint64_t run = 0;
  unsigned participant = 0, clock_ms = 0;
  bool screen = false, bright = false;   // bright: the ground beside the code is white (measured)
};

// A picture's place in the film: left, top and width; the code's own place follows from it.
struct Place {
  double x = 0, y = 0, width = 0;
};

// Mean of a few pixels around a point, in every picture.
struct Probe {
  int x = 0, y = 0;
  int radius = 2;
};
struct Probed {
  double time_s = 0;
  int y = 0, u = 0, v = 0;
};

class Film {
 public:
  // Decodes everything; luma of the pictures is kept at full size only for `places`. False: unreadable.
  bool load(const std::string& file, const std::vector<Place>& places, const std::vector<Probe>& probes = {});
  // The same of a part of a long film, from at least `from_s` to `to_s`; times stay those of the film.
  bool load_part(const std::string& file, const std::vector<Place>& places, double from_s, double to_s);

  int width = 0, height = 0;
  double duration_s = 0, audio_s = 0;
  std::string video_codec, audio_codec;
  std::vector<double> times;                       // of all pictures
  std::vector<std::vector<JudgedFrame>> readings;  // one list a place: pictures whose code was valid
  std::vector<std::vector<Probed>> probed;         // one list a probe
  std::vector<float> pcm;                          // mono 48 kHz, sample 0 at pcm_from_s
  double pcm_from_s = 0;
  bool index_first = false;                        // sidx before the first moof
  unsigned decode_errors = 0;

  // The probe as it was shown at this time.
  Probed shown(std::size_t probe, double time_s) const;
  // All pictures lie on a grid of this many a second.
  bool on_grid(double fps) const;
  // Median of (beep - flash) in ms for one place's participant; nothing with fewer than two pairs.
  std::optional<double> av_offset_ms(std::size_t place) const;

 private:
  bool read(const std::string& file, const std::vector<Place>& places, const std::vector<Probe>& probes, double from_s, double to_s);
};

}  // namespace upcall::test
