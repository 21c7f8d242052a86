#include "contact/centre_flow_host.hpp"

#include "contact/flow_answer.hpp"

namespace upcall::contact {
namespace {

constexpr int kMaxDequeues = 11;       // as documented
constexpr std::size_t kMaxTags = 50;   // of a contact
constexpr std::size_t kMaxDataBytes = 16'384;

std::size_t bytes_of(const Attributes& values) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : values) bytes += name.size() + value.size();
  return bytes;
}

// An id, the end of an ARN, or a name.
bool names(std::string_view text, std::string_view id, std::string_view name) {
  if (text.empty()) return false;
  return text == id || text == name || (text.starts_with("arn:") && text.ends_with("/" + std::string(id)));
}
bool names(const FlowResource& r, std::string_view id, std::string_view name) { return names(r.id, id, name); }

}  // namespace

// --- finding ---

std::string Centre::Host::find_flow(const FlowResource& r, bool module) const {
  // A module may be asked by any flow, and hold what a queue flow must not do: go on in a flow of another kind.
  return contact_.waits() && !module ? std::string() : flow_named(r, module);
}

std::string Centre::Host::flow_named(const FlowResource& r, bool module) const {
  const auto find = [&](std::string_view text) -> std::string {
    for (const auto& [id, flow] : centre_.config_.flows) {
      const bool fits = module ? flow.type == FlowType::module : flow.type != FlowType::module && flow.type != FlowType::customer_queue;
      if (fits && names(text, id, flow.name)) return id;
    }
    return {};
  };
  // The id of a foreign account finds nothing here; the export's name may.
  std::string found = find(r.id);
  return found.empty() ? find(r.name) : found;
}

const Queue* Centre::Host::queue_named(const FlowResource& r) const {
  for (const Queue& q : centre_.config_.queues) {
    if (names(r, q.id, q.name)) return &q;
  }
  for (const Queue& q : centre_.config_.queues) {
    if (!r.name.empty() && q.name == r.name) return &q;
  }
  return nullptr;
}

const AgentInfo* Centre::Host::agent_named(const FlowResource& r) const {
  for (const std::string& text : {r.id, r.name}) {
    for (const AgentInfo& a : centre_.config_.agents) {
      if (names(text, a.id, a.username)) return &a;
    }
  }
  return nullptr;
}

QueueRef Centre::Host::queue_of(const FlowResource& r, bool of_agent) const {
  if (!of_agent) {
    const Queue* q = queue_named(r);
    return q != nullptr ? QueueRef{q->id, {}} : QueueRef{};
  }
  // Nobody was asked for: the default queue. Somebody unknown is an error.
  if (r.empty()) return {centre_.config_.default_queue_id, {}};
  const AgentInfo* a = agent_named(r);
  return a != nullptr ? QueueRef{{}, a->id} : QueueRef{};
}

QueueRef Centre::Host::asked(const FlowResource& r, bool of_agent) const {
  if (!r.empty()) return queue_of(r, of_agent);
  return contact_.waits() ? contact_.queue : contact_.target;
}

std::string Centre::Host::queue_name(const QueueRef& ref) const {
  for (const Queue& q : centre_.config_.queues) {
    if (q.id == ref.queue_id) return q.name;
  }
  const AgentInfo* agent = centre_.agent_info(ref.agent_id);
  return agent != nullptr ? agent->username : "";
}

std::string Centre::Host::queue_arn(const QueueRef& ref) const {
  if (ref.empty() || centre_.config_.instance_arn.empty()) return {};
  return centre_.config_.instance_arn + (ref.agent_id.empty() ? "/queue/" + ref.queue_id : "/queue/agent/" + ref.agent_id);
}

// --- acting ---

void Centre::Host::say(std::string_view text) {
  ChatItem item;
  item.type = ItemType::message;
  item.content_type = content::kText;
  item.content = std::string(text);
  item.role = Role::system;
  item.display_name = "SYSTEM_MESSAGE";
  centre_.add_item(turn_, contact_, std::move(item));
}

bool Centre::Host::set_attributes(const std::vector<std::pair<std::string, std::string>>& values) {
  Attributes merged = contact_.attributes;
  for (const auto& [name, value] : values) merged[name] = value;
  if (bytes_of(merged) > centre_.config_.limits.attribute_bytes) return false;
  contact_.attributes = std::move(merged);
  return true;
}

bool Centre::Host::set_data(const std::vector<std::pair<std::string, std::string>>& values) {
  Attributes merged = contact_.data;
  for (const auto& [name, value] : values) merged[name] = value;
  if (bytes_of(merged) > kMaxDataBytes) return false;
  contact_.data = std::move(merged);
  return true;
}

bool Centre::Host::tag(const std::vector<std::pair<std::string, std::string>>& values) {
  Attributes merged = contact_.tags;
  for (const auto& [name, value] : values) merged[name] = value;
  if (merged.size() > kMaxTags || bytes_of(merged) > kMaxDataBytes) return false;
  contact_.tags = std::move(merged);
  return true;
}

