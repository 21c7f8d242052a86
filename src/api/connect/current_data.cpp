// What agents are doing now: status, slots and contacts, for dashboards; and a contact that is over, dismissed for its agent.
#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "api/centre/supervision.hpp"
#include "api/connect/directory_parts.hpp"
#include "io/store/centre_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;
using identity::Permission;

constexpr std::size_t kFilterMax = 100;
constexpr std::array<std::string_view, 5> kLevels{"LevelOne", "LevelTwo", "LevelThree", "LevelFour", "LevelFive"};

struct Filters {
  std::set<std::string> queues, profiles, agents, groups, states;
  bool any = false;
};

ConnectResult<std::set<std::string>> ids_of(const bj::object& filters, std::string_view name) {
  std::set<std::string> out;
  const bj::value* value = filters.if_contains(name);
  if (value == nullptr || value->is_null()) return out;
  if (!value->is_array() || value->get_array().size() > kFilterMax) return invalid_parameter("Filters: " + std::string(name) + " must be a list of at most 100 ids.");
  for (const bj::value& item : value->get_array()) {
    if (!item.is_string() || item.get_string().empty() || item.get_string().size() > 500) return invalid_parameter("Filters: " + std::string(name) + " must hold ids.");
    std::string id(item.get_string());
    if (id.starts_with("arn:")) id.erase(0, id.rfind('/') + 1);
    out.insert(std::move(id));
  }
  return out;
}

ConnectResult<Filters> filters_of(const ConnectCall& call) {
  const bj::object* given = json::object_at(call.body, "Filters");
  if (given == nullptr) return invalid_parameter("Filters is required.");
  Filters out;
  for (const auto& [name, to] : {std::pair{"Queues", &out.queues}, {"RoutingProfiles", &out.profiles}, {"Agents", &out.agents}, {"UserHierarchyGroups", &out.groups}}) {
    auto ids = ids_of(*given, name);
    if (!ids) return tl::unexpected(ids.error());
    *to = std::move(*ids);
    out.any = out.any || !to->empty();
  }
  if (out.groups.size() > 1) return invalid_parameter("Filters: UserHierarchyGroups takes one group.");
  if (const bj::object* contacts = json::object_at(*given, "ContactFilter")) {
    auto states = ids_of(*contacts, "ContactStates");
    if (!states) return tl::unexpected(states.error());
    out.states = std::move(*states);
    out.any = out.any || !out.states.empty();
  }
  if (!out.any) return invalid_parameter("Filters: at least one is required.");
  return out;
}

// In the vendor's words for the states of an agent's contact.
std::string_view contact_state(contact::AgentView view) {
  switch (view) {
    case contact::AgentView::connecting: return "CONNECTING";
    case contact::AgentView::connected: return "CONNECTED";
    case contact::AgentView::ended: return "ENDED";
    case contact::AgentView::missed: return "MISSED";
    case contact::AgentView::rejected: return "REJECTED";
    default: return "ENDED";
  }
}

// One agent as the centre has it.
struct Seen {
  contact::AgentInfo info;
  bj::object data;
  std::set<std::string> states;
};

std::vector<Seen> agents_now(const ConnectCall& call) {
  return call.api.centre.service.get<std::vector<Seen>>([&](const contact::Centre& centre) {
    std::vector<Seen> out;
    for (const contact::AgentInfo& info : centre.config().agents) {
      Seen seen{info, {}, {}};
      const contact::Centre::AgentState offline;
      const contact::Centre::AgentState* known = centre.agent(info.id);
      const contact::Centre::AgentState& state = known != nullptr ? *known : offline;
      const std::string status = contact::Centre::status_id(state);
      bj::object shown{{"StatusArn", call.arn("agent-state/" + status)}, {"StatusName", centre.status_name(status)}};
      if (known != nullptr && state.since.unix_ms() > 0) shown["StatusStartTimestamp"] = epoch_seconds(state.since);
      int slots = 1;
      for (const contact::RoutingProfile& p : centre.config().routing_profiles) {
        if (p.id == info.routing_profile_id) slots = p.chat_slots;
      }
      bj::array contacts;
      for (const auto& [contact_id, view] : state.contacts) {
        seen.states.emplace(contact_state(view));
        bj::object one{{"ContactId", contact_id}, {"Channel", "CHAT"}, {"InitiationMethod", "API"}, {"AgentContactState", contact_state(view)}};
        if (const contact::Contact* c = centre.contact(contact_id); c != nullptr && c->is_seen_by(info.id)) {
          if (c->connected) one["ConnectedToAgentTimestamp"] = epoch_seconds(*c->connected);
          const std::string& queue = c->queue.queue_id.empty() ? c->queue.agent_id : c->queue.queue_id;
          if (!queue.empty()) one["Queue"] = bj::object{{"Id", queue}, {"Arn", call.arn(c->queue.queue_id.empty() ? "queue/agent/" + queue : "queue/" + queue)}};
        }
        contacts.push_back(std::move(one));
      }
      seen.data = {{"User", bj::object{{"Id", info.id}, {"Arn", call.arn("agent/" + info.id)}}},
                   {"RoutingProfile", bj::object{{"Id", info.routing_profile_id}, {"Arn", call.arn("routing-profile/" + info.routing_profile_id)}}},
                   {"Status", std::move(shown)},
                   {"MaxSlotsByChannel", bj::object{{"CHAT", slots}}},
                   {"ActiveSlotsByChannel", bj::object{{"CHAT", state.busy()}}},
                   {"AvailableSlotsByChannel", bj::object{{"CHAT", std::max(0, slots - state.busy())}}},
                   {"Contacts", std::move(contacts)}};
      if (!state.next_status.empty()) seen.data["NextStatus"] = centre.status_name(state.next_status);
      out.push_back(std::move(seen));
    }
    return out;
  });
}

