#include "recording/object_names.hpp"

#include <cstdio>

#include "base/wall_text.hpp"

namespace upcall::recording {

namespace {

std::string safe(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    out.push_back(ok ? c : '_');
  }
  return out.substr(0, 100);
}

}  // namespace

std::string object_key(std::string_view external_meeting_id, std::string_view recording_id, WallTime at) {
  const CivilTime t = to_civil_utc(at);
  char folder[48], stamp[48];
  std::snprintf(folder, sizeof folder, "RECORDINGS/%04d/%02d/%02d/%02d/", t.year, t.month, t.day, t.hour);
  std::snprintf(stamp, sizeof stamp, "-%04d%02d%02dT%02d%02d%02dZ.mp4", t.year, t.month, t.day, t.hour, t.minute, t.second);
  return std::string(folder) + safe(external_meeting_id) + "-" + std::string(recording_id) + stamp;
}

}  // namespace upcall::recording
