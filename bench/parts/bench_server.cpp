#include "bench_server.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/ids.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"

namespace upcall::bench {

namespace bj = boost::json;

double number_at(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<double>() : 0;
}

double load_1m() {
  double out[1] = {0};
  return ::getloadavg(out, 1) == 1 ? out[0] : 0;
}

BenchServer::BenchServer() {
  std::signal(SIGPIPE, SIG_IGN);
  std::error_code error;
  programs_ = std::filesystem::read_symlink("/proc/self/exe", error).parent_path().string();
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-bench-XXXXXX").string();
  if (::mkdtemp(pattern.data()) != nullptr) data_dir_ = pattern;
}

BenchServer::~BenchServer() {
  end();
  std::error_code ignored;
  if (!data_dir_.empty()) std::filesystem::remove_all(data_dir_, ignored);
}

void BenchServer::end() {
  if (server_) {
    server_->child().signal(SIGTERM);
    if (!server_->child().wait(Duration::s(10))) server_->child().kill_group();
  }
  server_.reset();
}

Result<void> BenchServer::launch() {
  // taskset becomes the server: the process stays the same.
  std::string program = programs_ + "/upcall";
  std::vector<std::string> arguments = arguments_;
  if (!processors_.empty()) {
    std::string list;
    for (const int p : processors_) list += (list.empty() ? "" : ",") + std::to_string(p);
    arguments.insert(arguments.begin(), {"--cpu-list", list, program});
    program = "/usr/bin/taskset";
  }
  auto started = demo::LineProcess::start(host_, program, arguments);
  if (!started) return tl::unexpected(started.error());
  server_ = std::move(*started);
  auto ready = server_->wait_line([](const std::string& line) { return line.starts_with("ready "); }, kSoon);
  if (!ready) return fail(ErrorCode::unavailable, "the server did not start");
  url_ = ready->substr(6);
  return {};
}

Result<void> BenchServer::log_in() {
  agent_.emplace(url_);
  supervisor_.emplace(url_);
  if (auto in = agent_->log_in(people_[0].username, people_[0].password); !in) return in;
  return supervisor_->log_in(people_[1].username, people_[1].password);
}

Result<void> BenchServer::start(std::vector<std::string> more) {
  if (data_dir_.empty()) return fail(ErrorCode::unavailable, "no temporary directory");
  const auto port = media_port_ = static_cast<std::uint16_t>(41000 + random_.below(20000));
  arguments_ = {"serve", "--data-dir", data_dir_, "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1",
                "--media-port", std::to_string(port), "--log-file", data_dir_ + "/server.log"};
  arguments_.insert(arguments_.end(), more.begin(), more.end());
  if (auto up = launch(); !up) return up;
  people_ = {{"alice@example.com", "Alice Agent", "Bench/Team", {"Agent"}, make_token(random_, 12)},
             {"sam@example.com", "Sam Supervisor", "Bench", {"QualityAnalyst", "VideoCallRecordingPlayback"}, make_token(random_, 12)}};
  for (const Person& p : people_) {
    auto added = admin("user.add", {{"username", p.username}, {"email", p.username}, {"password", p.password}, {"name", p.name},
                                    {"security-profile", bj::array(p.profiles.begin(), p.profiles.end())}, {"hierarchy-group", p.group}});
    if (!added) return tl::unexpected(added.error());
  }
  return log_in();
}

Result<void> BenchServer::restart(const std::function<Result<void>()>& in_between) {
  end();
  if (auto done = in_between(); !done) return done;
  if (auto up = launch(); !up) return up;
  return log_in();
}

Result<void> BenchServer::crash_and_start() {
  const auto at = std::find(arguments_.begin(), arguments_.end(), "127.0.0.1:0");
  if (at != arguments_.end()) *at = url_.substr(url_.find("//") + 2);
  server_->child().kill_group();
  if (!server_->child().wait(Duration::s(10))) return fail(ErrorCode::internal, "the server did not die");
  server_.reset();
  return launch();
}

Result<bj::value> BenchServer::admin(const std::string& command, bj::object arguments) {
  auto answer = net::admin_call(data_dir_ + "/admin.sock", bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}}), kSoon);
  if (!answer) return tl::unexpected(answer.error());
  auto parsed = json::parse_object(*answer);
  if (!parsed) return fail(ErrorCode::internal, "the server's answer cannot be read");
  if (const bj::object* error = json::object_at(*parsed, "error")) return fail(ErrorCode::internal, command + ": " + json::text_or(*error, "message"));
  return (*parsed)["result"];
}

