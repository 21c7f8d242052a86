#include "service/meetings/program_meetings.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "crypto/hash.hpp"
#include "identity/access.hpp"
#include "json/json.hpp"
#include "service/meetings/meeting_events.hpp"
#include "service/meetings/meeting_rules.hpp"

namespace upcall::service {

namespace bj = boost::json;
using chime::Fault;
using chime::FaultKind;

namespace {

// Programs name attendees by an external id alone; "id#Name" is how the vendor's own examples put a name into it.
std::string name_in(const std::string& external_user_id) {
  const std::size_t mark = external_user_id.rfind('#');
  return mark == std::string::npos || mark + 1 == external_user_id.size() ? external_user_id : external_user_id.substr(mark + 1);
}

chime::MeetingFeatures features_of(const store::Meeting& meeting) {
  const auto facts = chime::facts_from(meeting.data);
  return facts ? facts->features : chime::MeetingFeatures{};
}

bool is_there(const std::optional<store::Attendee>& attendee, const store::Meeting& meeting) {
  return attendee && !attendee->removed && attendee->role != store::AttendeeRole::recording && attendee->meeting_id == meeting.meeting_id;
}

AttendeeFault fault_of_one(const chime::AttendeeRequest& request, const Fault& fault) {
  return {request.external_user_id, std::string(chime::facts_of(fault.kind).code), fault.message};
}

std::string faults_text(const std::vector<AttendeeFault>& faults) {
  bj::array out;
  for (const AttendeeFault& fault : faults) out.push_back(bj::array{fault.external_user_id, fault.code, fault.message});
  return bj::serialize(out);
}
std::vector<AttendeeFault> faults_from(std::string_view text) {
  std::vector<AttendeeFault> out;
  const auto whole = json::parse(text);
  if (!whole || !whole->is_array()) return out;
  for (const bj::value& one : whole->get_array()) {
    const bj::array* parts = one.if_array();
    if (parts == nullptr || parts->size() != 3 || !(*parts)[0].is_string() || !(*parts)[1].is_string() || !(*parts)[2].is_string()) continue;
    out.push_back({std::string((*parts)[0].get_string()), std::string((*parts)[1].get_string()), std::string((*parts)[2].get_string())});
  }
  return out;
}

tl::unexpected<Fault> no_attendee() { return chime::refuse(FaultKind::not_found, "There is no such attendee."); }

}  // namespace

Fault fault_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large: return {FaultKind::bad_request, error.message, {}};
    case ErrorCode::unauthenticated: return {FaultKind::unauthorized, error.message, {}};
    case ErrorCode::forbidden: return {FaultKind::forbidden, error.message, {}};
    case ErrorCode::not_found:
    case ErrorCode::gone: return {FaultKind::not_found, error.message, {}};
    case ErrorCode::conflict: return {FaultKind::conflict, error.message, {}};
    case ErrorCode::exhausted:
    case ErrorCode::unavailable: return {FaultKind::unavailable, "The service is not available at the moment.", {}};
    default: return {FaultKind::failure, "Something went wrong on our side.", {}};
  }
}

