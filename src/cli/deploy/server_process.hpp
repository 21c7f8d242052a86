// The server of an installation, from outside: whether it runs, starting it, handing it over, ending it. One thread.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::deploy {

// What answers on the data directory's admin socket; 0: nobody. Errors: it answers, but not as it should.
Result<pid_t> serving(const std::string& data_dir);
// In the background, in a session of its own; its words go to `log`. Returns when it is ready. Errors: what it said.
Result<pid_t> start_server(const std::string& program, const std::vector<std::string>& arguments, const std::string& log, Duration longest);
// Errors: the server's sentence; whoever serves then is in it.
Result<pid_t> hand_over(const std::string& data_dir, const std::string& program);
// SIGTERM, and waits. Errors: unavailable when it does not end.
Result<void> end_server(const std::string& data_dir, Duration longest);

struct Ran {
  int status = -1;
  std::string out;      // both streams
};
// A program that ends by itself, killed with its group after `longest`.
Result<Ran> run_program(const std::string& program, const std::vector<std::string>& arguments, Duration longest);

}  // namespace upcall::deploy
