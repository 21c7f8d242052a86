#include "api/contacts/contact_view.hpp"

#include <algorithm>

#include "api/meeting/playback_access.hpp"
#include "base/wall_text.hpp"
#include "identity/access.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "json/json.hpp"
#include "wire/http.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr int kEventsMax = 500;     // idle and returning of a long chat
constexpr int kMeetingsMax = 100;

struct Step {
  WallTime at;
  bj::object json;
};

bj::object step(std::string_view kind, WallTime at) { return {{"kind", kind}, {"at", to_iso8601(at)}}; }

struct MeetingTimes {
  std::string external_id;
  WallTime created;
  std::optional<WallTime> ended;
};

struct ChatEvent {
  WallTime at;
  std::string content_type, role, name;
};

std::string_view kind_of(const ChatEvent& e) {
  using namespace contact;
  if (e.content_type == content::kIdle) return "idle";
  if (e.content_type == content::kReturned) return "returned";
  if (e.content_type == content::kAutoDisconnection) return "disconnected_idle";
  if (e.role != to_string(Role::supervisor)) return "";
  return e.content_type == content::kJoined ? "supervisor_joined" : e.content_type == content::kLeft ? "supervisor_left" : "";
}

}  // namespace

Result<std::string> ContactView::name_of(std::string_view sql, const std::string& id) {
  if (const auto known = names_.find(id); known != names_.end()) return known->second;
  auto name = db_.one(sql, [](store::Row& r) { return r.text(0); }, id);
  if (!name) return tl::unexpected(name.error());
  return names_.emplace(id, name->value_or("")).first->second;
}

Result<bj::object> ContactView::agent(const std::string& id) {
  auto name = name_of("select name from users where id=?1", id);
  if (!name) return tl::unexpected(name.error());
  return bj::object{{"agentId", id}, {"name", *name}};
}

Result<bj::object> ContactView::queue(const std::string& id, const std::string& personal_of) {
  if (id.empty()) {
    auto of = agent(personal_of);
    if (!of) return of;
    return bj::object{{"personal", true}, {"name", of->at("name")}};
  }
  auto name = name_of("select name from queues where id=?1", id);
  if (!name) return tl::unexpected(name.error());
  return bj::object{{"queueId", id}, {"name", *name}, {"personal", false}};
}

Result<bj::object> ContactView::summary(const store::FoundContact& c) {
  bj::object out{{"contactId", c.contact_id}, {"channel", c.video ? "video" : "chat"}, {"initiatedAt", to_iso8601(c.started)}, {"endedAt", to_iso8601(c.ended)},
                 {"customerName", c.customer}, {"outcome", c.outcome}, {"endReason", c.end_reason}, {"segments", c.segments}, {"recorded", c.recorded}};
  if (!c.agent_id.empty()) {
    auto who = agent(c.agent_id);
    if (!who) return who;
    out["agent"] = std::move(*who);
  }
  if (!c.queue_id.empty()) {
    auto where = queue(c.queue_id, "");
    if (!where) return where;
    out["queue"] = std::move(*where);
  }
  return out;
}

Result<bj::array> ContactView::recordings(const std::string& contact_id, const identity::Principal& viewer) {
  auto rules = playback_rules(db_);
  if (!rules) return tl::unexpected(rules.error());
  auto ids = db_.all("select recording_id from recordings where contact_id=?1 and deleting_ms is null order by requested_ms", [](store::Row& r) { return r.text(0); }, contact_id);
  if (!ids) return tl::unexpected(ids.error());
  bj::array out;
  for (const std::string& id : *ids) {
    auto found = store::recordings::find(db_, id);
    if (!found) return tl::unexpected(found.error());
    if (!*found) continue;
    const store::Recording& r = **found;
    bj::object entry{{"recordingId", r.recording_id}, {"externalMeetingId", r.external_meeting_id}, {"status", store::to_string(r.state)}, {"startedAt", to_iso8601(r.started.value_or(r.requested))}};
    if (r.stopped) entry["endedAt"] = to_iso8601(*r.stopped);
    if (r.duration_ms) entry["durationMs"] = *r.duration_ms;
    const bool plays = identity::may_play(viewer, tag_of(r), rules->profile_id, rules->has_groups) == identity::Playback::allowed;
    if (plays) entry["playbackPath"] = "/recording/" + wire::percent_encode(r.external_meeting_id);
    out.push_back(std::move(entry));
  }
  return out;
}

