#include "facts_json.hpp"

#include <boost/json.hpp>

#include "json/json.hpp"

namespace upcall::recorder {

namespace {

namespace bj = boost::json;

bj::object span_json(const compose::Span& s) { return {{"from_ms", s.from_us / 1000}, {"until_ms", s.until_us / 1000}}; }

bj::array spans_json(const std::vector<compose::Span>& spans) {
  bj::array out;
  for (const compose::Span& s : spans) out.push_back(span_json(s));
  return out;
}

// A journal says what a room said; a reader of JSON must not stumble over it.
std::string clean(std::string text) {
  if (json::is_clean_text(text)) return text;
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

const char* reason_of(wire::TapGapReason reason) {
  switch (reason) {
    case wire::TapGapReason::ring_full: return "ring_full";
    case wire::TapGapReason::server_restart: return "server_restart";
    case wire::TapGapReason::disk_full: return "disk_full";
  }
  return "unknown";
}

}  // namespace

bj::object facts_json(const film::FilmSummary& s) {
  const compose::ComposerFacts& f = s.facts;
  bj::array gaps, people, markers;
  for (const compose::FilmGap& g : f.gap_spans) {
    bj::object gap = span_json(g.span);
    gap["reason"] = reason_of(g.reason);
    gap["dropped"] = g.dropped;
    gaps.push_back(std::move(gap));
  }
  for (const compose::Attendance& a : f.people) {
    people.push_back(bj::object{{"id", clean(a.id)}, {"name", clean(a.name)}, {"spans", spans_json(a.spans)}});
  }
  for (const auto& m : f.markers) {
    markers.push_back(bj::object{{"at_ms", m.at_us / 1000}, {"source", m.source}, {"jump_ms", m.jump_us / 1000}});
  }
  bj::object out{{"duration_ms", f.duration_us / 1000},
                 {"video_frames", f.video_frames},
                 {"complete", s.complete},
                 {"freezes", f.freezes},
                 {"lost_video_packets", f.lost_video_packets},
                 {"concealed_audio_ms", f.concealed_samples / 48},
                 {"gaps", f.gaps},
                 {"gap_spans", std::move(gaps)},
                 {"pauses", spans_json(f.pauses)},
                 {"forgotten", spans_json(f.forgotten)},
                 {"lead_in_ms", f.lead_in_us / 1000},
                 {"people", std::move(people)},
                 {"clock_markers", std::move(markers)},
                 {"session_log", to_base64(f.log.encode())}};
  if (!s.warning.empty()) out["warning"] = s.warning;
  return out;
}

}  // namespace upcall::recorder
