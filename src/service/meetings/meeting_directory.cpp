#include "service/meetings/meeting_directory.hpp"

#include "base/ids.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "wire/http.hpp"

namespace upcall::service {

namespace {

std::string seal_purpose(std::string_view attendee_id) { return "attendees/" + std::string(attendee_id); }

Result<void> add_event(store::Database& db, RandomSource& random, std::string_view external_meeting_id, std::string type,
                       std::string body, WallTime at) {
  store::OutboxEvent event;
  event.event_id = make_uuid(random);
  event.meeting_id = std::string(external_meeting_id);
  event.type = std::move(type);
  event.body = std::move(body);
  event.at = at;
  auto added = store::outbox::add(db, std::move(event));
  if (!added) return tl::unexpected(added.error());
  return {};
}

std::string id_body(const store::Meeting& meeting) {
  return "{\"meetingId\":" + wire::json_quote(meeting.meeting_id) +
         ",\"externalMeetingId\":" + wire::json_quote(meeting.external_meeting_id) + "}";
}

}  // namespace

MeetingDirectory::MeetingDirectory(store::Store& store, store::Sealer& sealer, RandomSource& random, std::function<Now()> clock)
    : store_(store), sealer_(sealer), random_(random), clock_(std::move(clock)) {}

Result<void> MeetingDirectory::open_live() {
  const auto live = store_.read([](store::Database& db) { return store::meetings::live(db); });
  if (!live) return tl::unexpected(live.error());
  for (const store::Meeting& meeting : *live) {
    if (!elsewhere_ || !elsewhere_(meeting.meeting_id)) runtime_->open_meeting(meeting.meeting_id);
  }
  return {};
}

MeetingDirectory::Prepared MeetingDirectory::prepare(const std::string& meeting_id, const NewAttendee& attendee,
                                                     store::AttendeeRole role, WallTime now) {
  Prepared out;
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
  return out;
}

Result<JoinInfo> MeetingDirectory::with_token(store::Meeting meeting, store::Attendee attendee) {
  auto token = sealer_.unseal(seal_purpose(attendee.attendee_id), attendee.join_token_sealed);
  if (!token) return tl::unexpected(token.error());
  std::string text(as_text(*token));
  return JoinInfo{std::move(meeting), std::move(attendee), std::move(text)};
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
  const Prepared owner = prepare(meeting.meeting_id, request.owner, store::AttendeeRole::owner, now);
  std::vector<Prepared> others;
  for (const NewAttendee& other : request.others) {
    others.push_back(prepare(meeting.meeting_id, other, store::AttendeeRole::customer, now));
  }
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    if (auto r = store::meetings::insert(db, meeting); !r) return r;
    if (auto r = store::meetings::insert_attendee(db, owner.row); !r) return r;
    for (const Prepared& other : others) {
      if (auto r = store::meetings::insert_attendee(db, other.row); !r) return r;
    }
    return add_event(db, random_, meeting.external_meeting_id, "meeting.started", id_body(meeting), now);
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
  runtime_->open_meeting(meeting.meeting_id);
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
  const Prepared prepared = prepare(meeting.meeting_id, attendee, role, clock_().wall);
  auto written = store_.write([&](store::Database& db) { return store::meetings::insert_attendee(db, prepared.row); });
  if (!written) {
    if (written.error().code == ErrorCode::conflict) return fail(ErrorCode::conflict, "This attendee exists already.");
    return tl::unexpected(written.error());
  }
  return JoinInfo{meeting, prepared.row, prepared.token};
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
    if (auto r = add_event(db, random_, meeting.external_meeting_id, "meeting.ended", id_body(meeting), now); !r) {
      return tl::unexpected(r.error());
    }
    return true;
  });
  if (!changed) return tl::unexpected(changed.error());
  // Also when it had ended before: a crash between the two must not leave a room open.
  runtime_->end_meeting(meeting.meeting_id);
  if (*changed) told_outbox();
  return {};
}

Result<void> MeetingDirectory::remove_attendee(const store::Meeting& meeting, const std::string& attendee_id) {
  auto removed = store_.write([&](store::Database& db) { return store::meetings::remove_attendee(db, attendee_id, clock_().wall); });
  if (!removed) return tl::unexpected(removed.error());
  runtime_->remove_attendee(meeting.meeting_id, attendee_id);
  return {};
}

Result<void> MeetingDirectory::remove_switched_off() {
  auto removed = store_.write([&](store::Database& db) -> Result<std::vector<store::Attendee>> {
    auto owners = store::meetings::switched_off_owners(db);
    if (!owners) return owners;
    for (const store::Attendee& owner : *owners) {
      if (auto r = store::meetings::remove_attendee(db, owner.attendee_id, clock_().wall); !r) return tl::unexpected(r.error());
    }
    return owners;
  });
  if (!removed) return tl::unexpected(removed.error());
  for (const store::Attendee& owner : *removed) runtime_->remove_attendee(owner.meeting_id, owner.attendee_id);
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
      if (auto r = add_event(db, random_, meeting.external_meeting_id, "meeting.ended", id_body(meeting), now); !r) return tl::unexpected(r.error());
      ended.push_back(meeting.meeting_id);
      continue;
    }
    if (auto r = store::meetings::set_owner(db, meeting.meeting_id, agent_id, agent_name); !r) return tl::unexpected(r.error());
    if (auto r = add_event(db, random_, meeting.external_meeting_id, "meeting.handedOn", id_body(meeting), now); !r) return tl::unexpected(r.error());
    auto attendees = store::meetings::attendees(db, meeting.meeting_id);
    if (!attendees) return tl::unexpected(attendees.error());
    for (store::Attendee& attendee : *attendees) {
      if (attendee.role != store::AttendeeRole::owner) continue;
      if (auto r = store::meetings::remove_attendee(db, attendee.attendee_id, now); !r) return tl::unexpected(r.error());
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
  return signaling::AttendeeIdentity{(*attendee)->attendee_id, (*attendee)->external_user_id, (*attendee)->name, false};
}

void MeetingDirectory::on_room_event(const std::string& meeting_id, const signaling::RoomEvent& event) {
  std::string type;
  switch (event.kind) {
    case signaling::RoomEventKind::attendee_joined: type = event.content ? "attendee.contentJoined" : "attendee.joined"; break;
    case signaling::RoomEventKind::attendee_left: type = event.content ? "attendee.contentLeft" : "attendee.left"; break;
    case signaling::RoomEventKind::attendee_dropped: type = event.content ? "attendee.contentDropped" : "attendee.dropped"; break;
    case signaling::RoomEventKind::video_started: type = event.content ? "attendee.contentVideoStarted" : "attendee.videoStarted"; break;
    case signaling::RoomEventKind::video_stopped: type = event.content ? "attendee.contentVideoStopped" : "attendee.videoStopped"; break;
  }
  const WallTime now = clock_().wall;
  // From the control thread: must not wait. An event that cannot be stored (full queue, dead disk) is counted there.
  store_.submit(
      [this, meeting_id, type, attendee = event.attendee_id, now](store::Database& db) -> Result<void> {
        auto meeting = store::meetings::find(db, meeting_id);
        if (!meeting) return tl::unexpected(meeting.error());
        if (!*meeting) return {};
        return add_event(db, random_, (*meeting)->external_meeting_id, type,
                         "{\"meetingId\":" + wire::json_quote(meeting_id) + ",\"attendeeId\":" + wire::json_quote(attendee) + "}", now);
      },
      [](const Result<void>&) {});
}

}  // namespace upcall::service
