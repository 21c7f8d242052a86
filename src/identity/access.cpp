#include "identity/access.hpp"

#include <algorithm>

namespace upcall::identity {

bool is_same_or_above(std::string_view ancestor, std::string_view path) {
  if (ancestor.empty() || !path.starts_with(ancestor)) return false;
  // "a/b" is above "a/b/c", not above "a/bc".
  return path.size() == ancestor.size() || path[ancestor.size()] == '/';
}

bool passes_hierarchy(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups) {
  if (viewer.may(Permission::recording_all_groups)) return true;
  // A tag outlives its group: then there were groups, and the profile alone must not open it.
  if (!installation_has_groups && tag.group_id.empty() && viewer.hierarchy_group_id.empty()) return true;
  if (tag.group_id.empty() || viewer.hierarchy_group_id.empty()) return false;
  return is_same_or_above(viewer.hierarchy_path, tag.path);
}

RouteVerdict may_call(const Principal& caller, const RouteRule* rule) {
  if (rule == nullptr || (rule->credential != Credential::staff && rule->credential != Credential::person)) return RouteVerdict::no_permission;
  if (rule->permission && !caller.may(*rule->permission)) return RouteVerdict::no_permission;
  if (rule->credential == Credential::person && caller.kind != Principal::Kind::user) return RouteVerdict::not_a_person;
  return RouteVerdict::allowed;
}

bool owns(const Principal& caller, std::string_view owner_principal) { return !caller.id.empty() && caller.id == owner_principal; }

bool may_stop(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups) {
  return viewer.may(Permission::recording_stop_any) && passes_hierarchy(viewer, tag, installation_has_groups);
}

ContactScope contact_scope(const Principal& viewer, bool installation_has_groups) {
  using enum ContactScope::Reach;
  if (!viewer.may(Permission::contact_search)) return {nothing, ""};
  if (viewer.kind == Principal::Kind::service || viewer.may(Permission::recording_all_groups)) return {everything, ""};
  if (!viewer.hierarchy_group_id.empty()) return {viewer.hierarchy_path.empty() ? nothing : group, viewer.hierarchy_path};
  return {installation_has_groups ? nothing : without_group, ""};
}

bool may_read_contact(const Principal& viewer, const RecordingTag& tag, bool installation_has_groups) {
  if (!viewer.may(Permission::contact_search)) return false;
  return viewer.kind == Principal::Kind::service || passes_hierarchy(viewer, tag, installation_has_groups);
}

bool may_ask_for_playback(const Principal& viewer, std::string_view profile_id) {
  if (viewer.kind == Principal::Kind::service) return viewer.may(Permission::recording_playback);
  return !profile_id.empty() && std::find(viewer.security_profile_ids.begin(), viewer.security_profile_ids.end(), profile_id) !=
                                    viewer.security_profile_ids.end();
}

Playback may_play(const Principal& viewer, const RecordingTag& tag, std::string_view profile_id, bool installation_has_groups) {
  if (!may_ask_for_playback(viewer, profile_id)) return Playback::no_profile;
  // A program with the playback permission stands outside the hierarchy (design §5, principals).
  if (viewer.kind == Principal::Kind::service) return Playback::allowed;
  return passes_hierarchy(viewer, tag, installation_has_groups) ? Playback::allowed : Playback::other_group;
}

}  // namespace upcall::identity
