// Meetings and attendees as the product manages them: rows in the store, events in the outbox, rooms in the runtime.
// The state is written before the effect; a restart opens every live meeting again with the tokens it had.
//
// Threads: any. Members block on the store.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"
#include "service/meetings/attendee_places.hpp"
#include "service/meetings/meeting_runtime.hpp"

namespace upcall::service {

struct NewMeeting {
  std::string external_meeting_id;
  std::string title;
  std::string owner_principal, owner_name;
  std::optional<std::string> contact_id;
  NewAttendee owner;
  std::vector<NewAttendee> others;
};

// A meeting and one attendee with the token that joins: the JoinInfo of the API.
struct JoinInfo {
  store::Meeting meeting;
  store::Attendee attendee;
  std::string join_token;
};

class MeetingDirectory {
 public:
  // References must outlive the directory; `runtime` is set before the first call that needs it.
  MeetingDirectory(store::Store& store, store::Sealer& sealer, RandomSource& random, std::function<Now()> clock);
  void set_runtime(MeetingRuntime& runtime) { runtime_ = &runtime; }
  // Told after each write that put something into the outbox.
  void set_outbox_listener(std::function<void()> listener) { outbox_listener_ = std::move(listener); }

  // Which live meetings another process still has (a server that is being drained). Set before the first call.
  void set_elsewhere(std::function<bool(const std::string& meeting_id)> elsewhere) { elsewhere_ = std::move(elsewhere); }

  // After a restart: opens the rooms of all live meetings that are nobody else's. Again: of those that have become free.
  Result<void> open_live();

  // A live meeting of the same owner answers with the owner's join data again; of somebody else: conflict. After an end
  // the external id may be used again.
  //
  // Starting again invites again: whoever the request names by an external user id and who is no attendee of the live
  // meeting (removed, or never added) becomes one, with a new id and a new token. Whoever is one keeps both. The removed
  // attendee itself never comes back: its token stays refused.
  Result<JoinInfo> create(const NewMeeting& request);
  // `conflict` when the external user id is taken.
  Result<JoinInfo> add_attendee(const store::Meeting& meeting, const NewAttendee& attendee, store::AttendeeRole role);
  // The attendee that has this external user id, with its token.
  Result<JoinInfo> join_info(const store::Meeting& meeting, std::string_view external_user_id);
  // The live meeting or the last one that had this id.
  Result<std::optional<store::Meeting>> find(std::string_view external_meeting_id);
  Result<std::optional<store::Attendee>> find_attendee(const store::Meeting& meeting, std::string_view external_user_id);
  // The same, or else the last one that had it and was removed.
  Result<std::optional<store::Attendee>> find_attendee_ever(const store::Meeting& meeting, std::string_view external_user_id);
  // Idempotent: ending an ended meeting is fine.
  Result<void> end(const store::Meeting& meeting);
  // The vendor's interface writes its meetings itself (program_meetings.hpp): their rooms, and the outbox is told.
  void written(const std::vector<store::Meeting>& opened);
  const AttendeePlaces& places() const { return places_; }

  // For good, and idempotent: the row first, then the room tells the client (411) and closes its sockets.
  Result<void> remove_attendee(const store::Meeting& meeting, const std::string& attendee_id);
  // What these attendees of a meeting may send and receive from now on: the rows with their events first, then the room.
  Result<void> set_capabilities(const store::Meeting& meeting, const std::vector<store::Attendee>& attendees, const wire::AttendeeCapabilities& capabilities);
  // Owners whose account was switched off lose their place in every live meeting; the meetings stay. Switched on again,
  // Start gives them a new place with a new token.
  Result<void> remove_switched_off();

  // A contact has changed hands (part of the transaction that says so): its live meeting, with what is recorded of it, is the
  // new agent's to control, and whoever had it loses that and the place in it. Without a new agent the meeting ends. What is
  // returned tells the room, after the commit; it does not block.
  Result<std::function<void()>> follow_contact(store::Database& db, const std::string& contact_id, const std::string& agent_id,
                                               const std::string& agent_name, WallTime now);

  // For MeetingRuntimeOptions.
  std::optional<signaling::AttendeeIdentity> identity_by_token(const std::string& meeting_id, std::string_view token);
  // Blocks on nothing: what a meeting's own rules end is ended later, by the store's thread.
  void on_room_event(const std::string& meeting_id, const signaling::RoomEvent& event);

 private:
  // The owner's join data of a live meeting; whoever is missing (removed, or never added) gets a new place.
  Result<JoinInfo> start_again(const store::Meeting& meeting, const NewMeeting& request);
  void open(const store::Meeting& meeting);
  void end_by_rule(const std::string& meeting_id);
  Result<void> insert(store::Database& db, const store::Meeting& meeting, const store::Attendee& attendee);
  Result<bool> remove(store::Database& db, const store::Meeting& meeting, const store::Attendee& attendee, WallTime now);
  Result<JoinInfo> with_token(store::Meeting meeting, store::Attendee attendee);
  void told_outbox() {
    if (outbox_listener_) outbox_listener_();
  }

  store::Store& store_;
  RandomSource& random_;
  AttendeePlaces places_;
  std::function<Now()> clock_;
  MeetingRuntime* runtime_ = nullptr;
  std::function<void()> outbox_listener_;
  std::function<bool(const std::string&)> elsewhere_;
};

}  // namespace upcall::service