Result<bj::array> ContactView::timeline(const store::FoundContact& c, const std::vector<store::ContactSegmentRow>& segments, const bj::array& recordings) {
  std::vector<Step> steps;
  const auto add = [&](WallTime at, bj::object json) { steps.push_back({at, std::move(json)}); };
  add(c.started, step("initiated", c.started));
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const store::ContactSegmentRow& s = segments[i];
    const std::int64_t number = static_cast<std::int64_t>(i) + 1;
    auto where = queue(s.queue_id, s.queue_agent_id);
    if (!where) return tl::unexpected(where.error());
    bj::object queued = step("queued", s.enqueued);
    queued["queue"] = std::move(*where);
    queued["segment"] = number;
    add(s.enqueued, std::move(queued));
    if (s.connected) {
      auto who = agent(s.agent_id);
      if (!who) return tl::unexpected(who.error());
      bj::object connected = step("connected", *s.connected);
      connected["agent"] = std::move(*who);
      connected["segment"] = number;
      add(*s.connected, std::move(connected));
    }
    // The last one's end is the contact's.
    if (s.ended && i + 1 < segments.size()) {
      bj::object left = step(s.end_reason == "transfer" ? "transferred" : "agent_left", *s.ended);
      if (!s.agent_id.empty()) {
        auto who = agent(s.agent_id);
        if (!who) return tl::unexpected(who.error());
        left["agent"] = std::move(*who);
      }
      left["segment"] = number;
      left["toSegment"] = number + 1;
      add(*s.ended, std::move(left));
    }
  }
  auto events = store::centre::agent_events(db_, c.contact_id);
  if (!events) return tl::unexpected(events.error());
  for (const store::AgentEventRow& e : *events) {
    auto who = agent(e.agent_id);
    if (!who) return tl::unexpected(who.error());
    bj::object json = step(e.kind, e.at);
    json["agent"] = std::move(*who);
    add(e.at, std::move(json));
  }
  auto chat = db_.all("select at_ms, content_type, role, display_name from chat_items where contact_id=?1 and type='EVENT' order by seq limit ?2",
                      [](store::Row& r) { return ChatEvent{r.wall(0), r.text(1), r.text(2), r.text(3)}; }, c.contact_id, kEventsMax);
  if (!chat) return tl::unexpected(chat.error());
  for (const ChatEvent& e : *chat) {
    const std::string_view kind = kind_of(e);
    if (kind.empty()) continue;
    bj::object json = step(kind, e.at);
    json["name"] = e.name;
    json["role"] = e.role;
    add(e.at, std::move(json));
  }
  auto meetings = db_.all("select external_meeting_id, created_ms, ended_ms from meetings where contact_id=?1 order by created_ms limit ?2",
                          [](store::Row& r) { return MeetingTimes{r.text(0), r.wall(1), r.optional_wall(2)}; }, c.contact_id, kMeetingsMax);
  if (!meetings) return tl::unexpected(meetings.error());
  for (const MeetingTimes& m : *meetings) {
    add(m.created, step("video_began", m.created));
    if (m.ended) add(*m.ended, step("video_ended", *m.ended));
  }
  for (const bj::value& value : recordings) {
    for (const auto& [member, kind] : {std::pair("startedAt", "recording_began"), std::pair("endedAt", "recording_ended")}) {
      const auto at = parse_iso8601(json::text_or(value.get_object(), member));
      if (!at) continue;
      bj::object json = step(kind, *at);
      json["recordingId"] = value.at("recordingId");
      add(*at, std::move(json));
    }
  }
  bj::object ended = step("disconnected", c.ended);
  ended["reason"] = c.end_reason;
  add(c.ended, std::move(ended));
  // Of the same moment: as they were put down here, but the end before what comes after it.
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    if (a.at != b.at) return a.at < b.at;
    const auto later = [](const Step& s) { return s.json.at("kind").as_string().starts_with("after_contact"); };
    return !later(a) && later(b);
  });
  bj::array out;
  for (Step& s : steps) out.push_back(std::move(s.json));
  return out;
}

Result<bj::object> ContactView::page(const store::FoundContact& c, const identity::Principal& viewer) {
  auto out = summary(c);
  if (!out) return out;
  auto attributes = store::centre::attributes(db_, c.contact_id);
  if (!attributes) return tl::unexpected(attributes.error());
  bj::object named;
  for (const auto& [name, value] : *attributes) named[name] = value;
  (*out)["attributes"] = std::move(named);
  auto segments = store::centre::segments(db_, c.contact_id);
  if (!segments) return tl::unexpected(segments.error());
  bj::array stretches;
  for (const store::ContactSegmentRow& s : *segments) {
    auto where = queue(s.queue_id, s.queue_agent_id);
    if (!where) return where;
    bj::object o{{"number", static_cast<std::int64_t>(stretches.size()) + 1}, {"queue", std::move(*where)}, {"queuedAt", to_iso8601(s.enqueued)}};
    if (!s.agent_id.empty()) {
      auto who = agent(s.agent_id);
      if (!who) return who;
      o["agent"] = std::move(*who);
    }
    if (s.connected) o["connectedAt"] = to_iso8601(*s.connected);
    if (s.ended) o["endedAt"] = to_iso8601(*s.ended);
    if (!s.end_reason.empty()) o["endReason"] = s.end_reason;
    stretches.push_back(std::move(o));
  }
  (*out)["segmentList"] = std::move(stretches);
  auto films = recordings(c.contact_id, viewer);
  if (!films) return tl::unexpected(films.error());
  auto line = timeline(c, *segments, *films);
  if (!line) return tl::unexpected(line.error());
  (*out)["recordings"] = std::move(*films);
  (*out)["timeline"] = std::move(*line);
  return out;
}

}  // namespace upcall::api
