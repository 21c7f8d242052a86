// The steps of a verification, where they are not those of the story: a running server, people of its own, a meeting without a
// contact, and nothing left behind.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/ids.hpp"
#include "cli/demo/story_state.hpp"

namespace upcall::demo {

namespace {

// The verifiers' names and passwords, 0600: their accounts are disabled between two verifications.
std::string log_in_file(const std::string& data_dir) { return data_dir + "/verification.json"; }

Result<void> write_private(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool ok = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!ok) return fail(ErrorCode::unavailable, "cannot write " + path);
  return {};
}

std::string read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace

Story::State::Note Story::State::find_server() {
  auto instance = admin("instance.show", {});
  if (!instance) {
    return fail(ErrorCode::unavailable, instance.error().code == ErrorCode::not_found
                                            ? "no server runs on " + options.data_dir + "; start it: upcall serve --data-dir " + options.data_dir
                                            : instance.error().message);
  }
  result.server_url = options.url.empty() ? json::text_or(instance->as_object(), "url") : options.url;
  while (result.server_url.ends_with('/')) result.server_url.pop_back();
  for (auto* client : {&agent, &supervisor}) *client = std::make_unique<ApiClient>(result.server_url, options.insecure);
  auto ready = agent->expect(200, "GET", "/readyz");
  if (!ready) return tl::unexpected(ready.error());
  // What it does not do well is told, and is no failure of a call.
  std::string note = result.server_url;
  if (const bj::array* problems = json::array_at(ready->body, "problems")) {
    for (const bj::value& problem : *problems) {
      if (problem.is_string()) note += "; " + std::string(problem.get_string());
    }
  }
  return note;
}

Story::State::Note Story::State::verifiers() {
  const std::string file = log_in_file(options.data_dir);
  std::string agent_name;
  bool there = false;
  if (auto known = json::parse_object(read_all(file))) {
    there = true;
    agent_name = json::text_or(*known, "agent");
    agent_password = json::text_or(*known, "agentPassword");
    supervisor_name = json::text_or(*known, "viewer");
    supervisor_password = json::text_or(*known, "viewerPassword");
    for (const std::string& name : {agent_name, supervisor_name}) {
      // A database that was put back may know nothing of them.
      there = there && admin("user.enable", {{"username", name}}).has_value();
    }
  }
  if (!there) {
    const std::string mark = make_token(random, 4);
    agent_name = "verification-agent-" + mark;
    supervisor_name = "verification-viewer-" + mark;
    agent_password = make_token(random, 24);
    supervisor_password = make_token(random, 24);
    const bj::object log_ins{{"agent", agent_name}, {"agentPassword", agent_password}, {"viewer", supervisor_name}, {"viewerPassword", supervisor_password}};
    struct Person {
      const std::string& name;
      const std::string& password;
      bj::array profiles;
    };
    const Person people[] = {{agent_name, agent_password, {"Agent"}}, {supervisor_name, supervisor_password, {"QualityAnalyst", "VideoCallRecordingPlayback"}}};
    for (const Person& p : people) {
      auto added = admin("user.add", {{"username", p.name}, {"email", p.name + "@verification.invalid"}, {"password", p.password}, {"name", "Verification"},
                                      {"security-profile", p.profiles}, {"hierarchy-group", "Verification"}});
      if (!added) return tl::unexpected(added.error());
    }
    if (auto kept = write_private(file, bj::serialize(log_ins)); !kept) return tl::unexpected(kept.error());
  }
  if (auto in = agent->log_in(agent_name, agent_password); !in) return tl::unexpected(in.error());
  return "two people of their own, " + agent_name + " and " + supervisor_name;
}

Story::State::Note Story::State::own_meeting() {
  external_meeting_id = "verification-" + make_uuid(random);
  customer_user_id = make_uuid(random);
  const bj::object meeting{{"externalMeetingId", external_meeting_id}, {"meetingAttendees", {{{"attendeeName", "Alice Agent"}, {"isOwner", true}}}}};
  auto created = agent->expect(200, "POST", "/api/chime/meeting", &meeting);
  if (!created) return tl::unexpected(created.error());
  const bj::object* join = json::object_at(created->data(), "JoinInfo");
  if (join == nullptr) return fail(ErrorCode::internal, "createMeeting answered without JoinInfo");
  agent_join = *join;
  const bj::object attendee{{"externalMeetingId", external_meeting_id}, {"attendeeExternalUserId", customer_user_id}, {"attendeeName", "Carl Customer"}};
  auto added = agent->expect(200, "POST", "/api/chime/attendee", &attendee);
  if (!added) return tl::unexpected(added.error());
  customer_join = {{"Meeting", *json::object_at(agent_join, "Meeting")}, {"Attendee", added->data()}};
  return external_meeting_id;
}

Story::State::Note Story::State::play_back() {
  result.file = (std::filesystem::temp_directory_path() / ("upcall-" + external_meeting_id + ".mp4")).string();
  return download();
}

Story::State::Note Story::State::film_is_whole() {
  auto film = inspected();
  if (!film) return tl::unexpected(film.error());
  const double duration = number_at(*film, "duration_s");
  if (duration < options.seconds - 1.0) return fail(ErrorCode::internal, "the film is too short: " + std::to_string(duration) + " s");
  // People can be told apart in films of this size; others are only decoded.
  bool saw[2] = {false, false};
  if (const bj::array* people = json::array_at(*film, "participants")) {
    for (const bj::value& v : *people) {
      const bj::object& p = v.as_object();
      const auto who = static_cast<int>(number_at(p, "participant"));
      if (json::text_or(p, "run") == run_text && !json::boolean_at(p, "screen").value_or(false) && (who == 0 || who == 1)) saw[who] = true;
    }
  }
  const bool readable = number_at(*film, "width") == 1920 && number_at(*film, "height") == 1080;
  if (readable && (!saw[0] || !saw[1])) return fail(ErrorCode::internal, "the film does not show both people of this call");
  if (readable) result.av_offset_ms = number_at(*film, "av_offset_ms");
  char note[100];
  std::snprintf(note, sizeof note, "%s, %.2f s", readable ? "both people of this call" : "decoded", duration);
  return std::string(note);
}

Story::State::Note Story::State::tidy_up() {
  std::string note = "nothing is left";
  if (!recording_id.empty()) {
    auto deleted = admin("recording.delete", {{"recording", recording_id}, {"reason", "verification"}});
    if (!deleted) note = "the recording " + recording_id + " stays: " + deleted.error().message;
  }
  std::error_code ignored;
  if (!result.file.empty()) std::filesystem::remove(result.file, ignored);
  if (auto known = json::parse_object(read_all(log_in_file(options.data_dir)))) {
    for (const char* who : {"agent", "viewer"}) (void)admin("user.disable", {{"username", json::text_or(*known, who)}});
  }
  return note;
}

StoryResult Story::verify() {
  State& s = *state_;
  std::vector<std::pair<const char*, State::Note (State::*)()>> steps{
      {"the server is ready", &State::find_server}, {"people are there", &State::verifiers}, {"a meeting", &State::own_meeting}, {"both join", &State::both_join}};
  if (s.options.records) steps.emplace_back("recording starts", &State::start_recording);
  steps.emplace_back("they talk and share a screen", &State::talk_and_share);
  if (s.options.records) {
    steps.emplace_back("recording stops", &State::stop_recording);
    steps.emplace_back("film is stored", &State::stored);
  }
  steps.emplace_back("meeting ends", &State::end_meeting);
  if (s.options.records) {
    steps.emplace_back("film is played", &State::play_back);
    steps.emplace_back("film is whole", &State::film_is_whole);
  }
  s.run_steps(steps);
  const bool ok = s.result.ok;
  // Also after a failure: the meeting ends, and what was made goes.
  if (!ok && !s.external_meeting_id.empty()) {
    const bj::object body{{"externalMeetingId", s.external_meeting_id}};
    (void)s.agent->call("DELETE", "/api/chime/meeting", &body);
  }
  s.step("tidied up", [&s] { return s.tidy_up(); });
  s.result.ok = ok;
  return s.result;
}

}  // namespace upcall::demo
