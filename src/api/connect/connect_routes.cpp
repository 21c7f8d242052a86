// Signature, rate and instance of every call, then the operation.
#include <algorithm>
#include <array>
#include <span>

#include "api/auth/signed_call.hpp"
#include "api/common/responses.hpp"
#include "api/connect/directory_parts.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

ConnectFault fault_of_signature(const SignatureRefusal& refusal) {
  switch (refusal.fault) {
    case SignatureFault::missing: return {403, "MissingAuthenticationTokenException", refusal.message};
    case SignatureFault::malformed:
    case SignatureFault::incomplete: return {400, "IncompleteSignatureException", refusal.message};
    case SignatureFault::temporary:
    case SignatureFault::unknown_key: return {403, "UnrecognizedClientException", refusal.message};
    case SignatureFault::store: return fault_of(refusal.error).value();
    case SignatureFault::skewed:
    case SignatureFault::mismatch: break;
  }
  return {403, "InvalidSignatureException", refusal.message};
}

ConnectResult<SignedCaller> signer_of(ConnectApi& api, const wire::HttpRequest& request) {
  auto signer = signed_caller(api.centre.authenticator, request, "connect");
  if (!signer) return tl::unexpected(fault_of_signature(signer.error()));
  return std::move(*signer);
}

// The UUID, or the ARN that ends with it.
bool names_instance(std::string_view given, std::string_view instance_id) {
  return given == instance_id || (given.starts_with("arn:") && given.ends_with(":instance/" + std::string(instance_id)));
}

ConnectAnswer run(ConnectApi& api, const wire::HttpRequest& request, const ConnectRoute& route) {
  auto signer = signer_of(api, request);
  if (!signer) return tl::unexpected(signer.error());
  RateLimiter& rate = route.rate == ConnectRate::contacts  ? api.contact_calls
                      : route.rate == ConnectRate::routing ? api.routing_calls
                      : route.rate == ConnectRate::search  ? api.searches
                      : route.rate == ConnectRate::metrics ? api.metrics_calls
                                                           : api.calls;
  if (!rate.allow(signer->key_id + " " + route.name, request.now.mono)) {
    return refuse_call(429, "ThrottlingException", "Rate exceeded");
  }
  auto instance = api.centre.store.read([](store::Database& db) { return store::parameters::get_or(db, "instanceId", ""); });
  if (!instance) return fault_of(instance.error());
  ConnectCall call{api, request, std::move(signer->principal), std::move(signer->key_id), std::move(*instance), {}};
  if (request.method != "GET" && !request.body.empty()) {
    auto body = json::parse_object(request.body);  // a flow's content is larger than other bodies
    if (!body) return invalid_parameter("The body is not a JSON object.");
    call.body = std::move(*body);
  }
  // In the path, or a member of the body; ListInstances has none.
  std::string named(request.route_value("instance"));
  if (named.empty() && std::string_view(route.pattern).find("{instance}") == std::string_view::npos && std::string_view(route.name) != "ListInstances") {
    auto member = call.text("InstanceId", 1, 250);
    if (!member) return tl::unexpected(member.error());
    named = std::move(*member);
  }
  if (std::string_view(route.name) != "ListInstances" && !names_instance(named, call.instance_id)) return no_such("instance");
  return route.run(call);
}

wire::HttpResponse answer(const wire::HttpRequest& request, const ConnectAnswer& out) {
  if (out) {
    auto response = json_response(200, *out);
    response.set("x-amzn-requestid", request.request_id);
    return response;
  }
  const ConnectFault& fault = out.error();
  auto response = aws_failure(request, fault.status, fault.type, fault.message);
  if (!fault.problems.empty()) response.body = bj::serialize(bj::object{{"Message", fault.message}, {"__type", fault.type}, {"problems", fault.problems}});
  if (fault.status == 429) response.set("retry-after", "1");
  return response;
}

}  // namespace

void add_connect_routes(wire::Router& router, ConnectApi& api) {
  for (const auto list : {contact_operations(), contact_search_operations(), directory_operations(), routing_operations(), flow_operations(), status_operations(), hours_operations(), user_change_operations(), current_data_operations()}) {
    for (const ConnectRoute& route : list) {
      router.add(route.method, std::string("/aws/connect") + route.pattern, [&api, &route](const wire::HttpRequest& request) { return answer(request, run(api, request, route)); });
    }
  }
  for (const char* method : {"GET", "PUT", "POST", "DELETE"}) {
    router.add(method, "/aws/connect/{rest...}", [&api](const wire::HttpRequest& request) {
      auto signer = signer_of(api, request);
      if (!signer) return answer(request, tl::unexpected(signer.error()));
      return answer(request, refuse_call(404, "UnsupportedOperationException",
                                         "This operation is not available here. docs/guides/vendor-interfaces.md lists those that are."));
    });
  }
}

}  // namespace upcall::api