void Centre::Host::untag(const std::vector<std::string>& list) {
  for (const std::string& name : list) contact_.tags.erase(name);
}

void Centre::Host::set_priority(std::int64_t priority) {
  contact_.priority = static_cast<int>(priority);
  centre_.places_changed_ = true;
}

void Centre::Host::adjust_age(Duration by) {
  contact_.age_adjustment = by;
  if (contact_.waits()) centre_.places_changed_ = true;
}

bool Centre::Host::set_hook(std::string_view event, const FlowResource& resource) {
  if (event == "CustomerQueue") {
    const auto find = [&](std::string_view text) {
      for (const auto& [id, flow] : centre_.config_.flows) {
        if (flow.type == FlowType::customer_queue && names(text, id, flow.name)) return id;
      }
      return std::string();
    };
    std::string id = find(resource.id);
    if (id.empty()) id = find(resource.name);
    if (id.empty()) return false;
    contact_.queue_flow_id = std::move(id);
    return true;
  }
  if (event == "CustomerRemaining") {
    std::string id = flow_named(resource, false);
    if (id.empty()) return false;
    contact_.remaining_flow_id = std::move(id);
  }
  return true;  // the others have no effect here; the import says so
}

bool Centre::Host::set_queue(const FlowResource& queue, bool of_agent) {
  QueueRef ref = queue_of(queue, of_agent);
  if (ref.empty()) return false;
  contact_.target = std::move(ref);
  return true;
}

FlowHost::Transfer Centre::Host::transfer() {
  // Whoever waits already is moved by DequeueContactAndTransferToQueue, which is counted.
  if (contact_.target.empty() || contact_.waits()) return Transfer::error;
  return centre_.is_full(contact_.target) ? Transfer::at_capacity : Transfer::queued;
}

FlowHost::Transfer Centre::Host::dequeue(const FlowResource& queue, bool of_agent) {
  if (!contact_.waits() || contact_.transfers >= kMaxDequeues) return Transfer::error;
  const QueueRef ref = queue_of(queue, of_agent);
  if (ref.empty()) return Transfer::error;
  if (centre_.is_full(ref)) return Transfer::at_capacity;
  contact_.target = ref;
  ++contact_.transfers;
  return Transfer::queued;
}

std::string Centre::Host::call(const FlowCall& call) {
  if (call.function.empty() && call.name.empty()) return {};
  FlowEvent event;
  event.contact_id = contact_.id;
  event.instance_arn = centre_.config_.instance_arn;
  const QueueRef ref = asked({}, false);
  event.queue_name = queue_name(ref);
  event.queue_arn = queue_arn(ref);
  event.attributes = &contact_.attributes;
  event.data = &contact_.data;
  event.tags = &contact_.tags;
  event.parameters = &call.parameters;
  std::string id = make_uuid(turn_.random);
  turn_.effects.flow_calls.push_back({contact_.id, id, call.function, call.name, flow_event_json(event), call.limit});
  return id;
}

void Centre::Host::traced(FlowStep step) {
  auto& list = turn_.effects.flow_steps;
  list.push_back({contact_.id, ++contact_.flow_steps, std::move(step)});
}

// --- asking ---

std::optional<bool> Centre::Host::open(const FlowResource& resource) const {
  const HoursOfOperation* hours = nullptr;
  const auto find = [&](std::string_view text) -> const HoursOfOperation* {
    for (const HoursOfOperation& h : centre_.config_.hours) {
      if (names(text, h.id, h.name)) return &h;
    }
    return nullptr;
  };
  if (!resource.empty()) {
    hours = find(resource.id);
    if (hours == nullptr) hours = find(resource.name);
    if (hours == nullptr) return std::nullopt;
  } else {
    const QueueRef ref = asked({}, false);
    if (ref.empty()) return std::nullopt;
    for (const Queue& q : centre_.config_.queues) {
      if (q.id == ref.queue_id && !q.hours_id.empty()) {
        hours = find(q.hours_id);
        if (hours == nullptr) return std::nullopt;
      }
    }
    if (hours == nullptr) return true;  // a queue without hours is always open
  }
  if (!centre_.config_.time_zones) return std::nullopt;
  const auto local = centre_.config_.time_zones->local(hours->time_zone, turn_.now.wall);
  return local ? std::optional(is_open(*hours, *local)) : std::nullopt;
}

bool Centre::Host::serves(const AgentInfo& agent, const QueueRef& ref) const {
  if (ref.agent_id == agent.id) return true;
  if (ref.queue_id.empty()) return false;
  for (const RoutingProfile& p : centre_.config_.routing_profiles) {
    if (p.id != agent.routing_profile_id) continue;
    return std::any_of(p.queues.begin(), p.queues.end(), [&](const auto& q) { return q.queue_id == ref.queue_id; });
  }
  return false;
}

