#include "api/centre/item_json.hpp"

#include <algorithm>

#include <boost/json/array.hpp>

#include "base/wall_text.hpp"

namespace upcall::api {

namespace bj = boost::json;

bj::object item_json(const contact::ChatItem& item, bool on_socket) {
  bj::object o;
  o["AbsoluteTime"] = to_iso8601(item.at);
  o["ContentType"] = item.content_type;
  o["Id"] = item.id;
  o["Type"] = contact::to_string(item.type);
  if (item.content) o["Content"] = *item.content;
  if (!item.attachments.empty()) {
    bj::array attachments;
    for (const contact::Attachment& a : item.attachments) {
      bj::object attachment{{"AttachmentId", a.id}, {"AttachmentName", a.name}, {"ContentType", a.content_type}, {"Status", contact::to_string(a.status)}};
      // Ours: pages say how large a file is before somebody fetches it.
      if (a.size_bytes > 0) attachment["AttachmentSizeInBytes"] = a.size_bytes;
      attachments.push_back(std::move(attachment));
    }
    o["Attachments"] = std::move(attachments);
  }
  if (!item.receipts.empty()) {
    bj::array receipts;
    for (const contact::Receipt& r : item.receipts) {
      bj::object receipt{{"RecipientParticipantId", r.participant_id}};
      if (r.delivered) receipt["DeliveredTimestamp"] = to_iso8601(*r.delivered);
      if (r.read) receipt["ReadTimestamp"] = to_iso8601(*r.read);
      receipts.push_back(std::move(receipt));
    }
    o["MessageMetadata"] = bj::object{{"MessageId", item.id}, {"Receipts", std::move(receipts)}};
  }
  o["ContactId"] = item.contact_id;
  if (on_socket) o["InitialContactId"] = item.contact_id;
  if (item.type == contact::ItemType::message_metadata) {
    bj::object receipt{{"RecipientParticipantId", item.receipt_of}};
    receipt[item.receipt_read ? "ReadTimestamp" : "DeliveredTimestamp"] = to_iso8601(item.at);
    o["MessageMetadata"] = bj::object{{"MessageId", item.id}, {"Receipts", bj::array{std::move(receipt)}}};
    return o;
  }
  if (!item.participant_id.empty()) o["ParticipantId"] = item.participant_id;
  if (!item.participant_id.empty() || item.type == contact::ItemType::message) {
    o["ParticipantRole"] = contact::to_string(item.role);
    o["DisplayName"] = item.display_name;
  }
  return o;
}

bj::object agent_status_json(const contact::Centre& centre, const std::string& agent_id) {
  const auto* state = centre.agent(agent_id);
  const std::string id = state != nullptr ? contact::Centre::status_id(*state) : std::string(contact::to_string(contact::AgentStatus::offline));
  bj::object o{{"agentId", agent_id}, {"status", contact::to_string(state != nullptr ? state->status : contact::AgentStatus::offline)}};
  o["statusId"] = id;
  o["statusName"] = centre.status_name(id);
  if (state != nullptr && !state->next_status.empty()) {
    o["nextStatus"] = bj::object{{"statusId", state->next_status}, {"statusName", centre.status_name(state->next_status)}};
  }
  return o;
}

bj::object contact_json(const contact::Contact& c, contact::AgentView view, const contact::CentreConfig& config, std::string_view seen_by) {
  bj::object o{{"contactId", c.id}, {"initialContactId", c.id}, {"type", "chat"}, {"state", contact::to_string(view)}};
  o["startedAt"] = to_iso8601(c.started);
  o["queuedAt"] = to_iso8601(c.enqueued);
  if (c.connected) o["connectedAt"] = to_iso8601(*c.connected);
  if (c.ended) o["endedAt"] = to_iso8601(*c.ended);
  if (!c.end_reason.empty()) o["endReason"] = c.end_reason;
  // Whoever has handed it on has after-contact work for their part, while it goes on with somebody else.
  if (view == contact::AgentView::ended && c.live() && c.agent_id != seen_by) o["handedOn"] = true;
  o["priority"] = c.priority;
  bj::object queue{{"personal", !c.queue.agent_id.empty()}};
  for (const contact::Queue& q : config.queues) {
    if (q.id == c.queue.queue_id) queue["name"] = q.name;
  }
  o["queue"] = std::move(queue);
  bj::object attributes;
  for (const auto& [name, value] : c.attributes) attributes[name] = value;
  o["attributes"] = std::move(attributes);
  if (c.transfer) {
    bj::object transfer{{"state", c.transfer->offered ? "offered" : "waiting"}};
    for (const contact::AgentInfo& a : config.agents) {
      if (a.id == c.transfer->to_agent) transfer["to"] = a.name;
      if (a.id == c.agent_id) transfer["from"] = a.name;
    }
    o["transfer"] = std::move(transfer);
  }
  o["segment"] = std::max<std::size_t>(c.segments.size(), 1);
  bj::array participants;
  for (const contact::Participant& p : c.participants) {
    if (p.silent) continue;
    bj::object participant{{"participantId", p.id}, {"role", contact::to_string(p.role)}, {"displayName", p.display_name}, {"present", p.joined && !p.left}};
    if (p.user_id == seen_by) participant["you"] = true;
    participants.push_back(std::move(participant));
  }
  o["participants"] = std::move(participants);
  return o;
}

bj::array agent_contacts_json(const contact::Centre& centre, const std::string& agent_id) {
  bj::array out;
  const auto* state = centre.agent(agent_id);
  if (state == nullptr) return out;
  for (const auto& [id, view] : state->contacts) {
    const contact::Contact* c = centre.contact(id);
    if (c != nullptr && c->is_seen_by(agent_id)) {
      out.push_back(contact_json(*c, view, centre.config(), agent_id));
    } else {
      out.push_back(bj::object{{"contactId", id}, {"state", contact::to_string(view)}});
    }
  }
  return out;
}

}  // namespace upcall::api
