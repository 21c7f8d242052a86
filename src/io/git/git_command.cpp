#include "io/git/git_command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>

#include "io/clock/system_clock.hpp"

namespace upcall::git {

namespace {

constexpr std::size_t kOutputMax = 1 << 20;

// Reads what is there; false at the end.
bool take(int fd, std::string& into) {
  std::array<char, 16384> piece;
  const ssize_t n = ::read(fd, piece.data(), piece.size());
  if (n <= 0) return n < 0 && (errno == EINTR || errno == EAGAIN);
  if (into.size() < kOutputMax) into.append(piece.data(), static_cast<std::size_t>(n));
  return true;
}

std::string last_line(std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  const std::size_t at = text.rfind('\n');
  return at == std::string::npos ? text : text.substr(at + 1);
}

struct Pipe {
  ~Pipe() {
    for (const int fd : ends) {
      if (fd >= 0) ::close(fd);
    }
  }
  bool open() { return ::pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_writer() {
    ::close(ends[1]);
    ends[1] = -1;
  }
  std::array<int, 2> ends{-1, -1};
};

}  // namespace

std::string program() {
  for (const char* path : {"/usr/bin/git", "/usr/local/bin/git", "/bin/git"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> environment(const std::string& home) {
  return {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", home}, {"LANG", "C.UTF-8"}, {"GIT_CONFIG_NOSYSTEM", "1"}, {"GIT_TERMINAL_PROMPT", "0"}, {"GIT_ASKPASS", "/bin/false"}};
}

Result<Answer> run(process::ChildHost& host, std::vector<std::string> arguments, const std::string& home, Duration time_limit) {
  process::ChildOptions options;
  options.program = program();
  if (options.program.empty()) return fail(ErrorCode::not_found, "the program git is not installed: apt-get install git");
  options.arguments = std::move(arguments);
  options.environment = environment(home);
  Pipe out, err;
  if (!out.open() || !err.open()) return fail(ErrorCode::unavailable, "no descriptor for git");
  options.descriptors = {{out.ends[1], 1}, {err.ends[1], 2}};
  auto child = host.spawn(std::move(options));
  if (!child) return tl::unexpected(child.error());
  out.close_writer();
  err.close_writer();
  Answer answer;
  std::string complaint;
  const Instant end = system_now().mono + time_limit;
  bool out_open = true, err_open = true;
  while (out_open || err_open) {
    const Duration left = end - system_now().mono;
    if (left <= Duration()) {
      (*child)->kill_group();
      answer.code = -1;
      answer.complaint = "git took too long";
      return answer;
    }
    pollfd fds[2] = {{out_open ? out.ends[0] : -1, POLLIN, 0}, {err_open ? err.ends[0] : -1, POLLIN, 0}};
    (void)::poll(fds, 2, static_cast<int>(left.ms() + 1));
    if (fds[0].revents != 0) out_open = take(out.ends[0], answer.output);
    if (fds[1].revents != 0) err_open = take(err.ends[0], complaint);
  }
  const auto exit = (*child)->wait(end - system_now().mono);
  answer.code = !exit ? -1 : exit->signaled ? 128 + exit->code : exit->code;
  answer.complaint = last_line(std::move(complaint));
  return answer;
}

}  // namespace upcall::git
