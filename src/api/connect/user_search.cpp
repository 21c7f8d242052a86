#include "api/connect/user_search.hpp"

#include <algorithm>
#include <cctype>

#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

struct Condition {
  std::string field, value;
  enum class How { exact, starts, contains } how = How::exact;
  bool children = false;  // hierarchy
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c); });
  return out;
}

bool fits(const Condition& c, std::string_view text) {
  const std::string have = lower(text), want = lower(c.value);
  switch (c.how) {
    case Condition::How::exact: return have == want;
    case Condition::How::starts: return have.starts_with(want);
    case Condition::How::contains: return have.find(want) != std::string::npos;
  }
  return false;
}

ConnectResult<bool> fits(const Condition& c, const store::User& user, const std::vector<store::HierarchyGroup>& groups) {
  if (c.field == "HierarchyGroup") {
    if (!user.hierarchy_group_id) return false;
    if (*user.hierarchy_group_id == c.value) return true;
    if (!c.children) return false;
    for (const store::HierarchyGroup& g : groups) {
      if (g.id == *user.hierarchy_group_id) return ("/" + g.path + "/").find("/" + c.value + "/") != std::string::npos;
    }
    return false;
  }
  if (c.field == "Username") return fits(c, user.username);
  const std::size_t blank = user.name.find(' ');
  if (c.field == "FirstName") return fits(c, user.name.substr(0, blank));
  if (c.field == "LastName") return fits(c, blank == std::string::npos ? "" : std::string_view(user.name).substr(blank + 1));
  if (c.field == "RoutingProfileId") return fits(c, user.routing_profile_id);
  if (c.field == "SecurityProfileId") {
    return std::any_of(user.security_profile_ids.begin(), user.security_profile_ids.end(), [&](const std::string& id) { return fits(c, id); });
  }
  return invalid_parameter("SearchCriteria: FieldName must be Username, FirstName, LastName, RoutingProfileId or SecurityProfileId.");
}

ConnectResult<bool> meets(const bj::object& criteria, const store::User& user, const std::vector<store::HierarchyGroup>& groups, int depth) {
  if (depth > 3) return invalid_parameter("SearchCriteria: conditions are nested too deep.");
  for (const auto& [name, value] : criteria) {
    const bool all = name == "AndConditions", any = name == "OrConditions";
    if (all || any) {
      if (!value.is_array() || value.get_array().size() > 50) return invalid_parameter("SearchCriteria: " + std::string(name) + " must be a list of at most 50.");
      bool result = all || value.get_array().empty();
      for (const bj::value& item : value.get_array()) {
        if (!item.is_object()) return invalid_parameter("SearchCriteria: a condition must be an object.");
        auto met = meets(item.get_object(), user, groups, depth + 1);
        if (!met) return met;
        if (all && !*met) result = false;
        if (any && *met) result = true;
      }
      if (!result) return false;
      continue;
    }
    if (name != "StringCondition" && name != "HierarchyGroupCondition") return invalid_parameter("SearchCriteria: " + std::string(name).substr(0, 64) + " is not searched by here.");
    if (!value.is_object()) return invalid_parameter("SearchCriteria: " + std::string(name) + " must be an object.");
    const bj::object& o = value.get_object();
    Condition c;
    c.value = json::text_or(o, "Value");
    if (name == "HierarchyGroupCondition") {
      c.field = "HierarchyGroup";
      const std::string match = json::text_or(o, "HierarchyGroupMatchType", "EXACT");
      if (match != "EXACT" && match != "WITH_CHILD_GROUPS") return invalid_parameter("HierarchyGroupMatchType must be EXACT or WITH_CHILD_GROUPS.");
      c.children = match == "WITH_CHILD_GROUPS";
    } else {
      c.field = json::text_or(o, "FieldName");
      const std::string how = json::text_or(o, "ComparisonType", "EXACT");
      if (how != "EXACT" && how != "STARTS_WITH" && how != "CONTAINS") return invalid_parameter("ComparisonType must be STARTS_WITH, CONTAINS or EXACT.");
      c.how = how == "EXACT" ? Condition::How::exact : how == "CONTAINS" ? Condition::How::contains : Condition::How::starts;
    }
    auto met = fits(c, user, groups);
    if (!met || !*met) return met;
  }
  return true;
}

}  // namespace

ConnectResult<std::vector<const store::User*>> users_that_meet(const bj::object& criteria, const std::vector<store::User>& users,
                                                               const std::vector<store::HierarchyGroup>& groups) {
  std::vector<const store::User*> out;
  for (const store::User& user : users) {
    auto met = meets(criteria, user, groups, 0);
    if (!met) return tl::unexpected(met.error());
    if (*met) out.push_back(&user);
  }
  return out;
}

}  // namespace upcall::api
