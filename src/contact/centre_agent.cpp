// The agent's side of a contact: status, offers, after-contact work.
#include "contact/centre_turn.hpp"

namespace upcall::contact {

namespace {

// Nothing: no step that a contact's time line tells.
std::optional<AgentStep::Kind> step_of(AgentView before, AgentView now) {
  if (before == now) return std::nullopt;
  switch (now) {
    case AgentView::connecting: return AgentStep::Kind::offered;
    case AgentView::missed: return AgentStep::Kind::missed;
    case AgentView::rejected: return AgentStep::Kind::rejected;
    case AgentView::ended: return AgentStep::Kind::after_contact_began;
    case AgentView::connected: return std::nullopt;
    case AgentView::none: break;
  }
  if (before == AgentView::connecting) return AgentStep::Kind::withdrawn;
  return before == AgentView::ended ? std::optional(AgentStep::Kind::after_contact_ended) : std::nullopt;
}

}  // namespace

std::string_view to_string(AgentStep::Kind kind) {
  switch (kind) {
    case AgentStep::Kind::offered: return "offered";
    case AgentStep::Kind::missed: return "missed";
    case AgentStep::Kind::rejected: return "rejected";
    case AgentStep::Kind::withdrawn: return "withdrawn";
    case AgentStep::Kind::after_contact_began: return "after_contact_began";
    case AgentStep::Kind::after_contact_ended: return "after_contact_ended";
  }
  return "offered";
}

void Centre::show(Turn& turn, const std::string& agent_id, const std::string& contact_id, AgentView view) {
  AgentState& state = agents_[agent_id];
  const auto seen = state.contacts.find(contact_id);
  if (const auto step = step_of(seen != state.contacts.end() ? seen->second : AgentView::none, view)) turn.effects.agent_steps.push_back({contact_id, agent_id, *step});
  if (const auto until = state.after_contact_until.find(contact_id); until != state.after_contact_until.end()) {
    after_contact_timers_.erase({until->second, agent_id, contact_id});
    state.after_contact_until.erase(until);
  }
  if (view == AgentView::none) {
    state.contacts.erase(contact_id);
    state.idle_since = turn.now.mono;
  } else {
    state.contacts[contact_id] = view;
  }
  if (view == AgentView::ended) {
    if (const RoutingProfile* profile = profile_of(agent_id)) start_after_contact(agent_id, contact_id, profile->after_contact_limit, turn.now.mono);
  }
  turn.effects.notices.push_back({agent_id, contact_id, view});
  if (!state.next_status.empty() && state.busy() == 0) {
    const std::string next = std::exchange(state.next_status, {});
    const auto custom = std::find_if(config_.statuses.begin(), config_.statuses.end(), [&](const CustomStatus& s) { return s.id == next; });
    if (custom != config_.statuses.end()) {
      set_status(turn, agent_id, custom->routable ? AgentStatus::available : AgentStatus::not_routable, next);
    } else {
      set_status(turn, agent_id, agent_status(next).value_or(AgentStatus::offline), {});
    }
  }
  settle_agent(agent_id);
}

void Centre::start_after_contact(const std::string& agent_id, const std::string& contact_id, Duration left, Instant now) {
  const RoutingProfile* profile = profile_of(agent_id);
  if (profile == nullptr || profile->after_contact_limit <= Duration()) return;
  const Instant until = now + std::max(left, Duration());
  agents_[agent_id].after_contact_until[contact_id] = until;
  after_contact_timers_.insert({until, agent_id, contact_id});
}

std::string Centre::status_id(const AgentState& state) {
  return state.custom_id.empty() ? std::string(to_string(state.status)) : state.custom_id;
}

std::string Centre::status_name(std::string_view status_id) const {
  if (status_id == to_string(AgentStatus::available)) return "Available";
  if (status_id == to_string(AgentStatus::offline)) return "Offline";
  for (const CustomStatus& custom : config_.statuses) {
    if (custom.id == status_id) return custom.name;
  }
  return {};
}

void Centre::back_to_queue(Turn& turn, Contact& c, AgentView seen_by_agent) {
  const std::string agent_id = std::exchange(c.agent_id, {});
  c.state = ContactState::queued;
  c.offer_deadline = Instant::never();
  c.not_before[agent_id] = turn.now.mono + config_.limits.reoffer_after_reject;
  turn.changed(c);
  show(turn, agent_id, c.id, seen_by_agent);
}

void Centre::withdraw_offers(Turn& turn, const std::string& agent_id, bool leaving) {
  const std::map<std::string, AgentView> seen = agents_[agent_id].contacts;
  for (const auto& [contact_id, view] : seen) {
    const auto found = contacts_.find(contact_id);
    if (found != contacts_.end() && found->second.transfer && found->second.transfer->offered && found->second.transfer->to_agent == agent_id) {
      fail_transfer(turn, found->second, AgentView::none);
      continue;
    }
    Contact* c = found != contacts_.end() && found->second.agent_id == agent_id ? &found->second : nullptr;
    if (c != nullptr && c->state == ContactState::offered) {
      back_to_queue(turn, *c, AgentView::none);
      continue;
    }
    if (!leaving) continue;
    // A customer must not go on talking to nobody, and nobody is left to clear what is over.
    if (c != nullptr && c->state == ContactState::connected) {
      if (Participant* agent = c->agent_participant()) {
        agent->left = true;
        system_event(turn, *c, content::kLeft, agent);
      }
      // The customer has not hung up, and neither has the agent.
      if (!run_remaining(turn, *c) && !wait_again(turn, *c)) end(turn, *c, "agent_disconnect");
    }
    clear(turn, agent_id, contact_id);
  }
}

Contact* Centre::contact_of(Turn& turn, const std::string& agent_id, const std::string& contact_id, ContactState state) {
  const auto found = contacts_.find(contact_id);
  // Somebody else's contact looks like one that is not there.
  if (found == contacts_.end() || found->second.agent_id != agent_id) {
    turn.refuse(ErrorCode::not_found, "no such contact");
    return nullptr;
  }
  if (found->second.state != state) {
    turn.refuse(ErrorCode::conflict, "the contact is not in the state for this");
    return nullptr;
  }
  return &found->second;
}

void Centre::on(Turn& turn, const SetAgentStatus& command) {
  if (agent_info(command.agent_id) == nullptr) return turn.refuse(ErrorCode::not_found, "no such agent");
  AgentStatus status = command.status;
  if (!command.custom_id.empty()) {
    const auto custom = std::find_if(config_.statuses.begin(), config_.statuses.end(), [&](const CustomStatus& s) { return s.id == command.custom_id; });
    if (custom == config_.statuses.end()) return turn.refuse(ErrorCode::not_found, "no such status");
    status = custom->routable ? AgentStatus::available : AgentStatus::not_routable;
  } else if (status == AgentStatus::not_routable) {
    return turn.refuse(ErrorCode::invalid_argument, "a status needs a name");
  }
  AgentState& state = agents_[command.agent_id];
  // Saying "available" again is how an agent comes back from missed contacts.
  if (status == AgentStatus::available) {
    for (auto it = state.contacts.begin(); it != state.contacts.end();) {
      const auto next = std::next(it);
      if (it->second == AgentView::missed || it->second == AgentView::rejected) show(turn, command.agent_id, std::string(it->first), AgentView::none);
      it = next;
    }
  }
  // Whoever goes away will not answer: the next agent is asked at once.
  if (status != AgentStatus::available) withdraw_offers(turn, command.agent_id, false);
  if (command.after_contacts && status != AgentStatus::available && state.busy() > 0) {
    state.next_status = command.custom_id.empty() ? std::string(to_string(status)) : command.custom_id;
    turn.effects.agent_states.push_back({command.agent_id, status_id(state), state.next_status});
    turn.effects.notices.push_back({command.agent_id, {}, AgentView::none});
    settle_agent(command.agent_id);
    return;
  }
  set_status(turn, command.agent_id, status, command.custom_id);
}

void Centre::set_status(Turn& turn, const std::string& agent_id, AgentStatus status, std::string custom_id) {
  AgentState& state = agents_[agent_id];
  const bool other = state.status != status || state.custom_id != custom_id;
  if (other || !state.next_status.empty()) {
    if (other) {
      state.since = turn.now.wall;
      state.idle_since = turn.now.mono;
    }
    state.status = status;
    state.custom_id = std::move(custom_id);
    state.next_status.clear();
    turn.effects.agent_states.push_back({agent_id, status_id(state), {}});
  }
  turn.effects.notices.push_back({agent_id, {}, AgentView::none});
  settle_agent(agent_id);
}

void Centre::join_agent(Turn& turn, Contact& c, const std::string& agent_id) {
  const AgentInfo* info = agent_info(agent_id);
  c.state = ContactState::connected;
  c.agent_id = agent_id;
  if (!c.connected) c.connected = turn.now.wall;
  c.offer_deadline = Instant::never();
  c.not_before.clear();
  if (c.segments.empty()) c.segments.push_back({c.queue, {}, c.enqueued, {}, {}, {}, false});
  c.segments.back().agent_id = agent_id;
  c.segments.back().connected = turn.now.wall;
  // The queue flow ends the moment an agent is there.
  c.flow_id.clear();
  c.position = {};
  // From here on silence counts.
  for (Participant& p : c.participants) {
    p.last_active = turn.now.mono;
    p.idle = false;
  }
  c.participants.push_back({make_uuid(turn.random), Role::agent, info != nullptr ? info->name : "Agent", agent_id, true, false, false, false, turn.now.mono});
  turn.effects.participants.push_back({c.id, c.participants.back(), make_token(turn.random)});
  turn.changed_segments(c);
  show(turn, agent_id, c.id, AgentView::connected);
  system_event(turn, c, content::kJoined, &c.participants.back());
}

void Centre::on(Turn& turn, const AcceptContact& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found != contacts_.end() && found->second.transfer && found->second.transfer->offered && found->second.transfer->to_agent == command.agent_id) {
    return complete_transfer(turn, found->second);
  }
  Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::offered);
  if (c == nullptr) return;
  places_changed_ = true;
  join_agent(turn, *c, command.agent_id);
}

