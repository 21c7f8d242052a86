#include <algorithm>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "crypto/password.hpp"
#include "identity/password_policy.hpp"
#include "io/objects/object_store.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/login_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

constexpr int kLevels = 5;

bool is_login(std::string_view text) {
  return !text.empty() && text.size() <= 100 && json::is_clean_text(text) && text.find_first_of(" \t\n/") == std::string_view::npos;
}

bool is_display_name(std::string_view text) { return !text.empty() && text.size() <= 127 && json::is_clean_text(text); }

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  return is_login(text) && at != std::string_view::npos && at > 0 && at + 1 < text.size();
}

Result<std::vector<std::string>> profile_ids(store::Database& db, const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    auto found = store::security_profiles::find_name(db, name);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "there is no security profile \"" + name.substr(0, 127) + "\"");
    out.push_back((*found)->id);
  }
  return out;
}

Result<std::string> routing_profile_id(store::Database& db, const std::string& name) {
  if (name.empty()) return store::parameters::get_or(db, "defaultRoutingProfileId", "");
  auto all = store::routing::profiles(db);
  if (!all) return tl::unexpected(all.error());
  for (const contact::RoutingProfile& p : *all) {
    if (p.name == name || p.id == name) return p.id;
  }
  return fail(ErrorCode::not_found, "there is no routing profile \"" + name.substr(0, 127) + "\"");
}

bj::array permission_names(const identity::PermissionSet& set) {
  bj::array out;
  for (identity::Permission p : identity::all_permissions()) {
    if (set.has(p)) out.push_back(bj::value(identity::to_string(p)));
  }
  return out;
}

// "A/B/C" of a group, by its ids.
std::string names_of(const std::vector<store::HierarchyGroup>& groups, std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::string_view id = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), id.size() + 1));
    for (const store::HierarchyGroup& g : groups) {
      if (g.id == id) out += (out.empty() ? "" : "/") + g.name;
    }
  }
  return out;
}

Answer set_disabled(Context& context, const Arguments& arguments, bool disabled) {
  if (auto fine = only(arguments, {"username"}); !fine) return tl::unexpected(fine.error());
  const std::string username = json::text_or(arguments, "username");
  return context.store.write([&](store::Database& db) -> Answer {
    auto user = store::users::find_login(db, username);
    if (!user) return tl::unexpected(user.error());
    if (!*user) return fail(ErrorCode::not_found, "there is no such user");
    if (auto done = store::users::set_disabled(db, (*user)->id, disabled); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, disabled ? "user.disabled" : "user.enabled", (*user)->id); !done) return tl::unexpected(done.error());
    return bj::object{{"userId", (*user)->id}, {"username", (*user)->username}, {"disabled", disabled}};
  });
}

}  // namespace

Result<identity::PermissionSet> permissions_from(const std::vector<std::string>& names) {
  identity::PermissionSet out;
  for (const std::string& name : names) {
    const auto permission = identity::permission_from(name);
    if (!permission) return fail(ErrorCode::invalid_argument, "there is no permission \"" + name.substr(0, 64) + "\"");
    out.add(*permission);
  }
  return out;
}

Result<std::string> group_at(store::Database& db, Context& context, std::string_view path) {
  std::optional<std::string> parent;
  std::string id_path;
  int level = 0;
  while (true) {
    const std::string name(path.substr(0, path.find('/')));
    if (name.empty() || name.size() > 100 || !json::is_clean_text(name)) {
      return fail(ErrorCode::invalid_argument, "a hierarchy group is named by its path, as in \"North/Sales/Team 1\"");
    }
    if (++level > kLevels) return fail(ErrorCode::invalid_argument, "a hierarchy has five levels at most");
    auto found = store::hierarchy::find_child(db, parent, name);
    if (!found) return tl::unexpected(found.error());
    std::string id = *found ? (*found)->id : make_uuid(context.random);
    id_path += (id_path.empty() ? "" : "/") + id;
    if (!*found) {
      if (auto done = store::hierarchy::insert(db, {id, name, parent, level, id_path}); !done) return tl::unexpected(done.error());
    }
    parent = std::move(id);
    if (path.size() <= name.size()) return *parent;
    path.remove_prefix(name.size() + 1);
  }
}