Result<JoinData> BenchServer::create_meeting() {
  JoinData out;
  out.external_meeting_id = make_uuid(random_);
  const bj::object create{{"externalMeetingId", out.external_meeting_id}, {"meetingAttendees", {{{"attendeeName", "Alice Agent"}, {"isOwner", true}}}}};
  auto created = agent_->expect(200, "POST", "/api/chime/meeting", &create);
  if (!created) return tl::unexpected(created.error());
  const bj::object add{{"externalMeetingId", out.external_meeting_id}, {"attendeeExternalUserId", make_uuid(random_)}, {"attendeeName", "Carl Customer"}};
  auto added = agent_->expect(200, "POST", "/api/chime/attendee", &add);
  if (!added) return tl::unexpected(added.error());
  const bj::object* info = json::object_at(created->data(), "JoinInfo");
  const bj::object* meeting = info != nullptr ? json::object_at(*info, "Meeting") : nullptr;
  const bj::object* owner = info != nullptr ? json::object_at(*info, "Attendee") : nullptr;
  if (meeting == nullptr || owner == nullptr) return fail(ErrorCode::internal, "createMeeting answered without its parts");
  out.meeting = *meeting;
  out.owner = *owner;
  out.customer = added->data();
  return out;
}

Result<bj::object> BenchServer::add_attendee(const std::string& external_meeting_id) {
  const bj::object add{{"externalMeetingId", external_meeting_id}, {"attendeeExternalUserId", make_uuid(random_)}, {"attendeeName", "One more"}};
  auto added = agent_->expect(200, "POST", "/api/chime/attendee", &add);
  if (!added) return tl::unexpected(added.error());
  return added->data();
}

double BenchServer::socket_drops() {
  std::ifstream in("/proc/" + std::to_string(server_->child().pid()) + "/net/udp");
  char port[8];
  std::snprintf(port, sizeof port, ":%04X", media_port_);
  double out = 0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(port);
    if (at != std::string::npos && at < line.find(':', line.find(':') + 1) + 2) out += std::atof(line.c_str() + line.find_last_of(' ', line.find_last_not_of(' ')));
  }
  return out;
}

Result<void> BenchServer::end_meeting(const std::string& external_meeting_id) {
  const bj::object body{{"externalMeetingId", external_meeting_id}};
  auto ended = agent_->expect(200, "DELETE", "/api/chime/meeting", &body);
  if (!ended) return tl::unexpected(ended.error());
  return {};
}

Memory BenchServer::memory() { return process_memory(pid()); }
std::map<std::string, double> BenchServer::thread_cpu() { return process_thread_cpu(pid()); }

Memory process_memory(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  Memory out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) out.resident = std::atof(line.c_str() + 6) * 1024;
    if (line.starts_with("RssAnon:")) out.anonymous = std::atof(line.c_str() + 8) * 1024;
  }
  return out;
}

std::map<std::string, double> process_thread_cpu(pid_t pid) {
  std::map<std::string, double> out;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    std::string name;
    std::ifstream name_in(task.path() / "comm");
    std::getline(name_in, name);
    double ns = 0;  // on a processor, from the scheduler: finer than the ticks of /proc/…/stat
    std::ifstream(task.path() / "schedstat") >> ns;
    out[name] += ns / 1e9;
  }
  return out;
}

double BenchServer::composer_cpu() {
  double out = 0;
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(server_->child().pid()) + "/task", error)) {
    std::ifstream children(task.path() / "children");
    for (pid_t pid = 0; children >> pid;) {
      for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
        double ns = 0;
        std::ifstream(thread.path() / "schedstat") >> ns;
        out += ns / 1e9;
      }
    }
  }
  return out;
}

double BenchServer::metric(const std::string& name) {
  const auto text = agent_->http().get(url_ + "/metrics");
  if (!text) return 0;
  const std::size_t at = text->body.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::atof(text->body.c_str() + at + 1 + name.size());
}

}  // namespace upcall::bench
