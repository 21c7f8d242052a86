#include "service/meetings/meeting_quality.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::service {

namespace {

constexpr double kScoreNews = 0.2;

bool news(const quality::Figures& before, const quality::Figures& now) {
  return before.reason != now.reason || std::abs(before.score - now.score) >= kScoreNews || before.client_tells != now.client_tells;
}

std::string owner_of(const std::string& attendee_id) {
  std::string out = attendee_id;
  if (out.ends_with(signaling::kContentSuffix)) out.resize(out.size() - signaling::kContentSuffix.size());
  return out;
}

std::optional<quality::Happening> happening_of(const signaling::RoomEvent& event) {
  using Kind = signaling::RoomEventKind;
  using quality::Happening;
  switch (event.kind) {
    case Kind::attendee_joined: return event.content ? Happening::share_on : Happening::joined;
    case Kind::attendee_left: return event.content ? Happening::share_off : Happening::left;
    case Kind::attendee_dropped: return event.content ? Happening::share_off : Happening::dropped;
    case Kind::video_started: return event.content ? std::nullopt : std::optional(Happening::video_on);
    case Kind::video_stopped: return event.content ? std::nullopt : std::optional(Happening::video_off);
    default: return std::nullopt;
  }
}

}  // namespace

void MeetingQuality::on_measured(Instant now, const signaling::RoomOutput::Measured& measured) {
  const auto at = people_.find(measured.attendee_id);
  if (at == people_.end()) return;
  if (const auto* figures = std::get_if<wire::SfuConnectionFigures>(&measured.what)) at->second.quality.on_server(now, *figures);
  if (const auto* metrics = std::get_if<wire::ClientMetrics>(&measured.what)) at->second.quality.on_client(now, *metrics);
}

void MeetingQuality::on_event(Now now, const signaling::RoomEvent& event, const signaling::Room& room) {
  const auto happening = happening_of(event);
  if (!happening) return;
  const std::string id = owner_of(event.attendee_id);
  auto at = people_.find(id);
  if (*happening == quality::Happening::joined && at == people_.end()) {
    const signaling::AttendeeIdentity* who = room.identity(id);
    at = people_.try_emplace(id, now, who != nullptr ? who->external_user_id : std::string()).first;
  }
  if (at == people_.end()) return;
  at->second.quality.on_happening(now.mono, *happening);
  if (*happening != quality::Happening::left && *happening != quality::Happening::dropped) return;
  leavers_.push_back(record(now, id, at->second));
  people_.erase(at);
  told_at_ = Instant();
}

bool MeetingQuality::others_send_well(Instant now, const std::string& but) const {
  return std::all_of(people_.begin(), people_.end(), [&](const auto& person) {
    return person.first == but || person.second.quality.sends_well(now);
  });
}

QualityRecord MeetingQuality::record(Now now, const std::string& id, const Person& person) const {
  return {id, person.external_user_id, person.began, now.wall, person.quality.series()};
}

std::optional<QualityUpdate> MeetingQuality::tick(Now now) {
  // All meetings at the same moments: one waking for all.
  next_tick_ = Instant::from_ns((now.mono.ns() / kPeriod.ns() + 1) * kPeriod.ns());
  QualityUpdate out{meeting_id_, {}, now.mono - told_at_ >= kToldEvery, std::exchange(leavers_, {})};
  for (auto& [id, person] : people_) {
    const auto figures = person.quality.tick(now.mono, others_send_well(now.mono, id));
    if (figures) {
      out.news = out.news || !person.told || news(*person.told, *figures);
      out.people.push_back({id, person.external_user_id, *figures, person.quality.client_frames()});
    }
    if (now.mono - person.kept_at < kKeptEvery) continue;
    person.kept_at = now.mono;
    out.records.push_back(record(now, id, person));
  }
  if (out.news) {
    told_at_ = now.mono;
    for (const PersonQuality& one : out.people) people_.at(one.attendee_id).told = one.figures;
  }
  if (out.people.empty() && out.records.empty()) return std::nullopt;
  return out;
}

QualityUpdate MeetingQuality::finish(Now now) {
  QualityUpdate out{meeting_id_, {}, true, std::exchange(leavers_, {})};
  for (const auto& [id, person] : people_) out.records.push_back(record(now, id, person));
  people_.clear();
  return out;
}

std::vector<PersonQuality> MeetingQuality::people(Instant now) const {
  std::vector<PersonQuality> out;
  for (const auto& [id, person] : people_) {
    out.push_back({id, person.external_user_id, person.quality.judge(now, others_send_well(now, id)), person.quality.client_frames()});
  }
  return out;
}

}  // namespace upcall::service
