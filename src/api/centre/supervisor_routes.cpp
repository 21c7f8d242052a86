// Supervisors: live contacts, watching one silently, stepping in, leaving. Whoever watches gets a participant token and
// reads by the participant interface. What they may not see looks like what is not there. Every step is in the audit log
// before it is taken.
#include "api/centre/centre_api.hpp"
#include "api/centre/item_json.hpp"
#include "api/centre/supervision.hpp"
#include "api/common/responses.hpp"
#include "base/wall_text.hpp"
#include "identity/access.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;
using identity::Permission;
using identity::Principal;

constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;
constexpr Operation kOperations[] = {
    {"GET", "/api/supervisor/contacts", "listLiveContacts", "Live contacts that the caller may watch, at most 200; ?after=contactId goes on. The first page also has the queues and the agents that the caller may watch.", kStaff, "", kObject, "400 401 403", ""},
    {"POST", "/api/supervisor/contacts/{contactId}/monitor", "monitorContact", "Watch silently: a participant token to read by.", kStaff, "", kObject, "401 403 404 409", ""},
    {"POST", "/api/supervisor/contacts/{contactId}/barge", "bargeContact", "Step in: everybody sees who joins.", kStaff, "", kObject, "401 403 404 409", ""},
    {"GET", "/api/supervisor/contacts/{contactId}/quality", "getLiveCallQuality", "How the people of its call fare now, for whoever watches the contact; nobody when there is no call.", kStaff, "", kObject, "401 403 404", ""},
    {"POST", "/api/supervisor/contacts/{contactId}/leave", "leaveMonitoring", "Stop watching, or leave the chat.", kStaff, "", kObject, "401 403 404", ""},
};

constexpr std::size_t kListMax = 200;
constexpr std::size_t kIdMax = 64;

wire::HttpResponse no_contact(const wire::HttpRequest& r) { return failure(r, ErrorCode::not_found, "no_such_contact", "There is no such contact."); }

template <class F>
wire::HttpHandler as_supervisor(CentreApi& api, F action) {
  return [&api, action](const wire::HttpRequest& request) -> wire::HttpResponse {
    auto who = api.authenticator.authorize(request);
    if (!who) return failure(request, who.error());
    if (who->kind != Principal::Kind::user) return failure(request, ErrorCode::forbidden, "Only a user can watch.");
    return action(api, request, *who);
  };
}

struct Live {
  std::string contact_id, agent_id, agent_name, customer, queue, state;
  WallTime started, queued;
  std::optional<WallTime> connected;
  bool watched = false, inside = false;
};

struct LiveQueue {
  std::string id, name;
  std::size_t waiting = 0;
  std::optional<WallTime> oldest;  // since when whoever waits longest is in it
};

struct LiveAgent {
  std::string id;
  bj::object shown;
};

struct Overview {
  std::vector<Live> contacts;
  std::vector<LiveQueue> queues;
  std::vector<LiveAgent> agents;
};

std::vector<LiveQueue> queues_of(const contact::Centre& centre) {
  std::map<std::string, LiveQueue, std::less<>> found;
  for (const auto& [id, c] : centre.contacts()) {
    const bool waits = c.state == contact::ContactState::queued || c.state == contact::ContactState::offered;
    if (!waits || c.queue.queue_id.empty()) continue;
    LiveQueue& q = found[c.queue.queue_id];
    q.waiting += 1;
    if (!q.oldest || c.enqueued < *q.oldest) q.oldest = c.enqueued;
  }
  std::vector<LiveQueue> out;
  for (const contact::Queue& queue : centre.config().queues) {
    LiveQueue q = found[queue.id];
    q.id = queue.id;
    q.name = queue.name;
    out.push_back(std::move(q));
  }
  return out;
}

std::vector<LiveAgent> agents_of(const contact::Centre& centre) {
  std::vector<LiveAgent> out;
  for (const contact::AgentInfo& info : centre.config().agents) {
    const auto* state = centre.agent(info.id);
    bj::object o = agent_status_json(centre, info.id);
    o["name"] = info.name;
    o["contacts"] = state != nullptr ? state->contacts.size() : 0;
    if (state != nullptr) o["since"] = to_iso8601(state->since);
    out.push_back({info.id, std::move(o)});
  }
  return out;
}

