// Flows of contacts: how they begin, go on, and hand over to queues.
#include "contact/centre_flow_host.hpp"
#include "json/json.hpp"

namespace upcall::contact {

constexpr std::size_t kInitialMessageMax = 1024;  // as StartChatContact allows

void Centre::stop_flow(Contact& c) {
  c.flow_id.clear();
  c.position = {};
}

void Centre::run(Turn& turn, Contact& c, const FlowInput& input) {
  if (flow(c.flow_id) == nullptr) return;
  turn.changed(c);
  Host host(*this, turn, c);
  switch (run_flow(c.flow_id, c.position, host, turn.now.mono, input)) {
    case FlowOutcome::waiting: break;
    case FlowOutcome::transferred:
    case FlowOutcome::requeued:
      // An offer of the queue that it leaves is no more.
      if (c.state == ContactState::offered) back_to_queue(turn, c, AgentView::none);
      c.not_before.clear();
      enqueue(turn, c);
      break;
    case FlowOutcome::disconnected:
      if (c.participants.front().joined) {
        end(turn, c, "flow_disconnect");
      } else {
        // Nobody has read yet what the flow said: it ends after the customer has connected (or never did).
        stop_flow(c);
        c.end_reason = "flow_disconnect";
      }
      break;
    case FlowOutcome::ended:
    case FlowOutcome::stuck:
      stop_flow(c);
      // A queue flow that stops leaves the contact waiting; the first flow has nothing to fall back on.
      if (c.state == ContactState::flow) end(turn, c, "flow_error");
      break;
  }
}

void Centre::tell_flow(Turn& turn, Contact& c, const std::string& text) {
  if (!c.flow_id.empty() && c.position.waiting) run(turn, c, {FlowInput::Kind::message, text, {}});
}

void Centre::on(Turn& turn, const FlowAnswer& command) {
  const auto found = contacts_.find(command.contact_id);
  // An answer that comes too late is nobody's.
  if (found == contacts_.end() || found->second.flow_id.empty() || found->second.position.call_id != command.call_id) return;
  run(turn, found->second, {command.answered ? FlowInput::Kind::answer : FlowInput::Kind::no_answer, command.text, command.call_id});
}

std::string Centre::let_agent_go(Turn& turn, Contact& c) {
  const std::string agent_id = std::exchange(c.agent_id, {});
  if (c.transfer && c.transfer->offered) show(turn, c.transfer->to_agent, c.id, AgentView::none);
  c.transfer.reset();
  c.invitation.reset();
  if (!c.segments.empty() && !c.segments.back().ended) {
    c.segments.back().ended = turn.now.wall;
    c.segments.back().end_reason = "agent_disconnect";
    c.segments.back().after_contact = true;
    turn.changed_segments(c);
  }
  turn.changed(c);
  return agent_id;
}

bool Centre::run_remaining(Turn& turn, Contact& c) {
  const Flow* remaining = flow(c.remaining_flow_id);
  if (remaining == nullptr || c.state != ContactState::connected || c.participants.front().left) return false;
  const std::string agent_id = let_agent_go(turn, c);
  c.state = ContactState::flow;
  c.flow_id = c.remaining_flow_id;
  c.position = {};
  c.position.block = remaining->start;
  show(turn, agent_id, c.id, AgentView::ended);  // after-contact work, while the customer goes on
  run(turn, c);
  return true;
}

bool Centre::wait_again(Turn& turn, Contact& c) {
  // What was sent to the agent in person, or by them, goes where it came from before; without such a queue nobody would ask for it.
  QueueRef back = c.queue;
  for (auto segment = c.segments.rbegin(); segment != c.segments.rend() && !back.agent_id.empty(); ++segment) back = segment->queue;
  const bool known = std::any_of(config_.queues.begin(), config_.queues.end(), [&](const Queue& q) { return q.id == back.queue_id; });
  if (!known || c.participants.front().left) return false;
  const std::string agent_id = let_agent_go(turn, c);
  const std::uint64_t order = c.order;
  c.target = back;
  enqueue(turn, c);
  // It has waited already: nobody who came later is before it. Its queue's flow may have sent it elsewhere.
  if (c.waits() && c.queue == back && order != 0) c.order = std::min(c.order, order);
  show(turn, agent_id, c.id, AgentView::ended);
  return true;
}

void Centre::enqueue(Turn& turn, Contact& c) {
  c.state = ContactState::queued;
  c.queue = c.target;
  // Grows whatever the wall clock does, and an adjustment of age is a matter of adding.
  c.order = last_order_ = std::max(last_order_ + 1, static_cast<std::uint64_t>(turn.now.wall.unix_ms()) * 1'000);
  c.enqueued = turn.now.wall;
  c.enqueued_at = turn.now.mono;
  if (c.segments.empty() || c.segments.back().connected) {
    c.segments.push_back({c.queue, {}, turn.now.wall, {}, {}, {}, false});
  } else {
    c.segments.back().queue = c.queue;  // nobody of the queue before took it
  }
  turn.changed_segments(c);
  c.told = {};
  places_changed_ = true;
  stop_flow(c);
  turn.changed(c);
  if (const Flow* hook = flow(c.queue_flow_id)) {
    c.flow_id = c.queue_flow_id;
    c.position.block = hook->start;
    run(turn, c);
  }
}

void Centre::on(Turn& turn, const StartChat& command) {
  if (contacts_.size() >= config_.limits.live_contacts) return turn.refuse(ErrorCode::exhausted, "too many contacts at the moment");
  if (contacts_.contains(command.contact_id)) return turn.refuse(ErrorCode::conflict, "the contact has begun already");
  const std::string& flow_id = command.flow_id.empty() ? config_.default_flow_id : command.flow_id;
  const Flow* start = flow(flow_id);
  if (start == nullptr || start->type != FlowType::contact_flow) return turn.refuse(ErrorCode::not_found, "no such contact flow");
  std::size_t bytes = 0;
  for (const auto& [name, value] : command.attributes) bytes += name.size() + value.size();
  if (bytes > config_.limits.attribute_bytes) return turn.refuse(ErrorCode::too_large, "the attributes are too large");
  if (command.initial_message.size() > kInitialMessageMax || !json::is_clean_text(command.initial_message)) {
    return turn.refuse(ErrorCode::invalid_argument, "the initial message is longer than 1024 bytes or not clean UTF-8 text");
  }

  Contact c;
  c.id = command.contact_id.empty() ? make_uuid(turn.random) : command.contact_id;
  c.started = turn.now.wall;
  c.attributes = command.attributes;
  c.connect_deadline = turn.now.mono + config_.limits.customer_connect;
  c.content_types = command.content_types;
  c.expires = turn.now.mono + (command.duration > Duration() ? command.duration : config_.limits.chat_duration);
  c.participants.push_back({make_uuid(turn.random), Role::customer, command.display_name, {}, false, false});
  c.flow_id = flow_id;
  c.position.block = start->start;
  turn.effects.contact_id = c.id;
  turn.effects.participants.push_back({c.id, c.participants.front(), make_token(turn.random)});
  const std::string id = c.id;
  Contact& stored = contacts_.emplace(id, std::move(c)).first->second;
  turn.changed(stored);
  stored.initial_message = command.initial_message;
  if (!command.initial_message.empty()) {
    ChatItem item;
    item.content_type = content::kText;
    item.content = command.initial_message;
    item.participant_id = stored.participants.front().id;
    item.role = Role::customer;
    item.display_name = stored.participants.front().display_name;
    add_item(turn, stored, std::move(item));
  }
  run(turn, stored);
}

void Centre::on(Turn& turn, const UpdateAttributes& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found == contacts_.end()) return turn.refuse(ErrorCode::not_found, "no such contact");
  Attributes merged = found->second.attributes;
  std::size_t bytes = 0;
  for (const auto& [name, value] : command.attributes) merged[name] = value;
  for (const auto& [name, value] : merged) bytes += name.size() + value.size();
  if (bytes > config_.limits.attribute_bytes) return turn.refuse(ErrorCode::too_large, "the attributes are too large");
  found->second.attributes = std::move(merged);
  turn.changed(found->second);
  if (!found->second.agent_id.empty()) {
    const auto& seen = agents_[found->second.agent_id].contacts;
    if (const auto view = seen.find(command.contact_id); view != seen.end()) {
      turn.effects.notices.push_back({found->second.agent_id, command.contact_id, view->second});
    }
  }
}

}  // namespace upcall::contact
