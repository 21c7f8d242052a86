// What a person or a program may do. Permissions are granted by security profiles (people) or by an access key.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upcall::identity {

enum class Permission : std::uint8_t {
  contact_handle,      // be offered contacts, chat, end them
  meeting_create,      // create meetings and own them
  recording_control,   // start and stop the recording of an own meeting
  recording_stop_any,  // stop anybody's, within the hierarchy rule
  recording_playback,  // programs only: people need the configured security profile instead
  recording_all_groups,  // passes the hierarchy rule
  contact_search,
  contact_monitor,     // watch live contacts silently and step in, within the hierarchy rule
  user_admin,
  routing_admin,  // queues, routing profiles
  flow_admin,
  instance_admin,  // parameters, access keys, diagnosis
};
inline constexpr std::size_t kPermissionCount = 12;

// "contact.handle" and so on: how permissions are stored and shown.
std::string_view to_string(Permission permission);
std::optional<Permission> permission_from(std::string_view text);
std::span<const Permission> all_permissions();

class PermissionSet {
 public:
  PermissionSet() = default;
  PermissionSet(std::initializer_list<Permission> list) {
    for (Permission p : list) add(p);
  }
  static PermissionSet everything();
  void add(Permission p) { bits_ |= 1u << static_cast<unsigned>(p); }
  bool has(Permission p) const { return (bits_ >> static_cast<unsigned>(p) & 1u) != 0; }
  bool empty() const { return bits_ == 0; }
  bool operator==(const PermissionSet&) const = default;

 private:
  std::uint32_t bits_ = 0;
};

struct DefaultProfile {
  std::string_view name;
  PermissionSet permissions;
};
// The five that a first start creates.
std::span<const DefaultProfile> default_profiles();
inline constexpr std::string_view kPlaybackProfileName = "VideoCallRecordingPlayback";

}  // namespace upcall::identity
