#include "server/serve/operation_routes.hpp"

#include <algorithm>

#include "io/store/parameter_repository.hpp"

namespace upcall::server {

namespace {

constexpr std::string_view kWebsiteOrigins = "websiteAPIAllowedOrigins";

bool listed(std::string_view list, std::string_view origin) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view entry = list.substr(0, comma);
    while (entry.starts_with(' ')) entry.remove_prefix(1);
    while (entry.ends_with(' ')) entry.remove_suffix(1);
    if (entry == "*" || entry == origin) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

// Which list of origins a path answers to; empty: same origin only.
std::string_view origins_parameter(std::string_view path) {
  for (const std::string_view prefix : {"/api/chat/", "/api/meeting/", "/aws/participant/"}) {
    if (path.starts_with(prefix)) return kWebsiteOrigins;
  }
  for (const std::string_view prefix : {"/api/", "/oauth2/", "/.well-known/"}) {
    if (path.starts_with(prefix)) return "agentAPIAllowedOrigins";
  }
  return {};
}

}  // namespace

void add_operation_routes(wire::Router& router, const metrics::Registry& metrics, std::function<std::vector<std::string>()> problems) {
  router.add("GET", "/healthz", [](const wire::HttpRequest&) {
    wire::HttpResponse out;
    out.set("content-type", "application/json");
    out.body = "{\"status\":\"alive\"}";
    return out;
  });
  router.add("GET", "/readyz", [problems](const wire::HttpRequest&) {
    const std::vector<std::string> found = problems();
    wire::HttpResponse out;
    out.status = found.empty() ? 200 : 503;
    out.set("content-type", "application/json");
    out.body = found.empty() ? "{\"status\":\"ready\",\"problems\":[" : "{\"status\":\"degraded\",\"problems\":[";
    for (std::size_t i = 0; i < found.size(); ++i) out.body += (i > 0 ? "," : "") + wire::json_quote(found[i]);
    out.body += "]}";
    return out;
  });
  router.add("GET", "/metrics", [&metrics](const wire::HttpRequest&) {
    wire::HttpResponse out;
    out.set("content-type", "text/plain; version=0.0.4; charset=utf-8");
    out.body = metrics.text();
    return out;
  });
}

void set_finisher(wire::Router& router, store::Store& store) {
  router.set_finisher([&store](const wire::HttpRequest& request, wire::HttpResponse& response) {
    const auto otherwise = [&](std::string_view name, const char* value) {
      const bool there = std::any_of(response.headers.begin(), response.headers.end(), [&](const auto& h) { return h.first == name; });
      if (!there) response.set(std::string(name), value);
    };
    response.set("x-content-type-options", "nosniff");
    response.set("x-request-id", request.request_id);
    otherwise("referrer-policy", "no-referrer");
    otherwise("x-frame-options", "DENY");
    otherwise("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    otherwise("cache-control", "no-store");
    otherwise("cross-origin-resource-policy", "same-origin");
    const std::string_view parameter = origins_parameter(request.path);
    const auto origin = request.header("origin");
    if (parameter.empty() || !origin) return;
    // Customers' pages stand on any site; the agents' interfaces are for our own pages unless somebody says otherwise.
    const std::string_view fallback = parameter == kWebsiteOrigins ? "*" : "";
    const auto allowed = store.read([&](store::Database& db) { return store::parameters::get_or(db, parameter, fallback); });
    if (!allowed || !listed(*allowed, *origin)) return;
    response.set("access-control-allow-origin", std::string(*origin));
    response.set("vary", "origin");
    response.set("access-control-expose-headers", "x-amzn-requestid, x-amzn-errortype, x-request-id, content-range");
    if (request.method != "OPTIONS" || !request.header("access-control-request-method")) return;
    // A preflight: whatever route it asks about, the answer is the same and may be kept for a day.
    response.status = 204;
    response.body.clear();
    std::erase_if(response.headers, [](const auto& h) { return h.first == "content-type" || h.first == "allow"; });
    response.set("access-control-allow-methods", "GET, POST, PUT, DELETE");
    response.set("access-control-allow-headers",
                 "authorization, content-type, content-disposition, cognitoidtoken, range, x-amz-bearer, x-amz-content-sha256, x-amz-date, "
                 "x-amz-user-agent, x-amz-security-token, x-api-key");
    response.set("access-control-max-age", "86400");
  });
}

}  // namespace upcall::server
