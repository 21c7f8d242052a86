// Supervisors: they watch a contact unseen, step in, and leave. Whether they may is decided outside.
#include "contact/centre_turn.hpp"

namespace upcall::contact {

void Centre::on(Turn& turn, const WatchContact& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found == contacts_.end() || !found->second.live()) return turn.refuse(ErrorCode::not_found, "no such contact");
  Contact& c = found->second;
  if (c.agent_id == command.user_id) return turn.refuse(ErrorCode::conflict, "the contact is yours");
  if (Participant* before = c.supervisor(command.user_id)) {
    if (!before->silent) return turn.refuse(ErrorCode::conflict, "you are in the chat already");
    step_out(turn, c, *before);
  }
  Participant p;
  p.id = make_uuid(turn.random);
  p.role = Role::supervisor;
  p.display_name = command.display_name;
  p.user_id = command.user_id;
  p.silent = true;
  p.last_active = turn.now.mono;
  c.participants.push_back(p);
  turn.effects.contact_id = c.id;
  turn.effects.participants.push_back({c.id, std::move(p), make_token(turn.random)});
  turn.changed(c);
}

void Centre::on(Turn& turn, const StepIn& command) {
  const auto found = contacts_.find(command.contact_id);
  Participant* p = found != contacts_.end() && found->second.live() ? found->second.supervisor(command.user_id) : nullptr;
  if (p == nullptr) return turn.refuse(ErrorCode::not_found, "you do not watch this contact");
  if (!p->silent) return turn.refuse(ErrorCode::conflict, "you are in the chat already");
  if (found->second.state != ContactState::connected) return turn.refuse(ErrorCode::conflict, "no agent is with the customer");
  p->silent = false;
  p->joined = true;
  system_event(turn, found->second, content::kJoined, p);
  tell_agent(turn, found->second);
}

void Centre::on(Turn& turn, const StepOut& command) {
  const auto found = contacts_.find(command.contact_id);
  Participant* p = found != contacts_.end() && found->second.live() ? found->second.supervisor(command.user_id) : nullptr;
  if (p == nullptr) return turn.refuse(ErrorCode::not_found, "you do not watch this contact");
  step_out(turn, found->second, *p);
}

void Centre::step_out(Turn& turn, Contact& c, Participant& p) {
  p.left = true;
  turn.effects.closed_participants.push_back(p.id);
  turn.changed(c);
  if (p.silent) return;
  system_event(turn, c, content::kLeft, &p);
  tell_agent(turn, c);
}

void Centre::tell_agent(Turn& turn, const Contact& c) {
  if (c.agent_id.empty()) return;
  const auto& seen = agents_[c.agent_id].contacts;
  if (const auto view = seen.find(c.id); view != seen.end()) turn.effects.notices.push_back({c.agent_id, c.id, view->second});
}

}  // namespace upcall::contact
