#include "contact/centre_turn.hpp"

namespace upcall::contact {

// The blocks' hands: acts on one contact within one turn.
class Centre::Host final : public FlowHost {
 public:
  Host(Centre& centre, Turn& turn, Contact& contact) : centre_(centre), turn_(turn), contact_(contact) {}

  void say(std::string_view text) override {
    ChatItem item;
    item.type = ItemType::message;
    item.content_type = content::kText;
    item.content = std::string(text);
    item.role = Role::system;
    item.display_name = "SYSTEM_MESSAGE";
    centre_.add_item(turn_, contact_, std::move(item));
  }
  void set_attribute(const std::string& name, std::string value) override {
    std::size_t bytes = name.size() + value.size();
    for (const auto& [n, v] : contact_.attributes) bytes += n.size() + v.size();
    if (bytes <= centre_.config_.limits.attribute_bytes) contact_.attributes[name] = std::move(value);
  }
  void set_priority(int priority) override {
    contact_.priority = priority;
    centre_.places_changed_ = true;
  }
  bool set_queue_flow(std::string_view name) override {
    for (const auto& [id, flow] : centre_.config_.flows) {
      if ((flow.name == name || id == name || name.ends_with("/" + id)) && flow.type == FlowType::customer_queue) {
        contact_.queue_flow_id = id;
        return true;
      }
    }
    return false;
  }
  bool set_queue(std::string_view name) override {
    for (const Queue& q : centre_.config_.queues) {
      if (q.name == name || q.id == name || name.ends_with("/" + q.id)) {
        contact_.target = {q.id, {}};
        return true;
      }
    }
    return false;
  }
  bool set_agent_queue(std::string_view agent) override {
    // Nobody was asked for: the default queue (design §5). Somebody unknown is an error.
    if (agent.empty()) {
      if (centre_.config_.default_queue_id.empty()) return false;
      contact_.target = {centre_.config_.default_queue_id, {}};
      return true;
    }
    for (const AgentInfo& a : centre_.config_.agents) {
      if (a.username == agent || a.id == agent || agent.ends_with("/agent/" + a.id)) {
        contact_.target = {{}, a.id};
        return true;
      }
    }
    return false;
  }
  Transfer transfer() override {
    if (contact_.target.empty()) return Transfer::error;
    if (centre_.is_full(contact_.target)) return Transfer::at_capacity;
    return Transfer::queued;
  }
  const Attributes& attributes() const override { return contact_.attributes; }
  std::string system_value(std::string_view path) const override {
    if (path == "ContactId" || path == "InitialContactId") return contact_.id;
    if (path == "Channel") return "CHAT";
    if (path == "InitiationMethod") return "API";
    if (path == "CustomerEndpoint.DisplayName") return contact_.participants.front().display_name;
    if (path == "Queue.Name") {
      for (const Queue& q : centre_.config_.queues) {
        if (q.id == contact_.target.queue_id) return q.name;
      }
    }
    return {};
  }

 private:
  Centre& centre_;
  Turn& turn_;
  Contact& contact_;
};

void Centre::run(Turn& turn, Contact& c) {
  const Flow* current = flow(c.flow_id);
  if (current == nullptr) return;
  turn.changed(c);
  Host host(*this, turn, c);
  switch (run_flow(*current, c.position, host, turn.now.mono)) {
    case FlowOutcome::waiting: break;
    case FlowOutcome::transferred: enqueue(turn, c); break;
    case FlowOutcome::disconnected:
      if (c.participants.front().joined) {
        end(turn, c, "flow_disconnect");
      } else {
        // Nobody has read yet what the flow said: it ends after the customer has connected (or never did).
        c.flow_id.clear();
        c.position = {};
        c.end_reason = "flow_disconnect";
      }
      break;
    case FlowOutcome::stuck:
      c.flow_id.clear();
      // A queue flow that stops leaves the contact waiting; the first flow has nothing to fall back on.
      if (c.state == ContactState::flow) end(turn, c, "flow_error");
      break;
  }
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
  c.flow_id.clear();
  c.position = {};
  turn.changed(c);
  if (const Flow* hook = flow(c.queue_flow_id)) {
    c.flow_id = c.queue_flow_id;
    c.position.block = hook->start;
    run(turn, c);
  }
}

void Centre::on(Turn& turn, const StartChat& command) {
  if (contacts_.size() >= config_.limits.live_contacts) return turn.refuse(ErrorCode::exhausted, "too many contacts at the moment");
  const std::string& flow_id = command.flow_id.empty() ? config_.default_flow_id : command.flow_id;
  const Flow* start = flow(flow_id);
  if (start == nullptr || start->type != FlowType::contact_flow) return turn.refuse(ErrorCode::not_found, "no such contact flow");
  std::size_t bytes = 0;
  for (const auto& [name, value] : command.attributes) bytes += name.size() + value.size();
  if (bytes > config_.limits.attribute_bytes) return turn.refuse(ErrorCode::too_large, "the attributes are too large");

  Contact c;
  c.id = make_uuid(turn.random);
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
