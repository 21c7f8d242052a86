// Users, security profiles and hierarchy groups. Names and e-mail addresses are unique by the database's rules
// (`conflict`).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/principal.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

struct User {
  std::string id;
  std::string username;
  std::string email;
  std::string name;
  std::string password_hash;
  std::optional<std::string> hierarchy_group_id;
  std::string routing_profile_id;
  bool disabled = false;
  WallTime created;
  std::vector<std::string> security_profile_ids;
};

struct SecurityProfile {
  std::string id;
  std::string name;
  identity::PermissionSet permissions;
  bool second_factor = false;  // required of its holders
};

struct HierarchyGroup {
  std::string id;
  std::string name;
  std::optional<std::string> parent_id;
  int level = 1;     // 1 to 5
  std::string path;  // ids from the root to the group itself, joined by '/'
};

namespace users {
// With its security profiles.
Result<void> insert(Database& db, const User& user);
Result<std::optional<User>> find(Database& db, std::string_view id);
// By user name, or by e-mail in any case.
Result<std::optional<User>> find_login(Database& db, std::string_view login);
// By e-mail alone, in any case.
Result<std::optional<User>> find_email(Database& db, std::string_view email);
Result<std::vector<User>> all(Database& db);
Result<bool> set_disabled(Database& db, std::string_view id, bool disabled);
Result<bool> set_routing_profile(Database& db, std::string_view id, std::string_view profile_id);
Result<bool> set_identity(Database& db, std::string_view id, std::string_view name, std::string_view email);  // conflict: the address is another's
Result<bool> set_hierarchy_group(Database& db, std::string_view id, const std::optional<std::string>& group_id);
Result<void> set_security_profiles(Database& db, std::string_view id, const std::vector<std::string>& profile_ids);
// The user id is a claim of the id token from then on. False: it was already, or there is no such user.
Result<bool> set_onboarded(Database& db, std::string_view id, WallTime now);
Result<bool> is_onboarded(Database& db, std::string_view id);
// Everything a decision needs, as it is now. Nothing for a user who is unknown or disabled.
Result<std::optional<identity::Principal>> principal(Database& db, std::string_view id);
}  // namespace users

namespace security_profiles {
Result<void> insert(Database& db, const SecurityProfile& profile);
Result<std::optional<SecurityProfile>> find_name(Database& db, std::string_view name);
Result<std::vector<SecurityProfile>> all(Database& db);
Result<bool> set_permissions(Database& db, std::string_view id, const identity::PermissionSet& permissions);
Result<bool> set_second_factor(Database& db, std::string_view id, bool required);
}  // namespace security_profiles

namespace hierarchy {
Result<void> insert(Database& db, const HierarchyGroup& group);
Result<std::optional<HierarchyGroup>> find(Database& db, std::string_view id);
Result<std::optional<HierarchyGroup>> find_child(Database& db, const std::optional<std::string>& parent_id, std::string_view name);
Result<std::vector<HierarchyGroup>> all(Database& db);
Result<bool> any(Database& db);  // is there a group at all
}  // namespace hierarchy

}  // namespace upcall::store
