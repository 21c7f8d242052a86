#include "harness.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"
#include "io/net/http_client.hpp"

namespace upcall::story {

namespace {

const std::string kBin = UPCALL_BIN_DIR;
constexpr Duration kSoon = Duration::s(20);

std::uint16_t free_port(int type) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    ::close(fd);
    throw Trouble("no free port");
  }
  ::close(fd);
  return ntohs(name.sin_port);
}

const bj::object& object_in(const bj::object& o, std::string_view name) {
  const bj::object* found = json::object_at(o, name);
  if (found == nullptr) throw Trouble("an answer lacks \"" + std::string(name) + "\": " + bj::serialize(o));
  return *found;
}

}  // namespace

double number_at(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr || !v->is_number()) return 0;
  return v->to_number<double>();
}

void pause_briefly() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

World::World(WorldOptions options) : options_(std::move(options)) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-story-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw Trouble("no temporary directory");
  dir_ = pattern;
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::printf("again with: %s --gtest_filter=%s.%s   (data: %s)\n", std::filesystem::read_symlink("/proc/self/exe").c_str(),
              test->test_suite_name(), test->name(), dir_.c_str());
  std::fflush(stdout);
  char run[24];
  std::snprintf(run, sizeof run, "%016llx", static_cast<unsigned long long>(random_.u64()));
  run_ = run;
  zero_ms_ = system_now().wall.unix_ms();
  port_ = free_port(SOCK_STREAM);
  media_port_ = free_port(SOCK_DGRAM);
  if (options_.prepare) options_.prepare(dir_);
  start_server();
  add_people();
}

World::~World() {
  while (!successors_.empty()) end_successor(SIGKILL);
  if (server_) {
    server_->child().signal(SIGTERM);
    if (!server_->child().wait(Duration::s(10))) server_->child().kill_group();
    server_.reset();
  }
  if (!::testing::Test::HasFailure() && std::uncaught_exceptions() == 0) {
    std::error_code ignored;
    std::filesystem::remove_all(dir_, ignored);
  }
}

void World::trouble(const std::string& what) { throw Trouble(what + " (server's log: " + log_file() + ")"); }

void World::until(const std::string& what, Duration within, const std::function<bool()>& condition) {
  const Instant deadline = system_now().mono + within;
  while (!condition()) {
    if (system_now().mono > deadline) trouble("not in time: " + what);
    pause_briefly();
  }
}

void World::start_server() {
  std::vector<std::string> arguments{"serve", "--data-dir", dir_, "--listen", "127.0.0.1:" + std::to_string(port_), "--media-address",
                                     options_.media_address, "--media-port", std::to_string(media_port_), "--demo-routing", "--log-file", log_file(),
                                     "--log-level", "debug"};
  if (options_.spool_limit_mib > 0) {
    arguments.push_back("--spool-limit-mib");
    arguments.push_back(std::to_string(options_.spool_limit_mib));
  }
  arguments.insert(arguments.end(), options_.more.begin(), options_.more.end());
  server_ = need(demo::LineProcess::start(host_, kBin + "/upcall", std::move(arguments)), "the server's start");
  const auto ready = server_->wait_line([](const std::string& line) { return line.starts_with("ready "); }, kSoon);
  if (!ready) trouble("the server did not become ready");
  url_ = ready->substr(6);
}

void World::kill_server() {
  server_->child().signal(SIGKILL);
  if (!server_->child().wait(Duration::s(10))) trouble("the server survived SIGKILL");
  server_.reset();
}

void World::move_to(const std::string& data_dir) {
  std::filesystem::remove_all(dir_);
  dir_ = data_dir;
}

int World::terminate_server(Duration within) {
  server_->child().signal(SIGTERM);
  const auto exit = server_->child().wait(within);
  if (!exit) trouble("the server did not drain");
  server_.reset();
  return exit->signaled ? 128 + exit->code : exit->code;
}

namespace {
// False for what has ended, also when nobody has asked how.
bool lives(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  const std::size_t name_end = text.rfind(')');
  return name_end != std::string::npos && name_end + 2 < text.size() && text[name_end + 2] != 'Z';
}
}  // namespace

pid_t World::hand_over(const std::string& program) {
  const bj::value answer = admin("handover", {{"program", program}});
  const auto pid = static_cast<pid_t>(json::integer_at(answer.as_object(), "pid").value_or(-1));
  if (pid <= 0) trouble("the handover named no process");
  successors_.push_back(pid);
  return pid;
}

pid_t World::serving_pid() {
  const bj::value answer = admin("process", {});
  return static_cast<pid_t>(json::integer_at(answer.as_object(), "pid").value_or(-1));
}

