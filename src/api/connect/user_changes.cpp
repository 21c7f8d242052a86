// What is changed of users, and what hierarchy and security profiles are made of.
#include <array>
#include <span>

#include "api/connect/directory_parts.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr std::array<std::string_view, 5> kLevels{"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"};
constexpr std::string_view kLevelNames = "hierarchyLevelNames";  // a JSON object by the words above
constexpr std::size_t kLevelNameMax = 50;

ConnectAnswer update_routing_profile(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto profile = call.text("RoutingProfileId", 1, 500);
  if (!profile) return tl::unexpected(profile.error());
  if (const std::size_t slash = profile->rfind('/'); slash != std::string::npos) profile->erase(0, slash + 1);
  return set_user(call, {{"routing-profile", *profile}});
}

ConnectAnswer update_identity_info(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  const bj::object* info = json::object_at(call.body, "IdentityInfo");
  if (info == nullptr) return invalid_parameter("IdentityInfo is required.");
  for (const char* member : {"SecondaryEmail", "Mobile"}) {
    if (info->contains(member)) return refuse_call(400, "InvalidRequestException", std::string(member) + " is not kept here.");
  }
  for (const auto& [name, value] : *info) {
    if (!value.is_string()) return invalid_parameter("IdentityInfo: " + std::string(name).substr(0, 64) + " must be a text.");
  }
  const std::string first = json::text_or(*info, "FirstName"), last = json::text_or(*info, "LastName");
  if (first.empty() || last.empty()) return invalid_parameter("IdentityInfo: FirstName and LastName are required.");
  bj::object arguments{{"name", first + " " + last}};
  if (const auto email = json::text_at(*info, "Email")) arguments["email"] = *email;
  return set_user(call, std::move(arguments));
}

// Nobody has a phone here, offers are accepted by hand, and how long work after a contact may take is the routing profile's:
// what describes just that is taken, everything else refused.
ConnectAnswer update_phone_config(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto user = find_user(call, call.id("user"));
  if (!user) return tl::unexpected(user.error());
  const bj::object* config = json::object_at(call.body, "PhoneConfig");
  if (config == nullptr) return invalid_parameter("PhoneConfig is required.");
  const auto refuse = [](std::string why) -> ConnectAnswer { return refuse_call(400, "InvalidRequestException", std::move(why)); };
  const std::string type = json::text_or(*config, "PhoneType");
  if (type != "SOFT_PHONE" && type != "DESK_PHONE") return invalid_parameter("PhoneConfig: PhoneType must be SOFT_PHONE or DESK_PHONE.");
  if (type == "DESK_PHONE" || !json::text_or(*config, "DeskPhoneNumber").empty()) return refuse("There are no desk phones here.");
  if (json::boolean_at(*config, "AutoAccept").value_or(false)) return refuse("Contacts are accepted by hand here.");
  if (json::integer_at(*config, "AfterContactWorkTimeLimit").value_or(0) != 0) return refuse("The limit of after-contact work is the routing profile's here.");
  return bj::object{};
}

// What somebody did stays in the audit under their id, so they are disabled; to the vendor's clients they are gone.
ConnectAnswer delete_user(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto user = find_user(call, call.id("user"));
  if (!user) return tl::unexpected(user.error());
  auto done = administer(call, Permission::user_admin, "user.disable", {{"username", user->username}});
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

// Five levels are always there; they have names.
Result<bj::object> level_names(store::Database& db) {
  auto text = store::parameters::get_or(db, kLevelNames, "{}");
  if (!text) return tl::unexpected(text.error());
  auto names = json::parse_object(*text);
  bj::object out;
  for (std::size_t i = 0; i < kLevels.size(); ++i) out[kLevels[i]] = names ? json::text_or(*names, kLevels[i], "Level " + std::to_string(i + 1)) : "Level " + std::to_string(i + 1);
  return out;
}

ConnectAnswer describe_structure(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto names = call.api.centre.store.read(level_names);
  if (!names) return fault_of(names.error());
  bj::object levels;
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    const std::string id = std::to_string(i + 1);
    levels[kLevels[i]] = bj::object{{"Id", id}, {"Arn", call.arn("agent-group-level/" + id)}, {"Name", names->at(kLevels[i])}};
  }
  return bj::object{{"HierarchyStructure", std::move(levels)}};
}

ConnectAnswer update_structure(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  const bj::object* given = json::object_at(call.body, "HierarchyStructure");
  if (given == nullptr) return invalid_parameter("HierarchyStructure is required.");
  auto names = call.api.centre.store.read(level_names);
  if (!names) return fault_of(names.error());
  for (const auto& [level, value] : *given) {
    if (std::find(kLevels.begin(), kLevels.end(), std::string_view(level)) == kLevels.end()) return invalid_parameter("HierarchyStructure has levels LevelOne to LevelFive.");
    const auto name = value.is_object() ? json::text_at(value.get_object(), "Name") : std::nullopt;
    if (!name || name->empty() || name->size() > kLevelNameMax || !json::is_clean_text(*name)) {
      return invalid_parameter("HierarchyStructure: Name must be a text of 1 to 50 bytes.");
    }
    (*names)[level] = *name;
  }
  auto done = administer(call, Permission::user_admin, "hierarchy.name-levels", {{"names", bj::serialize(*names)}});
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

// Permissions are ours ("contact.handle"): the vendor's words name pages that are not here.
ConnectAnswer create_security_profile(ConnectCall& call) {
  if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  auto name = call.text("SecurityProfileName", 1, 127);
  if (!name) return tl::unexpected(name.error());
  auto permissions = call.texts("Permissions", 500);
  if (!permissions) return tl::unexpected(permissions.error());
  // Nobody gives what he has not.
  for (const std::string& word : *permissions) {
    const auto permission = identity::permission_from(word);
    if (!permission) return invalid_parameter("Permissions: there is no permission \"" + word.substr(0, 64) + "\".");
    if (!call.caller.may(*permission)) return access_refused();
  }
  bj::array words;
  for (const std::string& word : *permissions) words.push_back(bj::value(word));
  auto made = administer(call, Permission::user_admin, "security-profile.add", {{"name", *name}, {"permission", std::move(words)}});
  if (!made) return tl::unexpected(made.error());
  const std::string id = json::text_or(made->as_object(), "securityProfileId");
  return bj::object{{"SecurityProfileId", id}, {"SecurityProfileArn", call.arn("security-profile/" + id)}};
}

constexpr ConnectRoute kOperations[] = {
    {"UpdateUserRoutingProfile", "POST", "/users/{instance}/{user}/routing-profile", ConnectRate::usual, update_routing_profile},
    {"UpdateUserIdentityInfo", "POST", "/users/{instance}/{user}/identity-info", ConnectRate::usual, update_identity_info},
    {"UpdateUserPhoneConfig", "POST", "/users/{instance}/{user}/phone-config", ConnectRate::usual, update_phone_config},
    {"DeleteUser", "DELETE", "/users/{instance}/{user}", ConnectRate::usual, delete_user},
    {"DescribeUserHierarchyStructure", "GET", "/user-hierarchy-structure/{instance}", ConnectRate::usual, describe_structure},
    {"UpdateUserHierarchyStructure", "POST", "/user-hierarchy-structure/{instance}", ConnectRate::usual, update_structure},
    {"CreateSecurityProfile", "PUT", "/security-profiles/{instance}", ConnectRate::usual, create_security_profile},
};

}  // namespace

std::span<const ConnectRoute> user_change_operations() { return kOperations; }

}  // namespace upcall::api
