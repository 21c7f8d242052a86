#include "api/web/frontend_config.hpp"

#include <charconv>

#include "io/store/attachment_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "parameters/rules.hpp"

namespace upcall::api {
namespace {

const std::string kNotDefined(parameters::kNotDefined);

std::string boolean_text(std::string_view value) { return value == "true" ? "true" : "false"; }

}  // namespace

Result<std::string> frontend_config(store::Database& db, const std::string& public_url) {
  Error problem;
  bool failed = false;
  const auto parameter = [&](std::string_view name, const std::string& fallback) {
    auto value = store::parameters::get_or(db, name, fallback);
    if (!value) {
      problem = value.error();
      failed = true;
      return std::string();
    }
    return value->empty() ? fallback : std::move(*value);
  };
  const std::string deployed = boolean_text(parameter("deployRecordingStack", "true"));
  const std::string instance = parameter("instanceId", "");
  // The original's vendor has user pools and regions; a page that asks for them learns that there are none.
  const std::pair<std::string_view, std::string> values[] = {
      {"identityPoolId", kNotDefined},
      {"userPoolId", kNotDefined},
      {"userPoolWebClientId", kNotDefined},
      {"cognitoDomainURL", public_url},
      {"connectAPI", public_url + "/api/connect/"},
      {"chimeAPI", public_url + "/api/chime/"},
      {"meetingAPI", public_url + "/api/meeting/"},
      {"chatAPI", public_url + "/api/chat/"},
      {"routingAPI", public_url + "/api/routing/"},
      {"recordingAPI", deployed == "true" ? public_url + "/api/recording/" : "/"},
      {"backendRegion", "local"},
      {"connectInstanceARN", parameter("connectInstanceARN", instance.empty() ? kNotDefined : "arn:aws:connect:local:000000000000:instance/" + instance)},
      {"connectInstanceURL", parameter("connectInstanceURL", public_url)},
      {"cognitoSAMLEnabled", parameters::federation_on(parameter("cognitoSAMLEnabled", ""), parameter("federationIssuer", "")) ? "true" : "false"},
      {"cognitoSAMLIdentityProviderName", parameter("cognitoSAMLIdentityProviderName", parameter("federationName", kNotDefined))},
      {"connectDefaultContactFlowId", parameter("connectDefaultContactFlowId", kNotDefined)},
      {"websiteAdHocRouteBaseURL", parameter("websiteAdHocRouteBaseURL", kNotDefined)},
      {"deployRecordingStack", deployed},
      {"recordingAttendeeName", parameter("recordingAttendeeName", "RECORDING")},
  };
  // Ours, behind the original's: for the pages' buttons.
  const auto number = [&](std::string_view name, std::int64_t fallback) {
    const std::string text = parameter(name, "");
    std::int64_t value = fallback;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return std::to_string(value);
  };
  const bool pauses = parameter("recordingPauseAllowed", "false") == "true";
  const std::string types = parameter("chatAttachmentTypes", "");
  const std::pair<std::string_view, std::string> typed[] = {
      {"recordingPauseAllowed", pauses ? "true" : "false"},
      {"recordingPauseLongestSeconds", number("recordingPauseMaxSeconds", 300)},
      {"recordingForgetSeconds", pauses ? number("recordingForgetSeconds", 0) : "0"},
      {"chatAttachmentMaxBytes", number("chatAttachmentMaxBytes", 20 << 20)},
      {"chatAttachmentTypes", wire::json_quote(types.empty() ? store::attachments::kUsualTypes : types)},
  };
  if (failed) return tl::unexpected(problem);
  std::string out = "window.vceConfig = {";
  for (const auto& [name, value] : values) {
    if (out.back() != '{') out += ", ";
    out += wire::json_quote(name) + ": " + wire::json_quote(value);
  }
  for (const auto& [name, value] : typed) out += ", " + wire::json_quote(name) + ": " + value;
  return out + "};\n";
}

void add_frontend_config_route(wire::Router& router, store::Store& store, std::string public_url) {
  router.add("GET", "/frontend-config.js", [&store, url = std::move(public_url)](const wire::HttpRequest& request) {
    auto text = store.read([&](store::Database& db) { return frontend_config(db, url); });
    if (!text) return wire::error_response(503, "The service is not available at the moment.", request.request_id);
    wire::HttpResponse out;
    out.set("content-type", "text/javascript; charset=utf-8");
    out.set("cache-control", "no-cache");
    // Pages of other sites that embed the widget read it too; it holds nothing that is not public.
    out.set("access-control-allow-origin", "*");
    out.set("cross-origin-resource-policy", "cross-origin");
    out.body = std::move(*text);
    return out;
  });
}

}  // namespace upcall::api