// Faults of single attendees leave the others alone.
Result<void> ProgramMeetings::insert_all(store::Database& db, const store::Meeting& meeting, const std::vector<chime::AttendeeRequest>& requests, MadeMeeting& out) {
  const chime::MeetingFeatures features = features_of(meeting);
  auto count = store::meetings::attendee_count(db, meeting.meeting_id);
  if (!count) return tl::unexpected(count.error());
  for (const chime::AttendeeRequest& request : requests) {
    if (request.fault) {
      out.faults.push_back(fault_of_one(request, *request.fault));
      continue;
    }
    auto present = store::meetings::find_attendee_external(db, meeting.meeting_id, request.external_user_id);
    if (!present) return tl::unexpected(present.error());
    if (*present && (*present)->role == store::AttendeeRole::recording) {
      out.faults.push_back(fault_of_one(request, {FaultKind::unprocessable, "This external id is the recording's.", {}}));
      continue;
    }
    if (*present) {
      auto place = directory_.places().of(std::move(**present));
      if (!place) return tl::unexpected(place.error());
      out.attendees.push_back(std::move(*place));
      continue;
    }
    const auto capabilities = chime::capabilities_for(features, request.capabilities);
    if (!capabilities) {
      out.faults.push_back(fault_of_one(request, capabilities.error()));
      continue;
    }
    if (*count >= kAttendeesMax) {
      out.faults.push_back(fault_of_one(request, {FaultKind::limit_exceeded, "The meeting has as many attendees as can be made.", {}}));
      continue;
    }
    Place place = directory_.places().make(meeting.meeting_id, {name_in(request.external_user_id), "", request.external_user_id, *capabilities}, store::AttendeeRole::other, clock_().wall);
    if (auto r = store::meetings::insert_attendee(db, place.row); !r) return r;
    if (auto r = add_meeting_event(db, random_, meeting, "attendee.added", place.row.created, EventAttendee{place.row.attendee_id, place.row.external_user_id, {}}); !r) return r;
    ++*count;
    out.attendees.push_back(std::move(place));
  }
  return {};
}

chime::Checked<MadeMeeting> ProgramMeetings::again(const store::MeetingRequestRow& row, const chime::MeetingRequest& request, const std::string& parameters) {
  if (row.parameters != parameters) {
    return chime::refuse(FaultKind::conflict, "This ClientRequestToken made a meeting with other parameters.");
  }
  MadeMeeting out;
  auto read = store_.read([&](store::Database& db) -> Result<void> {
    auto meeting = store::meetings::find(db, row.meeting_id);
    if (!meeting) return tl::unexpected(meeting.error());
    if (!*meeting) return fail(ErrorCode::not_found, "The meeting of this ClientRequestToken is over.");
    out.meeting = std::move(**meeting);
    for (const chime::AttendeeRequest& wanted : request.attendees) {
      auto attendee = store::meetings::find_attendee_ever(db, row.meeting_id, wanted.external_user_id);
      if (!attendee) return tl::unexpected(attendee.error());
      const bool twice = *attendee && std::any_of(out.attendees.begin(), out.attendees.end(), [&](const Place& p) { return p.row.attendee_id == (*attendee)->attendee_id; });
      if (!*attendee || twice) continue;
      auto place = directory_.places().of(std::move(**attendee));
      if (!place) return tl::unexpected(place.error());
      out.attendees.push_back(std::move(*place));
    }
    return {};
  });
  if (!read) return tl::unexpected(fault_of(read.error()));
  out.faults = faults_from(row.answer);
  return out;
}

chime::Checked<MadeMeeting> ProgramMeetings::create(const identity::Principal& owner, const chime::MeetingRequest& request) {
  const WallTime now = clock_().wall;
  const std::string id = to_hex(crypto::sha256(as_bytes(owner.id + '\0' + request.client_request_token)));
  const std::string parameters = to_hex(crypto::sha256(as_bytes(bj::serialize(request.parameters()))));
  MadeMeeting out;
  out.meeting.meeting_id = out.meeting.external_meeting_id = make_uuid(random_);
  out.meeting.title = request.facts.external_meeting_id;
  out.meeting.owner_principal = owner.id;
  out.meeting.owner_name = owner.name;
  out.meeting.created = now;
  out.meeting.data = bj::serialize(bj::object{{"chime", request.facts.to_json()}});
  // One transaction: whoever has the same token and comes at the same time finds the row of the first.
  auto made = store_.write([&](store::Database& db) -> Result<std::optional<store::MeetingRequestRow>> {
    auto earlier = store::meeting_requests::find(db, id, now);
    if (!earlier || *earlier) return earlier;
    auto most = meetings_max(db);
    if (!most) return tl::unexpected(most.error());
    auto live = store::meetings::live_count(db);
    if (!live) return tl::unexpected(live.error());
    if (*live >= *most) return fail(ErrorCode::too_large, "As many meetings are live as may be.");
    if (auto r = store::meetings::insert(db, out.meeting); !r) return tl::unexpected(r.error());
    if (auto r = add_meeting_event(db, random_, out.meeting, "meeting.started", now); !r) return tl::unexpected(r.error());
    for (const chime::Tag& tag : request.tags) {
      if (auto r = store::meeting_tags::set(db, out.meeting.meeting_id, tag.key, tag.value); !r) return tl::unexpected(r.error());
    }
    if (auto r = insert_all(db, out.meeting, request.attendees, out); !r) return tl::unexpected(r.error());
    if (auto r = store::meeting_requests::insert(db, {id, parameters, out.meeting.meeting_id, faults_text(out.faults), now}); !r) return tl::unexpected(r.error());
    return std::nullopt;
  });
  if (!made && made.error().code == ErrorCode::too_large) return chime::refuse(FaultKind::limit_exceeded, made.error().message);
  if (!made) return tl::unexpected(fault_of(made.error()));
  if (*made) return again(**made, request, parameters);
  directory_.written({out.meeting});
  return out;
}

