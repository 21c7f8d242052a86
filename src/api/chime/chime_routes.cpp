// Signature, permission and rate of every call, then the operation: one of those that share method and path, by the query.
#include <algorithm>
#include <map>
#include <vector>

#include "api/auth/signed_call.hpp"
#include "api/chime/chime_call.hpp"
#include "api/common/responses.hpp"
#include "identity/route_access.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using chime::Fault;
using chime::FaultKind;

// The vendor's own says for a retry: seconds.
constexpr const char* kRetryAfter = "1";

wire::HttpResponse refusal(const wire::HttpRequest& request, const Fault& fault) {
  const chime::FaultFacts facts = chime::facts_of(fault.kind);
  bj::object body{{"Code", facts.code}, {"Message", fault.message}, {"RequestId", request.request_id}};
  if (!fault.resource.empty()) body["ResourceName"] = fault.resource;
  auto response = json_response(facts.status, body);
  response.set("x-amzn-errortype", std::string(facts.type));
  response.set("x-amzn-requestid", request.request_id);
  if (facts.status == 429 || facts.status == 503) response.set("retry-after", kRetryAfter);
  return response;
}

wire::HttpResponse answer(const wire::HttpRequest& request, int status, const ChimeAnswer& out) {
  if (!out) return refusal(request, out.error());
  wire::HttpResponse response;
  if (*out) {
    response = json_response(status, **out);
  } else {
    response.status = status;
    response.set("cache-control", "no-store");
  }
  response.set("x-amzn-requestid", request.request_id);
  return response;
}

chime::Checked<SignedCaller> caller_of(ChimeApi& api, const wire::HttpRequest& request) {
  auto caller = signed_caller(api.meetings.centre.authenticator, request, "chime");
  if (!caller) {
    if (caller.error().fault == SignatureFault::store) return tl::unexpected(service::fault_of(caller.error().error));
    return chime::refuse(FaultKind::unauthorized, caller.error().message);
  }
  const identity::RouteRule* rule = identity::route_rule(request.method, request.route_pattern);
  if (rule == nullptr || (rule->permission && !caller->principal.may(*rule->permission))) {
    return chime::refuse(FaultKind::forbidden, "The key's permissions do not cover this operation.");
  }
  return std::move(*caller);
}

ChimeAnswer run(ChimeApi& api, const wire::HttpRequest& request, SignedCaller caller, const ChimeRoute& route) {
  if (!api.calls.allow(caller.key_id + " " + route.name, request.now.mono)) return chime::refuse(FaultKind::throttled, "Rate exceeded");
  ChimeCall call{api, request, std::move(caller.principal), {}};
  if (request.method != "GET" && request.method != "DELETE" && !request.body.empty()) {
    auto body = json::parse_object(request.body, kBodyMax);
    if (!body) return chime::bad_request("The body is not a JSON object of at most 64 KiB.");
    call.body = std::move(*body);
  }
  return route.run(call);
}

wire::HttpResponse dispatch(ChimeApi& api, const wire::HttpRequest& request, std::span<const ChimeRoute* const> routes) {
  auto caller = caller_of(api, request);
  if (!caller) return refusal(request, caller.error());
  const std::string_view operation = request.query_value("operation").value_or("");
  for (const ChimeRoute* route : routes) {
    if (route->operation == operation) return answer(request, route->status, run(api, request, std::move(*caller), *route));
  }
  return refusal(request, {FaultKind::unknown_operation, "This operation is not available here. docs/guides/vendor-interfaces.md lists those that are.", {}});
}

}  // namespace

void add_chime_sdk_routes(wire::Router& router, ChimeApi& api) {
  std::map<std::pair<std::string, std::string>, std::vector<const ChimeRoute*>> by_path;
  for (const auto list : {meeting_operations(), attendee_operations()}) {
    for (const ChimeRoute& route : list) by_path[{route.method, std::string("/aws/chime") + route.pattern}].push_back(&route);
  }
  for (auto& [path, routes] : by_path) {
    router.add(path.first, path.second, [&api, routes = routes](const wire::HttpRequest& request) { return dispatch(api, request, routes); });
  }
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    router.add(method, "/aws/chime/{rest...}", [&api](const wire::HttpRequest& request) { return dispatch(api, request, {}); });
  }
}

}  // namespace upcall::api
