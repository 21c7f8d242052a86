// The agent's own place in the participant interface: for the vendor's chat library, which runs an agent's chats by it.
#include "api/centre/agent_route_parts.hpp"
#include "base/ids.hpp"
#include "base/wall_text.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

// Shorter than a customer's: it must not outlive the log-in by long. The library asks for the next one in time.
constexpr Duration kConnectionLife = Duration::s(3600);

constexpr Operation kOperations[] = {
    {"POST", "/api/agent/contacts/{contactId}/connection", "connectAgentToContact", "A connection token for the agent's own participant of a connected contact, for the participant interface.", OperationAuth::staff, "",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"contactId":{"type":"string"},"initialContactId":{"type":"string"},"participantId":{"type":"string"},"connectionToken":{"type":"string"},"expiry":{"type":"string","format":"date-time"}}},"reqId":{"type":"string"}}})",
     "401 403 404", ""},
};

wire::HttpResponse connect(CentreApi& api, const wire::HttpRequest& request, const identity::Principal& agent) {
  const std::string contact_id(request.route_value("contactId"));
  // Nobody else's contact, and none that is only on offer, has a place for this agent.
  const auto participant_id = api.service.get<std::string>([&](const contact::Centre& centre) {
    const contact::Contact* c = centre.contact(contact_id);
    if (c == nullptr || c->state != contact::ContactState::connected || c->agent_id != agent.id) return std::string();
    for (const contact::Participant& p : c->participants) {
      if (p.role == contact::Role::agent && p.user_id == agent.id && !p.left) return p.id;
    }
    return std::string();
  });
  if (participant_id.empty()) return failure(request, ErrorCode::not_found, "no_such_contact", "There is no such contact.");
  const std::string token = make_token(api.random);
  const WallTime expires = request.now.wall + kConnectionLife;
  auto stored = api.store.write([&](store::Database& db) { return store::centre::add_connection(db, token, participant_id, expires, request.now.wall); });
  if (!stored) return failure(request, stored.error());
  return success(request, "Connected", bj::object{{"contactId", contact_id}, {"initialContactId", contact_id}, {"participantId", participant_id}, {"connectionToken", token}, {"expiry", to_iso8601(expires)}});
}

}  // namespace

void add_agent_connection_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/agent/contacts/{contactId}/connection", as_agent(api, connect));
}

}  // namespace upcall::api
