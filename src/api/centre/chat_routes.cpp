// POST /api/chat/start, the original's startChat: anybody may start a chat, so everything that comes in is bounded and
// only attributes on a list are taken. What steers routing is set by the server.
#include <algorithm>
#include <array>

#include "api/centre/centre_api.hpp"
#include "api/common/email.hpp"
#include "api/common/external_id.hpp"
#include "api/common/responses.hpp"
#include "io/store/adhoc_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/api/chat/start", "startChat", "Start a chat contact.", OperationAuth::none,
     R"({"type":"object","required":["ContactFlowId","ParticipantDetails","Attributes"],"properties":{"ContactFlowId":{"type":"string"},"ParticipantDetails":{"type":"object","required":["DisplayName"],"properties":{"DisplayName":{"type":"string","minLength":1,"maxLength":256}}},"Attributes":{"type":"object","required":["customerEmailAddress"],"additionalProperties":{"type":"string"}},"SupportedMessagingContentTypes":{"type":"array","items":{"enum":["text/plain","text/markdown","application/json","application/vnd.amazonaws.connect.message.interactive.response"]},"contains":{"const":"text/plain"}},"ChatDurationInMinutes":{"type":"integer","minimum":60,"maximum":10080}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"startChatResult":{"type":"object","properties":{"ContactId":{"type":"string"},"ParticipantId":{"type":"string"},"ParticipantToken":{"type":"string"}}}}},"reqId":{"type":"string"}}})",
     "400 413 429 503", ""},
};

constexpr std::size_t kNameMax = 256;
constexpr std::size_t kAttributeMax = 256;
constexpr std::size_t kReferenceDigits = 8;
constexpr std::array<std::string_view, 4> kContentTypes = {contact::content::kText, contact::content::kMarkdown, contact::content::kJson,
                                                           contact::content::kInteractiveResponse};
constexpr std::int64_t kDurationLeast = 60, kDurationMost = 10'080;
constexpr std::string_view kReferenceError = "error";  // the flow tells the customer

// What a customer's page may set. videoRouteToAgent, the recording flags and the playback address are not among them.
constexpr std::array<std::string_view, 6> kAllowed = {"videoExternalMeetingId", "videoAttendeeExternalUserId", "videoAttendeeName",
                                                      "videoAttendeeEmail", "videoVendorName", "customerEmailAddress"};

// Eight digits; people write them with blanks and dashes.
std::string reference_digits(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '-') continue;
    if (c < '0' || c > '9' || out.size() == kReferenceDigits) return {};
    out.push_back(c);
  }
  return out.size() == kReferenceDigits ? out : std::string();
}

struct Asked {
  contact::StartChat command;
  std::string reference;  // as typed; empty: none
};

Result<Asked, ApiError> read_request(const wire::HttpRequest& request) {
  auto body = body_object(request);
  if (!body) return tl::unexpected(body.error());
  Asked asked;
  contact::StartChat& out = asked.command;
  out.flow_id = json::text_or(*body, "ContactFlowId");
  if (out.flow_id.empty()) return fail(ErrorCode::invalid_argument, "You must provide ContactFlowId.");
  const bj::object* details = json::object_at(*body, "ParticipantDetails");
  if (details == nullptr) return fail(ErrorCode::invalid_argument, "You must provide ParticipantDetails.");
  out.display_name = json::text_or(*details, "DisplayName");
  if (out.display_name.empty() || out.display_name.size() > kNameMax || !json::is_clean_text(out.display_name)) {
    return refuse(ErrorCode::invalid_argument, "invalid_name", "DisplayName must be a text of 1 to 256 bytes.");
  }
  if (const bj::value* types = body->if_contains("SupportedMessagingContentTypes"); types != nullptr && !types->is_null()) {
    const auto wrong = fail(ErrorCode::invalid_argument, "SupportedMessagingContentTypes is a list of known types, text/plain among them.");
    if (!types->is_array() || types->get_array().size() > kContentTypes.size()) return wrong;
    for (const bj::value& type : types->get_array()) {
      const std::string_view name = type.is_string() ? std::string_view(type.get_string()) : std::string_view();
      if (std::find(kContentTypes.begin(), kContentTypes.end(), name) == kContentTypes.end()) return wrong;
      out.content_types.emplace_back(name);
    }
    if (std::find(out.content_types.begin(), out.content_types.end(), contact::content::kText) == out.content_types.end()) return wrong;
  }
  if (const bj::value* minutes = body->if_contains("ChatDurationInMinutes"); minutes != nullptr && !minutes->is_null()) {
    const auto value = json::integer_at(*body, "ChatDurationInMinutes");
    if (!value || *value < kDurationLeast || *value > kDurationMost) return fail(ErrorCode::invalid_argument, "ChatDurationInMinutes is a number from 60 to 10080.");
    out.duration = Duration::s(*value * 60);
  }
  const bj::object* attributes = json::object_at(*body, "Attributes");
  const auto given = [&](std::string_view name) { return attributes != nullptr ? json::text_at(*attributes, name) : std::nullopt; };
  if (!is_email(given("customerEmailAddress").value_or(""))) return refuse(ErrorCode::invalid_argument, "invalid_email", "customerEmailAddress is not an e-mail address.");
  for (const std::string_view name : kAllowed) {
    const auto value = given(name);
    if (!value) {
      if (attributes->contains(name)) return fail(ErrorCode::invalid_argument, std::string(name) + " must be a text.");
      continue;
    }
    if (value->size() > kAttributeMax || !json::is_clean_text(*value)) return fail(ErrorCode::invalid_argument, std::string(name) + " is too long or not clean text.");
    out.attributes.emplace(name, *value);
  }
  for (const std::string_view name : {"videoExternalMeetingId", "videoAttendeeExternalUserId"}) {
    const auto found = out.attributes.find(name);
    if (found != out.attributes.end() && !is_external_id(found->second)) {
      return fail(ErrorCode::invalid_argument, std::string(name) + " must be 2 to 64 letters, digits, '-' or '_'.");
    }
  }
  out.attributes["customerName"] = out.display_name;
  const auto reference = given("videoReferenceId");
  if (!reference && attributes->contains("videoReferenceId")) return fail(ErrorCode::invalid_argument, "videoReferenceId must be a text.");
  asked.reference = reference.value_or("").substr(0, kAttributeMax);
  out.attributes["videoReferenceId"] = "";
  return asked;
}

