// The waits of people, measured through the public interfaces with real processes (upcall serve, its composer children,
// upcall-attendee): joining a call, RECORDING in every roster, the first sealed record, stop to stored, and how far sound
// and picture are apart in each film. Attendees are kept small (640x360, 15 fps) so that drawing and encoding the test
// pictures does not starve the server on a small machine; --hd has them send 1280x720 at 30 fps, which takes more of two
// cores than the server does. The load of the machine stands beside the figures.
// Baselines of the same run: an HTTP round trip, the start of an empty child process, a write made durable.
// link: upcall_bench_parts
//
// story_bench [--hd] [--rounds N] [--seconds OF-RECORDING] [--json FILE]
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <thread>

#include <boost/json.hpp>

#include "bench_server.hpp"
#include "cli/demo/actors.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"

namespace {

using namespace upcall;
using namespace upcall::bench;
using demo::LineProcess;
namespace bj = boost::json;

struct Options {
  int rounds = 20;
  int seconds = 4;
  bool hd = false;
  std::string json_file;
};

double ms_since(Instant begin) { return (system_now().mono - begin).seconds() * 1000; }

bool is_event(const bj::object& o, std::string_view name) { return json::text_at(o, "event") == name; }

// Nearest-rank quantile of a figure's samples.
double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

struct Row {
  const char* name;
  const char* what;
  double must;  // 0: none
  std::vector<double> samples;
};

struct Bench {
  explicit Bench(Options o) : options(std::move(o)) {}

  Options options;
  BenchServer server;
  Row http{"http_round_trip_ms", "GET /healthz, as a baseline", 0, {}};
  Row child{"child_process_ms", "upcall-recorder --version, as a baseline of a process", 0, {}};
  Row durable{"durable_write_ms", "1 MiB written and fsynced in the data directory, as a baseline", 0, {}};
  Row join{"join_first_frame_ms", "start() -> first picture of who is there already", 150, {}};
  Row connected{"join_connected_ms", "start() -> audio and video connected", 0, {}};
  Row roster{"start_roster_ms", "recording asked for -> RECORDING in every roster", 50, {}};
  Row first_record{"start_first_record_ms", "recording asked for -> first sealed record", 300, {}};
  Row finalize{"stop_stored_ms", "stop -> stored and verified (the server's own clock)", 2000, {}};
  Row seen_stored{"stop_seen_stored_ms", "stop asked for -> the summary says stored (asked each 10 ms)", 0, {}};
  Row av{"av_offset_ms", "sound against picture in the film", 40, {}};
  std::vector<double> load;

  Result<void> baselines();
  Result<void> round(int number);
  Result<LineProcess> device(const bj::object& meeting, const bj::object& attendee, int participant, const std::string& run, std::int64_t zero);
  Result<bj::object> summary(const std::string& meeting);
  Result<void> read_film(const std::string& address);
  int report();
};

Result<void> Bench::baselines() {
  const Instant asked = system_now().mono;
  if (auto healthy = server.agent().expect(200, "GET", "/healthz"); !healthy) return tl::unexpected(healthy.error());
  http.samples.push_back(ms_since(asked));

  const Instant spawned = system_now().mono;
  auto empty = LineProcess::start(server.host(), server.programs() + "/upcall-recorder", {"--version"});
  if (!empty) return tl::unexpected(empty.error());
  if (auto line = empty->wait_line([](const std::string& text) { return !text.empty(); }, kSoon); !line) return tl::unexpected(line.error());
  child.samples.push_back(ms_since(spawned));

  const ByteVector bytes(1 << 20, 7);
  const std::string path = server.data_dir() + "/durable";
  const Instant opened = system_now().mono;
  const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
  const bool wrote = fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!wrote) return fail(ErrorCode::unavailable, "cannot write " + path);
  durable.samples.push_back(ms_since(opened));
  return {};
}

Result<LineProcess> Bench::device(const bj::object& meeting, const bj::object& attendee, int participant, const std::string& run, std::int64_t zero) {
  const bj::object* placement = json::object_at(meeting, "MediaPlacement");
  if (placement == nullptr) return fail(ErrorCode::internal, "the join data lacks MediaPlacement");
  auto started = LineProcess::start(server.host(), server.programs() + "/upcall-attendee", {});
  if (!started) return started;
  auto sent = started->send({{"join",
                              {{"signaling_url", json::text_or(*placement, "SignalingUrl")},
                               {"attendee_id", json::text_or(attendee, "AttendeeId")},
                               {"join_token", json::text_or(attendee, "JoinToken")},
                               {"label", participant == 0 ? "Alice Agent" : "Carl Customer"},
                               {"run", run},
                               {"participant", participant},
                               {"clock_zero_unix_ms", zero},
                               {"width", options.hd ? 1280 : 640},
                               {"height", options.hd ? 720 : 360},
                               {"fps", options.hd ? 30 : 15},
                               {"kbps", options.hd ? 1500 : 600}}}});
  if (!sent) return tl::unexpected(sent.error());
  auto line = started->wait_for([](const bj::object& o) { return is_event(o, "connected") || is_event(o, "ended") || o.contains("error"); }, kSoon);
  if (!line) return tl::unexpected(line.error());
  if (!is_event(*line, "connected")) return fail(ErrorCode::unavailable, "an attendee could not join: " + bj::serialize(*line));
  return started;
}

