// Routing within a turn: the indexes follow from contacts and agents, decisions follow from the indexes.
#include "contact/centre_turn.hpp"

namespace upcall::contact {
namespace {

constexpr int kDefaultSlots = 1;

}  // namespace

void Centre::index_config() {
  agent_places_.clear();
  profile_places_.clear();
  for (std::size_t i = 0; i < config_.agents.size(); ++i) agent_places_[config_.agents[i].id] = i;
  for (std::size_t i = 0; i < config_.routing_profiles.size(); ++i) profile_places_[config_.routing_profiles[i].id] = i;
  routing_.configure(config_.routing_profiles, config_.agents);
}

const RoutingProfile* Centre::profile_of(std::string_view agent_id) const {
  const AgentInfo* agent = agent_info(agent_id);
  const auto found = agent != nullptr ? profile_places_.find(agent->routing_profile_id) : profile_places_.end();
  return found != profile_places_.end() ? &config_.routing_profiles[found->second] : nullptr;
}

std::size_t Centre::capacity_of(const QueueRef& queue) const {
  for (const Queue& q : config_.queues) {
    if (q.id == queue.queue_id && q.capacity > 0) return q.capacity;
  }
  return config_.limits.queue_capacity;
}

std::optional<RoutingIndex::Waiting> Centre::wanted_place(const Contact& c) const {
  if (c.state == ContactState::queued) return RoutingIndex::Waiting{c.queue, c.priority, c.age(), c.enqueued_at};
  // A transfer waits for the other agent's hands while the contact goes on.
  if (c.state == ContactState::connected && c.transfer && !c.transfer->offered) {
    return RoutingIndex::Waiting{{{}, c.transfer->to_agent}, c.priority, c.age(), c.enqueued_at};
  }
  return std::nullopt;
}

void Centre::settle(Contact& c, Now now) {
  const Instant timer = timer_of(c);
  if (timer != c.indexed.timer) {
    if (!c.indexed.timer.is_never()) timers_.erase({c.indexed.timer, c.id});
    if (!timer.is_never()) timers_.insert({timer, c.id});
    c.indexed.timer = timer;
  }
  if (const auto place = wanted_place(c)) {
    routing_.put(c.id, *place);
    std::erase_if(c.not_before, [&](const auto& bar) { return bar.second <= now.mono; });
    for (const auto& [agent_id, until] : c.not_before) routing_.bar(c.id, agent_id, until);
  } else {
    routing_.remove(c.id);
  }
  std::optional<std::pair<QueueRef, std::pair<int, std::int64_t>>> line;
  if (c.waits()) line = {c.queue, {c.priority, c.age()}};
  if (line != c.indexed.line) {
    if (const auto& old = c.indexed.line) {
      const auto found = lines_.find(old->first);
      found->second.erase({old->second.first, old->second.second, c.id});
      if (found->second.empty()) lines_.erase(found);
    }
    if (line) lines_[line->first].emplace(line->second.first, line->second.second, c.id);
    c.indexed.line = std::move(line);
  }
  if (c.state == ContactState::ended && std::find(ended_.begin(), ended_.end(), c.id) == ended_.end()) ended_.push_back(c.id);
}

void Centre::settle(Turn& turn) {
  for (const std::string& id : turn.touched) {
    if (const auto found = contacts_.find(id); found != contacts_.end()) settle(found->second, turn.now);
  }
  turn.touched.clear();
}

void Centre::settle_agent(const std::string& agent_id) {
  const auto found = agents_.find(agent_id);
  if (found == agents_.end()) return;
  const AgentState& state = found->second;
  const RoutingProfile* profile = profile_of(agent_id);
  const bool free = agent_info(agent_id) != nullptr && state.status == AgentStatus::available && state.next_status.empty() &&
                    !state.blocked() && state.busy() < (profile != nullptr ? profile->chat_slots : kDefaultSlots);
  if (free) {
    routing_.set_free(agent_id, state.idle_since);
  } else {
    routing_.set_busy(agent_id);
  }
}

void Centre::route(Turn& turn) {
  settle(turn);
  std::vector<RoutingIndex::Pick> ended;
  routing_.advance(turn.now.mono, &ended);
  for (const RoutingIndex::Pick& bar : ended) {
    if (const auto c = contacts_.find(bar.contact_id); c != contacts_.end()) c->second.not_before.erase(bar.agent_id);
  }
  while (const auto pick = routing_.next()) {
    Contact& c = contacts_.find(pick->contact_id)->second;
    offer(turn, c, pick->agent_id);
    settle(c, turn.now);
  }
}

void Centre::offer(Turn& turn, Contact& c, const std::string& agent_id) {
  const Instant deadline = turn.now.mono + config_.limits.offer_timeout;
  if (c.state == ContactState::connected) {
    c.transfer->offered = true;
    c.transfer->deadline = deadline;
    // Whoever had it before may still be busy with what comes after their part.
    for (Segment& s : c.segments) s.after_contact = s.after_contact && s.agent_id != agent_id;
  } else {
    c.state = ContactState::offered;
    c.agent_id = agent_id;
    c.offer_deadline = deadline;
  }
  turn.changed(c);
  show(turn, agent_id, c.id, AgentView::connecting);
}

std::string Centre::index_fault() const {
  std::size_t timers = 0, waiting = 0, line = 0;
  for (const auto& [id, c] : contacts_) {
    const Instant timer = timer_of(c);
    if (!timer.is_never()) ++timers;
    if (timer != c.indexed.timer || (!timer.is_never() && !timers_.contains({timer, id}))) return "timer of " + id;
    if (wanted_place(c)) ++waiting;
    if (!c.waits()) continue;
    ++line;
    const auto found = lines_.find(c.queue);
    if (found == lines_.end() || !found->second.contains({c.priority, c.age(), id})) return "line of " + id;
  }
  std::size_t in_lines = 0, after_contact = 0;
  for (const auto& [queue, members] : lines_) in_lines += members.size();
  for (const auto& [id, state] : agents_) {
    after_contact += state.after_contact_until.size();
    for (const auto& [contact_id, until] : state.after_contact_until) {
      if (!after_contact_timers_.contains({until, id, contact_id})) return "after-contact timer of " + id;
    }
  }
  if (timers != timers_.size()) return "timers without a contact";
  if (waiting != routing_.waiting()) return "waiting without a contact, or not waiting";
  if (line != in_lines) return "a line's length";
  if (after_contact != after_contact_timers_.size()) return "after-contact timers";
  return {};
}

}  // namespace upcall::contact
