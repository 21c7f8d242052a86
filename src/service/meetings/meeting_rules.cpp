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

}  // namespace

Result<MeetingRules> meeting_rules(store::Database& db, const store::Meeting& meeting, WallTime now) {
  auto attendees = whole_parameter(db, "meetingAttendeesMax", 250), senders = whole_parameter(db, "meetingVideoSendersMax", 25);
  auto idle = whole_parameter(db, "meetingIdleEndSeconds", 300), life = whole_parameter(db, "meetingLifeMinutes", 1440);
  for (const auto* part : {&attendees, &senders, &idle, &life}) {
    if (!*part) return tl::unexpected(part->error());
  }
  const auto facts = chime::facts_from(meeting.data);
  MeetingRules out;
  out.attendees_max = static_cast<std::size_t>(facts ? std::min<std::int64_t>(*attendees, facts->features.max_count) : *attendees);
  out.video_senders_max = static_cast<std::size_t>(*senders);
  out.idle_end = Duration::s(*idle);
  out.life_left = std::max(Duration(), meeting.created + Duration::s(*life * 60) - now);
  return out;
}

Result<std::int64_t> meetings_max(store::Database& db) { return whole_parameter(db, "meetingsMax", 250); }

}  // namespace upcall::service
