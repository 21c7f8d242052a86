#include "api/routing/routing_routes.hpp"

#include <algorithm>
#include <charconv>

#include "api/common/email.hpp"
#include "api/common/responses.hpp"
#include "base/wall_text.hpp"
#include "io/store/adhoc_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::Permission;
using identity::Principal;

constexpr Operation kOperations[] = {
    {"POST", "/api/routing/adhoc", "createAdHocRoute", "Make a reference that brings a customer's chat to the caller.", OperationAuth::staff,
     R"({"type":"object","required":["attendeeEmail"],"properties":{"attendeeEmail":{"type":"string"},"routeToAgentQueue":{"type":"string","description":"The caller; anything else is ignored."}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"routeId":{"type":"string","pattern":"^[0-9]{8}$"},"attendeeEmail":{"type":"string"},"expiresAt":{"type":"string"},"expiresInSeconds":{"type":"integer"},"link":{"type":"string"}}},"reqId":{"type":"string"}}})",
     "400 401 403 413 429 503", ""},
};

constexpr std::uint64_t kReferences = 100'000'000;
constexpr int kTries = 8;  // for a reference that is free
constexpr Duration kKeepExpired = Duration::s(86'400);
constexpr std::int64_t kMinutesDefault = 15, kMinutesMax = 24 * 60;

// Eight digits, each value equally likely.
std::string make_reference(RandomSource& random) {
  const std::string digits = std::to_string(random.below(kReferences));
  return std::string(8 - digits.size(), '0') + digits;
}

struct Settings {
  std::int64_t minutes = kMinutesDefault;
  std::string page;
};

Result<Settings> settings(store::Database& db, const std::string& public_url) {
  Settings out;
  auto minutes = store::parameters::get_or(db, "adHocRouteExpiresMinutes", "");
  if (!minutes) return tl::unexpected(minutes.error());
  std::from_chars(minutes->data(), minutes->data() + minutes->size(), out.minutes);
  out.minutes = std::clamp<std::int64_t>(out.minutes, 1, kMinutesMax);
  auto page = store::parameters::get_or(db, "websiteAdHocRouteBaseURL", "");
  if (!page) return tl::unexpected(page.error());
  out.page = page->empty() ? public_url + "/demo-website.html" : std::move(*page);
  return out;
}

wire::HttpResponse create(CentreApi& api, const wire::HttpRequest& request) {
  auto agent = api.authenticator.authorize(request);
  if (!agent) return failure(request, agent.error());
  if (agent->kind != Principal::Kind::user) return failure(request, ErrorCode::forbidden, "Only a user can be an agent.");
  if (!api.references_made.allow(agent->id, request.now.mono)) {
    return failure(request, ErrorCode::exhausted, "Too many references at once. Please wait a little.");
  }
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  const auto email = json::text_at(*body, "attendeeEmail");
  if (!email || !is_email(*email)) return failure(request, ErrorCode::invalid_argument, "invalid_email", "attendeeEmail is not an e-mail address.");

  store::AdHocRoute route;
  Settings set;
  auto stored = api.store.write([&](store::Database& db) -> Result<void> {
    auto known = settings(db, api.options.public_url);
    if (!known) return tl::unexpected(known.error());
    set = std::move(*known);
    if (auto pruned = store::adhoc_routes::prune(db, request.now.wall - kKeepExpired); !pruned) return pruned;
    route = {{}, agent->id, normal_email(*email), request.now.wall, request.now.wall + Duration::s(set.minutes * 60)};
    for (int i = 0; i < kTries; ++i) {
      route.route_id = make_reference(api.random);
      auto inserted = store::adhoc_routes::insert(db, route);
      if (inserted || inserted.error().code != ErrorCode::conflict) return inserted;
    }
    return fail(ErrorCode::unavailable, "no free reference was found");
  });
  if (!stored) return failure(request, stored.error());
  const std::string link = set.page + (set.page.find('?') == std::string::npos ? "?" : "&") + "refId=" + route.route_id +
                           "&refEm=" + wire::percent_encode(*email);
  return success(request, "Route created",
                 bj::object{{"routeId", route.route_id},
                            {"attendeeEmail", *email},
                            {"expiresAt", to_iso8601(route.expires)},
                            {"expiresInSeconds", set.minutes * 60},
                            {"link", link}});
}

}  // namespace

void add_routing_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/routing/adhoc", [&api](const wire::HttpRequest& r) { return create(api, r); });
}

}  // namespace upcall::api