// Who may watch an agent's contacts may see what the agent does: contact.monitor, within the hierarchy.
ConnectAnswer current_user_data(ConnectCall& call) {
  if (auto may = call.needs(Permission::contact_monitor); !may) return tl::unexpected(may.error());
  auto filters = filters_of(call);
  if (!filters) return tl::unexpected(filters.error());
  auto size = call.number("MaxResults", 1, 100);
  if (!size) return tl::unexpected(size.error());
  auto token = call.text("NextToken", 0, 2500, false);
  if (!token) return tl::unexpected(token.error());
  std::vector<Seen> all = agents_now(call);
  std::vector<bj::object> found;
  auto read = call.api.centre.store.read([&](store::Database& db) -> Result<void> {
    auto profiles = store::routing::profiles(db);
    if (!profiles) return tl::unexpected(profiles.error());
    auto groups = store::hierarchy::all(db);
    if (!groups) return tl::unexpected(groups.error());
    for (Seen& seen : all) {
      if (!filters->agents.empty() && !filters->agents.contains(seen.info.id)) continue;
      if (!filters->profiles.empty() && !filters->profiles.contains(seen.info.routing_profile_id)) continue;
      if (!filters->states.empty() && std::none_of(seen.states.begin(), seen.states.end(), [&](const std::string& s) { return filters->states.contains(s); })) continue;
      if (!filters->queues.empty()) {
        const auto profile = std::find_if(profiles->begin(), profiles->end(), [&](const contact::RoutingProfile& p) { return p.id == seen.info.routing_profile_id; });
        const bool serves = profile != profiles->end() && std::any_of(profile->queues.begin(), profile->queues.end(), [&](const contact::ServedQueue& q) { return filters->queues.contains(q.queue_id); });
        if (!serves) continue;
      }
      auto allowed = may_watch(db, call.caller, seen.info.id);
      if (!allowed) return tl::unexpected(allowed.error());
      if (!*allowed) continue;
      auto user = store::users::find(db, seen.info.id);
      if (!user) return tl::unexpected(user.error());
      std::string path;
      for (const store::HierarchyGroup& g : *groups) {
        if (*user && (*user)->hierarchy_group_id == g.id) path = "/" + g.path + "/";
      }
      if (!filters->groups.empty() && path.find("/" + *filters->groups.begin() + "/") == std::string::npos) continue;
      bj::object levels;
      for (const store::HierarchyGroup& g : *groups) {
        if (path.find("/" + g.id + "/") != std::string::npos && g.level >= 1 && g.level <= 5) {
          levels[kLevels[static_cast<std::size_t>(g.level) - 1]] = bj::object{{"Id", g.id}, {"Arn", call.arn("agent-group/" + g.id)}};
        }
      }
      if (!levels.empty()) seen.data["HierarchyPath"] = std::move(levels);
      found.push_back(std::move(seen.data));
    }
    return {};
  });
  if (!read) return fault_of(read.error());
  auto page = page_of(*token, static_cast<std::size_t>(size->value_or(100)), found.size());
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (std::size_t i = page->begin; i < page->end; ++i) list.push_back(std::move(found[i]));
  bj::object out{{"UserDataList", std::move(list)}, {"ApproximateTotalCount", found.size()}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

// Missed, rejected, or in after-contact work. The own one, or anybody's for who administers users.
ConnectAnswer dismiss_contact(ConnectCall& call) {
  const std::string user = call.id("user");
  if (auto may = call.needs(call.caller.id == user ? Permission::contact_handle : Permission::user_admin); !may) return tl::unexpected(may.error());
  auto contact_id = call.text("ContactId", 1, 256);
  if (!contact_id) return tl::unexpected(contact_id.error());
  const contact::Effects effects = call.api.centre.service.call(contact::ClearContact{user, *contact_id});
  if (effects.error && effects.error->code == ErrorCode::not_found) return no_such("contact of this user");
  if (effects.error && effects.error->code == ErrorCode::conflict) return refuse_call(400, "InvalidRequestException", "The contact has not ended.");
  if (effects.error) return fault_of(*effects.error);
  return bj::object{};
}

constexpr ConnectRoute kOperations[] = {
    {"GetCurrentUserData", "POST", "/metrics/userdata/{instance}", ConnectRate::metrics, current_user_data},
    {"DismissUserContact", "POST", "/users/{instance}/{user}/contact", ConnectRate::usual, dismiss_contact},
};

}  // namespace

std::span<const ConnectRoute> current_data_operations() { return kOperations; }

}  // namespace upcall::api
