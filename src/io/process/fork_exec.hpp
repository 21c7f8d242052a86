// Internal to io/process: the fork and what the child does before its program starts.
#pragma once

#include <sys/types.h>

#include "base/result.hpp"
#include "io/process/child_process.hpp"

namespace upcall::process {

struct Forked {
  pid_t pid = -1;
  int pidfd = -1;
  std::uint64_t rss_at_fork = 0;  // bytes of this process, which the child's own figure starts from
};

// `child_control`: descriptor that becomes options.control_number, -1 for none. Returns when exec has succeeded.
Result<Forked> fork_exec(const ChildOptions& options, int child_control);

// A field of /proc/<pid>/status in bytes ("VmHWM", "VmRSS"); 0 when it is not there.
std::uint64_t memory_field(pid_t pid, const char* field);

}  // namespace upcall::process
