#include "api/connect_user/connect_user_routes.hpp"

#include <memory>

#include "api/common/responses.hpp"
#include "base/wall_text.hpp"
#include "identity/user_cache.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/user_cache_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr std::string_view kAnswer = R"({"type":"object","properties":{"success":{"type":"string"},"data":{},"reqId":{"type":"string"}}})";
constexpr Operation kOperations[] = {
    {"POST", "/api/connect/setConnectUserId", "setConnectUserId", "The id that the contact panel has found becomes a claim of the id token, when it is the caller's own.", OperationAuth::staff,
     R"({"type":"object","required":["connectUserId"],"properties":{"connectUserId":{"type":"string"},"connectLoginByEmail":{"type":"boolean"}}})", kAnswer, "400 401 403 409", ""},
    {"PUT", "/api/connect/connect-user-cache", "putConnectUserCache", "Read group and profiles of the caller again, unless that was done within the last five minutes (data: false).", OperationAuth::staff, "",
     kAnswer, "400 401 403", ""},
    {"GET", "/api/connect/user", "getConnectUser", "The caller: id, onboarded or not, permissions, group, personal queue.", OperationAuth::staff, "", kAnswer, "401 403", ""},
};

struct Api {
  store::Store& store;
  Authenticator& authenticator;
};

wire::HttpResponse set_user_id(Api& api, const wire::HttpRequest& request) {
  auto caller = api.authenticator.authorize(request);
  if (!caller) return failure(request, caller.error());
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  const auto id = json::text_at(*body, "connectUserId");
  if (!id || id->empty() || id->size() > 256 || !json::is_clean_text(*id)) return failure(request, ErrorCode::invalid_argument, "You must provide connectUserId.");
  if (body->contains("connectLoginByEmail") && !json::boolean_at(*body, "connectLoginByEmail")) {
    return failure(request, ErrorCode::invalid_argument, "connectLoginByEmail must be true or false.");
  }
  // The caller is known by the token; the id in the body is only compared, and nobody else is looked up.
  if (*id != caller->id) return failure(request, ErrorCode::invalid_argument, "invalid_connect_user_id", "This connectUserId is not yours.");
  auto set = api.store.write([&](store::Database& db) -> Result<bool> {
    auto done = store::users::set_onboarded(db, caller->id, request.now.wall);
    if (!done || !*done) return done;
    if (auto noted = store::audit::add(db, {request.now.wall, caller->id, "user.onboarded", caller->id, ""}); !noted) return tl::unexpected(noted.error());
    return true;
  });
  if (!set) return failure(request, set.error());
  if (!*set) return failure(request, ErrorCode::conflict, "already_onboarded", "A connectUserId is there already.");
  return success(request, "Connect user id set", bj::object{{"connectUserId", caller->id}});
}

wire::HttpResponse put_cache(Api& api, const wire::HttpRequest& request) {
  auto caller = api.authenticator.authorize(request);
  if (!caller) return failure(request, caller.error());
  auto refreshed = api.store.write([&](store::Database& db) -> Result<std::optional<bool>> {
    auto onboarded = store::users::is_onboarded(db, caller->id);
    if (!onboarded) return tl::unexpected(onboarded.error());
    if (!*onboarded) return std::nullopt;
    auto entry = store::user_cache::find(db, caller->id);
    if (!entry) return tl::unexpected(entry.error());
    const std::string truth = identity::cached_text(*caller);
    if (*entry && !identity::needs_refresh(**entry, truth, request.now.wall)) return std::optional(false);
    auto done = store::user_cache::put(db, caller->id, {truth, request.now.wall}, request.now.wall);
    if (!done) return tl::unexpected(done.error());
    return std::optional(true);
  });
  if (!refreshed) return failure(request, refreshed.error());
  if (!*refreshed) return failure(request, ErrorCode::invalid_argument, "not_onboarded", "There is no connectUserId yet.");
  return success(request, **refreshed ? "Connect user cache written" : "Connect user cache is fresh: skipping", bj::value(**refreshed));
}

wire::HttpResponse describe(Api& api, const wire::HttpRequest& request) {
  auto caller = api.authenticator.authorize(request);
  if (!caller) return failure(request, caller.error());
  struct Facts {
    bool onboarded = false;
    std::optional<store::HierarchyGroup> group;
  };
  auto facts = api.store.read([&](store::Database& db) -> Result<Facts> {
    auto onboarded = store::users::is_onboarded(db, caller->id);
    if (!onboarded) return tl::unexpected(onboarded.error());
    Facts out{*onboarded, std::nullopt};
    if (caller->hierarchy_group_id.empty()) return out;
    auto group = store::hierarchy::find(db, caller->hierarchy_group_id);
    if (!group) return tl::unexpected(group.error());
    out.group = std::move(*group);
    return out;
  });
  if (!facts) return failure(request, facts.error());
  bj::array permissions, profiles;
  for (const identity::Permission p : identity::all_permissions()) {
    if (caller->may(p)) permissions.emplace_back(identity::to_string(p));
  }
  for (const std::string& id : caller->security_profile_ids) profiles.emplace_back(id);
  const bool panel = caller->may(identity::Permission::contact_handle);
  bj::object out{{"userId", caller->id},
                 {"username", caller->username},
                 {"name", caller->name},
                 {"onboarded", facts->onboarded},
                 {"permissions", std::move(permissions)},
                 {"securityProfileIds", std::move(profiles)},
                 {"routingProfileId", caller->routing_profile_id},
                 {"panel", panel},
                 // Who handles contacts has one by the routing profile; its id is the user's own.
                 {"personalQueueId", panel && !caller->routing_profile_id.empty() ? bj::value(caller->id) : bj::value(nullptr)}};
  if (facts->group) out["hierarchyGroup"] = bj::object{{"id", facts->group->id}, {"name", facts->group->name}, {"level", facts->group->level}, {"path", facts->group->path}};
  return success(request, "User", std::move(out));
}

}  // namespace

void add_connect_user_routes(wire::Router& router, store::Store& store, Authenticator& authenticator, OpenApi& openapi) {
  openapi.add(kOperations);
  const auto api = std::make_shared<Api>(Api{store, authenticator});
  router.add("POST", "/api/connect/setConnectUserId", [api](const wire::HttpRequest& r) { return set_user_id(*api, r); });
  router.add("PUT", "/api/connect/connect-user-cache", [api](const wire::HttpRequest& r) { return put_cache(*api, r); });
  router.add("GET", "/api/connect/user", [api](const wire::HttpRequest& r) { return describe(*api, r); });
}

}  // namespace upcall::api
