#include "identity/permission.hpp"

#include <array>
#include <utility>

namespace upcall::identity {
namespace {

constexpr std::pair<Permission, std::string_view> kNames[kPermissionCount] = {
    {Permission::contact_handle, "contact.handle"},
    {Permission::meeting_create, "meeting.create"},
    {Permission::recording_control, "recording.control"},
    {Permission::recording_stop_any, "recording.stop_any"},
    {Permission::recording_playback, "recording.playback"},
    {Permission::recording_all_groups, "recording.all_groups"},
    {Permission::contact_search, "contact.search"},
    {Permission::contact_monitor, "contact.monitor"},
    {Permission::user_admin, "user.admin"},
    {Permission::routing_admin, "routing.admin"},
    {Permission::flow_admin, "flow.admin"},
    {Permission::instance_admin, "instance.admin"},
};

}  // namespace

std::string_view to_string(Permission permission) {
  for (const auto& [value, name] : kNames) {
    if (value == permission) return name;
  }
  return "";
}

std::optional<Permission> permission_from(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::span<const Permission> all_permissions() {
  static const std::array<Permission, kPermissionCount> list = [] {
    std::array<Permission, kPermissionCount> out{};
    for (std::size_t i = 0; i < kPermissionCount; ++i) out[i] = kNames[i].first;
    return out;
  }();
  return list;
}

PermissionSet PermissionSet::everything() {
  PermissionSet out;
  for (Permission p : all_permissions()) out.add(p);
  return out;
}

std::span<const DefaultProfile> default_profiles() {
  using enum Permission;
  static const std::array<DefaultProfile, 5> list = {{
      {"Admin", PermissionSet::everything()},
      {"CallCenterManager", {contact_handle, meeting_create, recording_control, recording_stop_any, contact_search, contact_monitor, user_admin, routing_admin}},
      {"QualityAnalyst", {contact_search}},
      {"Agent", {contact_handle, meeting_create, recording_control}},
      // Holding this profile is what playback asks for; it grants nothing by itself.
      {kPlaybackProfileName, {}},
  }};
  return list;
}

}  // namespace upcall::identity
