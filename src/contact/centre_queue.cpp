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

bool before(const Contact& a, const Contact& b) { return std::pair(a.priority, a.order) < std::pair(b.priority, b.order); }

}  // namespace

QueuePlace Centre::queue_place(const Contact& c) const {
  if (!c.waits()) return {};
  QueuePlace place{1, 0};
  for (const auto& [id, other] : contacts_) {
    if (!other.waits() || other.queue != c.queue) continue;
    ++place.length;
    if (before(other, c)) ++place.position;
  }
  return place;
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

void Centre::tell_places(Turn& turn) {
  if (!places_changed_ || next_places_ > turn.now.mono) return;
  places_changed_ = false;
  next_places_ = turn.now.mono + config_.limits.queue_place_every;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<Contact*>> queues;
  for (auto& [id, c] : contacts_) {
    if (c.waits()) queues[{c.queue.queue_id, c.queue.agent_id}].push_back(&c);
  }
  for (auto& [queue, waiting] : queues) {
    std::sort(waiting.begin(), waiting.end(), [](const Contact* a, const Contact* b) { return before(*a, *b); });
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const QueuePlace place{i + 1, waiting.size()};
      if (waiting[i]->told == place) continue;
      waiting[i]->told = place;
      add_item(turn, *waiting[i], place_event(place), false);
    }
  }
}

}  // namespace upcall::contact
