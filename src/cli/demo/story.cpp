#include "cli/demo/story.hpp"

#include <filesystem>

#include "base/ids.hpp"
#include "cli/demo/story_state.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"

namespace upcall::demo {

bool Story::State::step(const std::string& name, const std::function<Note()>& fn) {
  const Instant before = system_now().mono;
  Note note = fn();
  StepResult s;
  s.name = name;
  s.ok = note.has_value();
  s.ms = (system_now().mono - before).ms();
  if (!note) {
    s.error = note.error().message;
    if (server) s.error += " (the server's log: " + server_log + ")";
  }
  result.steps.push_back(s);
  if (options.on_step) options.on_step(name, s.ok, s.ms, note ? *note : s.error);
  return s.ok;
}

Result<bj::value> Story::State::admin(const std::string& command, bj::object arguments) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}});
  auto answer = net::admin_call(options.data_dir + "/admin.sock", line, kSoon);
  if (!answer) return tl::unexpected(answer.error());
  auto parsed = json::parse_object(*answer);
  if (!parsed) return fail(ErrorCode::internal, "the server's answer cannot be read");
  if (const bj::object* error = json::object_at(*parsed, "error")) return fail(ErrorCode::internal, command + ": " + json::text_or(*error, "message"));
  return (*parsed)["result"];
}

Story::State::Note Story::State::start_server() {
  std::error_code ignored;
  std::filesystem::create_directories(options.data_dir, ignored);
  server_log = options.data_dir + "/server.log";
  // A port of its own for media, so that a demo beside a running server works.
  const std::uint16_t media_port = static_cast<std::uint16_t>(41000 + random.below(20000));
  auto started = LineProcess::start(host, options.program_dir + "/upcall",
                                    {"serve", "--data-dir", options.data_dir, "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1",
                                     "--media-port", std::to_string(media_port), "--demo-routing", "--log-file", server_log});
  if (!started) return tl::unexpected(started.error());
  server = std::move(*started);
  auto ready = server->wait_line([](const std::string& line) { return line.starts_with("ready "); }, Duration::s(20));
  if (!ready) return fail(ErrorCode::unavailable, "the server did not start");
  result.server_url = ready->substr(6);
  for (auto* client : {&agent, &customer_web, &customer_chat, &supervisor, &stranger}) *client = std::make_unique<ApiClient>(result.server_url);
  auto healthy = agent->expect(200, "GET", "/readyz");
  if (!healthy) return tl::unexpected(healthy.error());
  return result.server_url;
}

Story::State::Note Story::State::add_people() {
  auto instance = admin("instance.show", {});
  if (!instance) return tl::unexpected(instance.error());
  default_flow = json::text_or(instance->as_object(), "defaultContactFlowId");
  if (default_flow.empty()) return fail(ErrorCode::internal, "the instance has no default contact flow");
  agent_password = make_token(random, 12);
  supervisor_password = make_token(random, 12);
  stranger_password = make_token(random, 12);
  struct Person {
    const char *username, *name, *profile, *second_profile, *group;
    const std::string& password;
  };
  const Person people[] = {{"alice@example.com", "Alice Agent", "Agent", "", "Demo/Team", agent_password},
                           {"sam@example.com", "Sam Supervisor", "QualityAnalyst", "VideoCallRecordingPlayback", "Demo", supervisor_password},
                           {"otto@example.com", "Otto Other", "QualityAnalyst", "VideoCallRecordingPlayback", "Elsewhere", stranger_password}};
  for (const Person& p : people) {
    bj::array profiles{p.profile};
    if (*p.second_profile != 0) profiles.emplace_back(p.second_profile);
    auto added = admin("user.add", {{"username", p.username}, {"email", p.username}, {"password", p.password}, {"name", p.name},
                                    {"security-profile", profiles}, {"hierarchy-group", p.group}});
    if (!added) return tl::unexpected(added.error());
    result.logins.emplace_back(p.username, p.password);
  }
  return "an agent, a supervisor of the agent's group, a supervisor of another group";
}

Story::Story(StoryOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Story::~Story() {
  if (state_->server) {
    state_->server->child().signal(15);
    if (!state_->server->child().wait(Duration::s(10))) state_->server->child().kill_group();
  }
}

StoryResult Story::State::run_steps(const std::vector<std::pair<const char*, Note (State::*)()>>& steps) {
  run = random.u64();
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(run));
  run_text = text;
  result.ok = true;
  for (const auto& [name, fn] : steps) {
    result.ok = step(name, [this, does = fn] { return (this->*does)(); });
    if (!result.ok) break;
  }
  return result;
}

StoryResult Story::play() {
  return state_->run_steps({
      {"server starts", &State::start_server},
      {"people are added", &State::add_people},
      {"agent is available", &State::agent_ready},
      {"customer starts a chat", &State::customer_starts_chat},
      {"agent accepts", &State::queue_and_accept},
      {"they chat", &State::chat_both_ways},
      {"agent escalates to video", &State::escalate},
      {"customer is invited", &State::invitation_arrives},
      {"both join", &State::both_join},
      {"recording starts", &State::start_recording},
      {"second start is refused", &State::second_start_refused},
      {"they talk and share a screen", &State::talk_and_share},
      {"recording stops", &State::stop_recording},
      {"film is stored", &State::stored},
      {"meeting ends", &State::end_meeting},
      {"supervisor plays the film", &State::playback},
      {"others are refused", &State::others_refused},
      {"film shows this run", &State::film_is_true},
      {"contact is closed", &State::close_contact},
  });
}

void Story::serve() {
  while (!state_->server->child().wait(Duration::s(3600))) {
  }
}

}  // namespace upcall::demo
