#include "contact/routing_index.hpp"

#include <algorithm>
#include <tuple>

namespace upcall::contact {

bool RoutingIndex::Entry::barred(std::string_view agent_id) const {
  return std::any_of(bars.begin(), bars.end(), [&](const auto& bar) { return bar.first == agent_id; });
}

bool RoutingIndex::ByRank::operator()(const Entry* a, const Entry* b) const {
  return std::tie(a->waiting.priority, a->waiting.age, a->contact_id) < std::tie(b->waiting.priority, b->waiting.age, b->contact_id);
}

bool RoutingIndex::ByRipeness::operator()(const Entry* a, const Entry* b) const {
  return std::tie(a->waiting.since, a->contact_id) < std::tie(b->waiting.since, b->contact_id);
}

bool RoutingIndex::ByIdleness::operator()(const Agent* a, const Agent* b) const {
  return std::tie(a->idle_since, a->place) < std::tie(b->idle_since, b->place);
}

RoutingIndex::RoutingIndex() : no_profile_(std::make_unique<Profile>()) {}
RoutingIndex::~RoutingIndex() = default;
RoutingIndex::RoutingIndex(RoutingIndex&&) noexcept = default;
RoutingIndex& RoutingIndex::operator=(RoutingIndex&&) noexcept = default;

RoutingIndex::Lane& RoutingIndex::Queue::lane(Duration delay) {
  for (const auto& lane : lanes) {
    if (lane->delay == delay) return *lane;
  }
  lanes.push_back(std::make_unique<Lane>());
  lanes.back()->delay = delay;
  return *lanes.back();
}

RoutingIndex::Queue& RoutingIndex::queue(const QueueRef& ref) {
  const bool personal = !ref.agent_id.empty();
  auto& slot = (personal ? personal_ : standard_)[personal ? ref.agent_id : ref.queue_id];
  if (slot) return *slot;
  slot = std::make_unique<Queue>();
  slot->lane(Duration());
  if (personal) {
    if (const auto owner = agents_.find(ref.agent_id); owner != agents_.end()) {
      slot->owner = owner->second.get();
      owner->second->personal = slot.get();
    }
  }
  return *slot;
}

void RoutingIndex::configure(const std::vector<RoutingProfile>& profiles, const std::vector<AgentInfo>& agents) {
  if (configured_ && profiles == profile_config_ && agents == agent_config_) return;
  configured_ = true;
  profile_config_ = profiles;
  agent_config_ = agents;
  // Built anew: it happens when an administrator changes something.
  ById<std::unique_ptr<Agent>> before = std::move(agents_);
  agents_.clear();
  profiles_.clear();
  standard_.clear();
  personal_.clear();
  queue_of_.clear();
  next_ripe_.clear();
  dirty_profiles_.clear();
  dirty_agents_.clear();
  no_profile_ = std::make_unique<Profile>();
  for (const RoutingProfile& p : profile_config_) {
    auto profile = std::make_unique<Profile>();
    for (const ServedQueue& served : p.queues) {
      Lane& lane = queue({served.queue_id, {}}).lane(std::max(served.delay, Duration()));
      lane.profiles.push_back(profile.get());
      profile->queues.push_back({&lane, served.priority});
    }
    profiles_[p.id] = std::move(profile);
  }
  for (std::size_t i = 0; i < agent_config_.size(); ++i) {
    const AgentInfo& info = agent_config_[i];
    auto agent = std::make_unique<Agent>();
    agent->id = info.id;
    agent->place = i;
    const auto profile = profiles_.find(info.routing_profile_id);
    agent->profile = profile != profiles_.end() ? profile->second.get() : no_profile_.get();
    Agent* made = agent.get();
    agents_[info.id] = std::move(agent);
    if (const auto old = before.find(info.id); old != before.end() && old->second->free) set_free(made->id, old->second->idle_since);
  }
  for (const auto& [id, entry] : entries_) insert(*entry);
}

void RoutingIndex::mark(Profile* profile) {
  if (std::exchange(profile->dirty, true)) return;
  dirty_profiles_.push_back(profile);
}

void RoutingIndex::mark(Agent* agent) {
  if (std::exchange(agent->dirty, true)) return;
  dirty_agents_.push_back(agent);
}

void RoutingIndex::ripen(Queue& queue, Lane& lane, Entry& entry) {
  lane.ripe.insert(&entry);
  for (Profile* profile : lane.profiles) mark(profile);
  if (queue.owner != nullptr) mark(queue.owner);
}

void RoutingIndex::insert(Entry& entry) {
  Queue& q = queue(entry.waiting.queue);
  ++q.size;
  for (const auto& lane : q.lanes) {
    if (entry.waiting.since + lane->delay <= now_ || lane->delay <= Duration()) {
      ripen(q, *lane, entry);
      continue;
    }
    if (!lane->ripening.empty()) next_ripe_.erase({(*lane->ripening.begin())->waiting.since + lane->delay, lane.get()});
    lane->ripening.insert(&entry);
    next_ripe_.insert({(*lane->ripening.begin())->waiting.since + lane->delay, lane.get()});
    queue_of_[lane.get()] = &q;
  }
}

void RoutingIndex::take_out(Entry& entry) {
  Queue& q = queue(entry.waiting.queue);
  --q.size;
  for (const auto& lane : q.lanes) {
    if (lane->ripe.erase(&entry) > 0 || lane->ripening.empty()) continue;
    next_ripe_.erase({(*lane->ripening.begin())->waiting.since + lane->delay, lane.get()});
    lane->ripening.erase(&entry);
    if (!lane->ripening.empty()) next_ripe_.insert({(*lane->ripening.begin())->waiting.since + lane->delay, lane.get()});
  }
}

void RoutingIndex::put(const std::string& contact_id, const Waiting& waiting) {
  auto& slot = entries_[contact_id];
  if (slot) {
    if (slot->waiting == waiting) return;
    take_out(*slot);
    slot->waiting = waiting;
  } else {
    slot = std::make_unique<Entry>();
    slot->contact_id = contact_id;
    slot->waiting = waiting;
  }
  insert(*slot);
}

void RoutingIndex::remove(std::string_view contact_id) {
  const auto found = entries_.find(contact_id);
  if (found == entries_.end()) return;
  for (const auto& [agent_id, until] : found->second->bars) bars_.erase({until, found->first, agent_id});
  take_out(*found->second);
  entries_.erase(found);
}

void RoutingIndex::bar(std::string_view contact_id, const std::string& agent_id, Instant until) {
  const auto found = entries_.find(contact_id);
  if (found == entries_.end() || until <= now_) return;
  auto& bars = found->second->bars;
  const auto same = std::find_if(bars.begin(), bars.end(), [&](const auto& bar) { return bar.first == agent_id; });
  if (same != bars.end()) {
    bars_.erase({same->second, found->first, agent_id});
    same->second = until;
  } else {
    bars.emplace_back(agent_id, until);
  }
  bars_.insert({until, found->first, agent_id});
}

void RoutingIndex::set_free(std::string_view agent_id, Instant idle_since) {
  const auto found = agents_.find(agent_id);
  if (found == agents_.end()) return;
  Agent& agent = *found->second;
  if (agent.free && agent.idle_since == idle_since) {
    // Something about them may have changed all the same (a slot more): looked at once more.
  } else {
    if (agent.free) agent.profile->free.erase(&agent);
    agent.free = true;
    agent.idle_since = idle_since;
    agent.profile->free.insert(&agent);
  }
  mark(agent.profile);
  mark(&agent);
}

void RoutingIndex::set_busy(std::string_view agent_id) {
  const auto found = agents_.find(agent_id);
  if (found == agents_.end() || !found->second->free) return;
  found->second->profile->free.erase(found->second.get());
  found->second->free = false;
}

void RoutingIndex::advance(Instant now, std::vector<Pick>* ended) {
  now_ = std::max(now_, now);
  while (!next_ripe_.empty() && next_ripe_.begin()->first <= now_) {
    Lane* lane = next_ripe_.begin()->second;
    next_ripe_.erase(next_ripe_.begin());
    Queue& q = *queue_of_.at(lane);
    while (!lane->ripening.empty() && (*lane->ripening.begin())->waiting.since + lane->delay <= now_) {
      Entry* entry = *lane->ripening.begin();
      lane->ripening.erase(lane->ripening.begin());
      ripen(q, *lane, *entry);
    }
    if (!lane->ripening.empty()) next_ripe_.insert({(*lane->ripening.begin())->waiting.since + lane->delay, lane});
  }
  while (!bars_.empty() && bars_.begin()->until <= now_) {
    Bar bar = *bars_.begin();
    bars_.erase(bars_.begin());
    std::erase_if(entries_.find(bar.contact_id)->second->bars, [&](const auto& b) { return b.first == bar.agent_id; });
    if (const auto agent = agents_.find(bar.agent_id); agent != agents_.end()) {
      mark(agent->second->profile);
      mark(agent->second.get());
    }
    if (ended != nullptr) ended->push_back({std::move(bar.contact_id), std::move(bar.agent_id)});
  }
}

Instant RoutingIndex::next_deadline() const {
  Instant next = Instant::never();
  if (!next_ripe_.empty()) next = next_ripe_.begin()->first;
  if (!bars_.empty()) next = std::min(next, bars_.begin()->until);
  return next;
}

RoutingIndex::Entry* RoutingIndex::best_for(const Agent& agent) const {
  const auto first = [&](const Lane& lane) -> Entry* {
    for (Entry* entry : lane.ripe) {
      if (entry->bars.empty() || !entry->barred(agent.id)) return entry;
    }
    return nullptr;
  };
  if (agent.personal != nullptr) {
    if (Entry* own = first(*agent.personal->lanes.front())) return own;
  }
  Entry* best = nullptr;
  int best_priority = 0;
  for (const Served& served : agent.profile->queues) {
    if (served.lane->ripe.empty() || (best != nullptr && served.priority > best_priority)) continue;
    Entry* entry = first(*served.lane);
    if (entry == nullptr) continue;
    if (best == nullptr || served.priority < best_priority || ByRank()(entry, best)) {
      best = entry;
      best_priority = served.priority;
    }
  }
  return best;
}

std::optional<RoutingIndex::Pick> RoutingIndex::next() {
  const Agent* asked = nullptr;
  Entry* offered = nullptr;
  const auto consider = [&](const Agent* agent) {
    if (asked != nullptr && !ByIdleness()(agent, asked)) return true;
    Entry* entry = best_for(*agent);
    if (entry == nullptr) return false;
    asked = agent;
    offered = entry;
    return true;
  };
  // Nobody free and something waiting in a profile or a personal queue where nothing has changed: that was so at the
  // last decision too, so only what was marked since can hold the next one.
  std::erase_if(dirty_agents_, [&](Agent* agent) {
    const bool keep = agent->free && agent->personal != nullptr && agent->personal->size > 0 && consider(agent);
    if (!keep) agent->dirty = false;
    return !keep;
  });
  std::erase_if(dirty_profiles_, [&](Profile* profile) {
    const bool waits = std::any_of(profile->queues.begin(), profile->queues.end(), [](const Served& s) { return !s.lane->ripe.empty(); });
    const bool keep = waits && std::any_of(profile->free.begin(), profile->free.end(), consider);
    if (!keep) profile->dirty = false;
    return !keep;
  });
  if (asked == nullptr) return std::nullopt;
  return Pick{offered->contact_id, asked->id};
}

std::size_t RoutingIndex::waiting_in(const QueueRef& ref) const {
  const auto& queues = ref.agent_id.empty() ? standard_ : personal_;
  const auto found = queues.find(ref.agent_id.empty() ? ref.queue_id : ref.agent_id);
  return found != queues.end() ? found->second->size : 0;
}

}  // namespace upcall::contact
