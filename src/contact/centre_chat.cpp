// Items, participants, the end of a contact, and the invitation to a call.
#include "contact/centre_turn.hpp"
#include "json/json.hpp"

namespace upcall::contact {
namespace {

constexpr std::size_t kSentMax = 64;  // remembered sends of one participant
constexpr std::size_t kEventMax = 4096;
constexpr Duration kReadingTime = Duration::s(2);  // for a socket to be there when a flow that had ended before closes it

bool is_receipt(std::string_view type) { return type == content::kRead || type == content::kDelivered; }

bool client_may_send(const Contact& c, ItemType type, std::string_view content_type) {
  if (type == ItemType::message) {
    if (c.content_types.empty()) return content_type == content::kText;
    // An answer to an interactive message is plain data; what may be asked was settled with the chat.
    return std::find(c.content_types.begin(), c.content_types.end(), content_type) != c.content_types.end();
  }
  return content_type == content::kTyping || is_receipt(content_type) || content_type == content::kConnectionAcknowledged ||
         content_type == content::kInvitationAcknowledged;
}

std::size_t message_max(std::string_view content_type, const CentreLimits& limits) {
  if (content_type == content::kJson) return std::min<std::size_t>(limits.message_bytes, 12'000);
  if (content_type == content::kInteractiveResponse) return std::min<std::size_t>(limits.message_bytes, 12'288);
  return limits.message_bytes;
}

// Clients use one constant token for all receipts, so the content is part of the key and receipts have none.
std::string send_key(ItemType type, const std::string& token, const std::string& content_type, const std::string& text) {
  return std::string(to_string(type)) + '\0' + token + '\0' + content_type + '\0' + text;
}

}  // namespace

std::string invitation_content(const Invitation& i) {
  return boost::json::serialize(boost::json::object{{"invitationId", i.item_id},
                                                    {"externalMeetingId", i.external_meeting_id},
                                                    {"attendeeExternalUserId", i.attendee_external_user_id}});
}

const ChatItem& Centre::add_item(Turn& turn, Contact& c, ChatItem item, bool store) {
  if (item.id.empty()) item.id = make_uuid(turn.random);
  item.contact_id = c.id;
  item.at = turn.now.wall;
  if (store) {
    item.seq = ++c.last_seq;
    turn.changed(c);
  }
  turn.effects.items.push_back({std::move(item), store});
  return turn.effects.items.back().item;
}

void Centre::system_event(Turn& turn, Contact& c, std::string_view content_type, const Participant* who) {
  ChatItem item;
  item.type = ItemType::event;
  item.content_type = content_type;
  if (who != nullptr) {
    item.participant_id = who->id;
    item.role = who->role;
    item.display_name = who->display_name;
  }
  add_item(turn, c, std::move(item));
}

void Centre::on(Turn& turn, const ConnectParticipant& command) {
  const auto found = contacts_.find(command.contact_id);
  Participant* p = found != contacts_.end() ? found->second.participant(command.participant_id) : nullptr;
  if (p == nullptr || p->left || !found->second.live()) return turn.refuse(ErrorCode::forbidden, "the chat has ended");
  Contact& c = found->second;
  const bool flow_is_over = c.state == ContactState::flow && !c.end_reason.empty();
  c.connect_deadline = flow_is_over ? std::min(c.connect_deadline, turn.now.mono + kReadingTime) : Instant::never();
  turn.touch(c);
  if (p->joined || p->silent) return;
  p->joined = true;
  turn.changed(c);
  system_event(turn, c, content::kJoined, p);
}

void Centre::on(Turn& turn, const SendItem& command) {
  const auto found = contacts_.find(command.contact_id);
  Contact* c = found != contacts_.end() ? &found->second : nullptr;
  Participant* p = nullptr;
  if (c != nullptr && c->live()) {
    if (!command.participant_id.empty()) {
      p = c->participant(command.participant_id);
    } else if (!command.agent_id.empty() && c->agent_id == command.agent_id) {
      p = c->agent_participant();
    }
  }
  if (p == nullptr || p->left) {
    return turn.refuse(command.agent_id.empty() ? ErrorCode::forbidden : ErrorCode::not_found, "the chat has ended");
  }
  // A supervisor who watches is not there; their typing would tell.
  if (p->silent) return turn.refuse(ErrorCode::forbidden, "whoever watches cannot send");
  if (!client_may_send(*c, command.type, command.content_type)) return turn.refuse(ErrorCode::invalid_argument, "ContentType cannot be sent in this chat");
  const std::string text = command.content.value_or("");
  if (command.type == ItemType::message && text.empty()) return turn.refuse(ErrorCode::invalid_argument, "Content is empty");
  const std::size_t most = command.type == ItemType::message ? message_max(command.content_type, config_.limits) : kEventMax;
  if (text.size() > most) return turn.refuse(ErrorCode::invalid_argument, "Content is too long: at most " + std::to_string(most) + " bytes");
  if (!json::is_clean_text(text)) return turn.refuse(ErrorCode::invalid_argument, "Content is not clean UTF-8 text");
  if (command.type == ItemType::message && command.content_type.ends_with("json") && !json::parse_object(text, most)) {
    return turn.refuse(ErrorCode::invalid_argument, "Content is not a JSON object");
  }
  if (!is_receipt(command.content_type) && command.content_type != content::kConnectionAcknowledged) active(turn, *c, *p);

  std::string key;
  if (!command.client_token.empty() && !is_receipt(command.content_type)) {
    key = send_key(command.type, command.client_token, command.content_type, text);
    for (const Sent& sent : sent_[p->id]) {
      if (sent.key == key) {
        turn.effects.reply = sent.item;
        return;
      }
    }
  }

  ChatItem item;
  item.type = command.type;
  item.content_type = command.content_type;
  item.content = command.content;
  item.participant_id = p->id;
  item.role = p->role;
  item.display_name = p->display_name;
  if (!key.empty()) item.client_token = command.client_token;
  bool store = true;
  if (is_receipt(command.content_type)) {
    const auto content = json::parse_object(text, kEventMax);
    const std::string message_id = content ? json::text_or(*content, "messageId") : "";
    if (!is_uuid(message_id)) return turn.refuse(ErrorCode::invalid_argument, "Content names no messageId");
    item.id = message_id;
    item.type = ItemType::message_metadata;
    item.content_type = content::kMetadata;
    item.content.reset();
    item.receipt_of = p->id;
    item.receipt_read = command.content_type == content::kRead;
    store = false;
  } else if (command.content_type == content::kTyping) {
    store = false;
  } else if (command.content_type == content::kInvitationAcknowledged) {
    const auto content = json::parse_object(text, kEventMax);
    if (!content || !c->invitation || json::text_at(*content, "invitationId") != c->invitation->item_id || p->role != Role::customer) {
      return turn.refuse(ErrorCode::invalid_argument, "there is no such invitation");
    }
    c->invitation->acknowledged = true;
  }
  turn.effects.reply = add_item(turn, *c, std::move(item), store);
  if (!key.empty()) remember_sent(std::move(key), turn.effects.reply);
  if (p->role == Role::customer && command.type == ItemType::message) tell_flow(turn, *c, text);
}

void Centre::remember_sent(std::string key, const ChatItem& item) {
  auto& sent = sent_[item.participant_id];
  sent.push_back({std::move(key), item});
  if (sent.size() > kSentMax) sent.pop_front();
}

void Centre::restore_sent(const ChatItem& item) {
  if (item.client_token.empty() || !contacts_.contains(item.contact_id)) return;
  remember_sent(send_key(item.type, item.client_token, item.content_type, item.content.value_or("")), item);
}

void Centre::on(Turn& turn, const LeaveChat& command) {
  const auto found = contacts_.find(command.contact_id);
  Participant* p = found != contacts_.end() ? found->second.participant(command.participant_id) : nullptr;
  if (p == nullptr || p->left || !found->second.live()) return turn.refuse(ErrorCode::forbidden, "the chat has ended");
  if (p->role == Role::supervisor) return step_out(turn, found->second, *p);
  p->left = true;
  system_event(turn, found->second, content::kLeft, p);
  if (p->role == Role::agent && run_remaining(turn, found->second)) return;
  end(turn, found->second, p->role == Role::agent ? "agent_disconnect" : "customer_disconnect");
}

void Centre::end(Turn& turn, Contact& c, std::string_view reason) {
  const bool with_agent = c.state == ContactState::connected;
  if (c.state == ContactState::offered) show(turn, c.agent_id, c.id, AgentView::none);
  if (c.transfer && c.transfer->offered) show(turn, c.transfer->to_agent, c.id, AgentView::none);
  c.transfer.reset();
  if (!c.segments.empty() && !c.segments.back().ended) {
    c.segments.back().ended = turn.now.wall;
    c.segments.back().end_reason = reason;
    c.segments.back().after_contact = with_agent;
    turn.changed_segments(c);
  }
  places_changed_ = places_changed_ || c.waits();
  c.ended = turn.now.wall;
  c.end_reason = reason;
  c.flow_id.clear();
  c.position = {};
  c.connect_deadline = Instant::never();
  c.offer_deadline = Instant::never();
  c.invitation.reset();
  c.expires = Instant::never();
  system_event(turn, c, content::kEnded, nullptr);
  for (const Participant& p : c.participants) sent_.erase(p.id);
  turn.effects.closed.push_back(c.id);
  turn.changed(c);
  if (with_agent) {
    // An agent never loses a contact without after-contact work.
    c.state = ContactState::wrap_up;
    show(turn, c.agent_id, c.id, AgentView::ended);
  } else if (const auto after = std::find_if(c.segments.rbegin(), c.segments.rend(), [&](const Segment& s) { return s.after_contact && shows_as_ended(s.agent_id, c.id); });
             after != c.segments.rend()) {
    // Its disconnect flow, or the queue it was given to, is over before the agent is.
    c.state = ContactState::wrap_up;
    c.agent_id = after->agent_id;
  } else {
    c.state = ContactState::ended;
    c.agent_id.clear();
  }
}

void Centre::close_wrap_up(Turn& turn, Contact& c) {
  c.state = ContactState::ended;
  for (Segment& s : c.segments) s.after_contact = s.after_contact && s.agent_id != c.agent_id;
  turn.changed(c);
  show(turn, c.agent_id, c.id, AgentView::none);
}

void Centre::on(Turn& turn, const InviteToVideo& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found == contacts_.end() || found->second.state != ContactState::connected) {
    return turn.refuse(ErrorCode::conflict, "the contact is not connected");
  }
  Contact& c = found->second;
  if (c.invitation && c.invitation->external_meeting_id == command.external_meeting_id &&
      c.invitation->attendee_external_user_id == command.attendee_external_user_id && !c.invitation->acknowledged) {
    turn.effects.reply.id = c.invitation->item_id;  // it is being repeated already
    return;
  }
  Invitation invitation{make_uuid(turn.random), command.external_meeting_id, command.attendee_external_user_id, false,
                        turn.now.mono + config_.limits.invitation_repeat};
  ChatItem item;
  item.id = invitation.item_id;
  item.type = ItemType::event;
  item.content_type = content::kInvitation;
  item.content = invitation_content(invitation);
  if (const Participant* agent = c.agent_participant()) {
    item.participant_id = agent->id;
    item.role = agent->role;
    item.display_name = agent->display_name;
  }
  c.invitation = std::move(invitation);
  turn.effects.reply = add_item(turn, c, std::move(item));
}

void Centre::on(Turn& turn, const WithdrawInvitation& command) {
  for (auto& [id, c] : contacts_) {
    if (c.invitation && c.invitation->external_meeting_id == command.external_meeting_id) {
      c.invitation.reset();
      turn.changed(c);
    }
  }
}

}  // namespace upcall::contact
