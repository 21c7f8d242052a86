// The instance, users, hierarchy groups, security profiles, and the token with which a front end logs a user in.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "api/connect/directory_parts.hpp"
#include "api/connect/user_search.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr std::size_t kPageMax = 1000;
constexpr std::string_view kLevels[] = {"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"};

// People may be read by whoever administers them; everybody may read their own entry.
Result<void, ConnectFault> may_read(const ConnectCall& call, std::string_view user_id = {}) {
  if (!user_id.empty() && call.caller.id == user_id) return {};
  return call.needs(Permission::user_admin);
}

ConnectAnswer list_instances(ConnectCall& call) {
  return bj::object{{"InstanceSummaryList", bj::array{bj::object{{"Id", call.instance_id}, {"Arn", call.arn("")}, {"IdentityManagementType", "CONNECT_MANAGED"},
                                                                 {"InstanceStatus", "ACTIVE"}}}}};
}

ConnectAnswer describe_instance(ConnectCall& call) {
  return bj::object{{"Instance", bj::object{{"Id", call.instance_id}, {"Arn", call.arn("")}, {"IdentityManagementType", "CONNECT_MANAGED"},
                                            {"InstanceStatus", "ACTIVE"}, {"InboundCallsEnabled", false}, {"OutboundCallsEnabled", false},
                                            {"InstanceAccessUrl", call.api.centre.options.public_url}}}};
}

bj::object user_summary(const ConnectCall& call, const store::User& user) {
  return {{"Id", user.id}, {"Arn", call.arn("agent/" + user.id)}, {"Username", user.username}};
}

bj::object user_json(const ConnectCall& call, const store::User& user) {
  bj::object out = user_summary(call, user);
  const std::size_t blank = user.name.find(' ');
  out["IdentityInfo"] = bj::object{{"FirstName", user.name.substr(0, blank)},
                                   {"LastName", blank == std::string::npos ? "" : user.name.substr(blank + 1)},
                                   {"Email", user.email}};
  out["PhoneConfig"] = bj::object{{"PhoneType", "SOFT_PHONE"}, {"AutoAccept", false}, {"AfterContactWorkTimeLimit", 0}, {"DeskPhoneNumber", ""}};
  bj::array profiles;
  for (const std::string& id : user.security_profile_ids) profiles.push_back(bj::value(id));
  out["SecurityProfileIds"] = std::move(profiles);
  if (!user.routing_profile_id.empty()) out["RoutingProfileId"] = user.routing_profile_id;
  if (user.hierarchy_group_id) out["HierarchyGroupId"] = *user.hierarchy_group_id;
  return out;
}

ConnectAnswer describe_user(ConnectCall& call) {
  const std::string id = call.id("user");
  if (auto may = may_read(call, id); !may) return tl::unexpected(may.error());
  auto user = find_user(call, id);
  if (!user) return tl::unexpected(user.error());
  return bj::object{{"User", user_json(call, *user)}};
}

ConnectResult<std::vector<store::User>> all_users(const ConnectCall& call) {
  if (auto may = may_read(call); !may) return tl::unexpected(may.error());
  auto all = call.api.centre.store.read([](store::Database& db) { return store::users::all(db); });
  if (!all) return fault_of(all.error());
  std::erase_if(*all, [](const store::User& user) { return user.disabled; });
  std::sort(all->begin(), all->end(), [](const store::User& a, const store::User& b) { return a.id < b.id; });
  return std::move(*all);
}

