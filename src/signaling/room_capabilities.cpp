// What attendees may send and receive, changed while they are in the meeting.
#include "signaling/room.hpp"

namespace upcall::signaling {

void Room::set_capabilities(Now, const std::string& attendee_id, const wire::AttendeeCapabilities& capabilities, RoomOutput&) {
  for (auto& [no, session] : sessions_) {
    if (session->identity.owner_id() == attendee_id) session->identity.capabilities = capabilities;
  }
}

}  // namespace upcall::signaling
