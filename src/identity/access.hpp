// The decisions of design §5 about recordings, in one place.
#pragma once

#include <string>
#include <string_view>

#include "identity/principal.hpp"

namespace upcall::identity {

// The agent's group when the recording started.
struct RecordingTag {
  std::string group_id;  // empty: the agent had none
  std::string path;
};

enum class Playback : std::uint8_t {
  allowed,
  no_profile,    // 403: none of the viewer's security profiles is the configured one
  other_group,   // hidden: the hierarchy rule refuses
};

// True when `ancestor` is the same group as the one `path` leads to, or lies above it. Both are paths of ids.
bool is_same_or_above(std::string_view ancestor_path, std::string_view path);

// The hierarchy rule alone. `installation_has_groups`: false lets the profile decide.
bool passes_hierarchy(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups);

// Profile and hierarchy together. `profile_id`: parameter recordingPlaybackSecurityProfileId.
Playback may_play(const Principal& viewer, const RecordingTag& tag, std::string_view profile_id, bool installation_has_groups);
// The first half: may this person ask for playback at all.
bool may_ask_for_playback(const Principal& viewer, std::string_view profile_id);

}  // namespace upcall::identity
