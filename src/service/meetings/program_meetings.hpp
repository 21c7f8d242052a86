// Meetings that programs make through the vendor's interface. A row's external id is then the meeting's own id, because the
// vendor's external ids need not be unique; the program's is in the row's data (chime/meeting_facts.hpp).
//
// What somebody does not own is not there. Everything that one call changes is one transaction, with its events; only then
// the rooms are told.
//
// Threads: any. Members block on the store. Errors are the interface's faults.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chime/requests.hpp"
#include "identity/principal.hpp"
#include "io/store/meeting_request_repository.hpp"
#include "service/meetings/meeting_directory.hpp"

namespace upcall::service {

// Of one attendee of a batch.
struct AttendeeFault {
  std::string external_user_id;
  std::string code, message;
};

struct MadeMeeting {
  store::Meeting meeting;
  std::vector<Place> attendees;
  std::vector<AttendeeFault> faults;
};

struct AttendeePage {
  std::vector<Place> attendees;
  std::string next_token;  // empty: the last page
};

class ProgramMeetings {
 public:
  static constexpr std::int64_t kAttendeesMax = 1000;  // made in one meeting and not deleted, in it or not

  // References must outlive it.
  ProgramMeetings(store::Store& store, RandomSource& random, std::function<Now()> clock, MeetingDirectory& directory)
      : store_(store), random_(random), clock_(std::move(clock)), directory_(directory) {}

  // The same token with the same request gives the same meeting, for a day; with another request: conflict.
  chime::Checked<MadeMeeting> create(const identity::Principal& owner, const chime::MeetingRequest& request);
  // Live and the caller's own.
  chime::Checked<store::Meeting> find(const identity::Principal& caller, std::string_view meeting_id);
  chime::Checked<void> end(const store::Meeting& meeting);

  // An attendee of that external id gives its place again, whatever is asked for it.
  chime::Checked<Place> add(const store::Meeting& meeting, const chime::AttendeeRequest& request);
  chime::Checked<MadeMeeting> add_all(const store::Meeting& meeting, const std::vector<chime::AttendeeRequest>& requests);
  chime::Checked<Place> attendee(const store::Meeting& meeting, std::string_view attendee_id);
  chime::Checked<AttendeePage> list(const store::Meeting& meeting, std::string_view next_token, std::size_t size);
  chime::Checked<void> remove(const store::Meeting& meeting, std::string_view attendee_id);

  chime::Checked<Place> set_capabilities(const store::Meeting& meeting, std::string_view attendee_id, const wire::AttendeeCapabilities& capabilities);
  // Everybody's but these.
  chime::Checked<void> set_capabilities_except(const store::Meeting& meeting, const std::vector<std::string>& excluded, const wire::AttendeeCapabilities& capabilities);

  chime::Checked<std::vector<chime::Tag>> tags(const store::Meeting& meeting);
  chime::Checked<void> tag(const store::Meeting& meeting, const std::vector<chime::Tag>& tags);
  chime::Checked<void> untag(const store::Meeting& meeting, const std::vector<std::string>& keys);

 private:
  Result<void> insert_all(store::Database& db, const store::Meeting& meeting, const std::vector<chime::AttendeeRequest>& requests, MadeMeeting& out);
  chime::Checked<MadeMeeting> again(const store::MeetingRequestRow& row, const chime::MeetingRequest& request, const std::string& parameters);

  store::Store& store_;
  RandomSource& random_;
  std::function<Now()> clock_;
  MeetingDirectory& directory_;
};

// A fault of the store as the interface says it.
chime::Fault fault_of(const Error& error);

}  // namespace upcall::service
