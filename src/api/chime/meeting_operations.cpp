// Meetings: created, shown, ended, tagged. And what of the model has no meaning here.
#include "api/chime/chime_call.hpp"
#include "api/meeting/join_json.hpp"
#include "chime/fields.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;
using chime::FaultKind;

namespace {

constexpr std::string_view kArn = "arn:aws:chime:local:000000000000:meeting/";

ChimeAnswer create(ChimeCall& call, bool with_attendees) {
  auto request = chime::read_meeting_request(call.body, with_attendees);
  if (!request) return tl::unexpected(request.error());
  auto made = call.api.programs.create(call.caller, *request);
  if (!made) return tl::unexpected(made.error());
  bj::object out{{"Meeting", meeting_json(call, made->meeting)}};
  if (with_attendees) add_attendees(out, *made);
  return out;
}
ChimeAnswer create_meeting(ChimeCall& call) { return create(call, false); }
ChimeAnswer create_meeting_with_attendees(ChimeCall& call) { return create(call, true); }

ChimeAnswer get_meeting(ChimeCall& call) {
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  return bj::object{{"Meeting", meeting_json(call, *meeting)}};
}

ChimeAnswer delete_meeting(ChimeCall& call) {
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  if (auto ended = call.api.programs.end(*meeting); !ended) return tl::unexpected(ended.error());
  return std::nullopt;
}

// Known, and nothing that this installation does.
ChimeAnswer no_transcription(ChimeCall& call) {
  auto meeting = call.meeting();
  if (!meeting) return tl::unexpected(meeting.error());
  return chime::refuse(FaultKind::unprocessable, "Transcription is not available here.");
}

chime::Checked<std::string> resource_arn(const bj::object& body) { return chime::text_member(body, "ResourceARN", 1, 1011, chime::Letters::any); }

ChimeAnswer tag_resource(ChimeCall& call) {
  auto arn = resource_arn(call.body);
  if (!arn) return tl::unexpected(arn.error());
  auto tags = chime::read_tags(call.body, true);
  if (!tags) return tl::unexpected(tags.error());
  auto meeting = call.tagged(*arn);
  if (!meeting) return tl::unexpected(meeting.error());
  auto done = call.api.programs.tag(*meeting, *tags);
  if (!done) {
    done.error().resource = *arn;
    return tl::unexpected(done.error());
  }
  return std::nullopt;
}

ChimeAnswer untag_resource(ChimeCall& call) {
  auto arn = resource_arn(call.body);
  if (!arn) return tl::unexpected(arn.error());
  auto keys = chime::read_tag_keys(call.body);
  if (!keys) return tl::unexpected(keys.error());
  auto meeting = call.tagged(*arn);
  if (!meeting) return tl::unexpected(meeting.error());
  if (auto done = call.api.programs.untag(*meeting, *keys); !done) return tl::unexpected(done.error());
  return std::nullopt;
}

ChimeAnswer list_tags(ChimeCall& call) {
  const auto arn = call.request.query_value("arn");
  if (!arn) return chime::bad_request("arn is required.");
  auto meeting = call.tagged(*arn);
  if (!meeting) return tl::unexpected(meeting.error());
  auto tags = call.api.programs.tags(*meeting);
  if (!tags) return tl::unexpected(tags.error());
  bj::array list;
  for (const chime::Tag& tag : *tags) list.push_back(bj::object{{"Key", tag.key}, {"Value", tag.value}});
  return bj::object{{"Tags", std::move(list)}};
}

constexpr ChimeRoute kOperations[] = {
    {"CreateMeeting", "POST", "/meetings", "", 200, create_meeting},
    {"CreateMeetingWithAttendees", "POST", "/meetings", "create-attendees", 200, create_meeting_with_attendees},
    {"GetMeeting", "GET", "/meetings/{meeting}", "", 200, get_meeting},
    {"DeleteMeeting", "DELETE", "/meetings/{meeting}", "", 204, delete_meeting},
    {"StartMeetingTranscription", "POST", "/meetings/{meeting}/transcription", "start", 200, no_transcription},
    {"StopMeetingTranscription", "POST", "/meetings/{meeting}/transcription", "stop", 200, no_transcription},
    {"TagResource", "POST", "/tags", "tag-resource", 204, tag_resource},
    {"UntagResource", "POST", "/tags", "untag-resource", 204, untag_resource},
    {"ListTagsForResource", "GET", "/tags", "", 200, list_tags},
};

}  // namespace

chime::Checked<store::Meeting> ChimeCall::meeting() const {
  auto id = chime::guid(request.route_value("meeting"), "MeetingId");
  if (!id) return tl::unexpected(id.error());
  return api.programs.find(caller, *id);
}

chime::Checked<store::Meeting> ChimeCall::tagged(std::string_view arn) const {
  const auto no_resource = [&] { return tl::unexpected(chime::Fault{FaultKind::resource_not_found, "There is no such resource.", std::string(arn)}); };
  // The refusals below repeat it.
  if (arn.size() > 1011 || !arn.starts_with("arn:") || !json::is_clean_text(arn)) return chime::bad_request("ResourceARN must be an ARN.");
  if (!arn.starts_with(kArn)) return no_resource();
  auto id = chime::guid(arn.substr(kArn.size()), "ResourceARN");
  if (!id) return no_resource();
  auto meeting = api.programs.find(caller, *id);
  if (!meeting && meeting.error().kind == FaultKind::not_found) return no_resource();
  return meeting;
}

bj::object meeting_json(const ChimeCall& call, const store::Meeting& meeting) {
  const auto facts = chime::facts_from(meeting.data);
  bj::object out{{"MeetingId", meeting.meeting_id},
                 {"ExternalMeetingId", facts ? facts->external_meeting_id : meeting.external_meeting_id},
                 {"MediaRegion", facts ? facts->media_region : call.api.meetings.options.media_region},
                 {"MediaPlacement", placement_json(call.api.meetings, call.request, meeting.meeting_id)},
                 {"MeetingFeatures", (facts ? facts->features : chime::MeetingFeatures{}).to_json()},
                 {"MeetingArn", std::string(kArn) + meeting.meeting_id},
                 {"TenantIds", bj::array()}};
  if (facts && !facts->host_id.empty()) out["MeetingHostId"] = facts->host_id;
  if (facts) out["TenantIds"] = bj::array(facts->tenant_ids.begin(), facts->tenant_ids.end());
  return out;
}

std::span<const ChimeRoute> meeting_operations() { return kOperations; }

}  // namespace upcall::api
