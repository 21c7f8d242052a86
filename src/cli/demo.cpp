// upcall demo: plays one whole story and prints the steps, the film's facts and, with --json, the same as a file.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/demo/story.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct DemoOptions {
  int seconds = 20;
  std::string json_file, data_dir;
  bool keep = false;
};

std::string program_dir() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "." : self.parent_path().string();
}

bj::object report(const demo::StoryResult& r) {
  bj::array steps;
  for (const demo::StepResult& s : r.steps) {
    bj::object step{{"name", s.name}, {"ok", s.ok}, {"ms", s.ms}};
    if (!s.error.empty()) step["error"] = s.error;
    steps.push_back(std::move(step));
  }
  bj::object recording{{"file", r.file}, {"url", r.url}};
  if (auto film = json::parse_object(r.film_json)) {
    for (const char* name : {"width", "height", "fps", "duration_s", "av_offset_ms", "video_codec", "audio_codec", "video_frames",
                             "longest_hold_s", "front_index", "share_text", "participants"}) {
      if (const auto* v = film->if_contains(name)) recording[name] = *v;
    }
  }
  recording["start_ms"] = r.start_ms;
  recording["finalize_ms"] = r.finalize_ms;
  recording["cpu_core_seconds"] = r.composer_cpu_core_seconds;
  recording["peak_rss_mib"] = r.composer_peak_rss_mib;
  return {{"ok", r.ok},
          {"steps", std::move(steps)},
          {"join_ms", {{"agent", r.join_ms_agent}, {"customer", r.join_ms_customer}}},
          {"recording", std::move(recording)},
          {"media", {{"packets_forwarded", r.packets_forwarded}, {"cpu_core_seconds", r.server_cpu_core_seconds}}}};
}

int run(const DemoOptions& o) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string data_dir = o.data_dir;
  if (data_dir.empty()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::fprintf(stderr, "upcall demo: no temporary directory; give --data-dir\n");
      return 1;
    }
    data_dir = pattern;
  }
  demo::StoryOptions options;
  options.seconds = o.seconds;
  options.data_dir = std::filesystem::absolute(data_dir).string();
  options.program_dir = program_dir();
  options.keep = o.keep;
  options.on_step = [](const std::string& name, bool ok, std::int64_t ms, const std::string& note) {
    std::printf("%s %-30s %6lld ms  %s\n", ok ? "ok  " : "FAIL", name.c_str(), static_cast<long long>(ms), note.c_str());
    std::fflush(stdout);
  };
  demo::Story story(options);
  const demo::StoryResult result = story.play();
  const bj::object facts = report(result);
  if (result.ok) {
    std::printf("\nThe film: %s\n", result.file.c_str());
    std::printf("First sealed record %.0f ms after the start, stored %.0f ms after the stop; composing took %.2f CPU seconds and "
                "%.0f MiB, the server %.2f CPU seconds for %llu packets.\n",
                result.start_ms, result.finalize_ms, result.composer_cpu_core_seconds, result.composer_peak_rss_mib,
                result.server_cpu_core_seconds, static_cast<unsigned long long>(result.packets_forwarded));
  } else {
    std::printf("\nThe story ended early; everything it left is in %s\n", options.data_dir.c_str());
  }
  if (!o.json_file.empty()) {
    std::ofstream out(o.json_file);
    out << bj::serialize(facts) << '\n';
    if (!out) {
      std::fprintf(stderr, "upcall demo: cannot write %s\n", o.json_file.c_str());
      return 1;
    }
  }
  if (o.keep && result.ok) {
    std::printf("\nStill serving at %s; end with Ctrl-C. Log-ins:\n", result.server_url.c_str());
    for (const auto& [user, password] : result.logins) std::printf("  %-22s %s\n", user.c_str(), password.c_str());
    std::fflush(stdout);
    story.serve();
  }
  return result.ok ? 0 : 1;
}

}  // namespace

void add_demo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<DemoOptions>();
  CLI::App* c = app.add_subcommand("demo", "Play one whole story with real processes, and leave the film");
  c->add_option("--seconds", options->seconds, "How long they talk while recorded")->check(CLI::Range(3, 3600))->capture_default_str();
  c->add_option("--json", options->json_file, "Write steps and facts to this file");
  c->add_option("--data-dir", options->data_dir, "Server data and the film (default: a new temporary directory)");
  c->add_flag("--keep", options->keep, "Go on serving afterwards and print the log-ins");
  c->footer("Example:\n  upcall demo --seconds 10 --json facts.json");
  c->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace upcall::cli