void World::adopt_successor() { successors_.push_back(serving_pid()); }

void World::end_successor(int signal) {
  const pid_t pid = successors_.back();
  successors_.pop_back();
  ::kill(pid, signal);
  until("the end of the process that took over", Duration::s(20), [pid] { return !lives(pid); });
}

int World::wait_drained(Duration within) {
  const auto exit = server_->child().wait(within);
  if (!exit) trouble("the server that handed over did not end");
  server_.reset();
  return exit->signaled ? 128 + exit->code : exit->code;
}

bj::value World::admin(const std::string& command, bj::object arguments) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}});
  const auto answer = need(net::admin_call(dir_ + "/admin.sock", line, kSoon), command);
  auto parsed = json::parse_object(answer);
  if (!parsed || !parsed->contains("result")) trouble(command + " answered " + answer);
  return (*parsed)["result"];
}

std::string World::refused_admin(const std::string& command, const bj::object& arguments) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", arguments}});
  const auto answer = need(net::admin_call(dir_ + "/admin.sock", line, kSoon), command);
  const auto parsed = json::parse_object(answer);
  const bj::object* error = parsed ? json::object_at(*parsed, "error") : nullptr;
  if (error == nullptr) trouble(command + " was not refused: " + answer);
  return json::text_or(*error, "message");
}

void World::set_parameter(const std::string& name, const std::string& value) { admin("configure", {{name, value}}); }

double World::metric(const std::string& name) {
  net::HttpClient http;
  const std::string text = need(http.get(url_ + "/metrics"), "metrics").body;
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) trouble("there is no metric " + name);
  return std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

void World::add_people() {
  agent_password_ = make_token(random_, 12);
  const std::string supervisor_password = make_token(random_, 12);
  admin("user.add", {{"username", "alice@example.com"}, {"email", "alice@example.com"}, {"password", agent_password_},
                     {"name", "Alice Agent"}, {"security-profile", bj::array{"Agent"}}, {"hierarchy-group", "Demo/Team"}});
  admin("user.add", {{"username", "sam@example.com"}, {"email", "sam@example.com"}, {"password", supervisor_password},
                     {"name", "Sam Supervisor"}, {"security-profile", bj::array{"QualityAnalyst", "VideoCallRecordingPlayback"}},
                     {"hierarchy-group", "Demo"}});
  agent_.emplace(url_);
  supervisor_.emplace(url_);
  need(agent_->log_in("alice@example.com", agent_password_), "the agent's log-in");
  need(supervisor_->log_in("sam@example.com", supervisor_password), "the supervisor's log-in");
  secrets = {agent_password_, supervisor_password, agent_->token(), supervisor_->token()};
}

Call World::begin_call(bool with_devices) {
  if (!agent_events_) {
    agent_events_ = need(demo::EventSocket::open("ws" + url_.substr(4) + "/api/agent/events", {"upcall.events", "bearer." + agent_->token()}), "agent's events");
    // What happens before the snapshot is in it, and not told once more.
    need(agent_events_->wait_for([](const bj::object& e) { return json::text_at(e, "type") == "snapshot"; }, kSoon), "the agent's snapshot");
    const bj::object status{{"status", "available"}};
    need(agent_->expect(200, "PUT", "/api/agent/status", &status), "available");
  }
  Call call;
  call.meeting = make_uuid(random_);
  call.customer_user = make_uuid(random_);
  const std::string flow = json::text_or(admin("instance.show", {}).as_object(), "defaultContactFlowId");
  const bj::object chat{{"ContactFlowId", flow},
                        {"ParticipantDetails", {{"DisplayName", "Carl Customer"}}},
                        {"Attributes",
                         {{"customerName", "Carl Customer"},
                          {"customerEmailAddress", "alice@example.com"},
                          {"videoExternalMeetingId", call.meeting},
                          {"videoAttendeeExternalUserId", call.customer_user},
                          {"videoAttendeeName", "Carl Customer"},
                          {"videoReferenceId", ""}}}};
  demo::ApiClient web(url_);
  const auto started = need(web.expect(200, "POST", "/api/chat/start", &chat), "start of the chat");
  const bj::object& result = object_in(started.data(), "startChatResult");
  call.contact = json::text_or(result, "ContactId");
  call.participant_token = json::text_or(result, "ParticipantToken");
  need(agent_events_->wait_for(
           [&](const bj::object& e) { return json::text_at(e, "contactId") == call.contact && json::text_at(e, "state") == "connecting"; }, kSoon),
       "the offer");
  need(agent_->expect(200, "POST", "/api/agent/contacts/" + call.contact + "/accept"), "accept");
  const bj::object meeting{{"externalMeetingId", call.meeting},
                           {"meetingAttendees",
                            {{{"attendeeName", "Alice Agent"}, {"isOwner", true}},
                             {{"attendeeName", "Carl Customer"}, {"externalUserId", call.customer_user}, {"isOwner", false}}}}};
  call.agent_join = object_in(need(agent_->expect(200, "POST", "/api/chime/meeting", &meeting), "createMeeting").data(), "JoinInfo");
  web.set_bearer(call.participant_token);
  call.customer_join = object_in(need(web.expect(200, "GET", "/api/meeting/attendee-join-data?externalMeetingId=" + call.meeting +
                                                                 "&attendeeExternalUserId=" + call.customer_user),
                                      "join data").data(), "JoinInfo");
  call.agent_attendee = json::text_or(object_in(call.agent_join, "Attendee"), "AttendeeId");
  call.customer_attendee = json::text_or(object_in(call.customer_join, "Attendee"), "AttendeeId");
  for (const bj::object* join_info : {&call.agent_join, &call.customer_join}) secrets.push_back(json::text_or(object_in(*join_info, "Attendee"), "JoinToken"));
  secrets.push_back(call.participant_token);
  if (with_devices) bring_devices(call);
  return call;
}

