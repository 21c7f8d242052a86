// Child processes: started with nothing but what was named, watched through a pidfd, measured when they end.
//
// A ChildHost owns one thread that forks, waits and calls back. It forks there because the kernel ties a child's death
// signal to the forking *thread*: a child started from a short-lived thread would be killed with it.
// Threads: everything from any thread, except that nothing may wait from within the exit callback.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::process {

struct ChildOptions {
  std::string program;                  // a path; no search
  std::vector<std::string> arguments;   // without the program's name. Never secrets: everybody may read them
  std::vector<std::pair<std::string, std::string>> environment;  // the whole of it: nothing is inherited
  // (descriptor here, number there); -1 here is /dev/null. 0, 1 and 2 default to /dev/null, inherit and inherit.
  // Everything else is closed in the child. The descriptors stay the caller's and are only read during spawn().
  std::vector<std::pair<int, int>> descriptors;
  // One end of a stream socket pair becomes this number in the child, the other is control_fd(). -1: none.
  int control_number = -1;
  std::string directory;                // empty: the parent's
  int nice = 0;                         // added to the parent's
  int death_signal = 9;                 // sent to the child when this process dies, however it dies; 0: none
  std::uint64_t memory_limit = 0;       // RLIMIT_AS in bytes; 0: none
};

struct ChildExit {
  bool signaled = false;
  int code = 0;                         // exit status, or the signal's number
  Duration user_cpu, system_cpu;        // with the grandchildren it waited for
  // Highest resident memory in bytes. The kernel's own figure starts with the parent's size at the fork; when the child
  // stayed below that, the highest of the samples taken each 200 ms is given instead.
  std::uint64_t peak_rss = 0;
  bool ok() const { return !signaled && code == 0; }
};

class ChildProcess {
 public:
  ~ChildProcess();  // kills the group and waits for its end; the exit callback has run by then
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const;
  // Our end of the control socket, closed with this object; -1 without one. Blocking, close-on-exec.
  int control_fd() const;
  // Gives the control socket away: the caller closes it from now on.
  int release_control_fd();
  // To the process, through its pidfd: never to a stranger that got the same number. False when it has ended.
  bool signal(int number);
  // SIGKILL to the child's whole process group while the child has not been reaped.
  void kill_group();
  // How it ended; nothing when it still runs at the end of `timeout`.
  std::optional<ChildExit> wait(Duration timeout);

  struct State;

 private:
  friend class ChildHost;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

class ChildHost {
 public:
  using OnExit = std::function<void(const ChildExit&)>;

  ChildHost();
  ~ChildHost();  // every ChildProcess must be gone
  ChildHost(const ChildHost&) = delete;
  ChildHost& operator=(const ChildHost&) = delete;

  // `on_exit`: once, on the host's thread. Errors: not_found (program), invalid_argument, unavailable (fork, memory).
  Result<std::unique_ptr<ChildProcess>> spawn(ChildOptions options, OnExit on_exit = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::process
