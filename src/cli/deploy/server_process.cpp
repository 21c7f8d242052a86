#include "cli/deploy/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"

extern char** environ;

namespace upcall::deploy {

namespace bj = boost::json;

namespace {

Result<bj::object> call(const std::string& data_dir, const std::string& command, bj::object arguments, Duration longest) {
  auto answer = net::admin_call(data_dir + "/admin.sock", bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}}), longest);
  if (!answer) return tl::unexpected(answer.error());
  auto body = json::parse_object(*answer);
  if (!body) return fail(ErrorCode::internal, "the server's answer cannot be read");
  if (const bj::object* error = json::object_at(*body, "error")) return fail(ErrorCode::unavailable, json::text_or(*error, "message"));
  const bj::object* result = json::object_at(*body, "result");
  return result != nullptr ? *result : bj::object{};
}

bool lives(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(in, text);
  const std::size_t end = text.rfind(')');
  return end != std::string::npos && end + 2 < text.size() && text[end + 2] != 'Z';
}

struct Spawned {
  pid_t pid = -1;
  int out = -1;
};

// `session`: it outlives this process. Its standard output comes back; its errors too, or go to `log`.
Result<Spawned> spawn(const std::string& program, const std::vector<std::string>& arguments, const std::string& log, bool session) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "no pipe");
  std::vector<std::string> texts{program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& text : texts) argv.push_back(text.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  if (log.empty()) ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  else ::posix_spawn_file_actions_addopen(&actions, 2, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  ::posix_spawnattr_setflags(&attributes, session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP);
  Spawned out;
  const int failed = ::posix_spawn(&out.pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return fail(ErrorCode::unavailable, program + " cannot be started: " + std::strerror(failed));
  }
  out.out = ends[0];
  return out;
}

// False: the end of what it says, or of the time.
bool read_more(int fd, std::string& into, Instant end) {
  for (;;) {
    const Duration left = end - system_now().mono;
    if (left <= Duration()) return false;
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(left.ms() + 1));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char chunk[4096];
    const ssize_t got = ::read(fd, chunk, sizeof chunk);
    if (got <= 0) return false;
    if (into.size() < (1u << 20)) into.append(chunk, static_cast<std::size_t>(got));
    return true;
  }
}

std::string last_line_of(const std::string& file) {
  std::ifstream in(file);
  std::string line, last;
  while (std::getline(in, line)) {
    if (!line.empty()) last = line;
  }
  return last;
}

}  // namespace

Result<pid_t> serving(const std::string& data_dir) {
  auto answer = call(data_dir, "process", {}, Duration::s(10));
  if (answer) return static_cast<pid_t>(json::integer_at(*answer, "pid").value_or(0));
  if (answer.error().code == ErrorCode::not_found) return 0;
  return tl::unexpected(answer.error());
}

Result<pid_t> start_server(const std::string& program, const std::vector<std::string>& arguments, const std::string& log, Duration longest) {
  auto spawned = spawn(program, arguments, log, true);
  if (!spawned) return tl::unexpected(spawned.error());
  const Instant end = system_now().mono + longest;
  std::string said;
  while (said.find("ready ") == std::string::npos && read_more(spawned->out, said, end)) {
  }
  ::close(spawned->out);
  if (said.find("ready ") != std::string::npos) return spawned->pid;
  ::kill(spawned->pid, SIGKILL);
  ::waitpid(spawned->pid, nullptr, 0);
  const std::string why = last_line_of(log);
  return fail(ErrorCode::unavailable, "the server did not start: " + (why.empty() ? "it said nothing" : why) + " (its log: " + log + ")");
}

Result<pid_t> hand_over(const std::string& data_dir, const std::string& program) {
  auto done = call(data_dir, "handover", {{"program", program}}, Duration::s(180));
  if (!done) return tl::unexpected(done.error());
  return static_cast<pid_t>(json::integer_at(*done, "pid").value_or(0));
}

Result<void> end_server(const std::string& data_dir, Duration longest) {
  auto pid = serving(data_dir);
  if (!pid) return tl::unexpected(pid.error());
  if (*pid <= 0) return {};
  ::kill(*pid, SIGTERM);
  const Instant end = system_now().mono + longest;
  while (lives(*pid)) {
    if (system_now().mono > end) return fail(ErrorCode::unavailable, "process " + std::to_string(*pid) + " does not end");
    ::waitpid(*pid, nullptr, WNOHANG);
    ::poll(nullptr, 0, 20);
  }
  return {};
}

Result<Ran> run_program(const std::string& program, const std::vector<std::string>& arguments, Duration longest) {
  auto spawned = spawn(program, arguments, "", false);
  if (!spawned) return tl::unexpected(spawned.error());
  const Instant end = system_now().mono + longest;
  Ran out;
  while (read_more(spawned->out, out.out, end)) {
  }
  ::close(spawned->out);
  const bool late = system_now().mono >= end;
  if (late) ::kill(-spawned->pid, SIGKILL);
  int status = 0;
  ::waitpid(spawned->pid, &status, 0);
  if (late) return fail(ErrorCode::unavailable, "it took longer than " + std::to_string(longest.ms() / 1000) + " s");
  out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return out;
}

}  // namespace upcall::deploy