void Centre::on(Turn& turn, const RejectContact& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found != contacts_.end() && found->second.transfer && found->second.transfer->offered && found->second.transfer->to_agent == command.agent_id) {
    return fail_transfer(turn, found->second, AgentView::none);
  }
  if (Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::offered)) {
    back_to_queue(turn, *c, AgentView::rejected);
    // Nothing to be done about a rejected contact: it leaves the list at once.
    show(turn, command.agent_id, c->id, AgentView::none);
  }
}

void Centre::on(Turn& turn, const EndContact& command) {
  Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::connected);
  if (c == nullptr) return;
  if (Participant* agent = c->agent_participant()) {
    agent->left = true;
    system_event(turn, *c, content::kLeft, agent);
  }
  if (!run_remaining(turn, *c)) end(turn, *c, "agent_disconnect");
}

void Centre::on(Turn& turn, const ClearContact& command) {
  const auto state = agents_.find(command.agent_id);
  const auto seen = state != agents_.end() ? state->second.contacts.find(command.contact_id) : decltype(state->second.contacts.end()){};
  if (state == agents_.end() || seen == state->second.contacts.end()) return turn.refuse(ErrorCode::not_found, "no such contact");
  switch (seen->second) {
    case AgentView::ended: return clear(turn, command.agent_id, command.contact_id);
    case AgentView::missed:
    case AgentView::rejected: show(turn, command.agent_id, command.contact_id, AgentView::none); return;
    default: return turn.refuse(ErrorCode::conflict, "the contact has not ended");
  }
}

// Not so when it was offered to the same agent again meanwhile, and refused.
bool Centre::shows_as_ended(std::string_view agent_id, std::string_view contact_id) const {
  const AgentState* state = agent(agent_id);
  if (state == nullptr) return false;
  const auto view = state->contacts.find(std::string(contact_id));
  return view != state->contacts.end() && view->second == AgentView::ended;
}

void Centre::clear(Turn& turn, const std::string& agent_id, const std::string& contact_id) {
  const auto found = contacts_.find(contact_id);
  if (found != contacts_.end()) {
    for (Segment& s : found->second.segments) {
      if (s.agent_id != agent_id || !s.after_contact) continue;
      s.after_contact = false;
      turn.changed(found->second);
    }
    if (found->second.agent_id == agent_id && found->second.state == ContactState::wrap_up) return close_wrap_up(turn, found->second);
  }
  show(turn, agent_id, contact_id, AgentView::none);
}

}  // namespace upcall::contact