// The login of the user with this address, or nothing: then the default queue serves.
Result<std::string> agent_of(store::Database& db, std::string_view email) {
  auto user = store::users::find_login(db, email);
  if (!user) return tl::unexpected(user.error());
  return *user && !(*user)->disabled ? (*user)->username : std::string();
}

// Only the installation's default flow, and those an administrator has named, can be started from outside.
Result<bool> flow_is_open(store::Database& db, std::string_view flow_id) {
  auto fallback = store::parameters::get_or(db, "connectDefaultContactFlowId", "");
  if (!fallback) return tl::unexpected(fallback.error());
  if (*fallback == flow_id) return true;
  auto open = store::parameters::get_or(db, "chatContactFlowIds", "");
  if (!open) return tl::unexpected(open.error());
  std::string_view rest = *open;
  while (!rest.empty()) {
    const std::size_t cut = rest.find(',');
    if (rest.substr(0, cut) == flow_id) return true;
    rest.remove_prefix(cut == std::string_view::npos ? rest.size() : cut + 1);
  }
  return false;
}

// Uses the reference up and sets what the flow branches on: the agent, or "error". The reference in use, empty: none.
Result<std::string> use_reference(CentreApi& api, const wire::HttpRequest& request, Asked& asked) {
  contact::Attributes& attributes = asked.command.attributes;
  attributes["videoReferenceId"] = std::string(kReferenceError);
  std::string digits = reference_digits(asked.reference);
  std::string agent;
  if (!digits.empty()) {
    auto found = api.store.write([&](store::Database& db) -> Result<std::string> {
      auto route = store::adhoc_routes::use(db, digits, normal_email(attributes["customerEmailAddress"]), request.now.wall);
      if (!route) return tl::unexpected(route.error());
      if (!*route) return std::string();
      auto user = store::users::principal(db, (*route)->agent_id);
      if (!user) return tl::unexpected(user.error());
      return *user ? (*user)->username : std::string();
    });
    if (!found) return found;
    agent = std::move(*found);
  }
  if (agent.empty()) {
    api.references.charge(std::to_string(request.peer_key), request.now.mono);
    return std::string();
  }
  attributes["videoReferenceId"] = digits;
  attributes["videoRouteToAgent"] = agent;
  return digits;
}

wire::HttpResponse start_chat(CentreApi& api, const wire::HttpRequest& request) {
  const std::string peer = std::to_string(request.peer_key);
  if (!api.starts.allow(peer, request.now.mono)) {
    return failure(request, ErrorCode::exhausted, "Too many chats from here. Please wait a little.");
  }
  auto asked = read_request(request);
  if (!asked) return failure(request, asked.error());
  contact::StartChat& command = asked->command;
  auto prepared = api.store.read([&](store::Database& db) -> Result<bool> {
    auto open = flow_is_open(db, command.flow_id);
    if (!open || !*open) return open;
    if (!api.options.demo_routing || !asked->reference.empty()) return true;
    auto agent = agent_of(db, command.attributes["customerEmailAddress"]);
    if (!agent) return tl::unexpected(agent.error());
    command.attributes["videoRouteToAgent"] = *agent;
    return true;
  });
  if (!prepared) return failure(request, prepared.error());
  if (!*prepared) return failure(request, ErrorCode::invalid_argument, "flow_not_open", "This contact flow cannot be started.");
  std::string used;
  if (!asked->reference.empty()) {
    // Eight digits could be tried one by one.
    if (!api.references.has(peer, request.now.mono)) {
      return failure(request, ErrorCode::exhausted, "Too many wrong references from here. Please wait a little.");
    }
    auto reference = use_reference(api, request, *asked);
    if (!reference) return failure(request, reference.error());
    used = std::move(*reference);
  }
  const contact::Effects effects = api.service.call(std::move(command));
  if (effects.error) {
    if (!used.empty()) (void)api.store.write([&](store::Database& db) { return store::adhoc_routes::release(db, used); });
    return failure(request, *effects.error);
  }
  const auto& customer = effects.participants.front();
  return success(request, "Chat started",
                 bj::object{{"startChatResult",
                             {{"ContactId", effects.contact_id}, {"ParticipantId", customer.participant.id}, {"ParticipantToken", customer.token}}}});
}

}  // namespace

void add_chat_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/chat/start", [&api](const wire::HttpRequest& r) { return start_chat(api, r); });
}

}  // namespace upcall::api
