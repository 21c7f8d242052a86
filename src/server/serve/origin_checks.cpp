#include "server/serve/origin_checks.hpp"

#include <algorithm>

#include "identity/origins.hpp"
#include "server/admin/stored_parameters.hpp"

namespace upcall::server {
namespace {

std::string parameter(store::Store& store, std::string_view name) {
  const auto value = store.read([&](store::Database& db) { return admin::parameter_in_force(db, name); });
  return value ? *value : "";
}

bool is_allowed(store::Store& store, const identity::OriginLists& lists, std::string_view origin) {
  return (lists.customers && identity::is_listed(parameter(store, "websiteAPIAllowedOrigins"), origin)) ||
         (lists.agents && identity::is_listed(parameter(store, "agentAPIAllowedOrigins"), origin));
}

}  // namespace

std::string approved_origins(store::Store& store) { return parameter(store, "approvedOrigins"); }

void answer_origin(store::Store& store, const wire::HttpRequest& request, wire::HttpResponse& response) {
  const identity::OriginLists lists = identity::origin_lists(request.path);
  if (!lists.customers && !lists.agents) return;
  // Also of an answer to nobody's origin: a cache must not hand it to another.
  response.set("vary", "origin");
  const auto origin = request.header("origin");
  if (!origin || !is_allowed(store, lists, *origin)) return;
  response.set("access-control-allow-origin", std::string(*origin));
  response.set("access-control-expose-headers", "x-amzn-requestid, x-amzn-errortype, x-request-id, content-range");
  if (request.method != "OPTIONS" || !request.header("access-control-request-method")) return;
  // A preflight. The methods are the address's own; the rest is the same for all and may be kept for a day.
  std::string methods;
  std::erase_if(response.headers, [&](const auto& header) {
    if (header.first == "allow") methods = header.second;
    return header.first == "content-type" || header.first == "allow";
  });
  response.status = 204;
  response.body.clear();
  response.set("access-control-allow-methods", methods.empty() ? "GET, POST, PUT, DELETE" : methods);
  response.set("access-control-allow-headers",
               "authorization, content-type, content-disposition, cognitoidtoken, range, x-amz-bearer, x-amz-content-sha256, x-amz-date, "
               "x-amz-user-agent, x-amz-security-token, x-api-key");
  response.set("access-control-max-age", "86400");
}

std::optional<wire::HttpResponse> refuse_socket(store::Store& store, const std::vector<std::string>& own, const wire::HttpRequest& request) {
  const auto origin = request.header("origin");
  if (!origin) return std::nullopt;
  if (std::find(own.begin(), own.end(), *origin) != own.end() || (!request.own_origin.empty() && *origin == request.own_origin)) return std::nullopt;
  if (identity::is_listed(approved_origins(store), *origin) || is_allowed(store, identity::origin_lists(request.path), *origin)) return std::nullopt;
  return wire::error_response(403, "pages of this origin may not open this socket", request.request_id);
}

}  // namespace upcall::server
