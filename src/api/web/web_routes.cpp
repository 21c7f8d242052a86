#include "api/web/web_routes.hpp"

#include "api/web/static_files.hpp"
#include "identity/origins.hpp"

namespace upcall::api {
namespace {

constexpr std::string_view kNotBuilt = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Upcall</title></head><body>
<h1>Upcall</h1>
<p>The server is running, but the web pages are not built: run <code>make web</code>, then reload this page.</p>
<p>The interfaces are described in <a href="/api/openapi.json">/api/openapi.json</a>.</p>
</body></html>
)";

constexpr const char* kAgentPage = "agent-app/index.html";
constexpr const char* kCustomerPage = "demo-website/demo-website.html";

struct Site {
  explicit Site(WebOptions with) : files(with.directory), options(std::move(with)) {}
  StaticFiles files;
  const WebOptions options;
};

wire::HttpResponse not_found(const wire::HttpRequest& request) {
  return wire::error_response(404, "nothing lives at this address", request.request_id);
}

// RFC 9110 §13.1.2; browsers send back what they were given, proxies may have made it weak.
bool matches(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != std::string_view::npos;
}

wire::HttpResponse answer(const wire::HttpRequest& request, const StaticBody& body, std::string_view name, std::string_view caching) {
  wire::HttpResponse out;
  out.set("etag", body.etag);
  out.set("cache-control", std::string(caching));
  out.set("vary", "accept-encoding");
  if (matches(request.header("if-none-match").value_or(""), body.etag)) {
    out.status = 304;
    return out;
  }
  out.set("content-type", std::string(static_content_type(name)));
  if (!body.encoding.empty()) out.set("content-encoding", body.encoding);
  out.body = body.bytes;
  return out;
}

wire::HttpResponse page(Site& site, const wire::HttpRequest& request, const char* name) {
  const auto body = site.files.find(name, request.header("accept-encoding").value_or(""));
  if (body == nullptr) {
    wire::HttpResponse out;
    out.status = 503;
    out.set("content-type", "text/html; charset=utf-8");
    out.set("retry-after", "30");
    out.body = kNotBuilt;
    return out;
  }
  wire::HttpResponse out = answer(request, *body, name, "no-cache");
  out.set("content-security-policy", page_policy(site.options.origins, site.options.approved ? site.options.approved() : ""));
  out.set("permissions-policy",
          "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self), "
          "fullscreen=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()");
  out.set("cross-origin-opener-policy", "same-origin");
  return out;
}

// A file that other sites may embed: the widget and what it loads.
wire::HttpResponse shared_file(Site& site, const wire::HttpRequest& request, const std::string& name, std::string_view caching) {
  const auto encodings = request.header("accept-encoding").value_or("");
  auto body = site.files.find("agent-app/" + name, encodings);
  if (body == nullptr) body = site.files.find("demo-website/" + name, encodings);
  if (body == nullptr) return not_found(request);
  wire::HttpResponse out = answer(request, *body, name, caching);
  out.set("access-control-allow-origin", "*");
  out.set("cross-origin-resource-policy", "cross-origin");
  return out;
}

}  // namespace

std::string page_policy(const std::vector<std::string>& origins, std::string_view approved) {
  std::string connect = "'self'";
  for (const std::string& origin : origins) {
    if (!origin.starts_with("http")) continue;
    connect += " " + origin + " ws" + origin.substr(4);
  }
  return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
         "font-src 'self'; connect-src " +
         connect + "; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors " +
         identity::frame_ancestors(approved);
}

void add_web_routes(wire::Router& router, WebOptions options) {
  const auto site = std::make_shared<Site>(std::move(options));
  for (const char* address : {"/", "/devices", "/meeting/{id}", "/supervise", "/supervise/{contactId}", "/recording/{externalMeetingId}", "/contacts", "/contacts/{contactId}", "/pipeline", "/pipeline/{run}"}) {
    router.add("GET", address, [site](const wire::HttpRequest& r) { return page(*site, r, kAgentPage); });
  }
  router.add("GET", "/demo-website.html", [site](const wire::HttpRequest& r) { return page(*site, r, kCustomerPage); });
  for (const char* name : {"widget.js", "favicon.svg", "favicon.ico"}) {
    router.add("GET", std::string("/") + name, [site, name](const wire::HttpRequest& r) { return shared_file(*site, r, name, "no-cache"); });
  }
  router.add("GET", "/assets/{file...}", [site](const wire::HttpRequest& r) {
    // Names hold a hash of the content: what was loaded once never changes.
    return shared_file(*site, r, "assets/" + std::string(r.route_value("file")), "public, max-age=31536000, immutable");
  });
}

}  // namespace upcall::api
