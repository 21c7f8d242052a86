// The agent's side: status, contacts, chat. Every route needs a user with the permission contact.handle; a contact of
// somebody else looks like one that is not there.
#include <algorithm>

#include "api/centre/agent_route_parts.hpp"
#include "api/centre/agent_socket.hpp"
#include "api/centre/centre_api.hpp"
#include "api/centre/item_json.hpp"
#include "api/common/responses.hpp"
#include "base/wall_text.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::Permission;
using identity::Principal;

constexpr std::string_view kSendSchema =
    R"({"type":"object","required":["content"],"properties":{"type":{"enum":["message","event"]},"contentType":{"type":"string"},"content":{"type":"string"},"clientToken":{"type":"string"}}})";
constexpr std::string_view kAttributesSchema =
    R"({"type":"object","required":["attributes"],"properties":{"attributes":{"type":"object","additionalProperties":{"type":"string"}}}})";
constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;

constexpr Operation kOperations[] = {
    {"GET", "/api/agent/state", "getAgentState", "The agent's status and contacts.", kStaff, "", kObject, "401 403", ""},
    {"POST", "/api/agent/contacts/{contactId}/accept", "acceptContact", "Accept an offered contact.", kStaff, "", kObject, "401 403 404 409", ""},
    {"POST", "/api/agent/contacts/{contactId}/reject", "rejectContact", "Reject an offered contact.", kStaff, "", kObject, "401 403 404 409", ""},
    {"POST", "/api/agent/contacts/{contactId}/end", "endContact", "End a connected contact; after-contact work begins.", kStaff, "", kObject, "401 403 404 409", ""},
    {"POST", "/api/agent/contacts/{contactId}/clear", "clearContact", "End after-contact work, or dismiss a missed contact.", kStaff, "", kObject, "401 403 404 409", ""},
    {"POST", "/api/agent/contacts/{contactId}/items", "sendToContact", "Send a chat message or event.", kStaff, kSendSchema, kObject, "400 401 403 404 429", ""},
    {"GET", "/api/agent/contacts/{contactId}/items", "contactTranscript", "The chat so far, oldest first; ?after=seq goes on.", kStaff, "", kObject, "400 401 403 404", ""},
    {"PUT", "/api/agent/contacts/{contactId}/attributes", "setContactAttributes", "Merge attributes into the contact's.", kStaff, kAttributesSchema, kObject, "400 401 403 404 413", ""},
};

constexpr int kItemsMax = 200;

// Attributes that the server alone decides (design §5).
// What the server and the flow decide; an agent who could set these would give himself a recording or another's meeting.
constexpr std::string_view kReserved[] = {"videoRouteToAgent", "videoRecordingPlaybackURL", "videoReferenceId", "videoExternalMeetingId",
                                          "videoAttendeeExternalUserId", "videoRecordingAutoStartEnabled", "videoRecordingStartStopEnabled"};
bool is_reserved(std::string_view name) { return std::find(std::begin(kReserved), std::end(kReserved), name) != std::end(kReserved); }

bool is_attribute_name(std::string_view name) {
  if (name.empty() || name.size() > 127) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_')) return false;
  }
  return true;
}

template <class C>
wire::HttpResponse contact_command(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  const contact::Effects effects = api.service.call(C{agent.id, std::string(request.route_value("contactId"))});
  if (effects.error) return contact_failure(request, *effects.error);
  return success(request, "Done", bj::object{{"contactId", request.route_value("contactId")}});
}

// What an agent's page needs after a reload in mid-call.
Result<bj::object> meeting_json(store::Database& db, const std::string& external_id, const std::string& agent_id, WallTime now) {
  auto meeting = store::meetings::find_external(db, external_id);
  if (!meeting) return tl::unexpected(meeting.error());
  const bool live = *meeting && !(*meeting)->ended;
  bj::object recording{{"inProgress", false}};
  auto found = store::recordings::in_progress(db, external_id);
  if (!found) return tl::unexpected(found.error());
  const bool owned = *meeting && (*meeting)->owner_principal == agent_id;
  if (owned && *found) {
    recording = {{"inProgress", true}, {"recordingId", (*found)->recording_id}, {"status", store::to_string((*found)->state)}};
    // While it is paused: when it goes on by itself. Also as a span, since a page's clock may be another.
    if (const auto facts = json::parse_object((*found)->data)) {
      const bj::value* until = facts->if_contains("paused_until_ms");
      if (until != nullptr && until->is_int64()) {
        const WallTime at = WallTime::from_unix_ms(until->get_int64());
        recording["resumesAt"] = to_iso8601(at);
        recording["resumesInMs"] = std::max(at - now, Duration()).ms();
      }
    }
  }
  return bj::object{{"externalMeetingId", external_id}, {"live", live}, {"owned", owned}, {"recording", std::move(recording)}};
}

