// Who makes a request, with everything a decision needs. Read from the store for each request, never from a token.
#pragma once

#include <string>
#include <vector>

#include "identity/permission.hpp"

namespace upcall::identity {

struct Principal {
  enum class Kind : std::uint8_t { user, service };
  Kind kind = Kind::user;
  std::string id;        // user id, or "key/<access key id>" of a service
  std::string username;  // a service: the access key's name
  std::string name;
  std::string email;
  PermissionSet permissions;
  std::vector<std::string> security_profile_ids;
  std::string hierarchy_group_id;  // empty: none
  std::string hierarchy_path;      // group ids from the root to the group itself, joined by '/'
  std::string routing_profile_id;

  bool may(Permission p) const { return permissions.has(p); }
};

}  // namespace upcall::identity
