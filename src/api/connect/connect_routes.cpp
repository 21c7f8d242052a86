// Signature, rate and instance of every call, then the operation.
#include <algorithm>
#include <array>
#include <span>

#include "api/common/responses.hpp"
#include "api/connect/directory_parts.hpp"
#include "crypto/sigv4.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

ConnectFault fault_of_signature(crypto::SigV4Fault fault) {
  switch (fault) {
    case crypto::SigV4Fault::bad_date:
    case crypto::SigV4Fault::not_covered: return {400, "IncompleteSignatureException", "The signature must cover host and a valid x-amz-date."};
    case crypto::SigV4Fault::skewed:
    case crypto::SigV4Fault::expired:
    case crypto::SigV4Fault::not_yet: return {403, "InvalidSignatureException", "Signature expired: the request's time is more than 15 minutes from ours."};
    case crypto::SigV4Fault::other_body:
    case crypto::SigV4Fault::mismatch: break;
  }
  return {403, "InvalidSignatureException", "The request signature we calculated does not match the signature you provided."};
}

struct Signer {
  identity::Principal principal;
  std::string key_id;
};

ConnectResult<Signer> signer_of(ConnectApi& api, const wire::HttpRequest& request) {
  const auto header = request.header("authorization");
  if (!header) return refuse_call(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  auto authorization = crypto::SigV4Authorization::parse(*header);
  if (!authorization || authorization->service != "connect") {
    return refuse_call(400, "IncompleteSignatureException", "The Authorization header is no AWS4-HMAC-SHA256 signature for the service connect.");
  }
  if (request.header("x-amz-security-token")) return refuse_call(403, "UnrecognizedClientException", "Temporary credentials are not issued here.");
  auto holder = api.centre.authenticator.key_holder(authorization->access_key_id);
  if (!holder) {
    if (holder.error().code != ErrorCode::unauthenticated) return fault_of(holder.error());
    return refuse_call(403, "UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  const std::size_t mark = request.target.find('?');
  const std::string_view query = mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1);
  const auto checked = crypto::sigv4_check({request.method, request.path, query, request.headers, request.body}, *authorization, holder->secret, request.now.wall);
  if (!checked) return tl::unexpected(fault_of_signature(checked.error()));
  return Signer{holder->principal(), authorization->access_key_id};
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
