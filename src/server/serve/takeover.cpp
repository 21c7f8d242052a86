#include "server/serve/takeover.hpp"

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "io/clock/system_clock.hpp"
#include "json/json.hpp"

extern char** environ;

namespace upcall::server {

namespace bj = boost::json;

namespace {

constexpr std::size_t kMessageMax = 64 << 10;
constexpr int kNumberThere = 3;

bool send_message(int fd, const bj::object& message, const std::vector<int>& descriptors = {}) {
  const std::string text = bj::serialize(message);
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  if (!descriptors.empty()) {
    head.msg_control = control;
    head.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
    cmsghdr* with = CMSG_FIRSTHDR(&head);
    with->cmsg_level = SOL_SOCKET;
    with->cmsg_type = SCM_RIGHTS;
    with->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
    std::memcpy(CMSG_DATA(with), descriptors.data(), descriptors.size() * sizeof(int));
  }
  return ::sendmsg(fd, &head, MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

struct Message {
  bj::object body;
  std::vector<int> descriptors;
};

// Nothing: the other end has gone, or said nothing in time (then `late`).
std::optional<Message> receive_message(int fd, Duration longest, bool& late) {
  const Instant end = system_now().mono + longest;
  for (;;) {
    const Duration left = end - system_now().mono;
    late = left <= Duration();
    if (late) return std::nullopt;
    pollfd wait{fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(left.ms() + 1));
    if (ready < 0 && errno != EINTR) return std::nullopt;
    if (ready > 0) break;
  }
  std::string text(kMessageMax, 0);
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr head{};
  head.msg_iov = &part;
  head.msg_iovlen = 1;
  head.msg_control = control;
  head.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(fd, &head, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Message out;
  for (cmsghdr* with = CMSG_FIRSTHDR(&head); with != nullptr; with = CMSG_NXTHDR(&head, with)) {
    if (with->cmsg_level != SOL_SOCKET || with->cmsg_type != SCM_RIGHTS) continue;
    out.descriptors.resize((with->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(out.descriptors.data(), CMSG_DATA(with), out.descriptors.size() * sizeof(int));
  }
  auto body = json::parse_object(std::string_view(text).substr(0, static_cast<std::size_t>(got)));
  if (body) out.body = std::move(*body);
  return out;
}

}  // namespace

Result<Successor> Successor::start(const std::string& program, const std::vector<std::string>& arguments) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return fail(ErrorCode::unavailable, "no socket for the new process");
  std::vector<std::string> texts{program};
  texts.insert(texts.end(), arguments.begin(), arguments.end());
  std::vector<std::string> variables{std::string(kTakeoverVariable) + "=" + std::to_string(kNumberThere)};
  const std::string before = std::string(kTakeoverVariable) + "=";
  for (char** one = environ; *one != nullptr; ++one) {
    if (!std::string_view(*one).starts_with(before)) variables.emplace_back(*one);
  }
  std::vector<char*> argv, envp;
  for (std::string& text : texts) argv.push_back(text.data());
  for (std::string& text : variables) envp.push_back(text.data());
  argv.push_back(nullptr);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], kNumberThere);
  // Connections of this process must end when it ends them: not all of its descriptors are close-on-exec (Asio's are not).
  ::posix_spawn_file_actions_addclosefrom_np(&actions, kNumberThere + 1);
  // What this process blocks or ignores is not for the next one.
  sigset_t none, usual;
  sigemptyset(&none);
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), envp.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return fail(ErrorCode::not_found, program + " cannot be started: " + std::strerror(failed));
  }
  return Successor(pid, ends[0]);
}

Successor::Successor(Successor&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)), ready_(other.ready_) {}

Successor::~Successor() {
  if (fd_ >= 0) ::close(fd_);
  if (pid_ <= 0 || ready_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

Result<std::string> Successor::wait_for(std::string_view state, Duration longest) {
  bool late = false;
  auto message = receive_message(fd_, longest, late);
  if (!message) return fail(ErrorCode::unavailable, late ? "the new process said nothing in " + std::to_string(longest.ms() / 1000) + " s"
                                                         : "the new process ended before it was ready; its log says why");
  for (const int fd : message->descriptors) ::close(fd);
  const std::string is = json::text_or(message->body, "state");
  if (is == state) return json::text_or(message->body, "url");
  return fail(ErrorCode::unavailable, is == "failed" ? json::text_or(message->body, "message") : "the new process spoke another language: it is no release that can take over");
}

Result<void> Successor::wait_prepared(Duration longest) {
  return wait_for("prepared", longest).map([](const auto&) {});
}

Result<std::string> Successor::go(int listener, int lock, Duration longest) {
  if (!send_message(fd_, {{"state", "go"}}, {listener, lock})) return fail(ErrorCode::unavailable, "the new process has gone");
  auto url = wait_for("ready", longest);
  ready_ = url.has_value();
  return url;
}

std::optional<Takeover> Takeover::of_this_process() {
  const char* number = std::getenv(kTakeoverVariable);
  if (number == nullptr) return std::nullopt;
  const int fd = std::atoi(number);
  ::unsetenv(kTakeoverVariable);
  int kind = 0;
  socklen_t size = sizeof kind;
  if (fd < 3 || ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_SEQPACKET) return std::nullopt;
  return Takeover(fd);
}

Takeover::Takeover(Takeover&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
Takeover::~Takeover() {
  if (fd_ >= 0) ::close(fd_);
}

void Takeover::prepared() { (void)send_message(fd_, {{"state", "prepared"}}); }
void Takeover::ready(const std::string& url) { (void)send_message(fd_, {{"state", "ready"}, {"url", url}}); }
void Takeover::failed(const std::string& why) { (void)send_message(fd_, {{"state", "failed"}, {"message", why}}); }

Result<Takeover::Given> Takeover::wait_go() {
  bool late = false;
  auto message = receive_message(fd_, Duration::s(120), late);
  if (!message || json::text_or(message->body, "state") != "go" || message->descriptors.size() != 2) {
    if (message) {
      for (const int fd : message->descriptors) ::close(fd);
    }
    return fail(ErrorCode::unavailable, "the server before this one did not hand over");
  }
  return Given{message->descriptors[0], message->descriptors[1]};
}

}  // namespace upcall::server
