#include "contact/centre.hpp"

#include "contact/centre_turn.hpp"

namespace upcall::contact {

std::string_view to_string(AgentStatus status) {
  switch (status) {
    case AgentStatus::available: return "available";
    case AgentStatus::not_routable: return "not_routable";
    case AgentStatus::offline: return "offline";
  }
  return "offline";
}

std::optional<AgentStatus> agent_status(std::string_view text) {
  if (text == "available") return AgentStatus::available;
  if (text == "offline") return AgentStatus::offline;
  return std::nullopt;
}

Centre::Centre(CentreConfig config) : config_(std::move(config)) { index_config(); }

bool Centre::AgentState::blocked() const {
  return std::any_of(contacts.begin(), contacts.end(), [](const auto& c) { return c.second == AgentView::missed; });
}

int Centre::AgentState::busy() const {
  return static_cast<int>(std::count_if(contacts.begin(), contacts.end(), [](const auto& c) {
    return c.second == AgentView::connecting || c.second == AgentView::connected || c.second == AgentView::ended;
  }));
}

const Contact* Centre::contact(std::string_view id) const {
  const auto found = contacts_.find(id);
  return found != contacts_.end() ? &found->second : nullptr;
}

const Centre::AgentState* Centre::agent(std::string_view id) const {
  const auto found = agents_.find(id);
  return found != agents_.end() ? &found->second : nullptr;
}

const AgentInfo* Centre::agent_info(std::string_view id) const {
  const auto found = agent_places_.find(std::string(id));
  return found != agent_places_.end() ? &config_.agents[found->second] : nullptr;
}

const Flow* Centre::flow(std::string_view id) const {
  const auto found = config_.flows.find(std::string(id));
  return found != config_.flows.end() ? &found->second : nullptr;
}

Effects Centre::handle(Now now, const Command& command, RandomSource& random) {
  Effects effects;
  Turn turn{now, random, effects};
  // What ended in the last turn was kept for its snapshot only.
  for (const std::string& id : std::exchange(ended_, {})) contacts_.erase(id);
  std::visit([&](const auto& c) { on(turn, c); }, command);
  if (!effects.error) {
    route(turn);
    settle(turn);
    tell_places(turn);
  }
  settle(turn);
  return effects;
}

void Centre::on(Turn& turn, const Configure& command) {
  // Positions are block numbers of the old flows: carried over by the block's id, or the flow ends where it stood.
  std::map<std::string, std::string> block_ids;
  for (const auto& [id, c] : contacts_) {
    const Flow* f = flow(c.flow_id);
    if (f != nullptr && c.position.block < f->blocks.size()) block_ids[id] = f->blocks[c.position.block].id;
  }
  config_ = command.config;
  index_config();
  for (auto& [id, c] : contacts_) {
    if (c.flow_id.empty()) continue;
    const Flow* f = flow(c.flow_id);
    const auto block = f != nullptr ? f->find(block_ids[id]) : std::nullopt;
    if (block) {
      c.position.block = *block;
    } else {
      stop_flow(c);
      turn.changed(c);
      // A first flow has nothing to fall back on.
      if (c.state == ContactState::flow) end(turn, c, "flow_error");
    }
  }
  for (auto& [id, state] : agents_) {
    if (agent_info(id) != nullptr) continue;
    if (state.status != AgentStatus::offline) set_status(turn, id, AgentStatus::offline, {});
    withdraw_offers(turn, id, true);
  }
  for (auto& [id, state] : agents_) {
    const bool gone = !state.custom_id.empty() && status_name(state.custom_id).empty();
    if (gone) set_status(turn, id, AgentStatus::offline, {});
    settle_agent(id);
  }
}

void Centre::on(Turn& turn, const Tick&) {
  // Those that are due now; what falls due at once again (a wait of nothing) is the next tick's.
  std::vector<std::string> ids;
  for (auto it = timers_.begin(); it != timers_.end() && it->first <= turn.now.mono; ++it) ids.push_back(it->second);
  for (const std::string& id : ids) {
    const auto found = contacts_.find(id);
    if (found == contacts_.end()) continue;
    due(turn, found->second);
    turn.touch(found->second);
  }
  while (!after_contact_timers_.empty() && std::get<0>(*after_contact_timers_.begin()) <= turn.now.mono) {
    const auto [at, agent_id, contact_id] = *after_contact_timers_.begin();
    clear(turn, agent_id, contact_id);
  }
}

void Centre::due(Turn& turn, Contact& c) {
  const Instant now = turn.now.mono;
  if (c.connect_deadline <= now) {
    return end(turn, c, c.participants.front().joined && !c.end_reason.empty() ? std::string(c.end_reason) : "not_connected");
  }
  if (c.state == ContactState::offered && c.offer_deadline <= now) back_to_queue(turn, c, AgentView::missed);
  if (c.transfer && c.transfer->deadline <= now) fail_transfer(turn, c, AgentView::missed);
  if (c.invitation && !c.invitation->acknowledged && c.invitation->next_push <= now && c.state == ContactState::connected) {
    ChatItem again;
    again.id = c.invitation->item_id;
    again.type = ItemType::event;
    again.content_type = content::kInvitation;
    again.content = invitation_content(*c.invitation);
    again.at = turn.now.wall;
    if (Participant* agent = c.agent_participant()) {
      again.participant_id = agent->id;
      again.role = Role::agent;
      again.display_name = agent->display_name;
    }
    add_item(turn, c, std::move(again), false);
    c.invitation->next_push = now + config_.limits.invitation_repeat;
  }
  if (!c.flow_id.empty() && c.position.waiting && c.position.deadline <= now) run(turn, c);
  if (c.live() && c.expires <= now) return end(turn, c, "expired");
  if (c.state == ContactState::connected) check_idle(turn, c);
}

Instant Centre::timer_of(const Contact& c) const {
  if (c.state == ContactState::ended) return Instant::never();
  Instant next = c.connect_deadline;
  if (c.state == ContactState::offered) next = std::min(next, c.offer_deadline);
  if (c.transfer) next = std::min(next, c.transfer->deadline);
  if (c.invitation && !c.invitation->acknowledged && c.state == ContactState::connected) next = std::min(next, c.invitation->next_push);
  if (!c.flow_id.empty() && c.position.waiting) next = std::min(next, c.position.deadline);
  if (c.live()) next = std::min(next, c.expires);
  return std::min(next, idle_timer(c));
}

Instant Centre::next_deadline() const {
  Instant next = routing_.next_deadline();
  if (!timers_.empty()) next = std::min(next, timers_.begin()->first);
  if (!after_contact_timers_.empty()) next = std::min(next, std::get<0>(*after_contact_timers_.begin()));
  if (places_changed_ && !lines_.empty()) next = std::min(next, next_places_);
  return next;
}

void Centre::restore(Contact c, Now now) {
  if (c.state == ContactState::ended) return;
  if (c.state == ContactState::offered) {
    c.state = ContactState::queued;
    c.agent_id.clear();
    c.offer_deadline = Instant::never();
  }
  last_order_ = std::max(last_order_, c.order);
  places_changed_ = places_changed_ || c.waits();
  c.transfer.reset();
  // A contact from before there were segments.
  if (c.segments.empty() && (c.waits() || !c.agent_id.empty())) c.segments.push_back({c.queue, c.agent_id, c.enqueued, c.connected, c.ended, c.end_reason, false});
  for (const Segment& s : c.segments) {
    if (!s.after_contact || s.agent_id.empty()) continue;
    agents_[s.agent_id].contacts[c.id] = AgentView::ended;
    agents_[s.agent_id].idle_since = now.mono;
    const RoutingProfile* profile = profile_of(s.agent_id);
    if (profile != nullptr && s.ended) start_after_contact(s.agent_id, c.id, profile->after_contact_limit - (now.wall - *s.ended), now.mono);
  }
  if (!c.agent_id.empty()) {
    agents_[c.agent_id].contacts[c.id] = c.state == ContactState::connected ? AgentView::connected : AgentView::ended;
    agents_[c.agent_id].idle_since = now.mono;
    settle_agent(c.agent_id);
  }
  // A flow that stood between two blocks cannot be: it always stops at a wait. Without a flow a contact that never
  // reached a queue would hang for ever.
  if (c.state == ContactState::flow && c.flow_id.empty()) c.connect_deadline = now.mono;
  c.position.steps = 0;  // a minute of a clock that has ended
  settle(contacts_.insert_or_assign(c.id, std::move(c)).first->second, now);
}

void Centre::restore_agent(std::string agent_id, AgentStatus status, Now now) {
  restore_agent(AgentStateChange{std::move(agent_id), std::string(to_string(status)), {}}, now);
}

void Centre::restore_agent(const AgentStateChange& stored, Now now) {
  AgentState& state = agents_[stored.agent_id];
  // What was to come after the contacts has come when none of them is left.
  const bool waits = !stored.next_status.empty() && state.busy() > 0;
  const std::string& id = waits || stored.next_status.empty() ? stored.status : stored.next_status;
  state.status = agent_status(id).value_or(AgentStatus::offline);
  for (const CustomStatus& custom : config_.statuses) {
    if (custom.id != id) continue;
    state.status = custom.routable ? AgentStatus::available : AgentStatus::not_routable;
    state.custom_id = custom.id;
  }
  if (waits) state.next_status = stored.next_status;
  state.since = now.wall;
  state.idle_since = now.mono;
  settle_agent(stored.agent_id);
}

}  // namespace upcall::contact
