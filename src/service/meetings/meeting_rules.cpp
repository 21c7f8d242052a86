#include "service/meetings/meeting_rules.hpp"

#include <algorithm>
#include <charconv>

#include "chime/meeting_facts.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::service {

namespace {

// What cannot be read counts as not set: configure checks what it takes.
Result<std::int64_t> whole_parameter(store::Database& db, std::string_view name, std::int64_t otherwise) {
  auto text = store::parameters::get_or(db, name, "");
  if (!text) return tl::unexpected(text.error());
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc() && end == text->data() + text->size() ? value : otherwise;
}

// As the parameter lists them; what names none of them is as not set.
signaling::CodecSet codecs_of(std::string_view list) {
  signaling::CodecSet out = 0;
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    if (one == "VP8") out |= signaling::kTakesVp8;
    if (one == "H264") out |= signaling::kTakesH264;
    if (one == "VP9") out |= signaling::kTakesVp9;
  }
  return out != 0 ? out : signaling::kTakesAll;
}

}  // namespace

Result<MeetingRules> meeting_rules(store::Database& db, const store::Meeting& meeting, WallTime now) {
  auto attendees = whole_parameter(db, "meetingAttendeesMax", 250), senders = whole_parameter(db, "meetingVideoSendersMax", 25);
  auto idle = whole_parameter(db, "meetingIdleEndSeconds", 300), life = whole_parameter(db, "meetingLifeMinutes", 1440);
  for (const auto* part : {&attendees, &senders, &idle, &life}) {
    if (!*part) return tl::unexpected(part->error());
  }
  const auto codecs = store::parameters::get_or(db, "meetingVideoCodecs", "");
  if (!codecs) return tl::unexpected(codecs.error());
  const auto facts = chime::facts_from(meeting.data);
  MeetingRules out;
  out.attendees_max = static_cast<std::size_t>(facts ? std::min<std::int64_t>(*attendees, facts->features.max_count) : *attendees);
  out.video_senders_max = static_cast<std::size_t>(*senders);
  out.video_codecs = codecs_of(*codecs);
  out.idle_end = Duration::s(*idle);
  out.life_left = std::max(Duration(), meeting.created + Duration::s(*life * 60) - now);
  return out;
}

Result<std::int64_t> meetings_max(store::Database& db) { return whole_parameter(db, "meetingsMax", 250); }

}  // namespace upcall::service
