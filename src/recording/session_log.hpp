// What went into a film, second by second, as its composer saw it: what the finished file is compared with
// (recording/film_health.hpp). Six bytes a second. Values; one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::recording {

inline constexpr std::uint8_t kNoOnset = 255;
inline constexpr std::size_t kLoggedSecondsMax = 24 * 3600;   // what lies behind is composed, and not compared

struct SessionSecond {
  bool unknown = false;           // drawn or mixed by another composer than the one that tells
  bool gap = false;               // media is missing (marked in the journal): nothing is expected of the film
  std::uint8_t pictures = 0;      // drawn, each plainly different from the one before
  std::uint8_t people = 0;        // tiles of the scene, at most; 0: an empty stage
  std::uint8_t voices = 0;        // packets of 20 ms whose sender measured more than -45 dBov
  std::uint8_t peak = 0;          // of the mixed sound: decibels above -100 dBFS
  std::uint8_t onset = kNoOnset;  // block of 20 ms (0 to 49) in which the sound rose most; kNoOnset: nowhere plainly
  bool operator==(const SessionSecond&) const = default;
};

class SessionLog {
 public:
  // The second at this time; nothing when it is before the film or beyond what is logged.
  SessionSecond* at(std::int64_t time_us);
  const std::vector<SessionSecond>& seconds() const { return seconds_; }
  void mark_gap(std::int64_t from_us, std::int64_t until_us);

  ByteVector encode() const;
  static ParseResult<SessionLog> parse(Bytes bytes);

 private:
  std::vector<SessionSecond> seconds_;
};

// Measures sound in the same way where it is mixed and where it is decoded again.
class SoundMeter {
 public:
  struct Second {
    std::uint8_t peak = 0, onset = kNoOnset;
  };
  // `count` samples at 48 kHz, the first at this place of the film; channels `stride` floats apart from sample to sample.
  // Places rise; what is left out is silence.
  void add(std::int64_t first_sample, const float* left, const float* right, std::size_t stride, std::size_t count);
  // Of the whole seconds so far and the one that has begun.
  std::vector<Second> seconds() const;

 private:
  std::vector<float> energies_;   // mean square of each block of 20 ms
  std::vector<float> peaks_;      // of each second
};

// A picture's luma at points some pixels apart: says whether two pictures differ plainly or not at all, whatever a codec
// has done to them.
class PictureSketch {
 public:
  PictureSketch() = default;
  PictureSketch(const std::uint8_t* luma, int stride, int width, int height);
  bool empty() const { return points_.empty(); }
  // So much that it stays visible after encoding.
  bool plainly_differs(const PictureSketch& other) const { return differs(other, 24, 4); }
  // Nothing but noise of a codec lies between them.
  bool same(const PictureSketch& other) const { return !differs(other, 12, 1); }
  double mean() const;        // luma, 0 to 255
  double deviation() const;

 private:
  bool differs(const PictureSketch& other, int by, std::size_t quarters) const;
  std::vector<std::uint8_t> points_;
};

}  // namespace upcall::recording