wire::HttpResponse list(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  const std::string after(request.query_value("after").value_or(""));
  if (after.size() > kIdMax || !json::is_clean_text(after)) return failure(request, ErrorCode::invalid_argument, "after must be a contact's id.");
  const auto overview = api.service.get<Overview>([&](const contact::Centre& centre) {
    Overview all;
    std::vector<Live>& out = all.contacts;
    if (after.empty()) {
      all.queues = queues_of(centre);
      all.agents = agents_of(centre);
    }
    for (auto it = centre.contacts().upper_bound(after); it != centre.contacts().end(); ++it) {
      const contact::Contact& c = it->second;
      if (!c.live() || c.agent_id == who.id) continue;
      Live l{c.id, c.state == contact::ContactState::connected ? c.agent_id : std::string(), {}, {}, {}, std::string(contact::to_string(c.state)), c.started, c.enqueued};
      if (c.state == contact::ContactState::connected && !c.segments.empty()) l.connected = c.segments.back().connected;
      if (!c.participants.empty()) l.customer = c.participants.front().display_name;
      if (const auto* info = centre.agent_info(l.agent_id)) l.agent_name = info->name;
      for (const contact::Queue& q : centre.config().queues) {
        if (q.id == c.queue.queue_id) l.queue = q.name;
      }
      for (const contact::Participant& p : c.participants) {
        if (p.role != contact::Role::supervisor || p.left || p.user_id != who.id) continue;
        l.watched = true;
        l.inside = !p.silent;
      }
      out.push_back(std::move(l));
    }
    return all;
  });
  bj::array contacts, agents;
  auto read = api.store.read([&](store::Database& db) -> Result<void> {
    std::map<std::string, bool> may;  // by agent
    const auto may_see = [&](const std::string& agent_id) -> Result<bool> {
      const auto known = may.find(agent_id);
      if (known != may.end()) return known->second;
      auto allowed = may_watch(db, who, agent_id);
      if (allowed) may.emplace(agent_id, *allowed);
      return allowed;
    };
    for (const LiveAgent& agent : overview.agents) {
      if (agents.size() >= kListMax) break;
      auto allowed = may_see(agent.id);
      if (!allowed) return tl::unexpected(allowed.error());
      if (*allowed && agent.id != who.id) agents.push_back(agent.shown);
    }
    for (const Live& l : overview.contacts) {
      auto allowed = may_see(l.agent_id);
      if (!allowed) return tl::unexpected(allowed.error());
      if (!*allowed) continue;
      bj::object o{{"contactId", l.contact_id}, {"state", l.state}, {"startedAt", to_iso8601(l.started)}, {"queuedAt", to_iso8601(l.queued)}, {"customer", l.customer}, {"queue", l.queue}, {"monitored", l.watched}, {"barged", l.inside}};
      if (l.connected) o["connectedAt"] = to_iso8601(*l.connected);
      if (!l.agent_id.empty()) o["agent"] = bj::object{{"agentId", l.agent_id}, {"name", l.agent_name}};
      contacts.push_back(std::move(o));
      if (contacts.size() == kListMax) break;
    }
    return {};
  });
  if (!read) return failure(request, read.error());
  // With the server's own time, since a page's clock may be another.
  bj::object out{{"at", to_iso8601(request.now.wall)}, {"contacts", std::move(contacts)}};
  if (after.empty()) {
    bj::array queues;
    for (const LiveQueue& q : overview.queues) {
      bj::object o{{"queueId", q.id}, {"name", q.name}, {"waiting", q.waiting}};
      if (q.oldest) o["oldestQueuedAt"] = to_iso8601(*q.oldest);
      queues.push_back(std::move(o));
    }
    out["queues"] = std::move(queues);
    out["agents"] = std::move(agents);
  }
  if (out["contacts"].as_array().size() == kListMax) out["next"] = out["contacts"].as_array().back().at("contactId");
  return success(request, "Live contacts", std::move(out));
}

// Whether the caller may act on this contact now; the entry in the audit log is written with the answer. Nothing: he may
// not, or there is none.
Result<bool> enter(CentreApi& api, const wire::HttpRequest& request, const Principal& who, const std::string& contact_id, std::string_view action) {
  const auto agent = api.service.get<std::optional<std::string>>([&](const contact::Centre& centre) -> std::optional<std::string> {
    const contact::Contact* c = centre.contact(contact_id);
    if (c == nullptr || !c->live()) return std::nullopt;
    return c->state == contact::ContactState::connected ? c->agent_id : std::string();
  });
  if (!agent) return false;
  return api.store.write([&](store::Database& db) -> Result<bool> {
    auto may = may_watch(db, who, *agent);
    if (!may || !*may) return may;
    if (auto done = store::audit::add(db, {request.now.wall, who.id, std::string(action), contact_id, *agent}); !done) return tl::unexpected(done.error());
    return true;
  });
}

