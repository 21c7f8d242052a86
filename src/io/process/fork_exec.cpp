#include "io/process/fork_exec.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace upcall::process {

namespace {

// All that the child needs, made before the fork: between fork and exec only async-signal-safe calls are allowed.
struct Plan {
  std::vector<char*> argv, envp;
  std::vector<std::pair<int, int>> map;  // (here, there), sorted by there
  const ChildOptions* options = nullptr;
  int report = -1;
  pid_t parent = 0;
};

[[noreturn]] void give_up(int report, int error) {
  (void)!::write(report, &error, sizeof error);
  ::_exit(127);
}

[[noreturn]] void become(Plan& plan) {
  int report = plan.report;
  ::setpgid(0, 0);
  if (plan.options->death_signal != 0) {
    ::prctl(PR_SET_PDEATHSIG, plan.options->death_signal);
    // The parent may have died before the line above.
    if (::getppid() != plan.parent) ::_exit(127);
  }
  // First everything away from the low numbers, then to its place: no order of targets can overwrite a source.
  int top = 3;
  for (const auto& [here, there] : plan.map) top = std::max(top, there + 1);
  report = ::fcntl(report, F_DUPFD_CLOEXEC, top);
  if (report < 0) ::_exit(127);
  for (auto& [here, there] : plan.map) {
    here = here < 0 ? ::open("/dev/null", O_RDWR | O_CLOEXEC) : here;
    if (here < 0) give_up(report, errno);
    here = ::fcntl(here, F_DUPFD_CLOEXEC, top);
    if (here < 0) give_up(report, errno);
  }
  for (const auto& [here, there] : plan.map) {
    if (::dup2(here, there) < 0) give_up(report, errno);  // dup2 clears close-on-exec
  }
  // Whatever else is open, in the gaps and above, ends with exec.
  int next = 0;
  for (const auto& [here, there] : plan.map) {
    if (there > next && ::close_range(static_cast<unsigned>(next), static_cast<unsigned>(there - 1), CLOSE_RANGE_CLOEXEC) != 0) {
      give_up(report, errno);
    }
    next = there + 1;
  }
  if (::close_range(static_cast<unsigned>(next), ~0u, CLOSE_RANGE_CLOEXEC) != 0) give_up(report, errno);

  for (int number = 1; number < 65; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan.options->nice != 0) {
    errno = 0;
    if (::nice(plan.options->nice) == -1 && errno != 0) give_up(report, errno);
  }
  if (plan.options->memory_limit != 0) {
    const rlimit limit{plan.options->memory_limit, plan.options->memory_limit};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) give_up(report, errno);
  }
  if (!plan.options->directory.empty() && ::chdir(plan.options->directory.c_str()) != 0) give_up(report, errno);
  ::execve(plan.options->program.c_str(), plan.argv.data(), plan.envp.data());
  give_up(report, errno);
}

}  // namespace

std::uint64_t memory_field(pid_t pid, const char* field) {
  char path[64], line[256];
  std::snprintf(path, sizeof path, "/proc/%d/status", static_cast<int>(pid));
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return 0;
  std::uint64_t out = 0;
  const std::size_t size = std::strlen(field);
  while (std::fgets(line, sizeof line, file) != nullptr) {
    // "VmHWM:     1234 kB"
    if (std::strncmp(line, field, size) == 0 && line[size] == ':') {
      out = std::strtoull(line + size + 1, nullptr, 10) * 1024;
      break;
    }
  }
  std::fclose(file);
  return out;
}

Result<Forked> fork_exec(const ChildOptions& options, int child_control) {
  Plan plan;
  plan.options = &options;
  plan.parent = ::getpid();
  std::vector<std::string> environment;
  for (const auto& [name, value] : options.environment) environment.push_back(name + "=" + value);
  plan.argv.push_back(const_cast<char*>(options.program.c_str()));
  for (const std::string& a : options.arguments) plan.argv.push_back(const_cast<char*>(a.c_str()));
  plan.argv.push_back(nullptr);
  for (const std::string& e : environment) plan.envp.push_back(const_cast<char*>(e.c_str()));
  plan.envp.push_back(nullptr);

  plan.map = options.descriptors;
  if (options.control_number >= 0) plan.map.emplace_back(child_control, options.control_number);
  const auto taken = [&plan](int number) {
    return std::any_of(plan.map.begin(), plan.map.end(), [number](const auto& m) { return m.second == number; });
  };
  if (!taken(0)) plan.map.emplace_back(-1, 0);
  if (!taken(1)) plan.map.emplace_back(1, 1);
  if (!taken(2)) plan.map.emplace_back(2, 2);
  std::sort(plan.map.begin(), plan.map.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  for (std::size_t i = 0; i < plan.map.size(); ++i) {
    const bool twice = i > 0 && plan.map[i].second == plan.map[i - 1].second;
    if (plan.map[i].second < 0 || plan.map[i].second > 255 || twice) {
      return fail(ErrorCode::invalid_argument, "a child's descriptor number is out of range or used twice");
    }
  }

  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) return fail(ErrorCode::unavailable, "no descriptor for a child process");
  plan.report = report[1];
  Forked out;
  out.rss_at_fork = memory_field(::getpid(), "VmRSS");
  // No handler of ours may run in the child between fork and exec.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  out.pid = ::fork();
  if (out.pid == 0) become(plan);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(report[1]);
  if (out.pid < 0) {
    ::close(report[0]);
    return fail(ErrorCode::unavailable, std::string("cannot fork: ") + std::strerror(errno));
  }
  int error = 0;
  ssize_t got;
  do got = ::read(report[0], &error, sizeof error);
  while (got < 0 && errno == EINTR);
  ::close(report[0]);
  if (got == 0) {
    // glibc 2.36 declares pidfd_open without C linkage: the call itself.
    out.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, out.pid, 0));
  }
  if (out.pidfd >= 0) return out;
  if (got == 0) {
    error = errno;
    ::kill(out.pid, SIGKILL);
  }
  while (::waitpid(out.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  const ErrorCode code = error == ENOENT || error == EACCES ? ErrorCode::not_found : ErrorCode::unavailable;
  return fail(code, "cannot start " + options.program + ": " + std::strerror(error));
}

}  // namespace upcall::process
