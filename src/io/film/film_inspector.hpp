// What a recorded film really shows: decodes the file and reads the test patterns and beeps back (media/test_pattern.hpp).
// Facts come from the decoded pictures and samples, never from the recorder. Blocking; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::film {

struct ParticipantFindings {
  std::uint64_t run = 0;
  std::uint8_t participant = 0;
  bool screen = false;
  std::uint64_t frames = 0;            // film pictures in which the code was read
  std::uint64_t distinct_frames = 0;   // different clock values among them
  bool clock_rising = true;            // never ran backwards
  std::uint32_t first_clock_ms = 0, last_clock_ms = 0;
  double first_seen_s = 0, last_seen_s = 0;
  int x = 0, y = 0, width = 0;         // of the picture it was drawn in (last place), in film pixels
  std::uint64_t text_frames = 0;       // screen: pictures whose text was read without a fault
  std::uint64_t beeps = 0, flashes = 0;
  std::optional<double> av_offset_ms;  // median of (beep - flash), positive: sound late; cameras only
};

struct FilmFindings {
  int width = 0, height = 0;
  double fps = 0;                      // of the coarsest grid that all pictures lie on; 0: on none
  double duration_s = 0;
  std::string video_codec, audio_codec;
  int audio_rate = 0, audio_channels = 0;
  std::uint64_t video_frames = 0, damaged_frames = 0;
  double longest_hold_s = 0;           // longest time without a new picture in the file
  bool front_index = false;            // a `sidx` box before the first fragment
  std::uint64_t fragments = 0;
  std::vector<ParticipantFindings> participants;
  std::optional<double> av_offset_ms;  // the one farthest from zero
  bool share_text = false;             // a shared screen's text was read back
};

Result<FilmFindings> inspect_film(const std::string& file);

// The findings as one JSON object.
std::string to_json(const FilmFindings& findings);

}  // namespace upcall::film