template <class C>
wire::HttpResponse act(CentreApi& api, const wire::HttpRequest& request, const Principal& who, std::string_view action, C command, std::string_view word) {
  auto may = enter(api, request, who, command.contact_id, action);
  if (!may) return failure(request, may.error());
  if (!*may) return no_contact(request);
  const std::string id = command.contact_id;
  const contact::Effects effects = api.service.call(std::move(command));
  if (effects.error) {
    if (effects.error->code == ErrorCode::not_found) return no_contact(request);
    return failure(request, ApiError{*effects.error, effects.error->code == ErrorCode::conflict ? word : ""});
  }
  bj::object out{{"contactId", id}};
  if (!effects.participants.empty()) {
    out["participantId"] = effects.participants.front().participant.id;
    out["participantToken"] = effects.participants.front().token;
  }
  return success(request, "Done", std::move(out));
}

std::string id_of(const wire::HttpRequest& request) { return std::string(request.route_value("contactId")); }

wire::HttpResponse monitor(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  return act(api, request, who, "contact.monitored", contact::WatchContact{id_of(request), who.id, who.name}, "already_there");
}

wire::HttpResponse barge(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  return act(api, request, who, "contact.barged", contact::StepIn{id_of(request), who.id}, "contact_state");
}

// For those who watch: to have begun that is in the audit log.
wire::HttpResponse quality(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  const std::string id = id_of(request);
  const auto agent = api.service.get<std::optional<std::string>>([&](const contact::Centre& centre) -> std::optional<std::string> {
    const contact::Contact* c = centre.contact(id);
    if (c == nullptr || !c->live()) return std::nullopt;
    for (const contact::Participant& p : c->participants) {
      if (p.role == contact::Role::supervisor && !p.left && p.user_id == who.id) return c->state == contact::ContactState::connected ? c->agent_id : std::string();
    }
    return std::nullopt;
  });
  if (!agent) return no_contact(request);
  auto may = api.store.read([&](store::Database& db) { return may_watch(db, who, *agent); });
  if (!may) return failure(request, may.error());
  if (!*may) return no_contact(request);
  const auto live = api.quality != nullptr ? api.quality->live(id) : std::nullopt;
  auto said = live ? json::parse_object(*live) : bj::object{{"contactId", id}, {"people", bj::array{}}};
  if (!said) return failure(request, ErrorCode::internal, "what was kept of the call cannot be read");
  // The meeting knows them by number only.
  if (bj::value* people = said->if_contains("people"); people != nullptr && people->is_array()) {
    auto named = api.store.read([&](store::Database& db) -> Result<void> {
      for (bj::value& person : people->as_array()) {
        if (!person.is_object()) continue;
        auto attendee = store::meetings::find_attendee(db, json::text_or(person.as_object(), "attendeeId"));
        if (!attendee) return tl::unexpected(attendee.error());
        if (*attendee) person.as_object()["name"] = (*attendee)->name;
      }
      return {};
    });
    if (!named) return failure(request, named.error());
  }
  return success(request, "Call quality", std::move(*said));
}

wire::HttpResponse leave(CentreApi& api, const wire::HttpRequest& request, const Principal& who) {
  return act(api, request, who, "contact.monitoring_ended", contact::StepOut{id_of(request), who.id}, "");
}

}  // namespace

Result<bool> may_watch(store::Database& db, const identity::Principal& viewer, const std::string& agent_id) {
  if (!viewer.may(Permission::contact_monitor)) return false;
  auto groups = store::hierarchy::any(db);
  if (!groups) return groups;
  identity::RecordingTag tag;
  if (!agent_id.empty()) {
    auto agent = store::users::principal(db, agent_id);
    if (!agent) return tl::unexpected(agent.error());
    if (*agent) tag = {(*agent)->hierarchy_group_id, (*agent)->hierarchy_path};
  }
  return identity::passes_hierarchy(viewer, tag, *groups);
}

Result<bool> may_watch(store::Database& db, const std::string& user_id, const std::string& agent_id) {
  auto viewer = store::users::principal(db, user_id);
  if (!viewer) return tl::unexpected(viewer.error());
  return *viewer ? may_watch(db, **viewer, agent_id) : Result<bool>(false);
}

void add_supervisor_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/supervisor/contacts", as_supervisor(api, list));
  router.add("POST", "/api/supervisor/contacts/{contactId}/monitor", as_supervisor(api, monitor));
  router.add("POST", "/api/supervisor/contacts/{contactId}/barge", as_supervisor(api, barge));
  router.add("GET", "/api/supervisor/contacts/{contactId}/quality", as_supervisor(api, quality));
  router.add("POST", "/api/supervisor/contacts/{contactId}/leave", as_supervisor(api, leave));
}

}  // namespace upcall::api