wire::HttpResponse state(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  auto data = api.service.get<bj::object>([&](const contact::Centre& centre) {
    bj::object out = agent_status_json(centre, agent.id);
    out["username"] = agent.username;
    out["name"] = agent.name;
    out["contacts"] = agent_contacts_json(centre, agent.id);
    return out;
  });
  auto added = api.store.read([&](store::Database& db) -> Result<void> {
    for (bj::value& value : data.at("contacts").as_array()) {
      bj::object& contact = value.as_object();
      const bj::object* attributes = json::object_at(contact, "attributes");
      const std::string id = attributes != nullptr ? json::text_or(*attributes, "videoExternalMeetingId") : "";
      if (id.empty() || json::text_at(contact, "state") != contact::to_string(contact::AgentView::connected)) continue;
      auto meeting = meeting_json(db, id, agent.id, request.now.wall);
      if (!meeting) return tl::unexpected(meeting.error());
      contact["meeting"] = std::move(*meeting);
    }
    return {};
  });
  if (!added) return failure(request, added.error());
  return success(request, "Agent state", std::move(data));
}

wire::HttpResponse send_item(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  auto body = body_object(request);
  if (!api.may_send(agent.id, body ? json::text_or(*body, "contentType") : "", request.now.mono)) return failure(request, ErrorCode::exhausted, "Too many messages.");
  if (!body) return failure(request, body.error());
  for (const char* name : {"type", "contentType", "content", "clientToken"}) {
    if (body->contains(name) && !json::text_at(*body, name)) return failure(request, ErrorCode::invalid_argument, std::string(name) + " must be a text.");
  }
  const std::string type = json::text_or(*body, "type", "message");
  if (type != "message" && type != "event") return failure(request, ErrorCode::invalid_argument, "type must be message or event.");
  contact::SendItem command;
  command.contact_id = request.route_value("contactId");
  command.agent_id = agent.id;
  command.type = type == "message" ? contact::ItemType::message : contact::ItemType::event;
  command.content_type = json::text_or(*body, "contentType", contact::content::kText);
  if (const auto content = json::text_at(*body, "content")) command.content = std::string(*content);
  command.client_token = json::text_or(*body, "clientToken");
  if (command.client_token.size() > 500) return failure(request, ErrorCode::invalid_argument, "clientToken is at most 500 bytes.");
  if (command.content_type.size() > 100) return failure(request, ErrorCode::invalid_argument, "contentType is at most 100 bytes.");
  const contact::Effects effects = api.service.call(std::move(command));
  if (effects.error) return contact_failure(request, *effects.error);
  return success(request, "Sent", bj::object{{"id", effects.reply.id}, {"absoluteTime", to_iso8601(effects.reply.at)}});
}

bool owns(CentreApi& api, const std::string& contact_id, const std::string& agent_id) {
  return api.service.get<bool>([&](const contact::Centre& centre) {
    const contact::Contact* c = centre.contact(contact_id);
    return c != nullptr && c->agent_id == agent_id && (c->state == contact::ContactState::connected || c->state == contact::ContactState::wrap_up);
  });
}

// Until when this agent may read the chat: who has handed it on sees what was said up to then.
std::optional<WallTime> reads_until(CentreApi& api, const std::string& contact_id, const std::string& agent_id) {
  return api.service.get<std::optional<WallTime>>([&](const contact::Centre& centre) -> std::optional<WallTime> {
    const contact::Contact* c = centre.contact(contact_id);
    if (c == nullptr) return std::nullopt;
    // Whoever is asked to take a contact over reads it first.
    const bool asked = c->transfer && c->transfer->offered && c->transfer->to_agent == agent_id;
    if (asked || (c->agent_id == agent_id && c->state != contact::ContactState::offered)) return WallTime::from_unix_ms(INT64_MAX);
    std::optional<WallTime> until;
    for (const contact::Segment& s : c->segments) {
      if (s.after_contact && s.agent_id == agent_id && s.ended) until = *s.ended;
    }
    return until;
  });
}

wire::HttpResponse items(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  const std::string contact_id(request.route_value("contactId"));
  const auto until = reads_until(api, contact_id, agent.id);
  if (!until) return failure(request, ErrorCode::not_found, "no_such_contact", "There is no such contact.");
  std::uint64_t after = 0;
  for (const char c : request.query_value("after").value_or("0")) {
    if (c < '0' || c > '9' || after > INT64_MAX / 16) return failure(request, ErrorCode::invalid_argument, "after must be a number.");
    after = after * 10 + static_cast<std::uint64_t>(c - '0');
  }
  auto list = api.store.read([&](store::Database& db) { return store::centre::items(db, contact_id, after, INT64_MAX, kItemsMax, false).and_then([&](std::vector<contact::ChatItem> found) -> Result<std::vector<contact::ChatItem>> {
    if (auto added = store::centre::add_receipts(db, contact_id, found); !added) return tl::unexpected(added.error());
    return found;
  }); });
  if (!list) return failure(request, list.error());
  bj::array out;
  for (const contact::ChatItem& item : *list) {
    if (item.at > *until) break;
    bj::object o = item_json(item, true);
    o["seq"] = item.seq;
    out.push_back(std::move(o));
  }
  return success(request, "Transcript", bj::object{{"contactId", contact_id}, {"items", std::move(out)}});
}

