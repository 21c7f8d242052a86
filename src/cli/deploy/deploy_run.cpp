#include "cli/deploy/deploy_run.hpp"

#include <filesystem>
#include <fstream>

#include "base/wall_text.hpp"
#include "cli/deploy/server_process.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::deploy {

using deployment::Part;
using deployment::Placement;
using deployment::State;

namespace {

constexpr std::size_t kReleasesKept = 3;
constexpr Duration kStart = Duration::s(60), kEnd = Duration::s(30);

// Written once; from then on it is the administrator's.
Result<void> first_settings(const std::string& file) {
  std::error_code error;
  if (std::filesystem::exists(file, error)) return {};
  std::ofstream out(file);
  out << "# Options of `upcall serve` for this installation, one a line; they count from the next deployment or handover on.\n"
         "listen=\"127.0.0.1:8080\"\n"
         "#public-url=\"https://calls.example.com\"\n"
         "#tls-cert=\"/etc/upcall/cert.pem\"\n"
         "#tls-key=\"/etc/upcall/key.pem\"\n"
         "#media-address=\"203.0.113.7=10.0.0.7\"\n"
         "#media-port=40000\n";
  if (!out) return fail(ErrorCode::unavailable, "cannot write " + file);
  return {};
}

std::vector<std::string> arguments_of(const ReleaseStore& store, const std::string& data_dir) {
  return {"serve",     "--config", store.root() + "/serve.conf", "--data-dir", data_dir, "--web-dir", store.part(Part::frontend) + "/share/upcall/web",
          "--recorder", store.part(Part::recording) + "/bin/upcall-recorder", "--events-if", store.part(Part::events)};
}

class Steps {
 public:
  explicit Steps(const DeployOptions& options) : options_(options) {}
  // `what` gives a note or an error.
  template <class F>
  auto step(const std::string& name, F what) {
    const Instant before = system_now().mono;
    auto result = what();
    const std::int64_t ms = (system_now().mono - before).ms();
    if (options_.on_step) options_.on_step(name, result.has_value(), ms, result ? std::string() : result.error().message);
    return result;
  }

 private:
  const DeployOptions& options_;
};

Result<pid_t> take_over(const ReleaseStore& store, const DeployOptions& options) {
  auto running = serving(options.data_dir);
  if (!running) return tl::unexpected(running.error());
  if (*running > 0) return hand_over(options.data_dir, store.program());
  return start_server(store.program(), arguments_of(store, options.data_dir), store.root() + "/serve.log", kStart);
}

Result<void> verified(const ReleaseStore& store, const DeployOptions& options, const deployment::Plan& plan) {
  std::vector<std::string> arguments{"verify", "--data-dir", options.data_dir, "--seconds", std::to_string(options.verify_seconds)};
  if (!plan.records) arguments.push_back("--no-recording");
  if (options.insecure) arguments.push_back("--insecure");
  if (!options.verify_url.empty()) arguments.insert(arguments.end(), {"--url", options.verify_url});
  auto ran = run_program(store.program(), arguments, Duration::s(180));
  if (!ran) return tl::unexpected(ran.error());
  if (ran->status == 0) return {};
  // Of its lines, the one that failed.
  std::string failed = ran->out;
  if (const std::size_t at = failed.find("FAIL"); at != std::string::npos) failed = failed.substr(at, failed.find('\n', at) - at);
  return fail(ErrorCode::unavailable, "the call that verifies it failed: " + failed);
}

}  // namespace

Result<DeployResult> plan_deployment(const ReleaseStore& store, const DeployOptions& options) {
  auto state = store.state();
  if (!state) return tl::unexpected(state.error());
  DeployResult out;
  if (options.back) {
    auto planned = deployment::plan_back(*state);
    if (!planned) return tl::unexpected(planned.error());
    out.plan = std::move(*planned);
    out.release = out.plan.after[Part::backend];
    return out;
  }
  auto name = ReleaseStore::look_at(options.release);
  if (!name) return tl::unexpected(name.error());
  auto planned = deployment::plan(*state, {*name, options.parts, options.recording_on});
  if (!planned) return tl::unexpected(planned.error());
  out.release = *name;
  out.plan = std::move(*planned);
  return out;
}

Result<DeployResult> deploy(ReleaseStore& store, const DeployOptions& options) {
  auto planned = plan_deployment(store, options);
  if (!planned) return planned;
  DeployResult result = std::move(*planned);
  auto state = store.state();
  if (!state) return tl::unexpected(state.error());
  Steps steps(options);
  auto running = serving(options.data_dir);
  if (!running) return tl::unexpected(running.error());
  result.pid = *running;
  if (result.plan.changes.empty() && *running > 0) return result;

  if (!options.back) {
    auto taken = steps.step("the release is copied", [&] { return store.take(options.release, result.release); });
    if (!taken) return tl::unexpected(taken.error());
  }
  if (auto settings = first_settings(store.root() + "/serve.conf"); !settings) return tl::unexpected(settings.error());

  const Placement before = state->parts;
  const auto remember = [&](const char* what, const std::string& note) {
    deployment::add_event(*state, {to_iso8601(system_now().wall), what, result.release, note});
    return store.save(*state);
  };
  auto placed = steps.step("parts are placed", [&] { return store.place(result.plan.after); });
  bool moved = false;
  if (placed && (result.plan.hands_over || *running == 0)) {
    auto serves = steps.step(*running > 0 ? "the new server takes over" : "the server starts", [&] { return take_over(store, options); });
    if (serves) {
      moved = true;
      result.pid = *serves;
    } else {
      placed = tl::unexpected(serves.error());
    }
  }
  if (placed && options.verify) {
    placed = steps.step(result.plan.records ? "a recorded call verifies it" : "a call verifies it", [&] { return verified(store, options, result.plan); });
  }
  if (placed) {
    state->previous = before;
    state->parts = result.plan.after;
    if (auto saved = remember(options.back ? "rolled back" : "deployed", ""); !saved) return tl::unexpected(saved.error());
    std::set<std::string> needed;
    for (const auto& [part, release] : state->parts) needed.insert(release);
    for (const auto& [part, release] : state->previous) needed.insert(release);
    store.prune(needed, kReleasesKept);
    return result;
  }

  // Back to what was there.
  const std::string why = placed.error().message;
  const Instant begun = system_now().mono;
  const bool first = !before.contains(Part::backend);
  auto back = steps.step(first ? "what was begun is taken back" : "back to the release of before", [&]() -> Result<void> {
    if (first && moved) {
      if (auto ended = end_server(options.data_dir, kEnd); !ended) return ended;
    }
    if (auto links = store.place(before); !links) return links;
    if (first || !moved) return {};
    auto serves = take_over(store, options);
    if (!serves) return tl::unexpected(serves.error());
    result.pid = *serves;
    return {};
  });
  result.rollback_ms = (system_now().mono - begun).ms();
  (void)remember("failed", why);
  if (!back) return fail(ErrorCode::unavailable, why + ". Going back failed too: " + back.error().message);
  return fail(ErrorCode::unavailable, why + (first ? ". Nothing is deployed" : ". The release of before serves, " + std::to_string(result.rollback_ms) + " ms later"));
}

}  // namespace upcall::deploy