Answer user_add(Context& context, const Arguments& arguments) {
  auto fine = only(arguments, {"username", "email", "password", "temporary", "name", "security-profile", "hierarchy-group", "routing-profile"});
  if (!fine) return tl::unexpected(fine.error());
  store::User user;
  user.username = json::text_or(arguments, "username");
  user.email = json::text_or(arguments, "email", user.username);
  user.name = json::text_or(arguments, "name", user.username);
  if (!is_login(user.username)) return fail(ErrorCode::invalid_argument, "username must be 1 to 100 bytes without blanks or '/'");
  if (!is_email(user.email)) return fail(ErrorCode::invalid_argument, "email is not an e-mail address");
  if (!is_display_name(user.name)) return fail(ErrorCode::invalid_argument, "name must be a text of 1 to 127 bytes");
  auto profiles = texts(arguments, "security-profile");
  if (!profiles) return tl::unexpected(profiles.error());
  if (profiles->empty()) return fail(ErrorCode::invalid_argument, "at least one security-profile is needed");
  // Forty milliseconds of work stay outside of the writer's thread.
  const std::string given = json::text_or(arguments, "password");
  const std::string made = given.empty() ? temporary_password(context.random) : "";
  const bool temporary = given.empty() || json::boolean_at(arguments, "temporary").value_or(false);
  if (!temporary) {
    if (auto allowed = identity::check_new_password(given, user.username, user.email, user.name); !allowed) return tl::unexpected(allowed.error());
  }
  auto hash = crypto::hash_password(given.empty() ? made : given);
  if (!hash) return tl::unexpected(hash.error());
  user.password_hash = std::move(*hash);
  user.created = context.now;
  const std::string group = json::text_or(arguments, "hierarchy-group");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    user.id = make_uuid(context.random);
    auto ids = profile_ids(db, *profiles);
    if (!ids) return tl::unexpected(ids.error());
    user.security_profile_ids = std::move(*ids);
    auto routing = routing_profile_id(db, json::text_or(arguments, "routing-profile"));
    if (!routing) return tl::unexpected(routing.error());
    user.routing_profile_id = std::move(*routing);
    if (!group.empty()) {
      auto id = group_at(db, context, group);
      if (!id) return tl::unexpected(id.error());
      user.hierarchy_group_id = std::move(*id);
    }
    if (auto done = store::users::insert(db, user); !done) return tl::unexpected(done.error());
    if (temporary) {
      if (auto done = store::passwords::set(db, user.id, user.password_hash, true, context.now); !done) return tl::unexpected(done.error());
    }
    if (auto done = note(db, context, "user.added", user.id); !done) return tl::unexpected(done.error());
    auto instance = store::parameters::get_or(db, "instanceId", "");
    if (!instance) return tl::unexpected(instance.error());
    bj::object out{{"userId", user.id}, {"userArn", arn(*instance, "agent/" + user.id)}, {"username", user.username}, {"email", user.email}, {"name", user.name}};
    if (!made.empty()) out["temporaryPassword"] = made;
    if (user.hierarchy_group_id) out["hierarchyGroupId"] = *user.hierarchy_group_id;
    return out;
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a user with this name or e-mail address is there already");
  return stored;
}

Answer user_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::users::all(db);
    auto groups = store::hierarchy::all(db);
    auto profiles = store::security_profiles::all(db);
    if (!all) return tl::unexpected(all.error());
    if (!groups) return tl::unexpected(groups.error());
    if (!profiles) return tl::unexpected(profiles.error());
    bj::array list;
    for (const store::User& u : *all) {
      bj::array names;
      for (const store::SecurityProfile& p : *profiles) {
        if (std::find(u.security_profile_ids.begin(), u.security_profile_ids.end(), p.id) != u.security_profile_ids.end()) names.push_back(bj::value(p.name));
      }
      bj::object o{{"userId", u.id}, {"username", u.username}, {"email", u.email}, {"name", u.name}, {"disabled", u.disabled}, {"securityProfiles", std::move(names)}};
      for (const store::HierarchyGroup& g : *groups) {
        if (u.hierarchy_group_id == g.id) o["hierarchyGroup"] = names_of(*groups, g.path);
      }
      list.push_back(std::move(o));
    }
    return bj::object{{"users", std::move(list)}};
  });
}

