#include "server/serve/operation_routes.hpp"

#include <algorithm>

#include "server/serve/origin_checks.hpp"

namespace upcall::server {

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
    otherwise("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    // For old browsers; it has no words for a list of origins, and where the policy has one it would contradict.
    const bool nobody_frames = std::any_of(response.headers.begin(), response.headers.end(), [](const auto& h) {
      return h.first == "content-security-policy" && h.second.find("frame-ancestors 'none'") != std::string::npos;
    });
    if (nobody_frames) otherwise("x-frame-options", "DENY");
    otherwise("cache-control", "no-store");
    otherwise("cross-origin-resource-policy", "same-origin");
    answer_origin(store, request, response);
  });
}

}  // namespace upcall::server