Centre::Host::Figures Centre::Host::figures(const QueueRef& ref) const {
  Figures out;
  for (const AgentInfo& info : centre_.config_.agents) {
    const AgentState* state = centre_.agent(info.id);
    if (state == nullptr || state->status == AgentStatus::offline || !serves(info, ref)) continue;
    ++out.online;
    int taken = 0, ended = 0;
    for (const auto& [id, view] : state->contacts) {
      taken += view == AgentView::connecting || view == AgentView::connected || view == AgentView::ended;
      ended += view == AgentView::ended;
    }
    out.after_work += ended > 0;
    out.busy += taken > ended;
    out.missed += state->blocked();
    if (state->status != AgentStatus::available) continue;
    ++out.staffed;
    int slots = 1;
    for (const RoutingProfile& p : centre_.config_.routing_profiles) {
      if (p.id == info.routing_profile_id) slots = p.chat_slots;
    }
    out.available += !state->blocked() && taken < slots;
  }
  for (const auto& [id, c] : centre_.contacts_) {
    if (!c.waits() || c.queue != ref) continue;
    ++out.waiting;
    out.oldest_ms = std::max(out.oldest_ms, (turn_.now.wall - c.enqueued).ms());
  }
  return out;
}

std::optional<std::int64_t> Centre::Host::metric(std::string_view metric, const FlowResource& queue, bool of_agent) const {
  const QueueRef ref = asked(queue, of_agent);
  if (ref.empty()) return std::nullopt;
  const Figures f = figures(ref);
  if (metric == "NumberOfAgentsAvailable") return f.available;
  if (metric == "NumberOfAgentsStaffed") return f.staffed;
  if (metric == "NumberOfAgentsOnline") return f.online;
  if (metric == "NumberOfContactsInQueue") return f.waiting;
  // In milliseconds, whatever its name says: so exports compare it.
  if (metric == "OldestContactInQueueAgeSeconds") return f.oldest_ms;
  return std::nullopt;
}

std::optional<Attributes> Centre::Host::metrics(const FlowResource& queue, bool of_agent) const {
  const QueueRef ref = asked(queue, of_agent);
  if (ref.empty()) return std::nullopt;
  const Figures f = figures(ref);
  return Attributes{{"Queue.Name", queue_name(ref)},
                    {"Queue.ARN", queue_arn(ref)},
                    {"Queue.Size", std::to_string(f.waiting)},
                    {"Queue.OldestContactAge", std::to_string(f.oldest_ms / 1000)},
                    {"Agents.Online.Count", std::to_string(f.online)},
                    {"Agents.Available.Count", std::to_string(f.available)},
                    {"Agents.Staffed.Count", std::to_string(f.staffed)},
                    {"Agents.AfterContactWork.Count", std::to_string(f.after_work)},
                    {"Agents.Busy.Count", std::to_string(f.busy)},
                    {"Agents.Missed.Count", std::to_string(f.missed)},
                    {"Agents.NonProductive.Count", std::to_string(f.online - f.staffed)}};
}

std::string Centre::Host::system_value(std::string_view path) const {
  const auto in = [](const Attributes& values, std::string_view name) {
    const auto found = values.find(name);
    return found != values.end() ? found->second : std::string();
  };
  if (path == "ContactId" || path == "InitialContactId" || path == "PreviousContactId") return contact_.id;
  if (path == "Channel") return "CHAT";
  if (path == "InitiationMethod") return "API";
  if (path == "InstanceARN") return centre_.config_.instance_arn;
  if (path == "AwsRegion") return "local";
  if (path == "CustomerEndpoint.DisplayName") return contact_.participants.front().display_name;
  if (path == "SegmentAttributes.connect:Subtype") return "connect:Chat";
  if (path == "Media.InitialMessage") return contact_.initial_message;
  if (path == "LanguageCode" || path == "CustomerId" || path == "Name" || path == "Description") return in(contact_.data, path);
  if (path.starts_with("References.")) return in(contact_.data, path);
  if (path.starts_with("Tags.")) return in(contact_.tags, path.substr(5));
  if (path == "Queue.Name") return queue_name(asked({}, false));
  if (path == "Queue.ARN") return queue_arn(asked({}, false));
  if (path.starts_with("Agent.")) {
    const AgentInfo* agent = centre_.agent_info(contact_.agent_id);
    if (agent == nullptr) return {};
    const std::size_t blank = agent->name.find(' ');
    if (path == "Agent.UserName") return agent->username;
    if (path == "Agent.FirstName") return agent->name.substr(0, blank);
    if (path == "Agent.LastName") return blank == std::string::npos ? "" : agent->name.substr(blank + 1);
    if (path == "Agent.ARN" && !centre_.config_.instance_arn.empty()) return centre_.config_.instance_arn + "/agent/" + agent->id;
  }
  return {};
}

}  // namespace upcall::contact
