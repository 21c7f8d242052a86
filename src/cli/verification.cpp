#include "cli/verification.hpp"

#include <csignal>
#include <filesystem>

#include <CLI/CLI.hpp>

namespace upcall::cli {

namespace bj = boost::json;

bj::object measures_json(const demo::StoryResult& result) {
  bj::object out;
  const auto add = [&out](const char* name, const std::optional<double>& ms) {
    if (ms) out[name] = *ms;
  };
  add("joinMs", result.connected_ms);
  add("firstPictureMs", result.first_picture_ms);
  add("delayMs", result.delay_ms);
  add("avOffsetMs", result.av_offset_ms);
  if (result.start_ms > 0) out["recordingStartMs"] = result.start_ms;
  if (result.finalize_ms > 0) out["recordingStoredMs"] = result.finalize_ms;
  return out;
}

bj::object verification_json(const demo::StoryResult& result) {
  bj::array steps;
  for (const demo::StepResult& s : result.steps) steps.push_back(bj::object{{"name", s.name}, {"ok", s.ok}, {"ms", s.ms}, {"error", s.error}});
  bj::object out{{"ok", result.ok}, {"url", result.server_url}, {"steps", std::move(steps)}};
  for (auto& [name, value] : measures_json(result)) out[name] = value;
  return out;
}

void add_verification_options(CLI::App& command, demo::StoryOptions& options) {
  options.seconds = 4;
  options.data_dir = "upcall-data";
  command.add_option("--data-dir", options.data_dir, "The running server's data directory")->capture_default_str();
  command.add_option("--url", options.url, "Where to reach it (default: the address that it hands out)");
  command.add_option("--seconds", options.seconds, "How long they talk")->check(CLI::Range(3, 600))->capture_default_str();
  command.add_flag("--insecure", options.insecure, "Take any certificate (a server that made its own)");
  command.add_flag("!--no-recording", options.records, "Without a recording");
}

void prepare_verification(demo::StoryOptions& options) {
  std::signal(SIGPIPE, SIG_IGN);
  std::error_code error;
  options.program_dir = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
}

}  // namespace upcall::cli
