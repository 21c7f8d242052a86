#include "contact/contact.hpp"

#include <algorithm>
#include <utility>

namespace upcall::contact {
namespace {

constexpr std::pair<ContactState, std::string_view> kStates[] = {
    {ContactState::flow, "flow"},           {ContactState::queued, "queued"},   {ContactState::offered, "offered"},
    {ContactState::connected, "connected"}, {ContactState::wrap_up, "wrap_up"}, {ContactState::ended, "ended"}};

}  // namespace

std::string_view to_string(ContactState state) {
  for (const auto& [value, text] : kStates) {
    if (value == state) return text;
  }
  return "ended";
}

std::optional<ContactState> contact_state(std::string_view text) {
  for (const auto& [value, name] : kStates) {
    if (name == text) return value;
  }
  return std::nullopt;
}

std::string_view to_string(AgentView view) {
  switch (view) {
    case AgentView::none: return "none";
    case AgentView::connecting: return "connecting";
    case AgentView::connected: return "connected";
    case AgentView::ended: return "ended";
    case AgentView::missed: return "missed";
    case AgentView::rejected: return "rejected";
  }
  return "none";
}

std::string_view to_string(Role role) {
  switch (role) {
    case Role::customer: return "CUSTOMER";
    case Role::agent: return "AGENT";
    case Role::system: return "SYSTEM";
    case Role::supervisor: return "SUPERVISOR";
  }
  return "SYSTEM";
}

Role role_from(std::string_view text) {
  if (text == "SUPERVISOR") return Role::supervisor;
  return text == "CUSTOMER" ? Role::customer : text == "AGENT" ? Role::agent : Role::system;
}

std::string_view to_string(ItemType type) {
  switch (type) {
    case ItemType::message: return "MESSAGE";
    case ItemType::event: return "EVENT";
    case ItemType::message_metadata: return "MESSAGEMETADATA";
    case ItemType::attachment: return "ATTACHMENT";
  }
  return "EVENT";
}

std::string_view to_string(AttachmentStatus status) {
  switch (status) {
    case AttachmentStatus::in_progress: return "IN_PROGRESS";
    case AttachmentStatus::approved: return "APPROVED";
    case AttachmentStatus::rejected: return "REJECTED";
  }
  return "IN_PROGRESS";
}

ItemType item_type_from(std::string_view text) {
  if (text == "ATTACHMENT") return ItemType::attachment;
  return text == "MESSAGE" ? ItemType::message : text == "MESSAGEMETADATA" ? ItemType::message_metadata : ItemType::event;
}

Participant* Contact::participant(std::string_view participant_id) {
  for (Participant& p : participants) {
    if (p.id == participant_id) return &p;
  }
  return nullptr;
}

const Participant* Contact::participant(std::string_view participant_id) const {
  return const_cast<Contact*>(this)->participant(participant_id);
}

Participant* Contact::supervisor(std::string_view user_id) {
  for (Participant& p : participants) {
    if (p.role == Role::supervisor && !p.left && p.user_id == user_id) return &p;
  }
  return nullptr;
}

bool Contact::is_seen_by(std::string_view agent) const {
  if (agent == agent_id || (transfer && transfer->offered && transfer->to_agent == agent)) return true;
  return std::any_of(segments.begin(), segments.end(), [&](const Segment& s) { return s.after_contact && s.agent_id == agent; });
}

Participant* Contact::agent_participant() {
  for (Participant& p : participants) {
    if (p.role == Role::agent && !p.left) return &p;
  }
  return nullptr;
}

}  // namespace upcall::contact
