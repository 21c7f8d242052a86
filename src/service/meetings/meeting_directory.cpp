#include "service/meetings/meeting_directory.hpp"

#include "base/ids.hpp"
#include "io/store/audit_repository.hpp"
#include "service/meetings/meeting_events.hpp"
#include "service/meetings/meeting_rules.hpp"

namespace upcall::service {

namespace {

// A content share is told of under its owner's id; the type says what it is.
std::string owner_of(const signaling::RoomEvent& event) {
  return signaling::AttendeeIdentity{event.attendee_id, {}, {}, event.content}.owner_id();
}

EventAttendee about(const store::Attendee& attendee) { return {attendee.attendee_id, attendee.external_user_id, {}}; }

}  // namespace

MeetingDirectory::MeetingDirectory(store::Store& store, store::Sealer& sealer, RandomSource& random, std::function<Now()> clock)
    : store_(store), random_(random), places_(sealer, random), clock_(std::move(clock)) {}

Result<void> MeetingDirectory::open_live() {
  const auto live = store_.read([](store::Database& db) { return store::meetings::live(db); });
  if (!live) return tl::unexpected(live.error());
  for (const store::Meeting& meeting : *live) {
    if (!elsewhere_ || !elsewhere_(meeting.meeting_id)) open(meeting);
  }
  return {};
}

void MeetingDirectory::open(const store::Meeting& meeting) {
  const WallTime now = clock_().wall;
  const auto rules = store_.read([&](store::Database& db) { return meeting_rules(db, meeting, now); });
  // A store that cannot be read costs nobody the call.
  runtime_->open_meeting(meeting.meeting_id, rules ? *rules : MeetingRules{});
}

void MeetingDirectory::written(const std::vector<store::Meeting>& opened) {
  for (const store::Meeting& meeting : opened) open(meeting);
  told_outbox();
}

Result<JoinInfo> MeetingDirectory::with_token(store::Meeting meeting, store::Attendee attendee) {
  auto place = places_.of(std::move(attendee));
  if (!place) return tl::unexpected(place.error());
  return JoinInfo{std::move(meeting), std::move(place->row), std::move(place->token)};
}

Result<JoinInfo> MeetingDirectory::create(const NewMeeting& request) {
  const WallTime now = clock_().wall;
  store::Meeting meeting;
  meeting.meeting_id = make_uuid(random_);
  meeting.external_meeting_id = request.external_meeting_id;
  meeting.title = request.title;
  meeting.owner_principal = request.owner_principal;
  meeting.owner_name = request.owner_name;
  meeting.contact_id = request.contact_id;
  meeting.created = now;
  const Place owner = places_.make(meeting.meeting_id, request.owner, store::AttendeeRole::owner, now);
  std::vector<Place> others;
  for (const NewAttendee& other : request.others) {
    others.push_back(places_.make(meeting.meeting_id, other, store::AttendeeRole::customer, now));
  }
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    if (auto r = store::meetings::insert(db, meeting); !r) return r;
    if (auto r = add_meeting_event(db, random_, meeting, "meeting.started", now); !r) return r;
    if (auto r = insert(db, meeting, owner.row); !r) return r;
    for (const Place& other : others) {
      if (auto r = insert(db, meeting, other.row); !r) return r;
    }
    return {};
  });
  if (!written) {
    if (written.error().code != ErrorCode::conflict) return tl::unexpected(written.error());
    // Somebody was faster, or it is the second Start of the same agent.
    auto existing = find(request.external_meeting_id);
    if (!existing) return tl::unexpected(existing.error());
    if (!*existing || (*existing)->ended || (*existing)->owner_principal != request.owner_principal) {
      return fail(ErrorCode::conflict, "A meeting with this id exists already.");
    }
    return start_again(**existing, request);
  }
  open(meeting);
  told_outbox();
  return JoinInfo{meeting, owner.row, owner.token};
}

