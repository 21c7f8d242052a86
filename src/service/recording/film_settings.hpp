// How a recording's film is made: the parameters as they are when it starts. They are kept with the recording, so that
// whoever composes it later, also after a restart or a change of the parameters, makes the same film. Pure but for the
// store.
#pragma once

#include <optional>
#include <string>

#include "io/store/database.hpp"

namespace upcall::service {

struct FilmSettings {
  int width = 1920, height = 1080, fps = 30;
  std::string layout = "auto";           // compose/layout.hpp
  bool constant_rate = false;
  std::string compose = "live";          // when it is made: live, after, on-demand
  int forget_s = 0;                      // so much of its end may be forgotten while it is recorded; the film trails by it
  bool operator==(const FilmSettings&) const = default;
};

// recordingScreenWidth, recordingScreenHeight, recordingScreenFrameRate, recordingLayout, recordingConstantRate, recordingCompose,
// and where recordingPauseAllowed says so recordingForgetSeconds. What is not set, or makes no film, is the default.
Result<FilmSettings> film_settings(store::Database& db);

// What somebody wants otherwise in another film of the same recording; empty: as it was.
struct FilmChange {
  std::optional<std::string> layout;
  std::optional<int> width, height, fps;
};
// invalid_argument: it makes no film.
Result<FilmSettings> changed(FilmSettings settings, const FilmChange& change);

// As the member "film" of a recording's `data`; the rest of `data` is kept.
std::string with_settings(const std::string& data, const FilmSettings& settings);
FilmSettings settings_in(const std::string& data);

}  // namespace upcall::service
