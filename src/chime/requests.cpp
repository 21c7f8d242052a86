#include "chime/requests.hpp"

#include <algorithm>

#include "chime/fields.hpp"
#include "json/json.hpp"

namespace upcall::chime {

namespace bj = boost::json;

namespace {

Checked<wire::MediaCapability> capability_member(const bj::object& object, std::string_view name) {
  auto word = word_member(object, name, {"SendReceive", "Send", "Receive", "None"});
  if (!word) return tl::unexpected(word.error());
  if (!*word) return bad_request("Capabilities: " + std::string(name) + " is required.");
  return *wire::media_capability_from(**word);
}

// Not here, and nothing would come of it.
Result<void, Fault> refuse_what_is_not_here(const bj::object& body) {
  auto primary = optional_text_member(body, "PrimaryMeetingId", 2, 64, Letters::any);
  if (!primary) return tl::unexpected(primary.error());
  if (*primary) return bad_request("PrimaryMeetingId: replicated meetings are not available here.");
  auto targets = optional_object_member(body, "NotificationsConfiguration");
  if (!targets) return tl::unexpected(targets.error());
  if (*targets == nullptr) return {};
  for (const char* name : {"LambdaFunctionArn", "SnsTopicArn", "SqsQueueArn"}) {
    auto arn = optional_text_member(**targets, name, 1, 1024, Letters::any);
    if (!arn) return tl::unexpected(arn.error());
    if (*arn) return bad_request("NotificationsConfiguration: " + std::string(name) + " is not available here; webhooks tell of meetings.");
  }
  return {};
}

}  // namespace

Checked<std::optional<wire::AttendeeCapabilities>> read_capabilities(const bj::object& body, bool required) {
  auto object = optional_object_member(body, "Capabilities");
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) {
    if (required) return bad_request("Capabilities is required.");
    return std::optional<wire::AttendeeCapabilities>();
  }
  auto audio = capability_member(**object, "Audio"), video = capability_member(**object, "Video"), content = capability_member(**object, "Content");
  for (const auto* part : {&audio, &video, &content}) {
    if (!*part) return tl::unexpected(part->error());
  }
  return std::optional(wire::AttendeeCapabilities{*audio, *video, *content});
}

Checked<AttendeeRequest> read_attendee_request(const bj::object& body) {
  AttendeeRequest out;
  auto id = text_member(body, "ExternalUserId", 2, 64, Letters::external);
  if (!id) return tl::unexpected(id.error());
  out.external_user_id = std::move(*id);
  auto capabilities = read_capabilities(body, false);
  if (!capabilities) return tl::unexpected(capabilities.error());
  out.capabilities = *capabilities;
  return out;
}

Checked<std::vector<AttendeeRequest>> read_attendee_list(const bj::object& body, std::size_t most) {
  auto list = array_member(body, "Attendees", 1, most, true);
  if (!list) return tl::unexpected(list.error());
  std::vector<AttendeeRequest> out;
  for (const bj::value& item : **list) {
    if (!item.is_object()) return bad_request("Attendees must hold objects.");
    auto id = text_member(item.get_object(), "ExternalUserId", 2, 64, Letters::any);
    if (!id) return tl::unexpected(id.error());
    auto read = read_attendee_request(item.get_object());
    if (read) out.push_back(std::move(*read));
    else out.push_back({std::move(*id), std::nullopt, std::move(read.error())});
  }
  return out;
}

Checked<std::vector<std::string>> read_excluded(const bj::object& body) {
  auto list = array_member(body, "ExcludedAttendeeIds", 1, kExcludedMax, true);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string> out;
  for (const bj::value& item : **list) {
    const auto given = item.is_object() ? json::text_at(item.get_object(), "AttendeeId") : std::nullopt;
    if (!given) return bad_request("ExcludedAttendeeIds: AttendeeId is required.");
    auto id = guid(*given, "ExcludedAttendeeIds: AttendeeId");
    if (!id) return tl::unexpected(id.error());
    out.push_back(std::move(*id));
  }
  return out;
}

