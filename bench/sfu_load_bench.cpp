// The SFU under load, by real processes: attendees of many meetings (bench/load) join over the real signalling and send
// a clip that was encoded before. How long each packet takes through the server, which are lost, what it costs.
// How to read the figures: docs/benchmarks.md.
// link: upcall_bench_load
//
// sfu_load_bench [--meetings N] [--people N] [--cameras N] [--speakers N] [--seconds N] [--kbps N] [--ramp]
//                [--storm N] [--restart] [--janus PROGRAM] [--no-pin] [FILE.json]
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <future>
#include <string>

#include <boost/json.hpp>

#include "janus_server.hpp"
#include "server_load.hpp"

namespace upcall::bench {
namespace {

namespace bj = boost::json;

constexpr double kMiB = 1 << 20;
constexpr int kEstablished = 0, kStorm = 1;
constexpr std::size_t kCamerasMax = 25;   // of a meeting
constexpr const char* kJanusAddress = "198.51.100.1";   // tools/load_test.sh makes it
constexpr Duration kStormLimit = Duration::s(30);

struct Options {
  std::size_t meetings = 200, people = 2, cameras = kCamerasMax, speakers = 0, storm = 0;
  int seconds = 20, kbps = 400;
  bool ramp = false, restart = false, pin = true;
  std::string janus, json_file;
};

bool idle(Callers& callers, Duration span) {
  callers.run(span, [] { return false; });
  return callers.connected(kEstablished);
}

// A meeting with its people, who do not come yet.
Result<void> add_meeting(BenchServer& server, Callers& callers, std::size_t number, std::size_t people, const Options& options, int group) {
  auto join = server.create_meeting();
  if (!join) return tl::unexpected(join.error());
  const std::size_t speakers = options.speakers != 0 ? options.speakers : people == 2 ? 2 : 1;
  for (std::size_t i = 0; i < people; ++i) {
    bj::object attendee = i == 0 ? join->owner : join->customer;
    if (i > 1) {
      auto more = server.add_attendee(join->external_meeting_id);
      if (!more) return tl::unexpected(more.error());
      attendee = std::move(*more);
    }
    const CallerOptions caller{.meeting = number, .group = group, .camera = i < options.cameras, .speaks = i < speakers};
    if (auto added = callers.add(join->meeting, attendee, caller); !added) return added;
  }
  return {};
}

struct Spent {
  WindowResult window;
  LoadCpu cpu;
};

constexpr const char* kCamerasMetric = "upcall_media_cameras_most";
constexpr const char* kHeldMetric = "upcall_media_video_packets_held_total";

Spent measure(pid_t server, Callers& callers, int seconds) {
  const LoadCpu before = LoadCpu::of(server);
  callers.begin_window();
  callers.run(Duration::s(seconds), [] { return false; });
  const LoadCpu spent = LoadCpu::of(server) - before;
  return {callers.end_window(kEstablished), spent};
}

void print_joins(const char* what, const std::vector<double>& ms) {
  std::printf("  %s: %zu, ms p50 %.0f  p95 %.0f  most %.0f\n", what, ms.size(), percentile(ms, 0.5), percentile(ms, 0.95), percentile(ms, 1));
}

bj::object joins_json(const std::vector<double>& ms) {
  return {{"count", ms.size()}, {"ms_p50", percentile(ms, 0.5)}, {"ms_p95", percentile(ms, 0.95)}, {"ms_most", percentile(ms, 1)}};
}

// Some hundred join at once beside the calls that are there. They have a thread of their own, which is nice: what their
// own handshakes cost must not make the others' packets late.
Result<bj::object> storm(BenchServer& server, Callers& callers, const Clip& clip, const Options& options) {
  Options pairs = options;
  pairs.cameras = 2;
  pairs.speakers = 2;
  Callers crowd(clip);
  for (std::size_t i = 0; i < options.storm / 2; ++i) {
    if (auto added = add_meeting(server, crowd, i, 2, pairs, kStorm); !added) return tl::unexpected(added.error());
    idle(callers, Duration::ms(1));
  }
  idle(callers, Duration::s(2));
  const double drops = server.socket_drops();
  const LoadCpu before = LoadCpu::of(server.pid());
  callers.begin_window();
  auto joining = std::async(std::launch::async, [&crowd] {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 10);
    crowd.start(kStorm);
    const bool all = crowd.run(kStormLimit, [&] { return crowd.connected(kStorm); });
    // Long enough that a percentile of packets means something.
    crowd.run(Duration::s(5), [] { return false; });
    return all;
  });
  callers.run(kStormLimit + Duration::s(10), [&] { return joining.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  const bool all = joining.get();
  const LoadCpu spent = LoadCpu::of(server.pid()) - before;
  const WindowResult window = callers.end_window(kEstablished);
  if (!all) return fail(ErrorCode::unavailable, std::to_string(crowd.connected_count(kStorm)) + " of " + std::to_string(crowd.size(kStorm)) + " were connected after 30 s");
  const auto joins = crowd.join_ms(kStorm);
  const double seconds = percentile(joins, 1) / 1000 + 5;
  print_window("the calls that were there, while others join at once", window, spent, seconds, options.meetings);
  print_joins("who joined at once, until media can flow", joins);
  print_joins("… until the first picture", crowd.first_picture_ms(kStorm));
  std::printf("  %.0f found no room in the server's own socket\n", server.socket_drops() - drops);
  return bj::object{{"established", window_json(window, spent, seconds)}, {"joins", joins_json(joins)}};
}

// The server is killed and started again; everybody comes back by itself.
Result<bj::object> restart(BenchServer& server, Callers& callers) {
  callers.restart_join_clock(kEstablished);
  auto started = std::async(std::launch::async, [&server] { return server.crash_and_start(); });
  const auto ready = [&] { return started.wait_for(std::chrono::seconds(0)) == std::future_status::ready; };
  if (!callers.run(kSoon, ready)) return fail(ErrorCode::unavailable, "the server did not come back");
  if (auto up = started.get(); !up) return tl::unexpected(up.error());
  if (!callers.run(kStormLimit, [&] { return callers.connected(kEstablished) && callers.join_ms(kEstablished).size() == callers.size(kEstablished); })) {
    return fail(ErrorCode::unavailable, std::to_string(callers.connected_count(kEstablished)) + " of " + std::to_string(callers.size(kEstablished)) + " came back within 30 s");
  }
  callers.run(Duration::s(3), [] { return false; });
  const auto joins = callers.join_ms(kEstablished);
  std::puts("the server was killed and started again");
  print_joins("all back, since the kill, until media can flow", joins);
  print_joins("… until the first picture", callers.first_picture_ms(kEstablished));
  return joins_json(joins);
}

Result<bj::object> our_calls(const Options& options, const Clip& clip, const std::vector<int>& processors) {
  BenchServer server;
  server.set_processors(processors);
  if (auto started = server.start(); !started) return tl::unexpected(started.error());
  bj::object out;
  Callers callers(clip);
  const Memory none = server.memory();
  const std::size_t steps = options.ramp ? 8 : 1;
  bj::array ramp;
  for (std::size_t step = 1; step <= steps; ++step) {
    const std::size_t until = options.meetings * step / steps;
    for (std::size_t i = options.meetings * (step - 1) / steps; i < until; ++i) {
      if (auto added = add_meeting(server, callers, i, options.people, options, kEstablished); !added) return tl::unexpected(added.error());
      callers.start(kEstablished);
      if (!callers.run(kSoon, [&] { return callers.connected(kEstablished); })) {
        return fail(ErrorCode::unavailable, std::to_string(callers.connected_count(kEstablished)) + " of " + std::to_string(callers.size(kEstablished)) + " attendees are connected");
      }
    }
    if (!options.ramp) break;
    idle(callers, Duration::s(3));
    const Spent spent = measure(server.pid(), callers, options.seconds);
    print_window((std::to_string(until) + " meetings").c_str(), spent.window, spent.cpu, options.seconds, until);
    ramp.push_back(window_json(spent.window, spent.cpu, options.seconds));
  }
  if (options.ramp) out["ramp"] = std::move(ramp);
  print_joins("joined one meeting after another, until media can flow", callers.join_ms(kEstablished));
  // Histories of packets fill, and key frames that were asked for at the beginning have gone.
  if (!idle(callers, Duration::s(8))) return fail(ErrorCode::internal, "somebody was lost");
  // A server with more to do than it can finds out how many cameras it can send.
  double cameras = server.metric(kCamerasMetric);
  for (int quiet_s = 0, waited_s = 0; std::isfinite(cameras) && quiet_s < 5 && waited_s < 40; ++waited_s) {
    idle(callers, Duration::s(1));
    const double now = server.metric(kCamerasMetric);
    quiet_s = now == cameras ? quiet_s + 1 : 0;
    cameras = now;
  }
  if (std::isfinite(cameras)) std::printf("  the server has more to do than it can: %.0f cameras to each attendee\n", cameras);
  print_joins("… until the first picture", callers.first_picture_ms(kEstablished));
  out["joins"] = joins_json(callers.join_ms(kEstablished));

  const double drops = server.socket_drops();
  const double held = server.metric(kHeldMetric);
  Spent spent = measure(server.pid(), callers, options.seconds);
  spent.window.held = static_cast<std::uint64_t>(server.metric(kHeldMetric) - held);
  const Memory full = server.memory();
  // A server that delivers nothing would have the best delays of all.
  if (spent.window.video.arrived == 0 || spent.window.audio.due == 0) return fail(ErrorCode::internal, "nothing was delivered: this run measured nothing");
  print_window("calls", spent.window, spent.cpu, options.seconds, options.meetings);
  std::printf("  of what was lost %.0f found no room in the server's own socket\n", server.socket_drops() - drops);
  const double each = (full.resident - none.resident) / static_cast<double>(options.meetings);
  std::printf("  memory: server %.1f MiB at 0, %.1f MiB at %zu meetings: %.3f MiB a meeting\n", none.resident / kMiB, full.resident / kMiB, options.meetings, each / kMiB);
  out["calls"] = window_json(spent.window, spent.cpu, options.seconds);
  out["rss_at_0"] = none.resident;
  out["rss_full"] = full.resident;
  out["bytes_per_meeting"] = each;

  if (options.storm > 0) {
    auto r = storm(server, callers, clip, options);
    if (!r) return r;
    out["storm"] = std::move(*r);
  }
  if (options.restart) {
    auto r = restart(server, callers);
    if (!r) return r;
    out["restart"] = std::move(*r);
  }
  return out;
}

// The same calls in rooms of Janus, by the same generator.
Result<bj::object> janus(const Options& options, const Clip& clip, const std::vector<int>& processors) {
  const auto at = parse_ip(kJanusAddress, 0);
  if (!at) return fail(ErrorCode::internal, "no address");
  JanusServer server;
  if (auto started = server.start(options.janus, options.meetings, processors); !started) return tl::unexpected(started.error());
  const Memory none = process_memory(server.pid());
  Callers callers(clip);
  for (std::size_t i = 0; i < options.meetings; ++i) {
    for (int end = 0; end < 2; ++end) {
      if (auto added = callers.add_janus(server.url(), i + 1, *at, {.meeting = i, .group = kEstablished}); !added) return tl::unexpected(added.error());
    }
    callers.start(kEstablished);
    if (!callers.run(kSoon, [&] { return callers.connected(kEstablished); })) {
      return fail(ErrorCode::unavailable, "Janus: " + std::to_string(callers.connected_count(kEstablished)) + " of " + std::to_string(callers.size(kEstablished)) + " are connected");
    }
  }
  std::puts("\nJanus");
  print_joins("joined one meeting after another, until media can flow", callers.join_ms(kEstablished));
  if (!idle(callers, Duration::s(8))) return fail(ErrorCode::internal, "Janus: somebody was lost");
  const Spent spent = measure(server.pid(), callers, options.seconds);
  const Memory full = process_memory(server.pid());
  if (spent.window.video.arrived == 0 || spent.window.audio.arrived == 0) return fail(ErrorCode::internal, "Janus delivered nothing: this run measured nothing");
  print_window("calls", spent.window, spent.cpu, options.seconds, options.meetings);
  const double each = (full.resident - none.resident) / static_cast<double>(options.meetings);
  std::printf("  memory: %.1f MiB at 0, %.1f MiB at %zu meetings: %.3f MiB a meeting\n", none.resident / kMiB, full.resident / kMiB, options.meetings, each / kMiB);
  bj::object out{{"calls", window_json(spent.window, spent.cpu, options.seconds)}, {"rss_at_0", none.resident}, {"rss_full", full.resident}, {"bytes_per_meeting", each}};
  return out;
}

Result<bj::object> run_all(const Options& options) {
  auto clip = make_clip(options.kbps);
  if (!clip) return tl::unexpected(clip.error());
  const std::vector<int> processors = options.pin ? take_last_processor() : std::vector<int>();
  const bool pinned = !processors.empty();
  const std::size_t people = options.meetings * options.people;
  auto bare = direct_loop(*clip, std::min<std::size_t>(people + people % 2, 400), Duration::s(3));
  if (!bare) return tl::unexpected(bare.error());
  std::printf("%zu meetings of %zu, sound 50 packets/s, cameras 360p at %.0f kbit/s; %s\n", options.meetings, options.people, clip->video_kbps,
              pinned ? "server and generator on processors of their own" : "processors shared");
  std::printf("without a server (the same packets from socket to socket): delay ms p50 %.3f  p99 %.3f\n", bare->at(0.5), bare->at(0.99));
  bj::object out{{"bench", "sfu_load"},       {"meetings", options.meetings}, {"people", options.people},
                 {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"pinned", pinned}, {"video_kbps", clip->video_kbps},
                 {"direct_ms_p50", bare->at(0.5)}, {"direct_ms_p99", bare->at(0.99)}};

  auto ours = our_calls(options, *clip, processors);
  if (!ours) return ours;
  for (auto& [name, value] : *ours) out[name] = std::move(value);
  if (!options.janus.empty()) {
    auto theirs = janus(options, *clip, processors);
    if (!theirs) return theirs;
    out["janus"] = std::move(*theirs);
  }
  std::printf("machine load (1 min): %.1f on %ld cores\n", load_1m(), ::sysconf(_SC_NPROCESSORS_ONLN));
  return out;
}

int run(const Options& options) {
  raise_file_limit();
  auto rows = run_all(options);
  if (!rows) {
    std::fprintf(stderr, "sfu_load_bench: %s\n", rows.error().message.c_str());
    return 1;
  }
  if (options.json_file.empty()) return 0;
  std::ofstream file(options.json_file);
  file << bj::serialize(*rows) << "\n";
  return file.good() ? 0 : 1;
}

bool parse(int argc, char** argv, Options& out) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    const auto number = [&](auto& into, long least) {
      if (i + 1 >= argc) return false;
      const long value = std::atol(argv[++i]);
      into = static_cast<std::remove_reference_t<decltype(into)>>(value);
      return value >= least;
    };
    bool good = true;
    if (name == "--meetings") good = number(out.meetings, 1);
    else if (name == "--people") good = number(out.people, 2);
    else if (name == "--cameras") good = number(out.cameras, 1);
    else if (name == "--speakers") good = number(out.speakers, 1);
    else if (name == "--seconds") good = number(out.seconds, 1);
    else if (name == "--kbps") good = number(out.kbps, 50);
    else if (name == "--storm") good = number(out.storm, 2);
    else if (name == "--ramp") out.ramp = true;
    else if (name == "--restart") out.restart = true;
    else if (name == "--no-pin") out.pin = false;
    else if (name == "--janus" && i + 1 < argc) out.janus = argv[++i];
    else if (name[0] != '-') out.json_file = name;
    else good = false;
    if (!good) return false;
  }
  out.cameras = std::min(out.cameras, kCamerasMax);
  return true;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  upcall::bench::Options options;
  if (!upcall::bench::parse(argc, argv, options)) {
    std::fputs("sfu_load_bench [--meetings N] [--people N] [--cameras N] [--speakers N] [--seconds N] [--kbps N] [--ramp]\n"
               "               [--storm N] [--restart] [--janus PROGRAM] [--no-pin] [FILE.json]\n",
               stderr);
    return 2;
  }
  return upcall::bench::run(options);
}