ConnectAnswer list_users(ConnectCall& call) {
  auto all = all_users(call);
  if (!all) return tl::unexpected(all.error());
  auto page = page_of(call.request, all->size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(user_summary(call, (*all)[i]));
  bj::object out{{"UserSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectAnswer search_users(ConnectCall& call) {
  auto all = all_users(call);
  if (!all) return tl::unexpected(all.error());
  auto groups = call.api.centre.store.read([](store::Database& db) { return store::hierarchy::all(db); });
  if (!groups) return fault_of(groups.error());
  const bj::value* criteria = call.body.if_contains("SearchCriteria");
  if (criteria != nullptr && !criteria->is_null() && !criteria->is_object()) return invalid_parameter("SearchCriteria must be an object.");
  auto found = users_that_meet(criteria != nullptr && criteria->is_object() ? criteria->get_object() : bj::object{}, *all, *groups);
  if (!found) return tl::unexpected(found.error());
  const std::int64_t size = json::integer_at(call.body, "MaxResults").value_or(100);
  if (call.body.contains("MaxResults") && (!json::integer_at(call.body, "MaxResults") || size < 1 || size > 500)) return invalid_parameter("MaxResults must be 1 to 500.");
  auto page = page_of(json::text_or(call.body, "NextToken"), static_cast<std::size_t>(size), found->size());
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(user_json(call, *(*found)[i]));
  bj::object out{{"Users", std::move(list)}, {"ApproximateTotalCount", found->size()}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

// --- changes of users: the commands of the administrator, so their rules and their audit rows ---

// Names of security profiles by their ids; an unknown one is a bad parameter.
ConnectResult<bj::array> profile_names(const ConnectCall& call) {
  auto ids = call.texts("SecurityProfileIds", 10, true);
  if (!ids) return tl::unexpected(ids.error());
  auto all = call.api.centre.store.read([](store::Database& db) { return store::security_profiles::all(db); });
  if (!all) return fault_of(all.error());
  bj::array out;
  for (const std::string& id : *ids) {
    const auto found = std::find_if(all->begin(), all->end(), [&](const store::SecurityProfile& p) { return p.id == id; });
    if (found == all->end()) return invalid_parameter("SecurityProfileIds: there is no such security profile.");
    out.push_back(bj::value(found->name));
  }
  return out;
}

// "A/B/C" of a group.
ConnectResult<std::string> group_path(const ConnectCall& call, const std::string& group_id) {
  auto all = call.api.centre.store.read([](store::Database& db) { return store::hierarchy::all(db); });
  if (!all) return fault_of(all.error());
  std::string out;
  std::optional<std::string> at = group_id;
  while (at) {
    const auto found = std::find_if(all->begin(), all->end(), [&](const store::HierarchyGroup& g) { return g.id == *at; });
    if (found == all->end()) return invalid_parameter("HierarchyGroupId: there is no such hierarchy group.");
    out = out.empty() ? found->name : found->name + "/" + out;
    at = found->parent_id;
  }
  return out;
}

ConnectAnswer create_user(ConnectCall& call) {
  auto username = call.text("Username", 1, 100);
  if (!username) return tl::unexpected(username.error());
  auto password = call.text("Password", 1, 512);
  if (!password) return tl::unexpected(password.error());
  auto routing = call.text("RoutingProfileId", 1, 256);
  if (!routing) return tl::unexpected(routing.error());
  auto group = call.text("HierarchyGroupId", 0, 256, false);
  if (!group) return tl::unexpected(group.error());
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto profiles = profile_names(call);
  if (!profiles) return tl::unexpected(profiles.error());
  bj::object arguments{{"username", *username}, {"password", *password}, {"routing-profile", *routing}, {"security-profile", std::move(*profiles)}};
  if (const bj::object* info = json::object_at(call.body, "IdentityInfo")) {
    if (const auto email = json::text_at(*info, "Email")) arguments["email"] = *email;
    const std::string first = json::text_or(*info, "FirstName"), last = json::text_or(*info, "LastName");
    const std::string name = first + (first.empty() || last.empty() ? "" : " ") + last;
    if (!name.empty()) arguments["name"] = name;
  }
  if (!group->empty()) {
    auto path = group_path(call, *group);
    if (!path) return tl::unexpected(path.error());
    arguments["hierarchy-group"] = *path;
  }
  auto made = administer(call, Permission::user_admin, "user.add", arguments);
  if (!made) return tl::unexpected(made.error());
  const bj::object& user = made->as_object();
  return bj::object{{"UserId", json::text_or(user, "userId")}, {"UserArn", json::text_or(user, "userArn")}};
}

ConnectAnswer update_hierarchy(ConnectCall& call) {
  auto group = call.text("HierarchyGroupId", 0, 256, false);
  if (!group) return tl::unexpected(group.error());
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  if (group->empty()) return set_user(call, {{"hierarchy-group", ""}});
  auto path = group_path(call, *group);
  if (!path) return tl::unexpected(path.error());
  return set_user(call, {{"hierarchy-group", *path}});
}

ConnectAnswer update_security_profiles(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto names = profile_names(call);
  if (!names) return tl::unexpected(names.error());
  return set_user(call, {{"security-profile", std::move(*names)}});
}

// --- hierarchy and profiles ---

bj::object group_ref(const ConnectCall& call, const store::HierarchyGroup& g) {
  return {{"Id", g.id}, {"Arn", call.arn("agent-group/" + g.id)}, {"Name", g.name}};
}

ConnectAnswer describe_group(ConnectCall& call) {
  const std::string id = call.id("group");
  if (call.caller.hierarchy_group_id != id) {
    if (auto may = may_read(call); !may) return tl::unexpected(may.error());
  }
  auto all = call.api.centre.store.read([](store::Database& db) { return store::hierarchy::all(db); });
  if (!all) return fault_of(all.error());
  const auto found = std::find_if(all->begin(), all->end(), [&](const store::HierarchyGroup& g) { return g.id == id; });
  if (found == all->end()) return no_such("hierarchy group");
  bj::object path;
  for (const store::HierarchyGroup& g : *all) {
    if (("/" + found->path + "/").find("/" + g.id + "/") != std::string::npos && g.level >= 1 && g.level <= 5) path[kLevels[g.level - 1]] = group_ref(call, g);
  }
  bj::object group = group_ref(call, *found);
  group["LevelId"] = std::to_string(found->level);  // the level's number as text, as clients compute with it
  group["HierarchyPath"] = std::move(path);
  return bj::object{{"HierarchyGroup", std::move(group)}};
}

ConnectAnswer list_groups(ConnectCall& call) {
  if (auto may = may_read(call); !may) return tl::unexpected(may.error());
  auto all = call.api.centre.store.read([](store::Database& db) { return store::hierarchy::all(db); });
  if (!all) return fault_of(all.error());
  auto page = page_of(call.request, all->size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(group_ref(call, (*all)[i]));
  bj::object out{{"UserHierarchyGroupSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectAnswer create_group(ConnectCall& call) {
  auto name = call.text("Name", 1, 100);
  if (!name) return tl::unexpected(name.error());
  if (name->find('/') != std::string::npos) return invalid_parameter("Name must not hold a '/'.");
  auto parent = call.text("ParentGroupId", 0, 256, false);
  if (!parent) return tl::unexpected(parent.error());
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  std::string path = *name;
  if (!parent->empty()) {
    auto above = group_path(call, *parent);
    if (!above) return tl::unexpected(above.error());
    path = *above + "/" + *name;
  }
  const std::optional<std::string> under = parent->empty() ? std::nullopt : std::optional(*parent);
  auto there = call.api.centre.store.read([&](store::Database& db) { return store::hierarchy::find_child(db, under, *name); });
  if (!there) return fault_of(there.error());
  if (*there) return refuse_call(409, "DuplicateResourceException", "There is a hierarchy group of this name already.");
  auto made = administer(call, Permission::user_admin, "hierarchy.add", {{"path", path}});
  if (!made) return tl::unexpected(made.error());
  auto group = call.api.centre.store.read([&](store::Database& db) { return store::hierarchy::find_child(db, under, *name); });
  if (!group) return fault_of(group.error());
  if (!*group) return fault_of({ErrorCode::internal, "group"});
  return bj::object{{"HierarchyGroupId", (*group)->id}, {"HierarchyGroupArn", call.arn("agent-group/" + (*group)->id)}};
}

ConnectAnswer list_profiles(ConnectCall& call) {
  if (auto may = may_read(call); !may) return tl::unexpected(may.error());
  auto all = call.api.centre.store.read([](store::Database& db) { return store::security_profiles::all(db); });
  if (!all) return fault_of(all.error());
  auto page = page_of(call.request, all->size(), 100, kPageMax);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) {
    const store::SecurityProfile& p = (*all)[i];
    list.push_back(bj::object{{"Id", p.id}, {"Arn", call.arn("security-profile/" + p.id)}, {"Name", p.name}});
  }
  bj::object out{{"SecurityProfileSummaryList", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ConnectAnswer describe_profile(ConnectCall& call) {
  if (auto may = may_read(call); !may) return tl::unexpected(may.error());
  const std::string id = call.id("profile");
  auto all = call.api.centre.store.read([](store::Database& db) { return store::security_profiles::all(db); });
  if (!all) return fault_of(all.error());
  const auto found = std::find_if(all->begin(), all->end(), [&](const store::SecurityProfile& p) { return p.id == id; });
  if (found == all->end()) return no_such("security profile");
  return bj::object{{"SecurityProfile", bj::object{{"Id", found->id}, {"Arn", call.arn("security-profile/" + found->id)},
                                                   {"SecurityProfileName", found->name}, {"OrganizationResourceId", call.instance_id}}}};
}

// A session of the user for whom the key acts: an agent's front end hands it to the panel's sign-in.
ConnectAnswer federation_token(ConnectCall& call) {
  if (call.caller.kind != identity::Principal::Kind::user) {
    return refuse_call(404, "UserNotFoundException", "This access key acts for no user: create it with --username.");
  }
  // A session has all that its user may: a key that is limited must not become one.
  auto whole = call.api.centre.store.read([&](store::Database& db) { return store::users::principal(db, call.caller.id); });
  if (!whole) return fault_of(whole.error());
  if (!*whole || !((*whole)->permissions == call.caller.permissions)) return access_refused();
  auto life = call.api.centre.store.read([](store::Database& db) { return store::session_life(db); });
  if (!life) return fault_of(life.error());
  auto tokens = call.api.centre.authenticator.begin_session({.user_id = call.caller.id, .how = "access key"}, call.request.now);
  if (!tokens) return fault_of(tokens.error());
  return bj::object{{"UserId", call.caller.id},
                    {"UserArn", call.arn("agent/" + call.caller.id)},
                    {"SignInUrl", call.api.centre.options.public_url + "/"},
                    {"Credentials", bj::object{{"AccessToken", tokens->access_token},
                                               {"AccessTokenExpiration", epoch_seconds(call.request.now.wall + Duration::s(tokens->expires_in_s))},
                                               {"RefreshToken", tokens->refresh_token},
                                               {"RefreshTokenExpiration", epoch_seconds(call.request.now.wall + *life)}}}};
}

constexpr ConnectRoute kOperations[] = {
    {"ListInstances", "GET", "/instance", ConnectRate::usual, list_instances},
    {"DescribeInstance", "GET", "/instance/{instance}", ConnectRate::usual, describe_instance},
    {"ListUsers", "GET", "/users-summary/{instance}", ConnectRate::usual, list_users},
    {"SearchUsers", "POST", "/search-users", ConnectRate::usual, search_users},
    {"DescribeUser", "GET", "/users/{instance}/{user}", ConnectRate::usual, describe_user},
    {"CreateUser", "PUT", "/users/{instance}", ConnectRate::usual, create_user},
    {"UpdateUserHierarchy", "POST", "/users/{instance}/{user}/hierarchy", ConnectRate::usual, update_hierarchy},
    {"UpdateUserSecurityProfiles", "POST", "/users/{instance}/{user}/security-profiles", ConnectRate::usual, update_security_profiles},
    {"DescribeUserHierarchyGroup", "GET", "/user-hierarchy-groups/{instance}/{group}", ConnectRate::usual, describe_group},
    {"ListUserHierarchyGroups", "GET", "/user-hierarchy-groups-summary/{instance}", ConnectRate::usual, list_groups},
    {"CreateUserHierarchyGroup", "PUT", "/user-hierarchy-groups/{instance}", ConnectRate::usual, create_group},
    {"ListSecurityProfiles", "GET", "/security-profiles-summary/{instance}", ConnectRate::usual, list_profiles},
    {"DescribeSecurityProfile", "GET", "/security-profiles/{instance}/{profile}", ConnectRate::usual, describe_profile},
    {"GetFederationToken", "GET", "/user/federate/{instance}", ConnectRate::usual, federation_token},
};

}  // namespace

ConnectResult<store::User> find_user(const ConnectCall& call, const std::string& id) {
  auto user = call.api.centre.store.read([&](store::Database& db) { return store::users::find(db, id); });
  if (!user) return fault_of(user.error());
  if (!*user || (*user)->disabled) return no_such("user");
  return std::move(**user);
}

ConnectAnswer set_user(ConnectCall& call, bj::object arguments) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto user = find_user(call, call.id("user"));
  if (!user) return tl::unexpected(user.error());
  arguments["username"] = user->username;
  auto done = administer(call, Permission::user_admin, "user.set", arguments);
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

std::span<const ConnectRoute> directory_operations() { return kOperations; }

}  // namespace upcall::api
