// Statuses, quick connects, transfers.
#include <algorithm>

#include "api/centre/agent_route_parts.hpp"
#include "api/centre/item_json.hpp"
#include "base/ids.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::Principal;

constexpr std::string_view kStatusSchema =
    R"({"type":"object","required":["status"],"properties":{"status":{"type":"string","minLength":1,"maxLength":127,"description":"available, offline, or the name or id of a status that an administrator has made"},"afterContacts":{"type":"boolean","description":"no further offers, and the status comes when the last contact is cleared"}}})";
constexpr std::string_view kTransferSchema =
    R"({"type":"object","properties":{"agentId":{"type":"string","format":"uuid"},"queueId":{"type":"string","format":"uuid"}},"oneOf":[{"required":["agentId"]},{"required":["queueId"]}]})";
constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;

constexpr Operation kOperations[] = {
    {"PUT", "/api/agent/status", "setAgentStatus", "Become available, go offline, or choose another status.", kStaff, kStatusSchema, kObject, "400 401 403 404", ""},
    {"GET", "/api/agent/statuses", "listAgentStatuses", "The statuses to choose from.", kStaff, "", kObject, "401 403", ""},
    {"GET", "/api/agent/quick-connects", "listQuickConnects", "Agents and queues that a contact can be transferred to; ?search=text, at most 100 of each.", kStaff, "", kObject, "400 401 403", ""},
    {"POST", "/api/agent/contacts/{contactId}/transfer", "transferContact", "To an agent, who must accept, or to a queue, at once.", kStaff, kTransferSchema, kObject, "400 401 403 404 409 429", ""},
    {"DELETE", "/api/agent/contacts/{contactId}/transfer", "cancelTransfer", "Take back a transfer that was not accepted yet.", kStaff, "", kObject, "401 403 404 409", ""},
};

constexpr std::size_t kNameMax = 127;
constexpr std::size_t kListMax = 100;

wire::HttpResponse set_status(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  const auto wanted = json::text_at(*body, "status");
  // Clean text also has line breaks; a name has none.
  const bool is_name = wanted && !wanted->empty() && wanted->size() <= kNameMax && json::is_clean_text(*wanted) && wanted->find_first_of("\n\t\r") == std::string_view::npos;
  if (!is_name) return failure(request, ErrorCode::invalid_argument, "status must be a name of 1 to 127 bytes.");
  const bool given = body->contains("afterContacts");
  if (given && !json::boolean_at(*body, "afterContacts")) return failure(request, ErrorCode::invalid_argument, "afterContacts must be true or false.");
  contact::SetAgentStatus command{agent.id, contact::AgentStatus::offline, {}, given && *json::boolean_at(*body, "afterContacts")};
  const auto known = [&] {
    return api.service.get<bool>([&](const contact::Centre& centre) {
      if (wanted == "available" || wanted == "offline") {
        command.status = *contact::agent_status(*wanted);
        return true;
      }
      for (const contact::CustomStatus& s : centre.config().statuses) {
        if (s.id == *wanted || s.name == *wanted) command.custom_id = s.id;
      }
      return !command.custom_id.empty();
    });
  };
  bool found = known();
  contact::Effects effects;
  if (found) effects = api.service.call(command);
  if (!found || (effects.error && effects.error->code == ErrorCode::not_found)) {
    // A user or a status added a moment ago: the centre has not heard of them yet.
    if (auto reloaded = api.service.reload(); !reloaded) return failure(request, reloaded.error());
    found = known();
    if (!found) return failure(request, ErrorCode::not_found, "no_such_status", "There is no such status.");
    effects = api.service.call(command);
  }
  if (effects.error) return failure(request, *effects.error);
  return success(request, "Done", api.service.get<bj::object>([&](const contact::Centre& centre) { return agent_status_json(centre, agent.id); }));
}

