// Good films and films with planted faults, all in memory: what a check of films has to tell apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "compose/composer.hpp"
#include "synthetic_call.hpp"

namespace upcall::test {

struct MadeFilm {
  ByteVector bytes;    // the file, index included
  std::string facts;   // JSON as the composer tells it
};

// Composes records (journal order) as upcall-recorder would.
Result<MadeFilm> make_film(const std::vector<TimedRecord>& records, const compose::ComposerOptions& options);

// Decodes a film and encodes it again with a fault between from_ms and to_ms; its composer's facts stay those of the good one.
enum class Fault : std::uint8_t {
  black,        // black pictures
  frozen,       // the picture of from_ms again and again
  silent,
  sound_late,   // all sound 200 ms late, with right timestamps
  none,
};
Result<ByteVector> remake(Bytes film, int fps, Fault fault, std::int64_t from_ms = 0, std::int64_t to_ms = INT64_MAX);

// The same file with the decode times of one track changed, from a fragment on.
ByteVector shift_track(Bytes film, bool video, std::int64_t ms, std::size_t from_fragment = 0);
// Where fragments (moof) begin.
std::vector<std::size_t> fragments_of(Bytes film);

}  // namespace upcall::test
