#include "identity/user_cache.hpp"

#include <algorithm>

#include "json/json.hpp"

namespace upcall::identity {

std::string cached_text(const Principal& p) {
  std::vector<std::string> ids = p.security_profile_ids;
  std::sort(ids.begin(), ids.end());
  boost::json::array profiles;
  for (const std::string& id : ids) profiles.emplace_back(id);
  return boost::json::serialize(boost::json::object{
      {"username", p.username}, {"hierarchyGroupId", p.hierarchy_group_id}, {"hierarchyPath", p.hierarchy_path}, {"securityProfileIds", std::move(profiles)}});
}

bool needs_refresh(const CachedUser& cached, std::string_view truth, WallTime now) {
  // From the future: the clock was set back, and its age cannot be told.
  return cached.text != truth || now < cached.written || now - cached.written > kUserCacheFresh;
}

}  // namespace upcall::identity
