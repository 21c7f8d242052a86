// A customer's place in the queue.
#include <map>

#include "contact/centre_turn.hpp"
#include "json/json.hpp"

namespace upcall::contact {
namespace {

std::string place_content(const QueuePlace& place) {
  return boost::json::serialize(boost::json::object{{"position", place.position}, {"queueLength", place.length}});
}

ChatItem place_event(const QueuePlace& place) {
  ChatItem item;
  item.type = ItemType::event;
  item.content_type = content::kQueuePosition;
  item.content = place_content(place);
  return item;
}

}  // namespace

QueuePlace Centre::queue_place(const Contact& c) const {
  if (!c.waits()) return {};
  const auto found = lines_.find(c.queue);
  if (found == lines_.end()) return {};
  const Line& line = found->second;
  const auto here = line.find({c.priority, c.age(), c.id});
  return {static_cast<std::size_t>(std::distance(line.begin(), here)) + 1, line.size()};
}

std::optional<ChatItem> Centre::queue_place_event(std::string_view contact_id, WallTime at, RandomSource& random) const {
  const Contact* c = contact(contact_id);
  if (c == nullptr || !c->waits()) return std::nullopt;
  ChatItem item = place_event(queue_place(*c));
  item.id = make_uuid(random);
  item.contact_id = c->id;
  item.at = at;
  return item;
}

void Centre::on(Turn& turn, const SetRouting& command) {
  const auto found = contacts_.find(command.contact_id);
  if (found == contacts_.end()) return turn.refuse(ErrorCode::not_found, "no such contact");
  Contact& c = found->second;
  if (!c.live()) return turn.refuse(ErrorCode::conflict, "the contact has ended");
  c.priority = command.priority.value_or(c.priority);
  c.age_adjustment = command.age_adjustment.value_or(c.age_adjustment);
  places_changed_ = places_changed_ || c.waits();
  turn.changed(c);
}

void Centre::tell_places(Turn& turn) {
  if (!places_changed_ || next_places_ > turn.now.mono) return;
  places_changed_ = false;
  next_places_ = turn.now.mono + config_.limits.queue_place_every;
  for (const auto& [queue, line] : lines_) {
    QueuePlace place{0, line.size()};
    for (const auto& [priority, age, contact_id] : line) {
      ++place.position;
      Contact& c = contacts_.find(contact_id)->second;
      if (c.told == place) continue;
      c.told = place;
      add_item(turn, c, place_event(place), false);
    }
  }
}

}  // namespace upcall::contact