Result<JoinInfo> MeetingDirectory::start_again(const store::Meeting& meeting, const NewMeeting& request) {
  for (const NewAttendee& other : request.others) {
    if (other.external_user_id.empty()) continue;
    const auto added = add_attendee(meeting, other, store::AttendeeRole::customer);
    if (!added && added.error().code != ErrorCode::conflict) return tl::unexpected(added.error());
  }
  auto attendees = store_.read([&](store::Database& db) { return store::meetings::attendees(db, meeting.meeting_id); });
  if (!attendees) return tl::unexpected(attendees.error());
  for (store::Attendee& a : *attendees) {
    if (a.role == store::AttendeeRole::owner) return with_token(meeting, std::move(a));
  }
  // The account was switched off in the meantime.
  return add_attendee(meeting, request.owner, store::AttendeeRole::owner);
}

Result<JoinInfo> MeetingDirectory::add_attendee(const store::Meeting& meeting, const NewAttendee& attendee, store::AttendeeRole role) {
  const Place prepared = places_.make(meeting.meeting_id, attendee, role, clock_().wall);
  auto written = store_.write([&](store::Database& db) { return insert(db, meeting, prepared.row); });
  if (!written) {
    if (written.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "This attendee exists already.");
    return tl::unexpected(written.error());
  }
  told_outbox();
  return JoinInfo{meeting, prepared.row, prepared.token};
}

// An attendee and what is told of it. RECORDING's coming is the recording's own event.
Result<void> MeetingDirectory::insert(store::Database& db, const store::Meeting& meeting, const store::Attendee& attendee) {
  if (auto r = store::meetings::insert_attendee(db, attendee); !r) return r;
  if (attendee.role == store::AttendeeRole::recording) return {};
  return add_meeting_event(db, random_, meeting, "attendee.added", attendee.created, about(attendee));
}

Result<bool> MeetingDirectory::remove(store::Database& db, const store::Meeting& meeting, const store::Attendee& attendee, WallTime now) {
  auto removed = store::meetings::remove_attendee(db, attendee.attendee_id, now);
  if (!removed || !*removed || attendee.role == store::AttendeeRole::recording) return removed;
  if (auto r = add_meeting_event(db, random_, meeting, "attendee.deleted", now, about(attendee)); !r) return tl::unexpected(r.error());
  return true;
}

Result<std::optional<store::Meeting>> MeetingDirectory::find(std::string_view external_meeting_id) {
  return store_.read([&](store::Database& db) { return store::meetings::find_external(db, external_meeting_id); });
}

Result<std::optional<store::Attendee>> MeetingDirectory::find_attendee(const store::Meeting& meeting, std::string_view external_user_id) {
  return store_.read([&](store::Database& db) { return store::meetings::find_attendee_external(db, meeting.meeting_id, external_user_id); });
}

Result<std::optional<store::Attendee>> MeetingDirectory::find_attendee_ever(const store::Meeting& meeting, std::string_view external_user_id) {
  return store_.read([&](store::Database& db) { return store::meetings::find_attendee_ever(db, meeting.meeting_id, external_user_id); });
}

Result<JoinInfo> MeetingDirectory::join_info(const store::Meeting& meeting, std::string_view external_user_id) {
  auto attendee = find_attendee(meeting, external_user_id);
  if (!attendee) return tl::unexpected(attendee.error());
  if (!*attendee || (*attendee)->removed || (*attendee)->role == store::AttendeeRole::recording) {
    return fail(ErrorCode::not_found, "There is no such attendee.");
  }
  return with_token(meeting, std::move(**attendee));
}

Result<void> MeetingDirectory::end(const store::Meeting& meeting) {
  const WallTime now = clock_().wall;
  auto changed = store_.write([&](store::Database& db) -> Result<bool> {
    auto ended = store::meetings::end(db, meeting.meeting_id, now);
    if (!ended || !*ended) return ended;
    if (auto r = add_meeting_event(db, random_, meeting, "meeting.ended", now); !r) return tl::unexpected(r.error());
    return true;
  });
  if (!changed) return tl::unexpected(changed.error());
  // Also when it had ended before: a crash between the two must not leave a room open.
  runtime_->end_meeting(meeting.meeting_id);
  if (*changed) told_outbox();
  return {};
}

