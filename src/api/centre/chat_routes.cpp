// POST /api/chat/start, the original's startChat: anybody may start a chat, so everything that comes in is bounded and
// only attributes on a list are taken. What steers routing is set by the server.
#include <array>

#include "api/centre/centre_api.hpp"
#include "api/common/external_id.hpp"
#include "api/common/responses.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/api/chat/start", "startChat", "Start a chat contact.", OperationAuth::none,
     R"({"type":"object","required":["ContactFlowId","ParticipantDetails","Attributes"],"properties":{"ContactFlowId":{"type":"string"},"ParticipantDetails":{"type":"object","required":["DisplayName"],"properties":{"DisplayName":{"type":"string","minLength":1,"maxLength":256}}},"Attributes":{"type":"object","required":["customerEmailAddress"],"additionalProperties":{"type":"string"}}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"startChatResult":{"type":"object","properties":{"ContactId":{"type":"string"},"ParticipantId":{"type":"string"},"ParticipantToken":{"type":"string"}}}}},"reqId":{"type":"string"}}})",
     "400 413 429 503", ""},
};

constexpr std::size_t kNameMax = 256;
constexpr std::size_t kAttributeMax = 256;

// What a customer's page may set. videoRouteToAgent, the recording flags and the playback address are not among them.
constexpr std::array<std::string_view, 6> kAllowed = {"videoExternalMeetingId", "videoAttendeeExternalUserId", "videoAttendeeName",
                                                      "videoAttendeeEmail", "videoVendorName", "customerEmailAddress"};

bool is_email(std::string_view text) {
  if (text.empty() || text.size() > 254 || !json::is_clean_text(text)) return false;
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}

Result<contact::StartChat> read_request(const wire::HttpRequest& request) {
  auto body = body_object(request);
  if (!body) return tl::unexpected(body.error());
  contact::StartChat out;
  out.flow_id = json::text_or(*body, "ContactFlowId");
  if (out.flow_id.empty()) return fail(ErrorCode::invalid_argument, "You must provide ContactFlowId.");
  const bj::object* details = json::object_at(*body, "ParticipantDetails");
  if (details == nullptr) return fail(ErrorCode::invalid_argument, "You must provide ParticipantDetails.");
  out.display_name = json::text_or(*details, "DisplayName");
  if (out.display_name.empty() || out.display_name.size() > kNameMax || !json::is_clean_text(out.display_name)) {
    return fail(ErrorCode::invalid_argument, "DisplayName must be a text of 1 to 256 bytes.");
  }
  const bj::object* attributes = json::object_at(*body, "Attributes");
  const auto given = [&](std::string_view name) { return attributes != nullptr ? json::text_at(*attributes, name) : std::nullopt; };
  if (!is_email(given("customerEmailAddress").value_or(""))) return fail(ErrorCode::invalid_argument, "customerEmailAddress is not an e-mail address.");
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
  // No reference has been handed out, so any that is given is not valid; an empty one is an ordinary visitor.
  const auto reference = given("videoReferenceId");
  if (!reference && attributes->contains("videoReferenceId")) return fail(ErrorCode::invalid_argument, "videoReferenceId must be a text.");
  out.attributes["videoReferenceId"] = reference.value_or("").empty() ? "" : "error";
  return out;
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

wire::HttpResponse start_chat(CentreApi& api, const wire::HttpRequest& request) {
  if (!api.starts.allow(std::to_string(request.peer_key), request.now.mono)) {
    return failure(request, ErrorCode::exhausted, "Too many chats from here. Please wait a little.");
  }
  auto command = read_request(request);
  if (!command) return failure(request, command.error());
  auto prepared = api.store.read([&](store::Database& db) -> Result<void> {
    auto open = flow_is_open(db, command->flow_id);
    if (!open) return tl::unexpected(open.error());
    if (!*open) return fail(ErrorCode::invalid_argument, "This contact flow cannot be started.");
    if (!api.options.demo_routing) return {};
    auto agent = agent_of(db, command->attributes["customerEmailAddress"]);
    if (!agent) return tl::unexpected(agent.error());
    command->attributes["videoRouteToAgent"] = *agent;
    return {};
  });
  if (!prepared) return failure(request, prepared.error());
  const contact::Effects effects = api.service.call(std::move(*command));
  if (effects.error) return failure(request, *effects.error);
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
