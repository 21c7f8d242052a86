// What other routes (meetings, recording) need to know of contacts, and the customer's credential: the chat's
// ParticipantToken as bearer.
#pragma once

#include <optional>
#include <string>

#include "api/centre/centre_api.hpp"

namespace upcall::api {

struct ContactFacts {
  std::string contact_id;
  contact::ContactState state = contact::ContactState::ended;
  std::string agent_id;  // with whom it is or was; empty: nobody
  contact::Attributes attributes;
};

// Live or finished.
Result<std::optional<ContactFacts>> contact_facts(CentreApi& api, const std::string& contact_id);

// The connected contact of this agent whose attribute videoExternalMeetingId is this meeting's id.
std::optional<ContactFacts> contact_for_meeting(CentreApi& api, const std::string& agent_id, const std::string& external_meeting_id);

struct CustomerIdentity {
  store::ParticipantRow participant;
  ContactFacts contact;
};

// 401 without a token or with one that is not a customer's. Whether the meeting and attendee asked for belong to this
// contact is the caller's check (attributes videoExternalMeetingId, videoAttendeeExternalUserId); 403 then.
Result<CustomerIdentity> authenticate_customer(CentreApi& api, const wire::HttpRequest& request);

// Sets an attribute on a live or finished contact (videoRecordingPlaybackURL).
Result<void> set_contact_attribute(CentreApi& api, const std::string& contact_id, const std::string& name, const std::string& value);

}  // namespace upcall::api