Result<void> MeetingDirectory::remove_attendee(const store::Meeting& meeting, const std::string& attendee_id) {
  auto removed = store_.write([&](store::Database& db) -> Result<bool> {
    auto attendee = store::meetings::find_attendee(db, attendee_id);
    if (!attendee) return tl::unexpected(attendee.error());
    if (!*attendee || (*attendee)->removed) return false;
    return remove(db, meeting, **attendee, clock_().wall);
  });
  if (!removed) return tl::unexpected(removed.error());
  runtime_->remove_attendee(meeting.meeting_id, attendee_id);
  if (*removed) told_outbox();
  return {};
}

Result<void> MeetingDirectory::set_capabilities(const store::Meeting& meeting, const std::vector<store::Attendee>& attendees, const wire::AttendeeCapabilities& capabilities) {
  const WallTime now = clock_().wall;
  auto changed = store_.write([&](store::Database& db) -> Result<std::vector<std::string>> {
    std::vector<std::string> ids;
    for (const store::Attendee& attendee : attendees) {
      auto set = store::meetings::set_capabilities(db, attendee.attendee_id, capabilities);
      if (!set) return tl::unexpected(set.error());
      if (!*set) continue;
      EventAttendee told = about(attendee);
      told.updated = capabilities;
      if (auto r = add_meeting_event(db, random_, meeting, "attendee.capabilitiesUpdated", now, told); !r) return tl::unexpected(r.error());
      ids.push_back(attendee.attendee_id);
    }
    return ids;
  });
  if (!changed) return tl::unexpected(changed.error());
  for (const std::string& id : *changed) runtime_->set_capabilities(meeting.meeting_id, id, capabilities);
  if (!changed->empty()) told_outbox();
  return {};
}

Result<void> MeetingDirectory::remove_switched_off() {
  auto removed = store_.write([&](store::Database& db) -> Result<std::vector<store::Attendee>> {
    auto owners = store::meetings::switched_off_owners(db);
    if (!owners) return owners;
    for (const store::Attendee& owner : *owners) {
      auto meeting = store::meetings::find(db, owner.meeting_id);
      if (!meeting) return tl::unexpected(meeting.error());
      if (!*meeting) continue;
      if (auto r = remove(db, **meeting, owner, clock_().wall); !r) return tl::unexpected(r.error());
    }
    return owners;
  });
  if (!removed) return tl::unexpected(removed.error());
  for (const store::Attendee& owner : *removed) runtime_->remove_attendee(owner.meeting_id, owner.attendee_id);
  if (!removed->empty()) told_outbox();
  return {};
}

Result<std::function<void()>> MeetingDirectory::follow_contact(store::Database& db, const std::string& contact_id, const std::string& agent_id,
                                                               const std::string& agent_name, WallTime now) {
  auto live = store::meetings::live_of_contact(db, contact_id);
  if (!live) return tl::unexpected(live.error());
  std::vector<std::string> ended;
  std::vector<store::Attendee> gone;
  for (const store::Meeting& meeting : *live) {
    if (meeting.owner_principal == agent_id) continue;
    const std::string detail = meeting.owner_principal + " to " + (agent_id.empty() ? "a queue" : agent_id);
    if (auto r = store::audit::add(db, {now, "system", "meeting.handed_on", meeting.external_meeting_id, detail}); !r) return tl::unexpected(r.error());
    if (agent_id.empty()) {
      if (auto r = store::meetings::end(db, meeting.meeting_id, now); !r) return tl::unexpected(r.error());
      if (auto r = add_meeting_event(db, random_, meeting, "meeting.ended", now); !r) return tl::unexpected(r.error());
      ended.push_back(meeting.meeting_id);
      continue;
    }
    if (auto r = store::meetings::set_owner(db, meeting.meeting_id, agent_id, agent_name); !r) return tl::unexpected(r.error());
    if (auto r = add_meeting_event(db, random_, meeting, "meeting.handedOn", now); !r) return tl::unexpected(r.error());
    auto attendees = store::meetings::attendees(db, meeting.meeting_id);
    if (!attendees) return tl::unexpected(attendees.error());
    for (store::Attendee& attendee : *attendees) {
      if (attendee.role != store::AttendeeRole::owner) continue;
      if (auto r = remove(db, meeting, attendee, now); !r) return tl::unexpected(r.error());
      gone.push_back(std::move(attendee));
    }
  }
  if (ended.empty() && gone.empty()) return std::function<void()>();
  return std::function<void()>([this, ended = std::move(ended), gone = std::move(gone)] {
    for (const std::string& id : ended) runtime_->end_meeting(id);
    for (const store::Attendee& attendee : gone) runtime_->remove_attendee(attendee.meeting_id, attendee.attendee_id);
    told_outbox();
  });
}

