#include "io/pipeline_runs/command_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace upcall::pipeline {

Result<std::unique_ptr<CommandRun>> CommandRun::start(process::ChildHost& host, Options wanted, StageLog& log) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "no descriptor for the command");
  (void)::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  process::ChildOptions options;
  options.program = "/bin/sh";
  options.arguments = {"-c", std::move(wanted.command)};
  options.environment = std::move(wanted.environment);
  options.directory = std::move(wanted.directory);
  options.nice = wanted.nice;
  options.descriptors = {{ends[1], 1}, {ends[1], 2}};
  auto child = host.spawn(std::move(options));
  ::close(ends[1]);
  if (!child) {
    ::close(ends[0]);
    return tl::unexpected(child.error());
  }
  return std::unique_ptr<CommandRun>(new CommandRun(std::move(*child), ends[0], log));
}

CommandRun::~CommandRun() {
  kill();
  ::close(pipe_);
}

pid_t CommandRun::group() const { return child_->pid(); }
void CommandRun::ask_to_end() { ::kill(-child_->pid(), SIGTERM); }
void CommandRun::kill() { ::kill(-child_->pid(), SIGKILL); }

Result<bool> CommandRun::take() {
  char piece[32768];
  const ssize_t n = ::read(pipe_, piece, sizeof piece);
  if (n <= 0) return false;
  if (auto done = log_.write(std::string_view(piece, static_cast<std::size_t>(n))); !done) return tl::unexpected(done.error());
  return true;
}

Result<std::optional<CommandRun::End>> CommandRun::pump(int wait_ms) {
  pollfd wait{pipe_, POLLIN, 0};
  const bool readable = ::poll(&wait, 1, wait_ms) > 0;
  if (readable) {
    auto took = take();
    if (!took) return tl::unexpected(took.error());
    if (*took) return std::nullopt;
  }
  // The pipe's end comes before the process is reaped, or long after, when something in the background holds it.
  const auto exit = child_->wait(readable ? Duration::ms(wait_ms) : Duration());
  if (!exit) return std::nullopt;
  kill();
  for (;;) {
    auto took = take();
    if (!took) return tl::unexpected(took.error());
    if (!*took) break;
  }
  if (auto done = log_.flush(); !done) return tl::unexpected(done.error());
  return End{exit->signaled, exit->code};
}

void kill_leftovers(pid_t group, std::string_view mark) {
  namespace fs = std::filesystem;
  if (group <= 1) return;
  std::error_code error;
  for (fs::directory_iterator at("/proc", error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size() || pid <= 1 || ::getpgid(pid) != group) continue;
    std::ifstream in(at->path() / "environ", std::ios::binary);
    const std::string environment(std::istreambuf_iterator<char>(in), {});
    const std::string wanted = std::string(mark) + '\0';
    if (environment.find(wanted) != std::string::npos) ::kill(pid, SIGKILL);
  }
}

}  // namespace upcall::pipeline
