// Routing and the agent's side of a contact.
#include "contact/centre_turn.hpp"

namespace upcall::contact {
namespace {

constexpr int kPersonalQueuePriority = 1;
constexpr int kDefaultSlots = 1;

const RoutingProfile* profile_of(const CentreConfig& config, const AgentInfo& agent) {
  for (const RoutingProfile& p : config.routing_profiles) {
    if (p.id == agent.routing_profile_id) return &p;
  }
  return nullptr;
}

}  // namespace

// Lower routing-profile priority number first, then the contact's priority, then its age.
Contact* Centre::best_for(const AgentInfo& agent, Instant now) {
  const RoutingProfile* profile = profile_of(config_, agent);
  Contact* best = nullptr;
  std::tuple<int, int, std::uint64_t> best_key;
  for (auto& [id, c] : contacts_) {
    if (c.state != ContactState::queued) continue;
    int queue_priority = 0;
    if (c.queue.agent_id == agent.id) {
      queue_priority = kPersonalQueuePriority;
    } else if (profile != nullptr && !c.queue.queue_id.empty()) {
      for (const auto& [queue_id, priority] : profile->queues) {
        if (queue_id == c.queue.queue_id) queue_priority = priority;
      }
    }
    if (queue_priority == 0) continue;
    if (const auto barred = c.not_before.find(agent.id); barred != c.not_before.end() && barred->second > now) continue;
    const std::tuple key(queue_priority, c.priority, c.order);
    if (best == nullptr || key < best_key) {
      best = &c;
      best_key = key;
    }
  }
  return best;
}

void Centre::route(Turn& turn) {
  // Reject pauses that are over must not keep the timer awake.
  for (auto& [id, c] : contacts_) {
    std::erase_if(c.not_before, [&](const auto& entry) { return entry.second <= turn.now.mono; });
  }
  for (;;) {
    std::vector<const AgentInfo*> idle;
    for (const AgentInfo& a : config_.agents) {
      const auto found = agents_.find(a.id);
      if (found == agents_.end() || found->second.status != AgentStatus::available || found->second.blocked()) continue;
      const RoutingProfile* profile = profile_of(config_, a);
      const auto busy = std::count_if(found->second.contacts.begin(), found->second.contacts.end(), [](const auto& c) {
        return c.second == AgentView::connecting || c.second == AgentView::connected || c.second == AgentView::ended;
      });
      if (busy < (profile != nullptr ? profile->chat_slots : kDefaultSlots)) idle.push_back(&a);
    }
    // The agent who has waited longest is asked first.
    std::stable_sort(idle.begin(), idle.end(), [&](const AgentInfo* a, const AgentInfo* b) {
      return agents_.find(a->id)->second.idle_since < agents_.find(b->id)->second.idle_since;
    });
    bool offered = false;
    for (const AgentInfo* agent : idle) {
      Contact* c = best_for(*agent, turn.now.mono);
      if (c == nullptr) continue;
      c->state = ContactState::offered;
      c->agent_id = agent->id;
      c->offer_deadline = turn.now.mono + config_.limits.offer_timeout;
      turn.changed(*c);
      show(turn, agent->id, c->id, AgentView::connecting);
      offered = true;
      break;  // slots and idle order changed
    }
    if (!offered) return;
  }
}

void Centre::show(Turn& turn, const std::string& agent_id, const std::string& contact_id, AgentView view) {
  AgentState& state = agents_[agent_id];
  if (view == AgentView::none) {
    state.contacts.erase(contact_id);
    state.idle_since = turn.now.mono;
  } else {
    state.contacts[contact_id] = view;
  }
  turn.effects.notices.push_back({agent_id, contact_id, view});
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
    Contact* c = found != contacts_.end() && found->second.agent_id == agent_id ? &found->second : nullptr;
    if (c != nullptr && c->state == ContactState::offered) {
      back_to_queue(turn, *c, AgentView::none);
      continue;
    }
    if (!leaving) continue;
    // A customer must not go on talking to nobody, and nobody is left to clear the rest.
    if (c != nullptr && c->state == ContactState::connected) {
      if (Participant* agent = c->agent_participant()) {
        agent->left = true;
        system_event(turn, *c, content::kLeft, agent);
      }
      end(turn, *c, "agent_disconnect");
    }
    if (c != nullptr && c->state == ContactState::wrap_up) {
      close_wrap_up(turn, *c);
    } else {
      show(turn, agent_id, contact_id, AgentView::none);
    }
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
  AgentState& state = agents_[command.agent_id];
  // Saying "available" again is how an agent comes back from missed contacts.
  if (command.status == AgentStatus::available) {
    for (auto it = state.contacts.begin(); it != state.contacts.end();) {
      const auto next = std::next(it);
      if (it->second == AgentView::missed || it->second == AgentView::rejected) show(turn, command.agent_id, std::string(it->first), AgentView::none);
      it = next;
    }
  }
  // Whoever goes offline will not answer: the next agent is asked at once.
  if (command.status == AgentStatus::offline) withdraw_offers(turn, command.agent_id, false);
  if (state.status != command.status) {
    state.status = command.status;
    state.since = turn.now.wall;
    state.idle_since = turn.now.mono;
    turn.effects.agent_states.emplace_back(command.agent_id, command.status);
  }
  turn.effects.notices.push_back({command.agent_id, {}, AgentView::none});
}

void Centre::on(Turn& turn, const AcceptContact& command) {
  Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::offered);
  if (c == nullptr) return;
  const AgentInfo* info = agent_info(command.agent_id);
  c->state = ContactState::connected;
  c->connected = turn.now.wall;
  c->offer_deadline = Instant::never();
  c->not_before.clear();
  places_changed_ = true;
  // The queue flow ends the moment an agent is there.
  c->flow_id.clear();
  c->position = {};
  c->participants.push_back({make_uuid(turn.random), Role::agent, info != nullptr ? info->name : "Agent", command.agent_id, true, false});
  turn.effects.participants.push_back({c->id, c->participants.back(), make_token(turn.random)});
  turn.changed(*c);
  show(turn, command.agent_id, c->id, AgentView::connected);
  system_event(turn, *c, content::kJoined, &c->participants.back());
}

void Centre::on(Turn& turn, const RejectContact& command) {
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
    case AgentView::ended: {
      const auto found = contacts_.find(command.contact_id);
      // It may be in its disconnect flow by now, or with the next agent.
      if (found != contacts_.end() && found->second.state == ContactState::wrap_up && found->second.agent_id == command.agent_id) {
        close_wrap_up(turn, found->second);
      } else {
        if (found != contacts_.end() && found->second.after_work_agent_id == command.agent_id) {
          found->second.after_work_agent_id.clear();
          turn.changed(found->second);
        }
        show(turn, command.agent_id, command.contact_id, AgentView::none);
      }
      return;
    }
    case AgentView::missed:
    case AgentView::rejected: show(turn, command.agent_id, command.contact_id, AgentView::none); return;
    default: return turn.refuse(ErrorCode::conflict, "the contact has not ended");
  }
}

}  // namespace upcall::contact
