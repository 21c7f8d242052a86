// The bodies of the vendor's meetings interface, read with every limit of its model. What refers to something that this
// installation has not (a primary meeting, the vendor's queues) is refused, so that nobody waits for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "chime/meeting_facts.hpp"

namespace upcall::chime {

inline constexpr std::size_t kMeetingAttendeesMax = 20;  // of CreateMeetingWithAttendees
inline constexpr std::size_t kBatchMax = 100;            // of BatchCreateAttendee
inline constexpr std::size_t kExcludedMax = 250;
inline constexpr std::size_t kTagsMax = 50;

struct Tag {
  std::string key, value;
  bool operator==(const Tag&) const = default;
};

struct AttendeeRequest {
  std::string external_user_id;
  std::optional<wire::AttendeeCapabilities> capabilities;
  std::optional<Fault> fault;  // of this one alone: a batch goes on without it
};

struct MeetingRequest {
  std::string client_request_token;
  MeetingFacts facts;
  std::vector<Tag> tags;
  std::vector<AttendeeRequest> attendees;

  // All that makes it this request and no other, the token left out.
  boost::json::object parameters() const;
};

Checked<MeetingRequest> read_meeting_request(const boost::json::object& body, bool with_attendees);
// CreateAttendee: a fault of the attendee is one of the request.
Checked<AttendeeRequest> read_attendee_request(const boost::json::object& body);
// The member Attendees, each of its own. Faults of letters and capabilities are the attendee's; a list that is too long, or
// an attendee without an id of a possible length, is one of the request.
Checked<std::vector<AttendeeRequest>> read_attendee_list(const boost::json::object& body, std::size_t most);

// The member Capabilities; nothing when it is absent and not required.
Checked<std::optional<wire::AttendeeCapabilities>> read_capabilities(const boost::json::object& body, bool required);
// ExcludedAttendeeIds: 1 to 250 ids.
Checked<std::vector<std::string>> read_excluded(const boost::json::object& body);

// Tags, each key once. Absent: none, unless they are required.
Checked<std::vector<Tag>> read_tags(const boost::json::object& body, bool required);
Checked<std::vector<std::string>> read_tag_keys(const boost::json::object& body);

}  // namespace upcall::chime
