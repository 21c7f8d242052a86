// Attendees: made one by one or many at once, listed, removed, and what they may send and receive.
#include <charconv>

#include "api/chime/chime_call.hpp"
#include "chime/fields.hpp"

namespace upcall::api {

namespace bj = boost::json;

namespace {

ChimeAnswer one(chime::Checked<service::Place> place) {
  if (!place) return tl::unexpected(place.error());
  return bj::object{{"Attendee", attendee_json(*place)}};
}

ChimeAnswer create_attendee(ChimeCall& call) {
  auto request = chime::read_attendee_request(call.body);
  if (!request) return tl::unexpected(request.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  return one(call.api.programs.add(*meeting, *request));
}

ChimeAnswer batch_create_attendee(ChimeCall& call) {
  auto requests = chime::read_attendee_list(call.body, chime::kBatchMax);
  if (!requests) return tl::unexpected(requests.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  auto made = call.api.programs.add_all(*meeting, *requests);
  if (!made) return tl::unexpected(made.error());
  bj::object out;
  add_attendees(out, *made);
  return out;
}

ChimeAnswer get_attendee(ChimeCall& call) {
  auto id = call.attendee_id();
  if (!id) return tl::unexpected(id.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  return one(call.api.programs.attendee(*meeting, *id));
}

ChimeAnswer list_attendees(ChimeCall& call) {
  std::size_t size = 100;
  if (const auto given = call.request.query_value("max-results")) {
    const auto [end, error] = std::from_chars(given->data(), given->data() + given->size(), size);
    if (error != std::errc() || end != given->data() + given->size() || size < 1 || size > 100) return chime::bad_request("MaxResults must be 1 to 100.");
  }
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  auto page = call.api.programs.list(*meeting, call.request.query_value("next-token").value_or(""), size);
  if (!page) return tl::unexpected(page.error());
  bj::array list;
  for (const service::Place& place : page->attendees) list.push_back(attendee_json(place));
  bj::object out{{"Attendees", std::move(list)}};
  if (!page->next_token.empty()) out["NextToken"] = page->next_token;
  return out;
}

ChimeAnswer delete_attendee(ChimeCall& call) {
  auto id = call.attendee_id();
  if (!id) return tl::unexpected(id.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  if (auto removed = call.api.programs.remove(*meeting, *id); !removed) return tl::unexpected(removed.error());
  return std::nullopt;
}

ChimeAnswer update_capabilities(ChimeCall& call) {
  auto id = call.attendee_id();
  if (!id) return tl::unexpected(id.error());
  auto capabilities = chime::read_capabilities(call.body, true);
  if (!capabilities) return tl::unexpected(capabilities.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  return one(call.api.programs.set_capabilities(*meeting, *id, **capabilities));
}

ChimeAnswer update_capabilities_except(ChimeCall& call) {
  auto excluded = chime::read_excluded(call.body);
  if (!excluded) return tl::unexpected(excluded.error());
  auto capabilities = chime::read_capabilities(call.body, true);
  if (!capabilities) return tl::unexpected(capabilities.error());
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  if (auto done = call.api.programs.set_capabilities_except(*meeting, *excluded, **capabilities); !done) return tl::unexpected(done.error());
  return std::nullopt;
}

constexpr ChimeRoute kOperations[] = {
    {"CreateAttendee", "POST", "/meetings/{meeting}/attendees", "", 200, create_attendee},
    {"BatchCreateAttendee", "POST", "/meetings/{meeting}/attendees", "batch-create", 200, batch_create_attendee},
    {"ListAttendees", "GET", "/meetings/{meeting}/attendees", "", 200, list_attendees},
    {"GetAttendee", "GET", "/meetings/{meeting}/attendees/{attendee}", "", 200, get_attendee},
    {"DeleteAttendee", "DELETE", "/meetings/{meeting}/attendees/{attendee}", "", 204, delete_attendee},
    {"UpdateAttendeeCapabilities", "PUT", "/meetings/{meeting}/attendees/{attendee}/capabilities", "", 200, update_capabilities},
    {"BatchUpdateAttendeeCapabilitiesExcept", "PUT", "/meetings/{meeting}/attendees/capabilities", "batch-update-except", 200, update_capabilities_except},
};

}  // namespace

chime::Checked<std::string> ChimeCall::attendee_id() const { return chime::guid(request.route_value("attendee"), "AttendeeId"); }

bj::object attendee_json(const service::Place& place) {
  const wire::AttendeeCapabilities& may = place.row.capabilities;
  return {{"ExternalUserId", place.row.external_user_id},
          {"AttendeeId", place.row.attendee_id},
          {"JoinToken", place.token},
          {"Capabilities", {{"Audio", wire::to_string(may.audio)}, {"Video", wire::to_string(may.video)}, {"Content", wire::to_string(may.content)}}}};
}

void add_attendees(bj::object& answer, const service::MadeMeeting& made) {
  bj::array attendees, errors;
  for (const service::Place& place : made.attendees) attendees.push_back(attendee_json(place));
  for (const service::AttendeeFault& fault : made.faults) {
    errors.push_back(bj::object{{"ExternalUserId", fault.external_user_id}, {"ErrorCode", fault.code}, {"ErrorMessage", fault.message}});
  }
  answer["Attendees"] = std::move(attendees);
  answer["Errors"] = std::move(errors);
}

std::span<const ChimeRoute> attendee_operations() { return kOperations; }

}  // namespace upcall::api
