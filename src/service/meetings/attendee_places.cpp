#include "service/meetings/attendee_places.hpp"

#include "base/ids.hpp"

namespace upcall::service {

namespace {
std::string seal_purpose(std::string_view attendee_id) { return "attendees/" + std::string(attendee_id); }
}  // namespace

Place AttendeePlaces::make(const std::string& meeting_id, const NewAttendee& attendee, store::AttendeeRole role, WallTime now) const {
  Place out;
  out.token = make_token(random_, 32);  // base64url: fits a WebSocket subprotocol
  out.row.attendee_id = make_uuid(random_);
  out.row.meeting_id = meeting_id;
  out.row.external_user_id = attendee.external_user_id.empty() ? make_uuid(random_) : attendee.external_user_id;
  out.row.name = attendee.name;
  out.row.email = attendee.email;
  out.row.role = role;
  out.row.join_token_hash = store::token_hash(out.token);
  out.row.join_token_sealed = sealer_.seal(seal_purpose(out.row.attendee_id), as_bytes(out.token), random_);
  out.row.created = now;
  out.row.capabilities = attendee.capabilities;
  return out;
}

Result<Place> AttendeePlaces::of(store::Attendee row) const {
  auto token = sealer_.unseal(seal_purpose(row.attendee_id), row.join_token_sealed);
  if (!token) return tl::unexpected(token.error());
  std::string text(as_text(*token));
  return Place{std::move(row), std::move(text)};
}

}  // namespace upcall::service
