// Names of the objects of one recording. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/time.hpp"

namespace upcall::recording {

// RECORDINGS/YYYY/MM/DD/HH/{externalMeetingId}-{recordingId}-{YYYYMMDD}T{HHMMSS}Z.mp4, by UTC at the start, the meeting's id
// reduced to what is safe in a key.
std::string object_key(std::string_view external_meeting_id, std::string_view recording_id, WallTime at);

// Beside a film: its manifest.
inline std::string manifest_key(std::string_view film_key) {
  return std::string(film_key.substr(0, film_key.rfind(".mp4"))) + ".json";
}

}  // namespace upcall::recording
