// A contact handed on: to another agent, who must accept before the first one is let go, or to a queue, at once. Its id,
// transcript and attributes stay; a new segment begins.
#include "contact/centre_turn.hpp"

namespace upcall::contact {

void Centre::on(Turn& turn, const TransferContact& command) {
  Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::connected);
  if (c == nullptr) return;
  if (c->transfer) return turn.refuse(ErrorCode::conflict, "the contact is being transferred already");
  if (!command.to.agent_id.empty()) {
    if (command.to.agent_id == command.agent_id) return turn.refuse(ErrorCode::invalid_argument, "the contact is yours already");
    if (agent_info(command.to.agent_id) == nullptr) return turn.refuse(ErrorCode::not_found, "no such agent");
    const AgentState* other = agent(command.to.agent_id);
    if (other == nullptr || other->status != AgentStatus::available || !other->next_status.empty()) {
      return turn.refuse(ErrorCode::conflict, "the agent is not available");
    }
    c->transfer = PendingTransfer{command.to.agent_id, false, turn.now.mono + config_.limits.transfer_timeout};
    turn.changed(*c);
    show(turn, command.agent_id, c->id, AgentView::connected);
    return;
  }
  const bool known = std::any_of(config_.queues.begin(), config_.queues.end(), [&](const Queue& q) { return q.id == command.to.queue_id; });
  if (!known) return turn.refuse(ErrorCode::not_found, "no such queue");
  if (is_full(command.to)) return turn.refuse(ErrorCode::exhausted, "the queue is full");
  Participant* leaving = c->agent_participant();
  system_event(turn, *c, content::kTransferSucceeded, leaving);
  if (leaving != nullptr) {
    leaving->left = true;
    system_event(turn, *c, content::kLeft, leaving);
  }
  c->segments.back().ended = turn.now.wall;
  c->segments.back().end_reason = "transfer";
  c->segments.back().after_contact = true;
  turn.changed_segments(*c);
  const std::string agent_id = std::exchange(c->agent_id, {});
  // Whoever gave it away is not asked at once.
  c->not_before[agent_id] = turn.now.mono + config_.limits.transfer_timeout;
  c->target = command.to;
  // A call with nobody at its other end is over, and so is what invited to it.
  c->invitation.reset();
  turn.effects.agent_changes.push_back({c->id, {}, {}});
  enqueue(turn, *c);
  show(turn, agent_id, c->id, AgentView::ended);
}

void Centre::on(Turn& turn, const CancelTransfer& command) {
  Contact* c = contact_of(turn, command.agent_id, command.contact_id, ContactState::connected);
  if (c == nullptr) return;
  if (!c->transfer) return turn.refuse(ErrorCode::conflict, "the contact is not being transferred");
  fail_transfer(turn, *c, AgentView::none);
}

void Centre::complete_transfer(Turn& turn, Contact& c) {
  const std::string from = c.agent_id;
  const std::string to = c.transfer->to_agent;
  c.transfer.reset();
  Participant* leaving = c.agent_participant();
  system_event(turn, c, content::kTransferSucceeded, leaving);
  if (leaving != nullptr) {
    leaving->left = true;
    system_event(turn, c, content::kLeft, leaving);
  }
  c.segments.back().ended = turn.now.wall;
  c.segments.back().end_reason = "transfer";
  c.segments.back().after_contact = true;
  turn.changed_segments(c);
  c.segments.push_back({{{}, to}, {}, turn.now.wall, {}, {}, {}, false});
  c.queue = {{}, to};
  // An invitation to a call was the first agent's.
  c.invitation.reset();
  join_agent(turn, c, to);
  show(turn, from, c.id, AgentView::ended);
}

void Centre::fail_transfer(Turn& turn, Contact& c, AgentView seen_by_other) {
  const PendingTransfer transfer = *std::exchange(c.transfer, std::nullopt);
  system_event(turn, c, content::kTransferFailed, c.agent_participant());
  turn.changed(c);
  if (transfer.offered) show(turn, transfer.to_agent, c.id, seen_by_other);
  show(turn, c.agent_id, c.id, AgentView::connected);
}

}  // namespace upcall::contact
