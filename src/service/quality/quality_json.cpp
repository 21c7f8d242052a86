#include "service/quality/quality_json.hpp"

#include <cmath>
#include <string>

#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {

double tenths(double v) { return std::round(v * 10) / 10; }
std::int64_t whole(double v) { return std::llround(v); }

}  // namespace

bj::object figures_json(const quality::Figures& f) {
  bj::object out{{"score", tenths(f.score)},
                 {"jitterMs", tenths(f.jitter_ms)},
                 {"sentKbps", whole(f.sent_kbps)},
                 {"receivedKbps", whole(f.received_kbps)},
                 {"frozenPercent", tenths(f.frozen_percent)},
                 {"clientTells", f.client_tells}};
  const auto maybe = [&](const char* name, const std::optional<double>& value, double (*shown)(double)) {
    if (value) out[name] = shown(*value);
  };
  maybe("sound", f.sound, tenths);
  maybe("picture", f.picture, tenths);
  maybe("lossUpPercent", f.loss_up_percent, tenths);
  maybe("lossDownPercent", f.loss_down_percent, tenths);
  maybe("soundGapsPercent", f.sound_gaps_percent, tenths);
  if (f.rtt_ms) out["rttMs"] = whole(*f.rtt_ms);
  if (f.up_kbps) out["upKbps"] = whole(*f.up_kbps);
  if (f.down_kbps) out["downKbps"] = whole(*f.down_kbps);
  if (f.fps) out["fps"] = whole(*f.fps);
  if (f.cpu_pressure) out["cpuPressure"] = *f.cpu_pressure;
  if (f.reason != quality::Reason::none) out["reason"] = bj::object{{"code", to_string(f.reason)}, {"value", tenths(f.reason_value)}};
  return out;
}

bj::object person_json(const PersonQuality& person) {
  bj::object out = figures_json(person.figures);
  out["attendeeId"] = person.attendee_id;
  out["externalUserId"] = person.external_user_id;
  out["clientFrames"] = person.client_frames;
  return out;
}

bj::object series_json(const quality::Series& series) {
  bj::array points, events;
  for (const quality::Point& p : series.points()) {
    if (!p.present) {
      points.emplace_back(nullptr);
      continue;
    }
    points.push_back(bj::array{tenths(p.score), to_string(p.reason), whole(p.rtt_ms), tenths(p.loss_up_percent), tenths(p.loss_down_percent), whole(p.frozen_percent), whole(p.up_kbps), whole(p.down_kbps)});
  }
  for (const quality::Moment& m : series.moments()) events.push_back(bj::object{{"atMs", m.at.ms()}, {"kind", to_string(m.what)}});
  return {{"stepMs", series.step().ms()},
          {"columns", bj::array{"score", "reason", "rttMs", "lossUpPercent", "lossDownPercent", "frozenPercent", "upKbps", "downKbps"}},
          {"points", std::move(points)},
          {"events", std::move(events)}};
}

bj::object summary_json(const quality::Series::Summary& s) {
  bj::object out{{"meanScore", tenths(s.mean_score)}, {"worstScore", tenths(s.worst_score)}, {"presentMs", s.present.ms()}, {"badMs", s.bad.ms()}};
  if (s.reason != quality::Reason::none) out["reason"] = to_string(s.reason);
  return out;
}

bj::array stays_json(const std::vector<store::KeptQuality>& rows) {
  bj::array out;
  for (const store::KeptQuality& kept : rows) {
    auto series = json::parse_object(kept.row.series);
    auto summary = json::parse_object(kept.row.summary);
    if (!series || !summary) continue;
    bj::object one = std::move(*series);
    one["meetingId"] = kept.row.meeting_id;
    one["externalMeetingId"] = kept.external_meeting_id;
    one["attendeeId"] = kept.row.attendee_id;
    one["name"] = kept.name;
    one["role"] = kept.role;
    one["beganAt"] = to_iso8601(kept.row.began);
    one["summary"] = std::move(*summary);
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace upcall::service