chime::Checked<store::Meeting> ProgramMeetings::find(const identity::Principal& caller, std::string_view meeting_id) {
  auto meeting = store_.read([&](store::Database& db) { return store::meetings::find(db, meeting_id); });
  if (!meeting) return tl::unexpected(fault_of(meeting.error()));
  if (!*meeting || (*meeting)->ended || !identity::owns(caller, (*meeting)->owner_principal)) {
    return chime::refuse(FaultKind::not_found, "There is no such meeting.");
  }
  return std::move(**meeting);
}

chime::Checked<void> ProgramMeetings::end(const store::Meeting& meeting) {
  if (auto ended = directory_.end(meeting); !ended) return tl::unexpected(fault_of(ended.error()));
  return {};
}

chime::Checked<Place> ProgramMeetings::add(const store::Meeting& meeting, const chime::AttendeeRequest& request) {
  auto made = add_all(meeting, {request});
  if (!made) return tl::unexpected(made.error());
  if (!made->attendees.empty()) return std::move(made->attendees.front());
  const AttendeeFault& fault = made->faults.front();
  for (const FaultKind kind : {FaultKind::bad_request, FaultKind::limit_exceeded, FaultKind::unprocessable}) {
    if (chime::facts_of(kind).code == fault.code) return chime::refuse(kind, fault.message);
  }
  return chime::refuse(FaultKind::failure, "Something went wrong on our side.");
}

chime::Checked<MadeMeeting> ProgramMeetings::add_all(const store::Meeting& meeting, const std::vector<chime::AttendeeRequest>& requests) {
  MadeMeeting out;
  out.meeting = meeting;
  auto written = store_.write([&](store::Database& db) { return insert_all(db, meeting, requests, out); });
  if (!written) return tl::unexpected(fault_of(written.error()));
  directory_.written({});
  return out;
}

chime::Checked<Place> ProgramMeetings::attendee(const store::Meeting& meeting, std::string_view attendee_id) {
  auto found = store_.read([&](store::Database& db) { return store::meetings::find_attendee(db, attendee_id); });
  if (!found) return tl::unexpected(fault_of(found.error()));
  if (!is_there(*found, meeting)) return no_attendee();
  auto place = directory_.places().of(std::move(**found));
  if (!place) return tl::unexpected(fault_of(place.error()));
  return std::move(*place);
}

chime::Checked<AttendeePage> ProgramMeetings::list(const store::Meeting& meeting, std::string_view next_token, std::size_t size) {
  // The token is the last attendee's id; it stays good when that one was deleted.
  std::string after;
  if (!next_token.empty()) {
    auto last = store_.read([&](store::Database& db) { return store::meetings::find_attendee(db, next_token); });
    if (!last) return tl::unexpected(fault_of(last.error()));
    if (!*last || (*last)->meeting_id != meeting.meeting_id) return chime::bad_request("NextToken is not one of ours.");
    after = (*last)->attendee_id;
  }
  auto rows = store_.read([&](store::Database& db) { return store::meetings::attendees_after(db, meeting.meeting_id, after, size + 1); });
  if (!rows) return tl::unexpected(fault_of(rows.error()));
  AttendeePage out;
  const bool more = rows->size() > size;
  if (more) rows->pop_back();
  for (store::Attendee& row : *rows) {
    auto place = directory_.places().of(std::move(row));
    if (!place) return tl::unexpected(fault_of(place.error()));
    out.attendees.push_back(std::move(*place));
  }
  if (more) out.next_token = out.attendees.back().row.attendee_id;
  return out;
}

