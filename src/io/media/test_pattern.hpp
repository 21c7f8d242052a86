// What a demo or test attendee publishes, and how it is read back from a recording.
//
// Picture: the attendee's own background colour, a code of large black and white blocks, the attendee's label, a moving
// bar, and (screen variant) lines of text that can be read back. The background is white while flash_on(clock_ms).
// Sound: silence with a beep of 50 ms at every full second of the clock, with a frequency of its own per participant.
//
// The code is 22 x 14 blocks: a ring of black, one of white, one of black, then 16 x 8 data blocks (white = 1), row by
// row: run (64 bits), participant (8), flags (8; bit 0 flash, bit 1 screen), clock_ms (32), CRC-16/CCITT-FALSE of these
// 14 bytes (16). A block is 1/40 of the picture's width, so that it is still 9 pixels wide in a tile of 360.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/media/picture.hpp"

namespace upcall::media {

inline constexpr std::uint32_t kFlashMs = 50;  // flash and beep last this long
inline constexpr bool flash_on(std::uint32_t clock_ms) { return clock_ms % 1000 < kFlashMs; }
// Hz; an exact number of waves fits into 10 ms.
inline constexpr int beep_frequency(std::uint8_t participant) { return 600 + 200 * (participant % 16); }

struct TestPatternOptions {
  std::uint64_t run = 0;          // random number of this run
  std::uint8_t participant = 0;
  std::string label;
  bool screen = false;            // content share: adds the text lines
};

class TestPattern {
 public:
  explicit TestPattern(TestPatternOptions options);

  // Draws the picture of the moment. Size at least 320 x 180, even, wider than high or at least 2:3.
  void draw(const MutI420View& out, std::uint32_t clock_ms) const;
  // Mono PCM at 48 kHz from sample `first_sample` of the clock on (sample 0 is clock 0).
  void sound(std::uint64_t first_sample, std::span<float> out) const;

  // The text lines of the screen variant of a run.
  static std::vector<std::string> screen_lines(std::uint64_t run);

 private:
  TestPatternOptions options_;
};

struct TestPatternReading {
  std::uint64_t run = 0;
  std::uint8_t participant = 0;
  bool screen = false;
  std::uint32_t clock_ms = 0;
  bool flash = false;     // measured: the ground beside the code is white
  bool text_ok = false;   // screen variant: every line was read back without a fault
  // Where the whole code (22 x 14 blocks) lies in the picture.
  double x = 0, y = 0, block = 0;
};

// All whole and valid codes inside `search`, left to right in reading order of their first row.
std::vector<TestPatternReading> find_test_patterns(const I420View& picture, Rect search, bool read_text = true);
// The first of them.
std::optional<TestPatternReading> read_test_pattern(const I420View& picture, Rect search);

}  // namespace upcall::media
