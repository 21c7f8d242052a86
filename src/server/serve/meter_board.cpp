#include "server/serve/meter_board.hpp"

#include <array>
#include <cmath>

#include "json/json.hpp"

namespace upcall::server {

namespace bj = boost::json;

namespace {

struct Measure {
  const char* name;     // in a report
  const char* metric;
  const char* help;
  double least_ms;
};
constexpr double kMostMs = 600'000;
constexpr std::array<Measure, 6> kAll{{
    {"joinMs", "upcall_meter_join_seconds", "From an attendee's start to connected, the slower of the two, in the meter's last call", 0},
    {"firstPictureMs", "upcall_meter_first_picture_seconds", "From an attendee's start to the other's first picture, the slower of the two", 0},
    {"delayMs", "upcall_meter_glass_to_glass_seconds", "From drawing a picture to decoding it on the other side, mean", 0},
    {"avOffsetMs", "upcall_meter_av_offset_seconds", "How much later than its picture sound is in the film; negative: earlier", -kMostMs},
    {"recordingStartMs", "upcall_meter_recording_start_seconds", "From the request to the first sealed record", 0},
    {"recordingStoredMs", "upcall_meter_recording_stored_seconds", "From stop to stored and verified", 0},
}};

}  // namespace

Result<bj::object> MeterBoard::report(Now now, const bj::object& run) {
  const auto ok = json::boolean_at(run, "ok");
  if (!ok) return fail(ErrorCode::invalid_argument, "ok must say whether the call came about");
  std::array<std::optional<double>, kMeasures> found;
  for (const auto& [name, value] : run) {
    if (name == "ok") continue;
    std::size_t i = 0;
    while (i < kAll.size() && name != kAll[i].name) ++i;
    if (i == kAll.size()) return fail(ErrorCode::invalid_argument, "a meter measures no " + std::string(name).substr(0, 40));
    const double ms = value.is_number() ? value.to_number<double>() : NAN;
    if (!(ms >= kAll[i].least_ms && ms <= kMostMs)) return fail(ErrorCode::invalid_argument, std::string(name) + " must be milliseconds, ten minutes at most");
    found[i] = ms;
  }
  const std::lock_guard lock(mutex_);
  last_.ok = *ok;
  last_.at_unix_ms = now.wall.unix_ms();
  for (std::size_t i = 0; i < kMeasures; ++i) {
    if (found[i]) last_.ms[i] = *found[i];
  }
  ++(*ok ? succeeded_ : failed_);
  return bj::object{{"taken", true}};
}

void MeterBoard::add_metrics(metrics::Registry& registry) {
  static_assert(kAll.size() == kMeasures);
  const auto locked = [this](auto read) {
    return [this, read] {
      const std::lock_guard lock(mutex_);
      return static_cast<double>(read(*this));
    };
  };
  registry.gauge_from("upcall_meter_up", "Whether the meter's last call came about; 0 also before the first", {}, locked([](const MeterBoard& b) { return b.last_.ok ? 1 : 0; }));
  registry.gauge_from("upcall_meter_last_run_timestamp_seconds", "When the meter's last call ended, as Unix time; 0: never", {},
                      locked([](const MeterBoard& b) { return static_cast<double>(b.last_.at_unix_ms) / 1000; }));
  registry.counter_from("upcall_meter_runs_total", "Calls of the meter, by whether they came about", {{"result", "ok"}}, locked([](const MeterBoard& b) { return b.succeeded_; }));
  registry.counter_from("upcall_meter_runs_total", "Calls of the meter, by whether they came about", {{"result", "failed"}}, locked([](const MeterBoard& b) { return b.failed_; }));
  for (std::size_t i = 0; i < kMeasures; ++i) {
    registry.gauge_from(kAll[i].metric, kAll[i].help, {}, locked([i](const MeterBoard& b) { return b.last_.ms[i] / 1000; }));
  }
}

}  // namespace upcall::server
