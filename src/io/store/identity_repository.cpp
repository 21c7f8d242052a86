#include "io/store/identity_repository.hpp"

namespace upcall::store {
namespace {

#define UPCALL_USER_COLUMNS                                                                                            \
  "select id, username, email, name, password_hash, hierarchy_group_id, routing_profile_id, disabled, created_ms from users "

User read_user(Row& r) {
  return {r.text(0), r.text(1), r.text(2), r.text(3), r.text(4), r.optional_text(5), r.text(6), r.boolean(7), r.wall(8), {}};
}

HierarchyGroup read_group(Row& r) {
  return {r.text(0), r.text(1), r.optional_text(2), static_cast<int>(r.i64(3)), r.text(4)};
}

void ignore(std::int64_t) {}
bool any_row(std::int64_t changed) { return changed > 0; }

Result<std::vector<std::string>> profiles_of(Database& db, std::string_view user) {
  return db.all("select profile_id from user_security_profiles where user_id=?1 order by profile_id",
                [](Row& r) { return r.text(0); }, user);
}

Result<std::optional<User>> with_profiles(Database& db, Result<std::optional<User>> user) {
  if (!user || !*user) return user;
  auto profiles = profiles_of(db, (*user)->id);
  if (!profiles) return tl::unexpected(profiles.error());
  (*user)->security_profile_ids = std::move(*profiles);
  return user;
}

Result<identity::PermissionSet> permissions_of_profile(Database& db, std::string_view id) {
  auto names = db.all("select permission from security_profile_permissions where profile_id=?1", [](Row& r) { return r.text(0); }, id);
  if (!names) return tl::unexpected(names.error());
  identity::PermissionSet out;
  for (const std::string& name : *names) {
    // A permission of a later version grants nothing here.
    if (const auto permission = identity::permission_from(name)) out.add(*permission);
  }
  return out;
}

}  // namespace

Result<void> users::insert(Database& db, const User& u) {
  auto done = db.run(
      "insert into users(id, username, email, name, password_hash, hierarchy_group_id, routing_profile_id, disabled, created_ms) "
      "values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
      u.id, u.username, u.email, u.name, u.password_hash, u.hierarchy_group_id, u.routing_profile_id, u.disabled, u.created);
  if (!done) return tl::unexpected(done.error());
  return set_security_profiles(db, u.id, u.security_profile_ids);
}

Result<std::optional<User>> users::find(Database& db, std::string_view id) {
  return with_profiles(db, db.one(UPCALL_USER_COLUMNS "where id=?1", read_user, id));
}

Result<std::optional<User>> users::find_login(Database& db, std::string_view login) {
  auto user = db.one(UPCALL_USER_COLUMNS "where username=?1", read_user, login);
  if (user && !*user) user = db.one(UPCALL_USER_COLUMNS "where lower(email)=lower(?1)", read_user, login);
  return with_profiles(db, std::move(user));
}

Result<std::optional<User>> users::find_email(Database& db, std::string_view email) {
  return with_profiles(db, db.one(UPCALL_USER_COLUMNS "where lower(email)=lower(?1)", read_user, email));
}

Result<std::vector<User>> users::all(Database& db) {
  auto list = db.all(UPCALL_USER_COLUMNS "order by username", read_user);
  if (!list) return list;
  for (User& user : *list) {
    auto profiles = profiles_of(db, user.id);
    if (!profiles) return tl::unexpected(profiles.error());
    user.security_profile_ids = std::move(*profiles);
  }
  return list;
}

Result<bool> users::set_disabled(Database& db, std::string_view id, bool disabled) {
  return db.run("update users set disabled=?2 where id=?1", id, disabled).map(any_row);
}

Result<bool> users::set_routing_profile(Database& db, std::string_view id, std::string_view profile_id) {
  return db.run("update users set routing_profile_id=?2 where id=?1", id, profile_id).map(any_row);
}

Result<bool> users::set_identity(Database& db, std::string_view id, std::string_view name, std::string_view email) {
  return db.run("update users set name=?2, email=?3 where id=?1", id, name, email).map(any_row);
}

Result<bool> users::set_hierarchy_group(Database& db, std::string_view id, const std::optional<std::string>& group) {
  return db.run("update users set hierarchy_group_id=?2 where id=?1", id, group).map(any_row);
}

Result<void> users::set_security_profiles(Database& db, std::string_view id, const std::vector<std::string>& profiles) {
  if (auto done = db.run("delete from user_security_profiles where user_id=?1", id); !done) return tl::unexpected(done.error());
  for (const std::string& profile : profiles) {
    auto done = db.run("insert into user_security_profiles(user_id, profile_id) values(?1, ?2) on conflict do nothing", id, profile);
    if (!done) return tl::unexpected(done.error());
  }
  return {};
}

Result<bool> users::set_onboarded(Database& db, std::string_view id, WallTime now) {
  return db.run("update users set onboarded_ms=?2 where id=?1 and onboarded_ms is null", id, now).map(any_row);
}

Result<bool> users::is_onboarded(Database& db, std::string_view id) {
  return db.one("select 1 from users where id=?1 and onboarded_ms is not null", [](Row& r) { return r.i64(0); }, id).map([](const auto& v) { return v.has_value(); });
}

Result<std::optional<identity::Principal>> users::principal(Database& db, std::string_view id) {
  auto user = find(db, id);
  if (!user) return tl::unexpected(user.error());
  if (!*user || (*user)->disabled) return std::nullopt;
  User& u = **user;
  identity::Principal out;
  out.kind = identity::Principal::Kind::user;
  out.id = u.id;
  out.username = u.username;
  out.name = u.name;
  out.email = u.email;
  out.routing_profile_id = u.routing_profile_id;
  out.security_profile_ids = u.security_profile_ids;
  for (const std::string& profile : u.security_profile_ids) {
    auto set = permissions_of_profile(db, profile);
    if (!set) return tl::unexpected(set.error());
    for (identity::Permission p : identity::all_permissions()) {
      if (set->has(p)) out.permissions.add(p);
    }
  }
  if (u.hierarchy_group_id) {
    auto group = hierarchy::find(db, *u.hierarchy_group_id);
    if (!group) return tl::unexpected(group.error());
    if (*group) {
      out.hierarchy_group_id = (*group)->id;
      out.hierarchy_path = (*group)->path;
    }
  }
  return out;
}

Result<void> security_profiles::insert(Database& db, const SecurityProfile& p) {
  auto done = db.run("insert into security_profiles(id, name, second_factor) values(?1, ?2, ?3)", p.id, p.name, p.second_factor);
  if (!done) return tl::unexpected(done.error());
  return set_permissions(db, p.id, p.permissions).map([](bool) {});
}

Result<bool> security_profiles::set_permissions(Database& db, std::string_view id, const identity::PermissionSet& set) {
  auto done = db.run("delete from security_profile_permissions where profile_id=?1", id);
  if (!done) return tl::unexpected(done.error());
  for (identity::Permission permission : identity::all_permissions()) {
    if (!set.has(permission)) continue;
    done = db.run("insert into security_profile_permissions(profile_id, permission) values(?1, ?2)", id, identity::to_string(permission));
    if (!done) return tl::unexpected(done.error());
  }
  return true;
}

Result<bool> security_profiles::set_second_factor(Database& db, std::string_view id, bool required) {
  return db.run("update security_profiles set second_factor=?2 where id=?1", id, required).map(any_row);
}

Result<std::optional<SecurityProfile>> security_profiles::find_name(Database& db, std::string_view name) {
  auto found = db.one("select id, name, second_factor from security_profiles where name=?1", [](Row& r) { return SecurityProfile{r.text(0), r.text(1), {}, r.boolean(2)}; }, name);
  if (!found || !*found) return found;
  auto set = permissions_of_profile(db, (*found)->id);
  if (!set) return tl::unexpected(set.error());
  (*found)->permissions = *set;
  return found;
}

Result<std::vector<SecurityProfile>> security_profiles::all(Database& db) {
  auto list = db.all("select id, name, second_factor from security_profiles order by name", [](Row& r) { return SecurityProfile{r.text(0), r.text(1), {}, r.boolean(2)}; });
  if (!list) return list;
  for (SecurityProfile& profile : *list) {
    auto set = permissions_of_profile(db, profile.id);
    if (!set) return tl::unexpected(set.error());
    profile.permissions = *set;
  }
  return list;
}

Result<void> hierarchy::insert(Database& db, const HierarchyGroup& g) {
  return db
      .run("insert into hierarchy_groups(id, name, parent_id, level, path) values(?1, ?2, ?3, ?4, ?5)", g.id, g.name, g.parent_id,
           g.level, g.path)
      .map(ignore);
}

Result<std::optional<HierarchyGroup>> hierarchy::find(Database& db, std::string_view id) {
  return db.one("select id, name, parent_id, level, path from hierarchy_groups where id=?1", read_group, id);
}

Result<std::optional<HierarchyGroup>> hierarchy::find_child(Database& db, const std::optional<std::string>& parent, std::string_view name) {
  return db.one("select id, name, parent_id, level, path from hierarchy_groups where coalesce(parent_id, '')=?1 and name=?2",
                read_group, parent.value_or(""), name);
}

Result<std::vector<HierarchyGroup>> hierarchy::all(Database& db) {
  return db.all("select id, name, parent_id, level, path from hierarchy_groups order by level, name", read_group);
}

Result<bool> hierarchy::any(Database& db) {
  return db.one("select 1 from hierarchy_groups limit 1", [](Row& r) { return r.i64(0); }).map([](const auto& v) { return v.has_value(); });
}

}  // namespace upcall::store