chime::Checked<void> ProgramMeetings::remove(const store::Meeting& meeting, std::string_view attendee_id) {
  auto found = attendee(meeting, attendee_id);
  if (!found) return tl::unexpected(found.error());
  if (auto removed = directory_.remove_attendee(meeting, found->row.attendee_id); !removed) return tl::unexpected(fault_of(removed.error()));
  return {};
}

chime::Checked<Place> ProgramMeetings::set_capabilities(const store::Meeting& meeting, std::string_view attendee_id, const wire::AttendeeCapabilities& capabilities) {
  const auto allowed = chime::capabilities_for(features_of(meeting), capabilities);
  if (!allowed) return tl::unexpected(allowed.error());
  auto found = attendee(meeting, attendee_id);
  if (!found) return tl::unexpected(found.error());
  if (auto set = directory_.set_capabilities(meeting, {found->row}, capabilities); !set) return tl::unexpected(fault_of(set.error()));
  found->row.capabilities = capabilities;
  return std::move(*found);
}

chime::Checked<void> ProgramMeetings::set_capabilities_except(const store::Meeting& meeting, const std::vector<std::string>& excluded, const wire::AttendeeCapabilities& capabilities) {
  const auto allowed = chime::capabilities_for(features_of(meeting), capabilities);
  if (!allowed) return tl::unexpected(allowed.error());
  auto rows = store_.read([&](store::Database& db) { return store::meetings::attendees_after(db, meeting.meeting_id, "", kAttendeesMax); });
  if (!rows) return tl::unexpected(fault_of(rows.error()));
  for (const std::string& id : excluded) {
    if (std::none_of(rows->begin(), rows->end(), [&](const store::Attendee& a) { return a.attendee_id == id; })) return no_attendee();
  }
  std::erase_if(*rows, [&](const store::Attendee& a) { return std::find(excluded.begin(), excluded.end(), a.attendee_id) != excluded.end(); });
  if (auto set = directory_.set_capabilities(meeting, *rows, capabilities); !set) return tl::unexpected(fault_of(set.error()));
  return {};
}

chime::Checked<std::vector<chime::Tag>> ProgramMeetings::tags(const store::Meeting& meeting) {
  auto rows = store_.read([&](store::Database& db) { return store::meeting_tags::of(db, meeting.meeting_id); });
  if (!rows) return tl::unexpected(fault_of(rows.error()));
  std::vector<chime::Tag> out;
  for (auto& [key, value] : *rows) out.push_back({std::move(key), std::move(value)});
  return out;
}

chime::Checked<void> ProgramMeetings::tag(const store::Meeting& meeting, const std::vector<chime::Tag>& tags) {
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    for (const chime::Tag& tag : tags) {
      if (auto r = store::meeting_tags::set(db, meeting.meeting_id, tag.key, tag.value); !r) return r;
    }
    auto all = store::meeting_tags::of(db, meeting.meeting_id);
    if (!all) return tl::unexpected(all.error());
    if (all->size() > chime::kTagsMax) return fail(ErrorCode::too_large, "A meeting has at most 50 tags.");
    return {};
  });
  if (written) return {};
  if (written.error().code == ErrorCode::too_large) return chime::refuse(FaultKind::too_many_tags, written.error().message);
  return tl::unexpected(fault_of(written.error()));
}

chime::Checked<void> ProgramMeetings::untag(const store::Meeting& meeting, const std::vector<std::string>& keys) {
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    for (const std::string& key : keys) {
      if (auto r = store::meeting_tags::remove(db, meeting.meeting_id, key); !r) return r;
    }
    return {};
  });
  if (!written) return tl::unexpected(fault_of(written.error()));
  return {};
}

}  // namespace upcall::service
