// What meetings and recordings cost a real `upcall serve` process, seen from outside (/proc): memory of a two-party
// meeting over plain WebSocket, CPU of capturing a two-party 720p call with sealing and syncing, memory of a recording.
// Attendees are real ones on real sockets; what they send was encoded before (bench/parts/crowd.hpp).
// link: upcall_bench_parts
//
// server_bench [--meetings N] [--seconds OF-EACH-CAPTURE-WINDOW] [FILE.json]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "bench_server.hpp"
#include "crowd.hpp"
#include "json/json.hpp"

namespace upcall::bench {
namespace {

namespace bj = boost::json;

// 1.5 Mbit/s in packets of 1 100 bytes: a camera of 720p.
constexpr double kCallPackets = 1.5e6 / 8 / 1100;
// Fills the packet history of a publication (224 KiB) and then some.
constexpr int kFillRounds = 300;
constexpr int kRecordings = 4;  // as many as compose at the same time
constexpr double kMiB = 1 << 20;

struct Options {
  int meetings = 200, seconds = 10;
  std::string json_file;
};

bool idle(Crowd& crowd, Duration span) {
  crowd.run(span, [] { return false; });
  return crowd.all_connected();
}

Result<JoinData> add_call(BenchServer& server, Crowd& crowd) {
  auto join = server.create_meeting();
  if (!join) return join;
  for (const bj::object* attendee : {&join->owner, &join->customer}) {
    if (auto joined = crowd.join(join->meeting, *attendee); !joined) return tl::unexpected(joined.error());
  }
  if (!crowd.run(kSoon, [&] { return crowd.all_connected(); })) return fail(ErrorCode::unavailable, "an attendee did not connect");
  return join;
}

Result<void> recording(BenchServer& server, const std::string& method, const std::string& meeting) {
  const bj::object body{{"externalMeetingId", meeting}};
  auto done = server.agent().expect(200, method, "/api/recording/recording", &body);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<bj::object> meetings_row(const Options& options) {
  BenchServer server;
  if (auto started = server.start(); !started) return tl::unexpected(started.error());
  Crowd crowd;
  const Memory none = server.memory();
  std::vector<std::string> ids;
  for (int i = 0; i < options.meetings; ++i) {
    auto join = add_call(server, crowd);
    if (!join) return tl::unexpected(join.error());
    ids.push_back(join->external_meeting_id);
  }
  const Memory joined = server.memory();
  const double before = server.metric("upcall_media_packets_sent_total");
  for (int round = 0; round < kFillRounds; ++round) {
    crowd.publish_round();
    crowd.run(Duration::ms(20), [] { return false; });
  }
  if (!idle(crowd, Duration::s(1))) return fail(ErrorCode::internal, "somebody was lost");
  // A figure of a server that forwards nothing would be the best of all.
  const double forwarded = server.metric("upcall_media_packets_sent_total") - before;
  if (forwarded < 0.9 * 2 * kFillRounds * 2 * options.meetings) return fail(ErrorCode::internal, "packets were not forwarded: this run measured nothing");
  const Memory full = server.memory();
  for (const std::string& id : ids) {
    if (auto ended = server.end_meeting(id); !ended) return tl::unexpected(ended.error());
    crowd.run(Duration::ms(1), [] { return false; });
  }
  idle(crowd, Duration::s(1));
  const Memory after = server.memory();
  const double each = (full.resident - none.resident) / options.meetings;
  std::printf("a two-party meeting: %.3f MiB resident (must 1, goal 0.5), of it %.3f before any media; server %.1f MiB at 0, %.1f at %d, %.1f after their end\n",
              each / kMiB, (joined.resident - none.resident) / options.meetings / kMiB, none.resident / kMiB, full.resident / kMiB, options.meetings,
              after.resident / kMiB);
  return bj::object{{"meetings", options.meetings},
                    {"rss_at_0", none.resident},
                    {"rss_joined", joined.resident},
                    {"rss_full", full.resident},
                    {"rss_after", after.resident},
                    {"bytes_per_meeting", each},
                    {"anonymous_bytes_per_meeting", (full.anonymous - none.anonymous) / options.meetings},
                    {"packets_forwarded", forwarded}};
}

Result<bj::object> capture_row(const Options& options) {
  BenchServer server;
  // No composer: it is a process of its own and has its own rows.
  if (auto started = server.start({"--recorder", "/bin/false"}); !started) return tl::unexpected(started.error());
  Crowd crowd;
  auto join = add_call(server, crowd);
  if (!join) return tl::unexpected(join.error());
  crowd.publish(kCallPackets, true);
  idle(crowd, Duration::s(2));
  std::map<std::string, double> off, on;
  const auto window = [&](std::map<std::string, double>& out) {
    const auto before = server.thread_cpu();
    idle(crowd, Duration::s(options.seconds));
    for (const auto& [name, seconds] : server.thread_cpu()) {
      const auto at = before.find(name);
      out[name] += seconds - (at != before.end() ? at->second : 0);
    }
  };
  const double packets = static_cast<double>(crowd.sent());
  constexpr int kRounds = 3;  // alternating: what else happens on the machine falls on both
  for (int round = 0; round < kRounds; ++round) {
    window(off);
    if (auto r = recording(server, "POST", join->external_meeting_id); !r) return tl::unexpected(r.error());
    idle(crowd, Duration::s(1));
    window(on);
    if (auto r = recording(server, "DELETE", join->external_meeting_id); !r) return tl::unexpected(r.error());
    idle(crowd, Duration::s(1));
  }
  const double seconds = kRounds * options.seconds;
  const double rate = (static_cast<double>(crowd.sent()) - packets) / (2 * seconds + 2 * kRounds);
  if (rate < 0.9 * 2 * (kCallPackets + 50)) return fail(ErrorCode::internal, "the call did not reach its bit rate: the machine is too busy");
  if (on["journal"] <= off["journal"]) return fail(ErrorCode::internal, "the journal did no work: this run measured nothing");
  const double tap = std::max(0.0, on["media"] - off["media"]) / seconds;
  const double seal = (on["journal"] - off["journal"]) / seconds, sync = (on["journal-sync"] - off["journal-sync"]) / seconds;
  std::printf("capturing a two-party 720p call: %.5f core (must 0.01, goal 0.003): tap %.5f, draining and sealing %.5f, syncing %.5f; the call itself %.5f\n",
              tap + seal + sync, tap, seal, sync, off["media"] / seconds);
  return bj::object{{"window_s", options.seconds}, {"rounds", kRounds},   {"packets_per_second", rate}, {"core", tap + seal + sync},
                    {"tap_core", tap},             {"seal_core", seal},   {"sync_core", sync},          {"call_core", off["media"] / seconds}};
}

Result<bj::object> recording_memory_row(const Options& options) {
  BenchServer server;
  if (auto started = server.start(); !started) return tl::unexpected(started.error());
  Crowd crowd;
  std::vector<std::string> ids;
  for (int i = 0; i < kRecordings; ++i) {
    auto join = add_call(server, crowd);
    if (!join) return tl::unexpected(join.error());
    ids.push_back(join->external_meeting_id);
  }
  crowd.publish(kCallPackets, true);
  idle(crowd, Duration::s(5));
  const Memory before = server.memory();
  for (const std::string& id : ids) {
    if (auto r = recording(server, "POST", id); !r) return tl::unexpected(r.error());
    idle(crowd, Duration::ms(20));
  }
  // Their rings (2 MiB) have gone round by then.
  double most = 0;
  for (int s = 0; s < std::max(10, options.seconds); ++s) {
    idle(crowd, Duration::s(1));
    most = std::max(most, server.memory().resident);
  }
  if (server.metric("upcall_recordings_in_progress") != kRecordings) return fail(ErrorCode::internal, "not every recording captures");
  const double each = (most - before.resident) / kRecordings;
  std::printf("a recording: %.2f MiB of the server at most (must 4, goal 1), its composer's uploads included\n", each / kMiB);
  return bj::object{{"recordings", kRecordings}, {"rss_before", before.resident}, {"rss_most", most}, {"bytes_per_recording", each}};
}

int run(const Options& options) {
  // Four hundred attendees have more descriptors than the usual soft limit.
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);

  bj::object rows{{"bench", "server"}, {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}, {"load_1m", load_1m()}};
  struct Row {
    const char* name;
    Result<bj::object> (*measure)(const Options&);
  };
  for (const Row& row : {Row{"meeting", meetings_row}, Row{"capture", capture_row}, Row{"recording", recording_memory_row}}) {
    auto measured = row.measure(options);
    if (!measured) {
      std::fprintf(stderr, "%s: %s\n", row.name, measured.error().message.c_str());
      return 1;
    }
    rows[row.name] = std::move(*measured);
    std::fflush(stdout);
  }
  std::printf("machine load (1 min): %.1f on %ld cores\n", load_1m(), ::sysconf(_SC_NPROCESSORS_ONLN));
  if (options.json_file.empty()) return 0;
  std::ofstream file(options.json_file);
  file << bj::serialize(rows) << "\n";
  return file.good() ? 0 : 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  upcall::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--meetings") == 0 && i + 1 < argc) options.meetings = std::atoi(argv[++i]);
    else if (std::strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) options.seconds = std::atoi(argv[++i]);
    else if (argv[i][0] != '-') options.json_file = argv[i];
    else options.meetings = 0;
  }
  if (options.meetings < 1 || options.seconds < 1) {
    std::fputs("server_bench [--meetings N] [--seconds OF-EACH-CAPTURE-WINDOW] [FILE.json]\n", stderr);
    return 2;
  }
  return upcall::bench::run(options);
}
