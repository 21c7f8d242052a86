// Is a stored film what the call was? Facts of the file and what its composer told go in, findings come out. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "recording/session_log.hpp"

namespace upcall::recording {

struct TimeSpan {
  std::int64_t from_ms = 0, to_ms = 0;
};

// Read from the file alone. Times are the film's, as a player shows them (edit lists applied).
struct FilmFacts {
  bool header = false;             // ftyp and moov with both tracks
  bool index = false;              // sidx before the first fragment
  bool whole = false;              // it ends where its last fragment ends, and where the index says
  std::int64_t index_ms = 0;       // length by the index
  std::uint64_t bytes = 0, fragments = 0;
  struct Track {
    std::int64_t begin_ms = 0, end_ms = 0;
    std::uint64_t samples = 0;
    TimeSpan longest_gap;          // between the end of a sample and the next one
  };
  Track video, audio;
  // Where a fragment's sound begins, against its first picture (positive: late): the farthest off.
  std::int64_t skew_ms = 0, skew_at_ms = 0;
  std::uint64_t undecodable = 0;   // pictures and packets of sound that a decoder refused or found damaged
  std::uint64_t pictures = 0;      // that were looked at
  std::vector<TimeSpan> black;     // looked at and black, consecutive ones joined
  std::vector<TimeSpan> still;     // from one looked at to the last that is the same, half a second and longer
  std::vector<SoundMeter::Second> sound;
};

// What is known of the call. What is not known is not judged.
struct FilmExpectation {
  std::optional<std::int64_t> composed_ms;   // by the composer
  std::optional<std::int64_t> session_ms;    // from start to stop, without pauses
  SessionLog log;
};

enum class HealthKind : std::uint8_t { truncated, damaged, length, av_offset, black, frozen, silent, gap };
inline constexpr std::size_t kHealthKinds = 8;
std::string_view to_string(HealthKind kind);
std::optional<HealthKind> health_kind(std::string_view text);

enum class HealthSeverity : std::uint8_t {
  warning,   // worth knowing: somebody may notice
  alarm,     // the film is not what the call was
};
std::string_view to_string(HealthSeverity severity);

// `value` by kind: truncated: bytes that are there; damaged: what was refused; length, av_offset, gap: milliseconds (length
// and av_offset signed: too long, sound late); black, frozen, silent: share of the time in which something was to be seen,
// to move, to be heard.
struct HealthFinding {
  HealthKind kind = HealthKind::truncated;
  HealthSeverity severity = HealthSeverity::alarm;
  double value = 0;
  std::int64_t at_ms = 0;          // where it is first
};

// By how much the sound lies elsewhere than where it was mixed (positive: late), in steps of 20 ms; nothing: too little was
// heard that begins plainly.
std::optional<std::int64_t> heard_offset_ms(const FilmFacts& facts, const FilmExpectation& expected);

// At most one finding a kind. A film that cannot be read at all is `truncated`, and nothing else is said of it.
std::vector<HealthFinding> judge(const FilmFacts& facts, const FilmExpectation& expected);

}  // namespace upcall::recording