Answer user_disable(Context& context, const Arguments& arguments) { return set_disabled(context, arguments, true); }
Answer user_enable(Context& context, const Arguments& arguments) { return set_disabled(context, arguments, false); }

Answer user_set(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"username", "security-profile", "hierarchy-group", "routing-profile", "name", "email"}); !fine) return tl::unexpected(fine.error());
  auto names = texts(arguments, "security-profile");
  if (!names) return tl::unexpected(names.error());
  const auto name = json::text_at(arguments, "name"), email = json::text_at(arguments, "email");
  if (name && !is_display_name(*name)) return fail(ErrorCode::invalid_argument, "name must be a text of 1 to 127 bytes");
  if (email && !is_email(*email)) return fail(ErrorCode::invalid_argument, "email is not an e-mail address");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    auto user = store::users::find_login(db, json::text_or(arguments, "username"));
    if (!user) return tl::unexpected(user.error());
    if (!*user) return fail(ErrorCode::not_found, "there is no such user");
    if (!names->empty()) {
      auto ids = profile_ids(db, *names);
      if (!ids) return tl::unexpected(ids.error());
      if (auto done = store::users::set_security_profiles(db, (*user)->id, *ids); !done) return tl::unexpected(done.error());
    }
    if (const auto group = json::text_at(arguments, "hierarchy-group")) {
      std::optional<std::string> id;
      if (!group->empty()) {
        auto made = group_at(db, context, *group);
        if (!made) return tl::unexpected(made.error());
        id = std::move(*made);
      }
      if (auto done = store::users::set_hierarchy_group(db, (*user)->id, id); !done) return tl::unexpected(done.error());
    }
    std::string what;
    const auto tell = [&](const std::string& text) { what += (what.empty() ? "" : "; ") + text; };
    std::string profiles;
    for (const std::string& profile : *names) profiles += (profiles.empty() ? "profiles " : ", ") + profile;
    if (!profiles.empty()) tell(profiles);
    if (const auto group = json::text_at(arguments, "hierarchy-group")) tell("group " + std::string(*group));
    if (const auto routing = json::text_at(arguments, "routing-profile")) {
      auto id = routing_profile_id(db, std::string(*routing));
      if (!id) return tl::unexpected(id.error());
      if (auto done = store::users::set_routing_profile(db, (*user)->id, *id); !done) return tl::unexpected(done.error());
      tell("routing profile " + *id);
    }
    if (name || email) {
      if (auto done = store::users::set_identity(db, (*user)->id, name.value_or((*user)->name), email.value_or((*user)->email)); !done) return tl::unexpected(done.error());
      tell(name && email ? "name, e-mail" : name ? "name" : "e-mail");
    }
    if (auto done = note(db, context, "user.changed", (*user)->id, what); !done) return tl::unexpected(done.error());
    return bj::object{{"userId", (*user)->id}, {"username", (*user)->username}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a user with this e-mail address is there already");
  return stored;
}

// What the five levels are called; `names`: a JSON object with LevelOne to LevelFive.
Answer hierarchy_name_levels(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"names"}); !fine) return tl::unexpected(fine.error());
  const std::string names = json::text_or(arguments, "names");
  return context.store.write([&](store::Database& db) -> Answer {
    if (auto done = store::parameters::set(db, "hierarchyLevelNames", names); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "hierarchy.levels_named", ""); !done) return tl::unexpected(done.error());
    return bj::object{{"names", names}};
  });
}

Answer security_profile_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "permission"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto names = texts(arguments, "permission");
  if (!names) return tl::unexpected(names.error());
  auto set = permissions_from(*names);
  if (!set) return tl::unexpected(set.error());
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    const std::string id = make_uuid(context.random);
    if (auto done = store::security_profiles::insert(db, {id, *name, *set}); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "security_profile.added", id); !done) return tl::unexpected(done.error());
    return bj::object{{"securityProfileId", id}, {"name", *name}, {"permissions", permission_names(*set)}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "a security profile of this name is there already");
  return stored;
}

