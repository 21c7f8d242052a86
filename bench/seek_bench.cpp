// A film of an hour in a real server's store, and what a player reads and how long it waits when it opens it and jumps to
// random places: FFmpeg's libraries over HTTP, from the address that the summary gives. The film is real (two people at
// 720p in 1080p) and made by repeating 64 s of it.
// --hold: then says where the film is, as one line of JSON, and serves until stdin ends (tools/browser_tests.sh seek has
// Chromium jump about in it on the playback page).
// link: upcall_bench_parts upcall_test_long_film upcall_test_film_judge
//
// seek_bench [--minutes N] [--seeks N] [--hold WEB-DIRECTORY] [FILE.json]
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>

#include "bench_server.hpp"
#include "crowd.hpp"
#include "film_seeker.hpp"
#include "io/clock/system_clock.hpp"
#include "json/json.hpp"
#include "long_film.hpp"

namespace upcall::bench {
namespace {

namespace bj = boost::json;

struct Options {
  int minutes = 60, seeks = 40;
  std::string web_dir, json_file;
};

// Nearest-rank quantile.
double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(rank, 1, values.size()) - 1];
}

Result<bj::object> summary(BenchServer& server, const std::string& meeting) {
  auto answer = server.supervisor().expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + meeting);
  if (!answer) return tl::unexpected(answer.error());
  const bj::array* list = json::array_at(answer->body, "data");
  if (list == nullptr || list->size() != 1) return fail(ErrorCode::internal, "the summary should have one entry");
  return list->at(0).as_object();
}

// A recording whose film will be replaced.
Result<std::string> record(BenchServer& server) {
  auto join = server.create_meeting();
  if (!join) return tl::unexpected(join.error());
  Crowd crowd;
  for (const bj::object* attendee : {&join->owner, &join->customer}) {
    if (auto joined = crowd.join(join->meeting, *attendee); !joined) return tl::unexpected(joined.error());
  }
  if (!crowd.run(kSoon, [&] { return crowd.all_connected(); })) return fail(ErrorCode::unavailable, "an attendee did not connect");
  crowd.publish(30, true);
  const bj::object body{{"externalMeetingId", join->external_meeting_id}};
  for (const char* method : {"POST", "DELETE"}) {
    auto done = server.agent().expect(200, method, "/api/recording/recording", &body);
    if (!done) return tl::unexpected(done.error());
    crowd.run(Duration::s(2), [] { return false; });
  }
  for (const Instant deadline = system_now().mono + Duration::s(60);;) {
    auto entry = summary(server, join->external_meeting_id);
    if (!entry) return tl::unexpected(entry.error());
    if (json::text_or(*entry, "status") == "stored") return join->external_meeting_id;
    if (system_now().mono > deadline) return fail(ErrorCode::unavailable, "the recording is not stored");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Result<void> measure(const Options& options) {
  BenchServer server;
  std::vector<std::string> more;
  if (!options.web_dir.empty()) more = {"--web-dir", options.web_dir};
  if (auto started = server.start(more); !started) return started;
  auto meeting = record(server);
  if (!meeting) return tl::unexpected(meeting.error());
  const std::string file = server.data_dir() + "/long.mp4";
  auto film = test::make_long_film({.seconds = options.minutes * 60}, file, server.data_dir());
  if (!film) return tl::unexpected(film.error());
  auto back = server.restart([&] { return test::replace_stored_film(server.data_dir(), file); });
  if (!back) return back;
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  auto entry = summary(server, *meeting);
  if (!entry) return tl::unexpected(entry.error());

  test::FilmSeeker player;
  const test::SeekFigures opened = player.open(json::text_or(*entry, "recordingURL"));
  if (!opened.good) return fail(ErrorCode::internal, "the film cannot be opened");
  std::vector<double> ms, bytes;
  for (int i = 0; i < options.seeks; ++i) {
    const double at = static_cast<double>(server.random().below(static_cast<std::uint64_t>(film->seconds * 1000) - 2000)) / 1000;
    const test::SeekFigures seek = player.seek(at);
    if (!seek.good || seek.shown_s > at + 0.25) return fail(ErrorCode::internal, "a seek to " + std::to_string(at) + " s came out at " + std::to_string(seek.shown_s));
    ms.push_back(seek.ms);
    bytes.push_back(static_cast<double>(seek.bytes));
  }
  std::printf("a film of %.0f s, %.0f MB, fragments of up to %.0f kB\n", film->seconds, static_cast<double>(film->bytes) / 1e6, static_cast<double>(film->largest_fragment) / 1e3);
  std::printf("opened: first picture after %.0f ms and %.2f MB\n", opened.ms, static_cast<double>(opened.bytes) / 1e6);
  std::printf("seek to a random place, first picture: median %.0f ms, p95 %.0f, most %.0f (must 500); read %.2f MB median, %.2f p95, %.2f most (must 10); %d seeks\n",
              quantile(ms, 0.5), quantile(ms, 0.95), quantile(ms, 1), quantile(bytes, 0.5) / 1e6, quantile(bytes, 0.95) / 1e6, quantile(bytes, 1) / 1e6, options.seeks);
  std::printf("machine load (1 min): %.1f on %ld cores\n", load_1m(), ::sysconf(_SC_NPROCESSORS_ONLN));
  std::fflush(stdout);
  const bj::object out{{"bench", "seek"},
                       {"film", {{"seconds", film->seconds}, {"bytes", film->bytes}, {"largest_fragment", film->largest_fragment}}},
                       {"open", {{"ms", opened.ms}, {"bytes", opened.bytes}}},
                       {"seek_ms", {{"median", quantile(ms, 0.5)}, {"p95", quantile(ms, 0.95)}, {"max", quantile(ms, 1)}, {"must", 500}}},
                       {"seek_bytes", {{"median", quantile(bytes, 0.5)}, {"p95", quantile(bytes, 0.95)}, {"max", quantile(bytes, 1)}, {"must", 10'000'000}}},
                       {"seeks", options.seeks},
                       {"load_1m", load_1m()}};
  if (!options.json_file.empty()) {
    std::ofstream json_out(options.json_file);
    json_out << bj::serialize(out) << "\n";
    if (!json_out.good()) return fail(ErrorCode::unavailable, "cannot write " + options.json_file);
  }
  if (options.web_dir.empty()) return {};
  std::printf("%s\n", bj::serialize(bj::object{{"url", server.url()},
                                               {"meeting", *meeting},
                                               {"username", "sam@example.com"},
                                               {"password", server.supervisor_password()},
                                               {"seconds", film->seconds}})
                          .c_str());
  std::fflush(stdout);
  for (char c; ::read(STDIN_FILENO, &c, 1) > 0;) {}
  return {};
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  upcall::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (more && std::strcmp(argv[i], "--minutes") == 0) options.minutes = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--seeks") == 0) options.seeks = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--hold") == 0) options.web_dir = argv[++i];
    else if (argv[i][0] != '-') options.json_file = argv[i];
    else options.minutes = 0;
  }
  if (options.minutes < 2 || options.seeks < 1) {
    std::fputs("seek_bench [--minutes N, at least 2] [--seeks N] [--hold WEB-DIRECTORY] [FILE.json]\n", stderr);
    return 2;
  }
  if (auto done = upcall::bench::measure(options); !done) {
    std::fprintf(stderr, "seek_bench: %s\n", done.error().message.c_str());
    return 1;
  }
  return 0;
}
