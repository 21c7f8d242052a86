// Attachments as items of a chat; their files are somebody else's.
#include "contact/centre_turn.hpp"

namespace upcall::contact {

void Centre::on(Turn& turn, const AddAttachment& command) {
  const auto found = contacts_.find(command.contact_id);
  Participant* p = found != contacts_.end() && found->second.live() ? found->second.participant(command.participant_id) : nullptr;
  if (p == nullptr || p->left || p->silent) return turn.refuse(ErrorCode::forbidden, "the chat has ended");
  Contact& c = found->second;
  turn.effects.reply.id = command.attachment.id;
  if (std::find(c.attachments.begin(), c.attachments.end(), command.attachment.id) != c.attachments.end()) return;
  c.attachments.push_back(command.attachment.id);
  active(turn, c, *p);
  ChatItem item;
  item.id = command.attachment.id;
  item.type = ItemType::attachment;
  item.content_type = command.attachment.content_type;
  item.attachments = {command.attachment};
  item.participant_id = p->id;
  item.role = p->role;
  item.display_name = p->display_name;
  turn.effects.reply = add_item(turn, c, std::move(item));
}

void Centre::on(Turn& turn, const UpdateAttachment& command) {
  if (!contacts_.contains(command.item.contact_id)) return turn.refuse(ErrorCode::not_found, "no such contact");
  // Pushed as it was, with its own time: it is the same item.
  turn.effects.items.push_back({command.item, false});
}

}  // namespace upcall::contact