wire::HttpResponse statuses(CentreApi& api, const wire::HttpRequest& request, const Principal&) {
  return success(request, "Statuses", api.service.get<bj::object>([](const contact::Centre& centre) {
    bj::array list;
    for (const auto status : {contact::AgentStatus::available, contact::AgentStatus::offline}) {
      list.push_back(bj::object{{"statusId", contact::to_string(status)}, {"name", centre.status_name(contact::to_string(status))}, {"status", contact::to_string(status)}});
    }
    for (const contact::CustomStatus& s : centre.config().statuses) {
      list.push_back(bj::object{{"statusId", s.id}, {"name", s.name}, {"status", contact::to_string(s.routable ? contact::AgentStatus::available : contact::AgentStatus::not_routable)}});
    }
    return bj::object{{"statuses", std::move(list)}};
  }));
}

// Part of a name, whatever its capitals (of ASCII letters).
bool holds(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b)); };
  return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

wire::HttpResponse quick_connects(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  const std::string search(request.query_value("search").value_or(""));
  if (search.size() > kNameMax || !json::is_clean_text(search)) return failure(request, ErrorCode::invalid_argument, "search must be a text of at most 127 bytes.");
  return success(request, "Quick connects", api.service.get<bj::object>([&](const contact::Centre& centre) {
    bj::array agents, queues;
    // Who can be reached first.
    for (const bool available : {true, false}) {
      for (const contact::AgentInfo& a : centre.config().agents) {
        const auto* state = centre.agent(a.id);
        const bool is = state != nullptr && state->status == contact::AgentStatus::available && state->next_status.empty();
        if (agents.size() >= kListMax || is != available || a.id == agent.id || !holds(a.name, search)) continue;
        bj::object o = agent_status_json(centre, a.id);
        o["name"] = a.name;
        o["available"] = is;
        agents.push_back(std::move(o));
      }
    }
    for (const contact::Queue& q : centre.config().queues) {
      if (queues.size() >= kListMax || !holds(q.name, search)) continue;
      queues.push_back(bj::object{{"queueId", q.id}, {"name", q.name}, {"waiting", centre.waiting_in({q.id, {}})}});
    }
    return bj::object{{"agents", std::move(agents)}, {"queues", std::move(queues)}};
  }));
}

wire::HttpResponse transfer(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  auto body = body_object(request);
  if (!body) return failure(request, body.error());
  for (const char* name : {"agentId", "queueId"}) {
    if (body->contains(name) && !is_uuid(json::text_or(*body, name))) return failure(request, ErrorCode::invalid_argument, std::string(name) + " must be an id.");
  }
  if (body->contains("agentId") == body->contains("queueId")) return failure(request, ErrorCode::invalid_argument, "agentId or queueId is needed, one of them.");
  const contact::QueueRef to{json::text_or(*body, "queueId"), json::text_or(*body, "agentId")};
  const std::string id(request.route_value("contactId"));
  const contact::Effects effects = api.service.call(contact::TransferContact{agent.id, id, to});
  if (!effects.error) return success(request, "Transfer begun", bj::object{{"contactId", id}, {"state", to.agent_id.empty() ? "done" : "waiting"}});
  const std::string& why = effects.error->message;
  // Words of their own, so that the page can say what to do.
  const std::string_view word = why == "no such agent"               ? "no_such_agent"
                                : why == "no such queue"             ? "no_such_queue"
                                : why == "the agent is not available" ? "agent_not_available"
                                : why == "the queue is full"         ? "queue_full"
                                                                     : "";
  if (word.empty()) return contact_failure(request, *effects.error);
  if (word == "queue_full") return failure(request, ErrorCode::conflict, word, "The queue is full.");
  return failure(request, ApiError{*effects.error, word});
}

wire::HttpResponse cancel(CentreApi& api, const wire::HttpRequest& request, const Principal& agent) {
  const std::string id(request.route_value("contactId"));
  const contact::Effects effects = api.service.call(contact::CancelTransfer{agent.id, id});
  if (effects.error) return contact_failure(request, *effects.error);
  return success(request, "Done", bj::object{{"contactId", id}});
}

}  // namespace

void add_transfer_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("PUT", "/api/agent/status", as_agent(api, set_status));
  router.add("GET", "/api/agent/statuses", as_agent(api, statuses));
  router.add("GET", "/api/agent/quick-connects", as_agent(api, quick_connects));
  router.add("POST", "/api/agent/contacts/{contactId}/transfer", as_agent(api, transfer));
  router.add("DELETE", "/api/agent/contacts/{contactId}/transfer", as_agent(api, cancel));
}

}  // namespace upcall::api
