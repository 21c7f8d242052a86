#include <cmath>

#include <boost/json.hpp>

#include "io/film/film_check.hpp"

namespace upcall::film {

namespace json = boost::json;
using namespace recording;

std::string to_json(const FilmFacts& f, const FilmExpectation& expected, const std::vector<HealthFinding>& findings, double cpu_seconds) {
  const auto rounded = [](double v) { return std::round(v * 1000) / 1000; };
  const auto total = [](const std::vector<TimeSpan>& spans) {
    std::int64_t out = 0;
    for (const TimeSpan& s : spans) out += s.to_ms - s.from_ms;
    return out;
  };
  const auto track = [](const FilmFacts::Track& t) {
    return json::object{{"begin_ms", t.begin_ms},
                        {"end_ms", t.end_ms},
                        {"samples", t.samples},
                        {"longest_gap_ms", t.longest_gap.to_ms - t.longest_gap.from_ms}};
  };
  json::array list;
  for (const HealthFinding& finding : findings) {
    list.push_back(json::object{{"kind", to_string(finding.kind)},
                                {"severity", to_string(finding.severity)},
                                {"value", rounded(finding.value)},
                                {"at_ms", finding.at_ms}});
  }
  json::object out{{"findings", std::move(list)},
                   {"whole", f.header && f.index && f.whole},
                   {"bytes", f.bytes},
                   {"fragments", f.fragments},
                   {"video", track(f.video)},
                   {"audio", track(f.audio)},
                   {"skew_ms", f.skew_ms},
                   {"undecodable", f.undecodable},
                   {"pictures", f.pictures},
                   {"black_ms", total(f.black)},
                   {"still_ms", total(f.still)},
                   {"cpu_core_seconds", rounded(cpu_seconds)}};
  if (const auto heard = recording::heard_offset_ms(f, expected)) out["heard_offset_ms"] = *heard;
  return json::serialize(out);
}

Result<FilmExpectation> read_expectation(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  const json::object* o = error ? nullptr : value.if_object();
  if (!o) return fail(ErrorCode::invalid_argument, "the facts of the call are no JSON object");
  const auto integer = [&](const char* name) -> std::optional<std::int64_t> {
    const json::value* v = o->if_contains(name);
    // Far from what could overflow.
    if (!v || !v->is_int64() || std::abs(v->get_int64()) > (std::int64_t{1} << 50)) return std::nullopt;
    return v->get_int64();
  };
  FilmExpectation out;
  out.composed_ms = integer("duration_ms");
  out.session_ms = integer("session_ms");
  if (const json::value* log = o->if_contains("session_log"); log && log->is_string()) {
    const auto bytes = from_base64(std::string_view(log->get_string()));
    auto parsed = bytes ? SessionLog::parse(*bytes) : tl::unexpected(bytes.error());
    if (!parsed) return fail(ErrorCode::invalid_argument, "the log of the call cannot be read");
    out.log = std::move(*parsed);
  }
  return out;
}

}  // namespace upcall::film
