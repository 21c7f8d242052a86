// A host that captures many calls and composes some of them live: do composers keep up, and is anything lost? A real
// `upcall serve` with real attendees in one process beside it (bench/parts/crowd.hpp) that replay real pictures of 720p,
// encoded before. The first recordings are composed while they run, the others are only captured ("on-demand").
// The publishers need CPU too; what they took is told, and whether they could offer what they were to offer.
// link: upcall_bench_parts
//
// load_bench [--meetings N] [--live N] [--seconds N] [--kbps N] [FILE.json]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "base/rng.hpp"
#include "bench_server.hpp"
#include "crowd.hpp"
#include "io/clock/system_clock.hpp"
#include "io/media/test_pattern.hpp"
#include "io/media/vp8_codec.hpp"
#include "json/json.hpp"

namespace upcall::bench {
namespace {

namespace bj = boost::json;

constexpr int kFps = 30, kFrames = 4 * kFps;
constexpr int kWindow = 5;   // seconds between two looks

struct Options {
  int meetings = 100, live = 4, seconds = 30, kbps = 1500;
  std::string json_file;
};

// A camera's noise, so that the encoder needs the bits that a camera's picture needs.
Result<std::vector<ByteVector>> camera(int kbps) {
  auto encoder = media::Vp8Encoder::open({.width = 1280, .height = 720, .fps = kFps, .bitrate_kbps = kbps, .threads = 1, .speed = 10, .screen_content = false});
  if (!encoder) return tl::unexpected(encoder.error());
  const media::TestPattern pattern({7, 0, "Bench", false});
  media::Picture picture(1280, 720);
  SeededRandom random(3);
  std::vector<ByteVector> out;
  for (int n = 0; n < kFrames; ++n) {
    pattern.draw(picture.mut_view(), static_cast<std::uint32_t>(n * 1000 / kFps));
    const auto view = picture.mut_view();
    for (int row = 0; row < view.height; ++row) {
      std::uint8_t* line = view.y + static_cast<std::ptrdiff_t>(row) * view.stride_y;
      for (int x = 0; x < view.width; x += 8) {
        std::uint64_t bits = random.u64();
        for (int i = 0; i < 8; ++i, bits >>= 8) line[x + i] = static_cast<std::uint8_t>(std::clamp(line[x + i] + static_cast<int>(bits & 7) - 3, 16, 235));
      }
    }
    auto frame = (*encoder)->encode(picture.view(), n * 90000 / kFps, n == 0);
    if (!frame) return tl::unexpected(frame.error());
    if (*frame) out.emplace_back((*frame)->data.begin(), (*frame)->data.end());
  }
  return out;
}

double own_cpu() {
  rusage r{};
  ::getrusage(RUSAGE_SELF, &r);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(r.ru_utime) + s(r.ru_stime);
}

Result<void> recording(BenchServer& server, const std::string& method, const std::string& meeting) {
  const bj::object body{{"externalMeetingId", meeting}};
  auto done = server.agent().expect(200, method, "/api/recording/recording", &body);
  if (!done) return tl::unexpected(done.error());
  return {};
}

Result<bj::object> summary(BenchServer& server, const std::string& meeting) {
  auto answer = server.supervisor().expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + meeting);
  if (!answer) return tl::unexpected(answer.error());
  const bj::array* list = json::array_at(answer->body, "data");
  if (list == nullptr || list->size() != 1) return fail(ErrorCode::internal, "the summary should have one entry");
  return list->at(0).as_object();
}

// CPU seconds so far, by part.
struct Cpu {
  double media = 0, journal = 0, rest = 0, composers = 0, publishers = 0;
  static Cpu of(BenchServer& server) {
    Cpu out;
    for (const auto& [name, s] : server.thread_cpu()) (name == "media" ? out.media : name.starts_with("journal") ? out.journal : out.rest) += s;
    out.composers = server.composer_cpu();
    out.publishers = own_cpu();
    return out;
  }
};

Result<bj::object> measure(const Options& options) {
  BenchServer server;
  if (auto started = server.start(); !started) return tl::unexpected(started.error());
  auto frames = camera(options.kbps);
  if (!frames) return tl::unexpected(frames.error());
  double bytes = 0;
  for (const ByteVector& f : *frames) bytes += static_cast<double>(f.size());
  const double kbps = bytes * 8 / 1000 * kFps / static_cast<double>(frames->size());
  Crowd crowd;
  std::vector<std::string> ids;
  for (int i = 0; i < options.meetings; ++i) {
    auto join = server.create_meeting();
    if (!join) return tl::unexpected(join.error());
    for (const bj::object* attendee : {&join->owner, &join->customer}) {
      if (auto joined = crowd.join(join->meeting, *attendee); !joined) return tl::unexpected(joined.error());
    }
    if (!crowd.run(kSoon, [&] { return crowd.all_connected(); })) return fail(ErrorCode::unavailable, "an attendee did not connect");
    ids.push_back(join->external_meeting_id);
  }
  crowd.replay(std::move(*frames), kFps);
  const auto idle = [&crowd](Duration span) { crowd.run(span, [] { return false; }); };
  idle(Duration::s(3));
  const auto cores = [&](double seconds) {
    const Cpu before = Cpu::of(server);
    const Instant begun = system_now().mono;
    idle(Duration::ms(static_cast<std::int64_t>(seconds * 1000)));
    const double s = (system_now().mono - begun).seconds();
    const Cpu now = Cpu::of(server);
    return Cpu{(now.media - before.media) / s, (now.journal - before.journal) / s, (now.rest - before.rest) / s, (now.composers - before.composers) / s, (now.publishers - before.publishers) / s};
  };
  const auto print = [](const char* what, const Cpu& c) {
    std::printf("%s: media %.3f core, journal %.3f, server's rest %.3f, composers %.3f; publishers %.3f\n", what, c.media, c.journal, c.rest, c.composers, c.publishers);
    std::fflush(stdout);
  };
  std::printf("%d calls of two, 720p at %d fps, %.0f kbit/s each\n", options.meetings, kFps, kbps);
  const Cpu calls = cores(10);
  print("calls alone", calls);

  const auto compose = [&](const char* when) { return server.admin("configure", {{"recordingCompose", when}}); };
  if (auto set = compose("live"); !set) return tl::unexpected(set.error());
  for (int i = 0; i < options.meetings; ++i) {
    if (i == options.live) {
      if (auto set = compose("on-demand"); !set) return tl::unexpected(set.error());
    }
    if (auto r = recording(server, "POST", ids[static_cast<std::size_t>(i)]); !r) return tl::unexpected(r.error());
    idle(Duration::ms(20));
  }
  if (server.metric("upcall_recordings_in_progress") != options.meetings) return fail(ErrorCode::internal, "not every recording captures");
  bj::array lags;
  double worst_last = 0, composed_first = 0, composed_last = 0, composers_first = 0, composers_last = 0;
  Cpu sum;
  const std::uint64_t frames_before = crowd.frames_sent();
  const Instant begun = system_now().mono;
  const int windows = std::max(2, options.seconds / kWindow);
  for (int w = 0; w < windows; ++w) {
    const Cpu c = cores(kWindow);
    sum = {sum.media + c.media / windows, sum.journal + c.journal / windows, sum.rest + c.rest / windows, sum.composers + c.composers / windows, sum.publishers + c.publishers / windows};
    bj::array row;
    worst_last = composed_last = 0;
    composers_last = server.composer_cpu();
    std::printf("after %3d s, composers behind by", (w + 1) * kWindow);
    for (int i = 0; i < options.live; ++i) {
      auto entry = summary(server, ids[static_cast<std::size_t>(i)]);
      if (!entry) return tl::unexpected(entry.error());
      const bj::object* progress = json::object_at(*entry, "progress");
      const double lag = progress == nullptr ? 0 : number_at(*progress, "capturedSeconds") - number_at(*progress, "composedSeconds");
      worst_last = std::max(worst_last, lag);
      if (progress != nullptr) composed_last += number_at(*progress, "composedSeconds");
      row.emplace_back(lag);
      std::printf(" %.1f", lag);
    }
    std::printf(" s\n");
    std::fflush(stdout);
    lags.push_back(std::move(row));
    if (w == 0) composed_first = composed_last, composers_first = composers_last;
  }
  const double offered = static_cast<double>(crowd.frames_sent() - frames_before) / ((system_now().mono - begun).seconds() * kFps * 2 * options.meetings);
  print("all recorded", sum);
  // Holds also where the machine had too little time to give: what a composed second takes, and with it what all of it takes.
  const double each = (composers_last - composers_first) / std::max(1.0, composed_last - composed_first);
  const double needed = sum.media + sum.journal + sum.rest + each * options.live;
  std::printf("a live composite takes %.3f core; %d of them and %d captures need %.2f cores, publishers not counted\n", each, options.live, options.meetings, needed);
  std::printf("publishers offered %.1f %% of their pictures\n", offered * 100);

  const Instant stopping = system_now().mono;
  double dropped = 0, gaps = 0;
  int late = 0;
  for (const std::string& id : ids) {
    if (auto r = recording(server, "DELETE", id); !r) return tl::unexpected(r.error());
    idle(Duration::ms(1));
  }
  crowd.publish(0, false);
  for (int i = 0; i < options.meetings; ++i) {
    for (;;) {
      auto entry = summary(server, ids[static_cast<std::size_t>(i)]);
      if (!entry) return tl::unexpected(entry.error());
      const std::string status = json::text_or(*entry, "status");
      if (status == "failed") return fail(ErrorCode::internal, "a recording failed");
      if (i < options.live ? status != "stored" : status == "stopping" || status == "recording") {
        // Of a machine that is taken by others: this run says that they fell behind, and what was dropped.
        if ((system_now().mono - stopping).seconds() > 200) {
          ++late;
          break;
        }
        idle(Duration::ms(20));
        continue;
      }
      const bj::object* facts = json::object_at(*entry, "facts");
      if (facts != nullptr) dropped += number_at(*facts, "dropped_records"), gaps += number_at(*facts, "gaps");
      break;
    }
  }
  const double stored_s = (system_now().mono - stopping).seconds();
  std::printf("records dropped by rings: %.0f (must 0), gaps in films: %.0f; the live films were stored %.1f s after the first stop (%d not yet)\n", dropped, gaps, stored_s, late);
  const bool kept_up = worst_last < 10;
  std::printf("%s; load (1 min) %.1f on %ld cores\n", kept_up ? "composers kept up" : "composers fell behind", load_1m(), ::sysconf(_SC_NPROCESSORS_ONLN));
  const auto json_of = [](const Cpu& c) { return bj::object{{"media", c.media}, {"journal", c.journal}, {"server_rest", c.rest}, {"composers", c.composers}, {"publishers", c.publishers}}; };
  return bj::object{{"bench", "load"},       {"meetings", options.meetings}, {"live", options.live},        {"kbps", kbps},       {"cores_calls", json_of(calls)},
                    {"cores_recorded", json_of(sum)}, {"behind_s", std::move(lags)},  {"dropped_records", dropped}, {"gaps", gaps},       {"offered", offered},
                    {"stored_after_s", stored_s}, {"not_stored", late}, {"core_per_composite", each}, {"cores_needed", needed}, {"load_1m", load_1m()}};
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) {
  upcall::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const bool more = i + 1 < argc;
    if (more && std::strcmp(argv[i], "--meetings") == 0) options.meetings = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--live") == 0) options.live = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--seconds") == 0) options.seconds = std::atoi(argv[++i]);
    else if (more && std::strcmp(argv[i], "--kbps") == 0) options.kbps = std::atoi(argv[++i]);
    else if (argv[i][0] != '-') options.json_file = argv[i];
    else options.meetings = 0;
  }
  if (options.meetings < 1 || options.live > options.meetings || options.seconds < 5 || options.kbps < 50) {
    std::fputs("load_bench [--meetings N] [--live N] [--seconds N] [--kbps N] [FILE.json]\n", stderr);
    return 2;
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  auto measured = upcall::bench::measure(options);
  if (!measured) {
    std::fprintf(stderr, "load_bench: %s\n", measured.error().message.c_str());
    return 1;
  }
  if (options.json_file.empty()) return 0;
  std::ofstream file(options.json_file);
  file << boost::json::serialize(*measured) << "\n";
  return file.good() ? 0 : 1;
}