Checked<std::vector<Tag>> read_tags(const bj::object& body, bool required) {
  std::vector<Tag> out;
  auto list = array_member(body, "Tags", 0, kTagsMax, required);
  if (!list) return tl::unexpected(list.error());
  if (*list == nullptr) return out;
  for (const bj::value& item : **list) {
    if (!item.is_object()) return bad_request("Tags must hold objects.");
    auto key = text_member(item.get_object(), "Key", 1, 128, Letters::tag_key);
    if (!key) return tl::unexpected(key.error());
    auto value = text_member(item.get_object(), "Value", 0, 256, Letters::tag_value);
    if (!value) return tl::unexpected(value.error());
    if (std::any_of(out.begin(), out.end(), [&](const Tag& tag) { return tag.key == *key; })) return bad_request("Tags: a key stands twice.");
    out.push_back({std::move(*key), std::move(*value)});
  }
  return out;
}

Checked<std::vector<std::string>> read_tag_keys(const bj::object& body) {
  auto list = array_member(body, "TagKeys", 0, kTagsMax, true);
  if (!list) return tl::unexpected(list.error());
  std::vector<std::string> out;
  for (const bj::value& item : **list) {
    if (!item.is_string() || !fits(item.get_string(), 1, 128, Letters::tag_key)) return bad_request("TagKeys must hold keys of 1 to 128 of the allowed characters.");
    out.emplace_back(item.get_string());
  }
  return out;
}

Checked<MeetingRequest> read_meeting_request(const bj::object& body, bool with_attendees) {
  MeetingRequest out;
  auto token = text_member(body, "ClientRequestToken", 2, 64, Letters::token);
  auto region = text_member(body, "MediaRegion", 2, 64, Letters::any);
  auto external = text_member(body, "ExternalMeetingId", 2, 64, Letters::external);
  for (const auto* part : {&token, &region, &external}) {
    if (!*part) return tl::unexpected(part->error());
  }
  auto host = optional_text_member(body, "MeetingHostId", 2, 64, Letters::external);
  if (!host) return tl::unexpected(host.error());
  auto network = word_member(body, "MediaPlacementNetworkType", {"Ipv4Only", "DualStack"});
  if (!network) return tl::unexpected(network.error());
  auto features = read_features(body);
  if (!features) return tl::unexpected(features.error());
  auto tenants = array_member(body, "TenantIds", 1, 5, false);
  if (!tenants) return tl::unexpected(tenants.error());
  if (*tenants != nullptr) {
    for (const bj::value& tenant : **tenants) {
      if (!tenant.is_string() || !fits(tenant.get_string(), 2, 256, Letters::tenant)) return bad_request("TenantIds must hold ids of 2 to 256 of the allowed characters.");
      out.facts.tenant_ids.emplace_back(tenant.get_string());
    }
  }
  auto tags = read_tags(body, false);
  if (!tags) return tl::unexpected(tags.error());
  if (auto r = refuse_what_is_not_here(body); !r) return tl::unexpected(r.error());
  if (with_attendees) {
    auto attendees = read_attendee_list(body, kMeetingAttendeesMax);
    if (!attendees) return tl::unexpected(attendees.error());
    out.attendees = std::move(*attendees);
  }
  out.client_request_token = std::move(*token);
  out.facts.external_meeting_id = std::move(*external);
  out.facts.media_region = std::move(*region);
  out.facts.host_id = host->value_or("");
  out.facts.features = std::move(*features);
  out.tags = std::move(*tags);
  return out;
}

bj::object MeetingRequest::parameters() const {
  bj::object out = facts.to_json();
  bj::array tag_list, attendee_list;
  for (const Tag& tag : tags) tag_list.push_back(bj::array{tag.key, tag.value});
  for (const AttendeeRequest& a : attendees) {
    attendee_list.push_back(bj::array{a.external_user_id, a.capabilities ? wire::to_text(*a.capabilities) : std::string(), a.fault ? a.fault->message : std::string()});
  }
  out["tags"] = std::move(tag_list);
  out["attendees"] = std::move(attendee_list);
  return out;
}

}  // namespace upcall::chime
