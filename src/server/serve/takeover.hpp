// How one server process hands over to the next one on the same data directory. The old process starts the new one and
// stays its partner on a socket pair:
//
//   new: prepared         the program is whole and its settings are right; nothing is changed yet
//   old: go               its own front is down; with it the listening socket and the data directory's lock, as descriptors
//   new: ready            it serves; or failed, with a sentence
//
// Until `go` the old process has given nothing away. Messages are JSON texts of at most 64 KiB (SOCK_SEQPACKET).
// Threads: one each.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::server {

// The number of the socket in the new process is in this variable of its environment.
inline constexpr const char* kTakeoverVariable = "UPCALL_TAKEOVER_FD";

// The old process's side: a process that it has started.
class Successor {
 public:
  // Errors: not_found when the program cannot be started.
  static Result<Successor> start(const std::string& program, const std::vector<std::string>& arguments);
  Successor(Successor&& other) noexcept;
  Successor& operator=(Successor&&) = delete;
  ~Successor();   // kills it unless it has become ready

  // Errors carry the sentence of the new process.
  Result<void> wait_prepared(Duration longest);
  // The address that it serves.
  Result<std::string> go(int listener, int lock, Duration longest);
  pid_t pid() const { return pid_; }

 private:
  Successor(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  Result<std::string> wait_for(std::string_view state, Duration longest);
  pid_t pid_ = -1;
  int fd_ = -1;
  bool ready_ = false;
};

// The new process's side.
class Takeover {
 public:
  // Nothing when this process was started by nobody who hands over. Takes the variable out of the environment.
  static std::optional<Takeover> of_this_process();
  Takeover(Takeover&& other) noexcept;
  Takeover& operator=(Takeover&&) = delete;
  ~Takeover();

  struct Given {
    int listener = -1, lock = -1;   // the caller's
  };
  void prepared();
  // Errors: unavailable when the old process has gone or has thought better of it.
  Result<Given> wait_go();
  void ready(const std::string& url);
  void failed(const std::string& why);

 private:
  explicit Takeover(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace upcall::server