void World::bring_devices(Call& call) {
  call.agent_device = join(call.agent_join, "Alice Agent", 0);
  call.customer_device = join(call.customer_join, "Carl Customer", 1);
  for (auto* d : {&*call.agent_device, &*call.customer_device}) {
    need(d->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "connected"; }, kSoon), "a device's joining");
  }
  expect_media(call, kSoon);
}

Call World::begin_meeting() {
  Call call;
  call.meeting = make_uuid(random_);
  call.customer_user = make_uuid(random_);
  const bj::object meeting{{"externalMeetingId", call.meeting}, {"meetingAttendees", {{{"attendeeName", "Alice Agent"}, {"isOwner", true}}}}};
  call.agent_join = object_in(need(agent_->expect(200, "POST", "/api/chime/meeting", &meeting), "createMeeting").data(), "JoinInfo");
  const bj::object attendee{{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", call.customer_user}, {"attendeeName", "Carl Customer"}};
  const auto added = need(agent_->expect(200, "POST", "/api/chime/attendee", &attendee), "createAttendee");
  call.customer_join = {{"Meeting", object_in(call.agent_join, "Meeting")}, {"Attendee", added.data()}};
  call.agent_attendee = json::text_or(object_in(call.agent_join, "Attendee"), "AttendeeId");
  call.customer_attendee = json::text_or(added.data(), "AttendeeId");
  bring_devices(call);
  return call;
}

demo::LineProcess World::join(const bj::object& join_info, const std::string& label, int participant) {
  auto device = need(demo::LineProcess::start(host_, kBin + "/upcall-attendee", {}), "an attendee's start");
  const bj::object& attendee = object_in(join_info, "Attendee");
  const bj::object& placement = object_in(object_in(join_info, "Meeting"), "MediaPlacement");
  need(device.send({{"join",
                     {{"signaling_url", json::text_or(placement, "SignalingUrl")},
                      {"attendee_id", json::text_or(attendee, "AttendeeId")},
                      {"join_token", json::text_or(attendee, "JoinToken")},
                      {"label", label},
                      {"run", run_},
                      {"participant", participant},
                      {"clock_zero_unix_ms", zero_ms_},
                      {"width", options_.width},
                      {"height", options_.height},
                      {"fps", options_.fps},
                      {"kbps", options_.kbps}}}}),
       "an attendee's join");
  return device;
}

std::int64_t World::clock_ms() const { return system_now().wall.unix_ms() - zero_ms_; }

bj::object World::device_facts(demo::LineProcess& device) {
  need(device.send({{"facts", true}}), "a device");
  return object_in(need(device.wait_for([](const bj::object& o) { return o.contains("facts"); }, kSoon), "a device's facts"), "facts");
}

void World::expect_media(Call& call, Duration within, int frames) {
  struct Seen {
    double pictures = 0, sound = 0;
  };
  const auto look = [&](demo::LineProcess& device, const std::string& other) {
    const bj::object facts = device_facts(device);
    Seen seen;
    seen.sound = number_at(facts, "audio_packets");
    if (const bj::object* remote = json::object_at(object_in(facts, "remotes"), other)) seen.pictures = number_at(*remote, "readable");
    return seen;
  };
  const Seen agent = look(*call.agent_device, call.customer_attendee), customer = look(*call.customer_device, call.agent_attendee);
  const auto more = [&](const Seen& now, const Seen& before) { return now.pictures >= before.pictures + frames && now.sound > before.sound; };
  until("pictures and sound both ways", within, [&] {
    return more(look(*call.agent_device, call.customer_attendee), agent) && more(look(*call.customer_device, call.agent_attendee), customer);
  });
}

int World::start_recording(const Call& call) {
  bj::object body{{"externalMeetingId", call.meeting}};
  if (!call.contact.empty()) body["connectContactId"] = call.contact;
  return need(agent_->call("POST", "/api/recording/recording", &body), "startRecording").status;
}

int World::stop_recording(const Call& call) {
  const bj::object body{{"externalMeetingId", call.meeting}};
  return need(agent_->call("DELETE", "/api/recording/recording", &body), "stopRecording").status;
}

int World::end_meeting(const Call& call) {
  const bj::object body{{"externalMeetingId", call.meeting}};
  return need(agent_->call("DELETE", "/api/chime/meeting", &body), "endMeeting").status;
}

bj::object World::recording(const Call& call) {
  const auto answer = need(supervisor_->expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting), "summary");
  const bj::array* list = json::array_at(answer.body, "data");
  if (list == nullptr || list->empty()) trouble("the summary is empty");
  return list->back().as_object();
}

bj::object World::wait_recording(const Call& call, const std::function<bool(const bj::object&)>& wanted, Duration within) {
  bj::object entry;
  const Instant deadline = system_now().mono + within;
  while (true) {
    entry = recording(call);
    if (wanted(entry)) return entry;
    if (system_now().mono > deadline) trouble("the recording stays as it is: " + bj::serialize(entry));
    pause_briefly();
  }
}

bj::object World::wait_stored(const Call& call, Duration within) {
  return wait_recording(
      call,
      [&](const bj::object& e) {
        if (json::text_at(e, "status") == "failed") trouble("the recording failed: " + bj::serialize(e));
        return json::text_at(e, "status") == "stored";
      },
      within);
}

bj::object World::film(const bj::object& entry) {
  const std::string file = dir_ + "/" + json::text_or(entry, "recordingId") + ".mp4";
  std::ofstream out(file, std::ios::binary);
  const auto got = need(supervisor_->http().download({"GET", json::text_or(entry, "recordingURL"), {}, {}},
                                                     [&](Bytes piece) {
                                                       out.write(reinterpret_cast<const char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
                                                       return static_cast<bool>(out);
                                                     }),
                        "download");
  out.close();
  if (got.status != 200) trouble("the film's address answered " + std::to_string(got.status));
  if (static_cast<double>(std::filesystem::file_size(file)) != number_at(entry, "sizeBytes")) trouble("the film has another size than the summary says");
  auto inspector = need(demo::LineProcess::start(host_, kBin + "/upcall-recorder", {"inspect", file, "--json"}), "inspect");
  const std::string line = need(inspector.wait_line([](const std::string& text) { return text.starts_with("{"); }, Duration::s(120)), "reading the film");
  std::printf("film: %s\n", line.c_str());
  return json::parse_object(line).value();
}

std::pair<bj::object, bj::object> World::people_in(const bj::object& film) {
  std::optional<bj::object> found[2];
  if (const bj::array* people = json::array_at(film, "participants")) {
    for (const bj::value& v : *people) {
      const bj::object& p = v.as_object();
      if (json::text_or(p, "run") != run_) trouble("the film shows another run's picture");
      if (!json::boolean_at(p, "clock_rising").value_or(false)) trouble("a picture's clock ran backwards");
      const auto who = static_cast<std::size_t>(number_at(p, "participant"));
      if (who < 2 && !json::boolean_at(p, "screen").value_or(true)) found[who] = p;
    }
  }
  if (!found[0] || !found[1]) trouble("the film does not show both people: " + bj::serialize(film));
  return {*found[0], *found[1]};
}

std::vector<pid_t> World::composers() {
  std::vector<pid_t> out;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(server_pid()) + "/task", error)) {
    std::ifstream in(task.path() / "children");
    pid_t pid = 0;
    while (in >> pid) {
      std::ifstream name_in("/proc/" + std::to_string(pid) + "/comm");
      std::string name;
      std::getline(name_in, name);
      if (name.starts_with("upcall-recorder")) out.push_back(pid);
    }
  }
  return out;
}

int World::ready_status() { return need(agent_->http().get(url_ + "/readyz"), "/readyz").status; }

}  // namespace upcall::story