// Waits until the attendee has seen `other` and answers its facts.
Result<bj::object> facts_with_picture(LineProcess& d, const std::string& other) {
  const Instant deadline = system_now().mono + kSoon;
  for (;;) {
    if (auto sent = d.send({{"facts", true}}); !sent) return tl::unexpected(sent.error());
    auto line = d.wait_for([](const bj::object& o) { return o.contains("facts"); }, kSoon);
    if (!line) return line;
    const bj::object& facts = (*line)["facts"].as_object();
    const bj::object* remotes = json::object_at(facts, "remotes");
    const bj::object* remote = remotes != nullptr ? json::object_at(*remotes, other) : nullptr;
    if (remote != nullptr && number_at(*remote, "readable") >= 1) return facts;
    if (system_now().mono > deadline) return fail(ErrorCode::unavailable, "no picture of the other came: " + bj::serialize(facts));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

Result<bj::object> Bench::summary(const std::string& meeting) {
  auto answer = server.supervisor().expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + meeting);
  if (!answer) return tl::unexpected(answer.error());
  const bj::array* list = json::array_at(answer->body, "data");
  if (list == nullptr || list->size() != 1 || !list->at(0).is_object()) return fail(ErrorCode::internal, "the summary should have one entry");
  return list->at(0).as_object();
}

Result<void> Bench::read_film(const std::string& address) {
  const std::string path = server.data_dir() + "/film.mp4";
  {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    auto got = server.supervisor().http().download({"GET", address, {}, {}}, [&](Bytes piece) {
      file.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
      return file.good();
    });
    if (!got) return tl::unexpected(got.error());
    if (got->status != 200) return fail(ErrorCode::internal, "the film's address answered " + std::to_string(got->status));
  }
  auto inspector = LineProcess::start(server.host(), server.programs() + "/upcall-recorder", {"inspect", path, "--json"});
  if (!inspector) return tl::unexpected(inspector.error());
  auto line = inspector->wait_line([](const std::string& text) { return text.starts_with("{"); }, Duration::s(120));
  if (!line) return fail(ErrorCode::internal, "the film cannot be read back");
  auto film = json::parse_object(*line);
  const auto* offset = film ? film->if_contains("av_offset_ms") : nullptr;
  if (offset == nullptr || !offset->is_number()) return fail(ErrorCode::internal, "no flash with its beep is in the film");
  av.samples.push_back(offset->to_number<double>());
  return {};
}

Result<void> Bench::round(int number) {
  load.push_back(load_1m());
  if (auto r = baselines(); !r) return r;
  auto join_data = server.create_meeting();
  if (!join_data) return tl::unexpected(join_data.error());
  const std::string& id = join_data->external_meeting_id;
  const bj::object &meeting = join_data->meeting, &owner = join_data->owner, &other = join_data->customer;
  const std::string owner_id = json::text_or(owner, "AttendeeId"), other_id = json::text_or(other, "AttendeeId");

  char run[24];
  std::snprintf(run, sizeof run, "%016llx", static_cast<unsigned long long>(server.random().u64()));
  const std::int64_t zero = system_now().wall.unix_ms();
  auto first = device(meeting, owner, 0, run, zero);
  if (!first) return tl::unexpected(first.error());
  // The second joins a call in progress: its wait ends with the picture of the first.
  auto second = device(meeting, other, 1, run, zero);
  if (!second) return tl::unexpected(second.error());
  auto facts = facts_with_picture(*second, owner_id);
  if (!facts) return tl::unexpected(facts.error());
  join.samples.push_back(number_at((*facts)["remotes"].as_object()[owner_id].as_object(), "first_frame_ms"));
  connected.samples.push_back(number_at(*facts, "join_ms"));
  if (auto back = facts_with_picture(*first, other_id); !back) return tl::unexpected(back.error());

  const bj::object body{{"externalMeetingId", id}};
  const Instant asked = system_now().mono;
  auto starting = std::async(std::launch::async, [&] { return server.agent().expect(200, "POST", "/api/recording/recording", &body); });
  Result<void> seen;
  for (LineProcess* d : {&*first, &*second}) {
    auto line = d->wait_for(
        [&](const bj::object& o) {
          const std::string who = json::text_or(o, "attendee_id");
          return is_event(o, "roster_joined") && who != owner_id && who != other_id;
        },
        kSoon);
    if (!line) seen = fail(ErrorCode::unavailable, "RECORDING did not appear in a roster");
  }
  const double in_rosters = ms_since(asked);
  auto started = starting.get();
  if (!started) return tl::unexpected(started.error());
  if (!seen) return seen;
  roster.samples.push_back(in_rosters);

  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  const Instant stop_asked = system_now().mono;
  auto stopped = server.agent().expect(200, "DELETE", "/api/recording/recording", &body);
  if (!stopped) return tl::unexpected(stopped.error());
  bj::object entry;
  for (;;) {
    auto now = summary(id);
    if (!now) return tl::unexpected(now.error());
    entry = std::move(*now);
    const std::string status = json::text_or(entry, "status");
    if (status == "stored") break;
    if (status == "failed") return fail(ErrorCode::internal, "the recording failed: " + json::text_or(entry, "reason"));
    if (ms_since(stop_asked) > 60000) return fail(ErrorCode::unavailable, "the recording is still " + status);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  seen_stored.samples.push_back(ms_since(stop_asked));
  const bj::object* measured = json::object_at(entry, "facts");
  if (measured == nullptr || !measured->contains("start_ms") || !measured->contains("finalize_ms")) {
    return fail(ErrorCode::internal, "the summary lacks start_ms and finalize_ms");
  }
  first_record.samples.push_back(number_at(*measured, "start_ms"));
  finalize.samples.push_back(number_at(*measured, "finalize_ms"));

  auto ended = server.agent().expect(200, "DELETE", "/api/chime/meeting", &body);
  if (!ended) return tl::unexpected(ended.error());
  for (LineProcess* d : {&*first, &*second}) {
    if (!d->child().wait(kSoon)) return fail(ErrorCode::unavailable, "an attendee did not end with its meeting");
  }
  if (auto film = read_film(json::text_or(entry, "recordingURL")); !film) return film;
  std::printf("round %2d: picture after %.0f ms, in rosters %.0f, first record %.0f, stored %.0f, sound %+.1f (load %.1f)\n", number,
              join.samples.back(), in_rosters, first_record.samples.back(), finalize.samples.back(), av.samples.back(), load.back());
  std::fflush(stdout);
  return {};
}

int Bench::report() {
  bj::object rows;
  for (Row* row : {&http, &child, &durable, &connected, &join, &roster, &first_record, &finalize, &seen_stored, &av}) {
    std::vector<double> sizes;
    for (const double v : row->samples) sizes.push_back(std::fabs(v));
    const double p95 = quantile(sizes, 0.95);
    const char* verdict = row->must == 0 ? "" : p95 <= row->must ? ", within" : ", MISSES";
    char must[48] = "";
    if (row->must != 0) std::snprintf(must, sizeof must, "%s %.0f", verdict, row->must);
    std::printf("%-24s median %7.1f  p95 %7.1f  most %7.1f%s  (%s)\n", row->name, quantile(sizes, 0.5), p95, quantile(sizes, 1.0), must, row->what);
    bj::object entry{{"what", row->what}, {"median", quantile(sizes, 0.5)}, {"p95", p95}, {"max", quantile(sizes, 1.0)}};
    if (row->must != 0) entry["must_p95"] = row->must;
    bj::array samples;
    for (const double v : row->samples) samples.emplace_back(std::round(v * 10) / 10);
    entry["samples"] = std::move(samples);
    rows[row->name] = std::move(entry);
  }
  std::printf("machine load (1 min): %.1f to %.1f on %ld cores; %zu rounds\n", quantile(load, 0), quantile(load, 1), ::sysconf(_SC_NPROCESSORS_ONLN),
              join.samples.size());
  const bj::object out{{"bench", "story"},
                       {"rounds", join.samples.size()},
                       {"seconds_recorded", options.seconds},
                       {"picture", options.hd ? "1280x720@30, 1500 kbit/s, two people" : "640x360@15, 600 kbit/s, two people"},
                       {"load_1m", {{"least", quantile(load, 0)}, {"median", quantile(load, 0.5)}, {"most", quantile(load, 1)}}},
                       {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)},
                       {"rows", std::move(rows)}};
  if (options.json_file.empty()) return 0;
  std::ofstream file(options.json_file);
  file << bj::serialize(out) << "\n";
  return file.good() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  Options options;
  bool understood = true;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (std::strcmp(argv[i], "--hd") == 0) options.hd = true;
    else if (more && std::strcmp(argv[i], "--rounds") == 0) options.rounds = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--seconds") == 0) options.seconds = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--json") == 0) options.json_file = argv[++i];
    else understood = false;
  }
  if (!understood || options.rounds < 1 || options.seconds < 3) {
    std::fputs("story_bench [--hd] [--rounds N] [--seconds OF-RECORDING, at least 3] [--json FILE]\n", stderr);
    return 2;
  }
  Bench bench(options);
  if (auto started = bench.server.start(); !started) {
    std::fprintf(stderr, "the server: %s\n", started.error().message.c_str());
    return 1;
  }
  for (int i = 1; i <= options.rounds; ++i) {
    if (auto r = bench.round(i); !r) {
      std::fprintf(stderr, "round %d: %s\n", i, r.error().message.c_str());
      return 1;
    }
  }
  return bench.report();
}