Answer security_profile_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::security_profiles::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::SecurityProfile& p : *all) {
      list.push_back(bj::object{{"securityProfileId", p.id}, {"name", p.name}, {"permissions", permission_names(p.permissions)}});
    }
    return bj::object{{"securityProfiles", std::move(list)}};
  });
}

Answer hierarchy_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"path"}); !fine) return tl::unexpected(fine.error());
  const std::string path = json::text_or(arguments, "path");
  return context.store.write([&](store::Database& db) -> Answer {
    auto id = group_at(db, context, path);
    if (!id) return tl::unexpected(id.error());
    auto group = store::hierarchy::find(db, *id);
    if (!group) return tl::unexpected(group.error());
    if (auto done = note(db, context, "hierarchy.added", *id); !done) return tl::unexpected(done.error());
    return bj::object{{"hierarchyGroupId", *id}, {"path", path}, {"level", (*group)->level}};
  });
}

Answer hierarchy_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::hierarchy::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::HierarchyGroup& g : *all) {
      list.push_back(bj::object{{"hierarchyGroupId", g.id}, {"path", names_of(*all, g.path)}, {"level", g.level}});
    }
    return bj::object{{"hierarchyGroups", std::move(list)}};
  });
}

Answer access_key_create(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "username", "permission", "s3-prefix"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto names = texts(arguments, "permission");
  if (!names) return tl::unexpected(names.error());
  auto set = names->empty() ? identity::PermissionSet::everything() : permissions_from(*names);
  if (!set) return tl::unexpected(set.error());
  store::AccessKey key;
  // Twenty capitals and digits, as tools that know the vendor's keys expect.
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  key.id = "UPCA";
  while (key.id.size() < 20) key.id += kAlphabet[context.random.below(kAlphabet.size())];
  key.name = *name;
  key.permissions = *set;
  key.created = context.now;
  key.s3_prefix = json::text_or(arguments, "s3-prefix");
  // As object keys are written; one that fits none would be a mistake that nobody notices.
  if (!key.s3_prefix.empty() && !objects::is_safe_key(key.s3_prefix + "x")) return fail(ErrorCode::invalid_argument, "s3-prefix must be the beginning of an object's key, as RECORDINGS/2026/");
  if (!key.s3_prefix.empty() && !set->has(identity::Permission::recording_playback)) return fail(ErrorCode::invalid_argument, "s3-prefix is of no use to a key without the permission recording.playback");
  const std::string secret = make_token(context.random, 30);
  key.secret_sealed = context.sealer.seal("access_keys/" + key.id, as_bytes(secret), context.random);
  const std::string username = json::text_or(arguments, "username");
  auto stored = context.store.write([&](store::Database& db) -> Answer {
    if (!username.empty()) {
      auto user = store::users::find_login(db, username);
      if (!user) return tl::unexpected(user.error());
      if (!*user) return fail(ErrorCode::not_found, "there is no such user");
      key.user_id = (*user)->id;
    }
    if (auto done = store::access_keys::insert(db, key); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "access_key.created", key.id); !done) return tl::unexpected(done.error());
    return bj::object{{"accessKeyId", key.id}, {"secretAccessKey", secret}, {"name", key.name}};
  });
  if (!stored && stored.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "an access key of this name is there already");
  return stored;
}

Answer access_key_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::access_keys::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::AccessKey& k : *all) {
      bj::object o{{"accessKeyId", k.id}, {"name", k.name}, {"permissions", permission_names(k.permissions)}, {"disabled", k.disabled}, {"createdAt", to_iso8601(k.created)}};
      if (k.user_id) o["userId"] = *k.user_id;
      if (!k.s3_prefix.empty()) o["s3Prefix"] = k.s3_prefix;
      list.push_back(std::move(o));
    }
    return bj::object{{"accessKeys", std::move(list)}};
  });
}

}  // namespace upcall::admin
