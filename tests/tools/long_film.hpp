// A film as long as wanted, of real bytes and without the time it would take: a call of about a minute is composed as
// always, then its fragments are repeated with their times and numbers set on. And its place in a server's embedded store.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace upcall::test {

struct LongFilmOptions {
  int seconds = 3600;            // at least so long
  int cycle_s = 64;              // what is composed and repeated; a multiple of 16: fragments and AAC frames fit into it
  std::string scenario = "two";  // of synthetic_call.hpp
  int width = 1920, height = 1080;
};
struct LongFilm {
  double seconds = 0;
  std::uint64_t bytes = 0;
  std::uint64_t largest_fragment = 0;
};

// Writes `file`; `scratch` is an existing directory, used meanwhile. Errors: unavailable (disk), internal.
Result<LongFilm> make_long_film(const LongFilmOptions& options, const std::string& file, const std::string& scratch);

// Puts the file in the place of the only film in the embedded store of this data directory. No server may run on it.
// Errors: not_found (no film, or several), and those of the store.
Result<void> replace_stored_film(const std::string& data_dir, const std::string& file);

}  // namespace upcall::test
