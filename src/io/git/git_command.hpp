// The git program as a child with an environment of its own: no user's or host's configuration, no prompts, no network
// helpers that ask. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/process/child_process.hpp"

namespace upcall::git {

// "/usr/bin/git"; empty: the package git is not installed.
std::string program();
// HOME, PATH, GIT_CONFIG_NOSYSTEM and the like. `home`: a directory that may hold nothing.
std::vector<std::pair<std::string, std::string>> environment(const std::string& home);

struct Answer {
  int code = 0;          // exit status; -1: killed at the time limit
  std::string output;    // standard output, 1 MiB at most
  std::string complaint; // standard error's last line
  bool ok() const { return code == 0; }
};
// Errors: not_found (git), unavailable (fork).
Result<Answer> run(process::ChildHost& host, std::vector<std::string> arguments, const std::string& home, Duration time_limit = Duration::s(60));

}  // namespace upcall::git
