// Rights that are taken or given while media flows. What may not be sent is dropped where it comes in (meeting.cpp), what may
// not be received is left out where listeners and subscribers are chosen.
#include <algorithm>

#include "sfu/meeting.hpp"

namespace upcall::sfu {

void Meeting::set_rights(Instant now, const wire::SfuSetRights& command, Outbox& out) {
  Connection* c = find(command.connection);
  if (c == nullptr || c->rights == command.rights) return;
  c->rights = command.rights;
  talkers_until_ = {};
  restricted_hearing_ = std::any_of(connections_.begin(), connections_.end(), [](const auto& o) { return !o->rights.hear || !o->rights.get_content; });
  if (!c->rights.send_audio && c->audio_in) c->audio_in->active_until = now;  // speaks no more
  if (!c->rights.send_video && c->video_in) end_video(now, *c);
  wire_subscriptions(now, out);
}

}  // namespace upcall::sfu