std::optional<signaling::AttendeeIdentity> MeetingDirectory::identity_by_token(const std::string& meeting_id, std::string_view token) {
  auto attendee = store_.read([&](store::Database& db) { return store::meetings::find_attendee_by_token(db, meeting_id, token); });
  // RECORDING joins by no token: its row has one only because every attendee has.
  if (!attendee || !*attendee || (*attendee)->removed || (*attendee)->role == store::AttendeeRole::recording) return std::nullopt;
  if ((*attendee)->role == store::AttendeeRole::owner) {
    const auto off = store_.read([&](store::Database& db) { return store::meetings::owner_is_switched_off(db, meeting_id); });
    if (!off || *off) return std::nullopt;
  }
  return signaling::AttendeeIdentity{(*attendee)->attendee_id, (*attendee)->external_user_id, (*attendee)->name, false, (*attendee)->capabilities};
}

void MeetingDirectory::end_by_rule(const std::string& meeting_id) {
  const WallTime now = clock_().wall;
  store_.submit(
      [this, meeting_id, now](store::Database& db) -> Result<void> {
        auto meeting = store::meetings::find(db, meeting_id);
        if (!meeting) return tl::unexpected(meeting.error());
        if (!*meeting) return {};
        auto ended = store::meetings::end(db, meeting_id, now);
        if (!ended) return tl::unexpected(ended.error());
        if (!*ended) return {};
        return add_meeting_event(db, random_, **meeting, "meeting.ended", now);
      },
      [this, meeting_id](const Result<void>& done) {
        // Not written: the room stays, and the next start finds the meeting and its rule again.
        if (!done) return;
        runtime_->end_meeting(meeting_id);
        told_outbox();
      });
}

void MeetingDirectory::on_room_event(const std::string& meeting_id, const signaling::RoomEvent& event) {
  std::string type;
  switch (event.kind) {
    case signaling::RoomEventKind::meeting_idle:
    case signaling::RoomEventKind::meeting_too_old: return end_by_rule(meeting_id);
    case signaling::RoomEventKind::attendee_authorized: type = "attendee.authorized"; break;
    case signaling::RoomEventKind::attendee_joined: type = event.content ? "attendee.contentJoined" : "attendee.joined"; break;
    case signaling::RoomEventKind::attendee_left: type = event.content ? "attendee.contentLeft" : "attendee.left"; break;
    case signaling::RoomEventKind::attendee_dropped: type = event.content ? "attendee.contentDropped" : "attendee.dropped"; break;
    case signaling::RoomEventKind::video_started: type = event.content ? "attendee.contentVideoStarted" : "attendee.videoStarted"; break;
    case signaling::RoomEventKind::video_stopped: type = event.content ? "attendee.contentVideoStopped" : "attendee.videoStopped"; break;
  }
  const WallTime now = clock_().wall;
  // From the control thread: must not wait. An event that cannot be stored (full queue, dead disk) is counted there.
  store_.submit(
      [this, meeting_id, type, attendee = owner_of(event), now](store::Database& db) -> Result<void> {
        auto meeting = store::meetings::find(db, meeting_id);
        if (!meeting) return tl::unexpected(meeting.error());
        if (!*meeting) return {};
        auto row = store::meetings::find_attendee(db, attendee);
        if (!row) return tl::unexpected(row.error());
        return add_meeting_event(db, random_, **meeting, type, now, EventAttendee{attendee, *row ? (*row)->external_user_id : "", {}});
      },
      [](const Result<void>&) {});
}

}  // namespace upcall::service
