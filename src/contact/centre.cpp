#include "contact/centre.hpp"

#include "contact/centre_turn.hpp"

namespace upcall::contact {

std::string_view to_string(AgentStatus status) { return status == AgentStatus::available ? "available" : "offline"; }

std::optional<AgentStatus> agent_status(std::string_view text) {
  if (text == "available") return AgentStatus::available;
  if (text == "offline") return AgentStatus::offline;
  return std::nullopt;
}

Centre::Centre(CentreConfig config) : config_(std::move(config)) {}

bool Centre::AgentState::blocked() const {
  return std::any_of(contacts.begin(), contacts.end(), [](const auto& c) { return c.second == AgentView::missed; });
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
  for (const AgentInfo& a : config_.agents) {
    if (a.id == id) return &a;
  }
  return nullptr;
}

const Flow* Centre::flow(std::string_view id) const {
  const auto found = config_.flows.find(std::string(id));
  return found != config_.flows.end() ? &found->second : nullptr;
}

Effects Centre::handle(Now now, const Command& command, RandomSource& random) {
  Effects effects;
  Turn turn{now, random, effects};
  // What ended in the last turn was kept for its snapshot only.
  std::erase_if(contacts_, [](const auto& entry) { return entry.second.state == ContactState::ended; });
  std::visit([&](const auto& c) { on(turn, c); }, command);
  if (!effects.error) {
    route(turn);
    tell_places(turn);
  }
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
    if (state.status != AgentStatus::offline) {
      state.status = AgentStatus::offline;
      turn.effects.agent_states.emplace_back(id, AgentStatus::offline);
    }
    withdraw_offers(turn, id, true);
  }
}

void Centre::on(Turn& turn, const Tick&) {
  const Instant now = turn.now.mono;
  std::vector<std::string> ids;
  for (const auto& [id, c] : contacts_) ids.push_back(id);
  for (const std::string& id : ids) {
    const auto found = contacts_.find(id);
    if (found == contacts_.end()) continue;
    Contact& c = found->second;
    if (c.connect_deadline <= now) {
      end(turn, c, c.participants.front().joined && !c.end_reason.empty() ? std::string(c.end_reason) : "not_connected");
      continue;
    }
    if (c.state == ContactState::offered && c.offer_deadline <= now) back_to_queue(turn, c, AgentView::missed);
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
  }
}

Instant Centre::next_deadline() const {
  Instant next = Instant::never();
  for (const auto& [id, c] : contacts_) {
    if (places_changed_ && c.waits()) next = std::min(next, next_places_);
    next = std::min(next, c.connect_deadline);
    if (c.state == ContactState::offered) next = std::min(next, c.offer_deadline);
    if (c.invitation && !c.invitation->acknowledged && c.state == ContactState::connected) next = std::min(next, c.invitation->next_push);
    if (!c.flow_id.empty() && c.position.waiting) next = std::min(next, c.position.deadline);
    if (c.state == ContactState::queued) {
      for (const auto& [agent, at] : c.not_before) next = std::min(next, at);
    }
  }
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
  if (!c.agent_id.empty()) {
    agents_[c.agent_id].contacts[c.id] = c.state == ContactState::connected ? AgentView::connected : AgentView::ended;
    agents_[c.agent_id].idle_since = now.mono;
  }
  if (!c.after_work_agent_id.empty()) agents_[c.after_work_agent_id].contacts[c.id] = AgentView::ended;
  // A flow that stood between two blocks cannot be: it always stops at a wait. Without a flow a contact that never
  // reached a queue would hang for ever.
  if (c.state == ContactState::flow && c.flow_id.empty()) c.connect_deadline = now.mono;
  // A minute of a clock that has ended.
  c.position.steps = 0;
  contacts_.insert_or_assign(c.id, std::move(c));
}

void Centre::restore_agent(std::string agent_id, AgentStatus status, Now now) {
  AgentState& state = agents_[std::move(agent_id)];
  state.status = status;
  state.since = now.wall;
  state.idle_since = now.mono;
}

}  // namespace upcall::contact
