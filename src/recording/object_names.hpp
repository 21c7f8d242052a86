// Names of the objects of one recording. Pure.
#pragma once

#include <string>
#include <string_view>

namespace upcall::recording {

// Beside a film: its manifest.
inline std::string manifest_key(std::string_view film_key) {
  return std::string(film_key.substr(0, film_key.rfind(".mp4"))) + ".json";
}

}  // namespace upcall::recording
