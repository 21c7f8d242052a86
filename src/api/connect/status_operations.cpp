// Agent statuses: those that are always there and those of administrators, and which one a user is in.
#include <algorithm>
#include <span>

#include "api/connect/connect_call.hpp"
#include "io/store/status_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

bj::object status_json(const ConnectCall& call, const store::AgentStatusRow& r) {
  bj::object out{{"AgentStatusId", r.status.id}, {"AgentStatusARN", call.arn("agent-state/" + r.status.id)}, {"Name", r.status.name},
                 {"Description", r.description}, {"Type", r.status.id == "offline" ? "OFFLINE" : r.status.routable ? "ROUTABLE" : "CUSTOM"},
                 {"State", r.enabled ? "ENABLED" : "DISABLED"}};
  if (r.display_order) out["DisplayOrder"] = *r.display_order;
  return out;
}

// Available and Offline first: they are nobody's rows.
ConnectResult<std::vector<store::AgentStatusRow>> all_statuses(const ConnectCall& call) {
  std::vector<store::AgentStatusRow> out{{{"available", "Available", true}, {}, {}, true}, {{"offline", "Offline", false}, {}, {}, true}};
  auto rows = call.api.centre.store.read([](store::Database& db) { return store::agent_statuses::all(db); });
  if (!rows) return fault_of(rows.error());
  std::move(rows->begin(), rows->end(), std::back_inserter(out));
  return out;
}

ConnectResult<store::AgentStatusRow> find_status(const ConnectCall& call, const std::string& id) {
  auto all = all_statuses(call);
  if (!all) return tl::unexpected(all.error());
  const auto found = std::find_if(all->begin(), all->end(), [&](const store::AgentStatusRow& r) { return r.status.id == id; });
  if (found == all->end()) return no_such("agent status");
  return std::move(*found);
}

ConnectAnswer list_statuses(ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  std::vector<std::string> types;
  for (const auto& [name, value] : call.request.query) {
    if (name != "AgentStatusTypes") continue;
    if (value != "ROUTABLE" && value != "CUSTOM" && value != "OFFLINE") return invalid_parameter("AgentStatusTypes must be ROUTABLE, CUSTOM or OFFLINE.");
    types.push_back(value);
  }
  auto all = all_statuses(call);
  if (!all) return tl::unexpected(all.error());
  std::vector<bj::object> list;
  for (const store::AgentStatusRow& r : *all) {
    const bj::object full = status_json(call, r);
    const std::string type = json::text_or(full, "Type");
    if (!types.empty() && std::find(types.begin(), types.end(), type) == types.end()) continue;
    list.push_back({{"Id", r.status.id}, {"Arn", full.at("AgentStatusARN")}, {"Name", r.status.name}, {"Type", type}});
  }
  return listed(call, "AgentStatusSummaryList", std::move(list));
}

ConnectAnswer describe_status(ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto status = find_status(call, call.id("status"));
  if (!status) return tl::unexpected(status.error());
  return bj::object{{"AgentStatus", status_json(call, *status)}};
}

// Name, Description, State and DisplayOrder, as far as they are given, for the administrator's command.
ConnectResult<bj::object> status_arguments(const ConnectCall& call, bool whole) {
  bj::object out;
  auto name = call.text("Name", 1, 127, whole);
  if (!name) return tl::unexpected(name.error());
  if (!name->empty()) out["name"] = *name;
  if (call.body.contains("Description")) {
    auto description = call.text("Description", whole ? 1 : 0, 250, false);
    if (!description) return tl::unexpected(description.error());
    out["description"] = *description;
  }
  auto state = call.text("State", 1, 16, whole);
  if (!state) return tl::unexpected(state.error());
  if (!state->empty() && *state != "ENABLED" && *state != "DISABLED") return invalid_parameter("State must be ENABLED or DISABLED.");
  if (!state->empty()) out["enabled"] = *state == "ENABLED";
  auto order = call.number("DisplayOrder", 1, 50);
  if (!order) return tl::unexpected(order.error());
  if (*order) out["display-order"] = **order;
  if (call.body.contains("ResetOrderNumber")) {
    const auto reset = json::boolean_at(call.body, "ResetOrderNumber");
    if (!reset) return invalid_parameter("ResetOrderNumber must be true or false.");
    if (*reset) out["display-order"] = 0;
  }
  return out;
}

ConnectAnswer create_status(ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto arguments = status_arguments(call, true);
  if (!arguments) return tl::unexpected(arguments.error());
  auto made = administer(call, Permission::routing_admin, "agent-status.add", *arguments);
  if (!made) return tl::unexpected(made.error());
  const std::string id = json::text_or(made->as_object(), "statusId");
  return bj::object{{"AgentStatusId", id}, {"AgentStatusARN", call.arn("agent-state/" + id)}};
}

ConnectAnswer update_status(ConnectCall& call) {
  if (auto may = call.needs(Permission::routing_admin); !may) return tl::unexpected(may.error());
  auto arguments = status_arguments(call, false);
  if (!arguments) return tl::unexpected(arguments.error());
  auto status = find_status(call, call.id("status"));
  if (!status) return tl::unexpected(status.error());
  if (contact::agent_status(status->status.id)) return invalid_parameter("Available and Offline are always there, as they are.");
  (*arguments)["status"] = status->status.id;
  auto done = administer(call, Permission::routing_admin, "agent-status.set", *arguments);
  if (!done) return tl::unexpected(done.error());
  return bj::object{};
}

// The own one, or anybody's for who administers users. Whoever is in a contact takes it when the contact is cleared.
ConnectAnswer put_user_status(ConnectCall& call) {
  const std::string user = call.id("user");
  if (call.caller.id != user) {
    if (auto may = call.needs(Permission::user_admin); !may) return tl::unexpected(may.error());
  } else if (auto may = call.needs(Permission::contact_handle); !may) {
    return tl::unexpected(may.error());
  }
  auto id = call.text("AgentStatusId", 1, 500);
  if (!id) return tl::unexpected(id.error());
  if (const std::size_t slash = id->rfind('/'); slash != std::string::npos) id->erase(0, slash + 1);
  auto status = find_status(call, *id);
  if (!status) return tl::unexpected(status.error());
  if (!status->enabled) return refuse_call(400, "InvalidRequestException", "The agent status is disabled.");
  contact::SetAgentStatus command{user, contact::agent_status(*id).value_or(contact::AgentStatus::offline), {}, true};
  if (!contact::agent_status(*id)) command.custom_id = *id;
  const contact::Effects effects = call.api.centre.service.call(std::move(command));
  if (effects.error && effects.error->code == ErrorCode::not_found) return no_such("agent");
  if (effects.error) return fault_of(*effects.error);
  return bj::object{};
}

constexpr ConnectRoute kOperations[] = {
    {"ListAgentStatuses", "GET", "/agent-status/{instance}", ConnectRate::usual, list_statuses},
    {"DescribeAgentStatus", "GET", "/agent-status/{instance}/{status}", ConnectRate::usual, describe_status},
    {"CreateAgentStatus", "PUT", "/agent-status/{instance}", ConnectRate::usual, create_status},
    {"UpdateAgentStatus", "POST", "/agent-status/{instance}/{status}", ConnectRate::usual, update_status},
    {"PutUserStatus", "PUT", "/users/{instance}/{user}/status", ConnectRate::usual, put_user_status},
};

}  // namespace

std::span<const ConnectRoute> status_operations() { return kOperations; }

}  // namespace upcall::api
