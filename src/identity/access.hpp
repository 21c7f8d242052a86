// Every decision about who may do what to which object, in one place: routes (by their rows), meetings, recordings.
#pragma once

#include <string>
#include <string_view>

#include "identity/principal.hpp"
#include "identity/route_access.hpp"

namespace upcall::identity {

enum class RouteVerdict : std::uint8_t { allowed, no_permission, not_a_person };
// Credential and permission of a route. Null, or a row that is not for staff: nobody gets in by a staff credential.
RouteVerdict may_call(const Principal& caller, const RouteRule* rule);

// An object that one principal made and holds: a meeting, a contact that is served.
bool owns(const Principal& caller, std::string_view owner_principal);

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

// Stopping what somebody else records: a supervisor, within the hierarchy.
bool may_stop(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups);

// A contact that is over, by the group of its last agent then: whoever may search, within the hierarchy; a program with the
// permission stands outside of it. Who may not is told what is told of one that is not there.
bool may_read_contact(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups);
// The same of all contacts at once, for a search: those of the group and below it, those without a group, all or none.
struct ContactScope {
  enum class Reach : std::uint8_t { nothing, without_group, group, everything } reach = Reach::nothing;
  std::string path;  // of the group
};
ContactScope contact_scope(const Principal& viewer, bool installation_has_groups);

// Profile and hierarchy together. `profile_id`: parameter recordingPlaybackSecurityProfileId.
Playback may_play(const Principal& viewer, const RecordingTag& tag, std::string_view profile_id, bool installation_has_groups);
// The first half: may this person ask for playback at all.
bool may_ask_for_playback(const Principal& viewer, std::string_view profile_id);

}  // namespace upcall::identity
