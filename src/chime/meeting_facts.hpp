// What the vendor's interface keeps of a meeting beside its row: its own external id, which many meetings may have, features,
// tenants. Stored as JSON in the meeting's row.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chime/fault.hpp"
#include "chime/json_names.hpp"
#include "wire/attendee_capabilities.hpp"

namespace upcall::chime {

inline constexpr int kAttendeesMax = 250;        // of one meeting, and what MaxCount may be
inline constexpr int kAttendeesMaxLarge = 25;    // with FHD video or UHD content

struct MeetingFeatures {
  std::string echo_reduction = "UNAVAILABLE";  // AVAILABLE, UNAVAILABLE
  std::string video = "HD";                    // None, HD, FHD
  std::string content = "FHD";                 // None, FHD, UHD
  int max_count = kAttendeesMax;               // attendees that are in it at once

  bool operator==(const MeetingFeatures&) const = default;
  boost::json::object to_json() const;         // the vendor's MeetingFeaturesConfiguration
};
// MeetingFeatures of a request; absent ones have the vendor's defaults.
Checked<MeetingFeatures> read_features(const boost::json::object& request);

// What an attendee of such a meeting gets: what was asked for, if the vendor's rules of combination allow it, else the default.
Checked<wire::AttendeeCapabilities> capabilities_for(const MeetingFeatures& features, const std::optional<wire::AttendeeCapabilities>& asked);

struct MeetingFacts {
  std::string external_meeting_id;
  std::string media_region;
  std::string host_id;                   // empty: none
  std::vector<std::string> tenant_ids;
  MeetingFeatures features;

  boost::json::object to_json() const;
};
// Of a meeting's data; nothing for a meeting that was not made through this interface.
std::optional<MeetingFacts> facts_from(std::string_view data);

}  // namespace upcall::chime
