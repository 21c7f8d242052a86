#include "chime/meeting_facts.hpp"

#include "chime/fields.hpp"
#include "json/json.hpp"

namespace upcall::chime {

namespace bj = boost::json;

namespace {

// MaxResolution of one of the parts.
Result<void, Fault> read_resolution(const bj::object& features, std::string_view part, std::initializer_list<std::string_view> words, std::string& to) {
  auto object = optional_object_member(features, part);
  if (!object) return tl::unexpected(object.error());
  if (*object == nullptr) return {};
  auto word = word_member(**object, "MaxResolution", words);
  if (!word) return tl::unexpected(word.error());
  if (*word) to = std::move(**word);
  return {};
}

}  // namespace

bj::object MeetingFeatures::to_json() const {
  return {{"Audio", {{"EchoReduction", echo_reduction}}},
          {"Video", {{"MaxResolution", video}}},
          {"Content", {{"MaxResolution", content}}},
          {"Attendee", {{"MaxCount", max_count}}}};
}

Checked<MeetingFeatures> read_features(const bj::object& request) {
  MeetingFeatures out;
  auto given = optional_object_member(request, "MeetingFeatures");
  if (!given) return tl::unexpected(given.error());
  if (*given == nullptr) return out;
  auto audio = optional_object_member(**given, "Audio");
  if (!audio) return tl::unexpected(audio.error());
  if (*audio != nullptr) {
    auto echo = word_member(**audio, "EchoReduction", {"AVAILABLE", "UNAVAILABLE"});
    if (!echo) return tl::unexpected(echo.error());
    if (*echo) out.echo_reduction = std::move(**echo);
  }
  if (auto r = read_resolution(**given, "Video", {"None", "HD", "FHD"}, out.video); !r) return tl::unexpected(r.error());
  if (auto r = read_resolution(**given, "Content", {"None", "FHD", "UHD"}, out.content); !r) return tl::unexpected(r.error());
  const bool large = out.video == "FHD" || out.content == "UHD";
  const int most = large ? kAttendeesMaxLarge : kAttendeesMax;
  out.max_count = most;
  auto attendee = optional_object_member(**given, "Attendee");
  if (!attendee) return tl::unexpected(attendee.error());
  if (*attendee != nullptr && (*attendee)->contains("MaxCount") && !(*attendee)->at("MaxCount").is_null()) {
    const auto count = json::integer_at(**attendee, "MaxCount");
    if (!count || *count < 1 || *count > most) {
      return bad_request("MaxCount must be a whole number from 1 to " + std::to_string(most) + (large ? " with FHD video or UHD content." : "."));
    }
    out.max_count = static_cast<int>(*count);
  }
  return out;
}

Checked<wire::AttendeeCapabilities> capabilities_for(const MeetingFeatures& features, const std::optional<wire::AttendeeCapabilities>& asked) {
  using wire::MediaCapability;
  wire::AttendeeCapabilities out;
  const bool no_video = features.video == "None", no_content = features.content == "None";
  if (!asked) {
    if (no_content) out.content = MediaCapability::none;
    // Content can be received only by who can receive video.
    if (no_video) out.video = no_content ? MediaCapability::none : MediaCapability::receive;
    return out;
  }
  if (no_video && asked->video != MediaCapability::none) return bad_request("The meeting has no video: the capability Video must be None.");
  if (no_content && asked->content != MediaCapability::none) return bad_request("The meeting has no content: the capability Content must be None.");
  if (wire::may_receive(asked->content) && !wire::may_receive(asked->video)) {
    return bad_request("The capability Content can be SendReceive or Receive only if Video is, too.");
  }
  return *asked;
}

bj::object MeetingFacts::to_json() const {
  bj::object out{{"externalMeetingId", external_meeting_id}, {"mediaRegion", media_region}, {"features", features.to_json()}};
  if (!host_id.empty()) out["hostId"] = host_id;
  if (!tenant_ids.empty()) out["tenantIds"] = bj::array(tenant_ids.begin(), tenant_ids.end());
  return out;
}

std::optional<MeetingFacts> facts_from(std::string_view data) {
  const auto whole = json::parse_object(data);
  const bj::object* chime = whole ? json::object_at(*whole, "chime") : nullptr;
  if (chime == nullptr) return std::nullopt;
  MeetingFacts out;
  out.external_meeting_id = json::text_or(*chime, "externalMeetingId");
  out.media_region = json::text_or(*chime, "mediaRegion");
  out.host_id = json::text_or(*chime, "hostId");
  if (const bj::array* tenants = json::array_at(*chime, "tenantIds")) {
    for (const bj::value& tenant : *tenants) {
      if (tenant.is_string()) out.tenant_ids.emplace_back(tenant.get_string());
    }
  }
  if (const bj::object* features = json::object_at(*chime, "features")) {
    if (auto read = read_features(bj::object{{"MeetingFeatures", *features}})) out.features = std::move(*read);
  }
  return out;
}

}  // namespace upcall::chime