wire::HttpResponse set_attributes(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  const std::string contact_id(request.route_value("contactId"));
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  const bj::object* attributes = json::object_at(*body, "attributes");
  if (attributes == nullptr) return failure(request, ErrorCode::invalid_argument, "attributes must be an object.");
  contact::UpdateAttributes command{contact_id, {}};
  for (const auto& [key, value] : *attributes) {
    const std::string_view name(key.data(), key.size());
    if (!is_attribute_name(name) || is_reserved(name)) return failure(request, ErrorCode::invalid_argument, "this attribute cannot be set.");
    if (!value.is_string() || !json::is_clean_text(std::string_view(value.get_string()))) return failure(request, ErrorCode::invalid_argument, "an attribute's value must be a clean text.");
    command.attributes.emplace(name, value.get_string().c_str());
  }
  if (!owns(api, contact_id, agent.id)) return failure(request, ErrorCode::not_found, "no_such_contact", "There is no such contact.");
  const contact::Effects effects = api.service.call(std::move(command));
  if (effects.error) return contact_failure(request, *effects.error);
  return success(request, "Done", bj::object{{"contactId", contact_id}});
}

// Browsers cannot set headers on a WebSocket: there the token comes as the subprotocol "bearer.<token>" beside
// "upcall.events", which is the one that is answered.
wire::WebSocketAnswer open_events(CentreApi& api, const wire::HttpRequest& request, const std::vector<std::string>& subprotocols) {
  constexpr std::string_view kBearer = "bearer.";
  Result<Principal> agent = fail(ErrorCode::unauthenticated, "You are not logged in.");
  wire::WebSocketAnswer answer;
  for (const std::string& name : subprotocols) {
    if (name == "upcall.events") answer.subprotocol = name;
    if (name.starts_with(kBearer)) agent = api.authenticator.authenticate_token(std::string_view(name).substr(kBearer.size()), request.now.wall);
  }
  if (!agent && request.header("authorization")) agent = api.authenticator.authenticate(request);
  if (!agent) {
    answer.refusal = failure(request, agent.error());
    return answer;
  }
  if (agent->kind != Principal::Kind::user || !agent->may(Permission::contact_handle)) {
    answer.refusal = failure(request, ErrorCode::forbidden, "You are not allowed to do this.");
    return answer;
  }
  std::uint64_t after = 0;
  for (const char c : request.query_value("after").value_or("0")) {
    if (c < '0' || c > '9' || after > INT64_MAX / 16) {
      answer.refusal = failure(request, ErrorCode::invalid_argument, "after must be a number.");
      return answer;
    }
    after = after * 10 + static_cast<std::uint64_t>(c - '0');
  }
  answer.handler = std::make_shared<AgentSocket>(api.service, agent->id, std::string(request.query_value("epoch").value_or("")), after, request.query_value("quality") == "1");
  return answer;
}

}  // namespace

void add_agent_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  add_transfer_routes(router, api, openapi);
  add_agent_attachment_routes(router, api, openapi);
  add_agent_connection_routes(router, api, openapi);
  add_supervisor_routes(router, api, openapi);
  router.add("GET", "/api/agent/state", as_agent(api, state));
  router.add("POST", "/api/agent/contacts/{contactId}/accept", as_agent(api, contact_command<contact::AcceptContact>));
  router.add("POST", "/api/agent/contacts/{contactId}/reject", as_agent(api, contact_command<contact::RejectContact>));
  router.add("POST", "/api/agent/contacts/{contactId}/end", as_agent(api, contact_command<contact::EndContact>));
  router.add("POST", "/api/agent/contacts/{contactId}/clear", as_agent(api, contact_command<contact::ClearContact>));
  router.add("POST", "/api/agent/contacts/{contactId}/items", as_agent(api, send_item));
  router.add("GET", "/api/agent/contacts/{contactId}/items", as_agent(api, items));
  router.add("PUT", "/api/agent/contacts/{contactId}/attributes", as_agent(api, set_attributes));
  router.add_websocket("/api/agent/events", [&api](const wire::HttpRequest& r, const std::vector<std::string>& s) { return open_events(api, r, s); });
}

}  // namespace upcall::api
