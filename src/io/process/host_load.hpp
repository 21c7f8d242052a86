// What this host is doing: CPU in use by everything and by some processes of ours, memory that is free. From /proc.
// One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::process {

struct HostSample {
  double cores = 1;
  double busy_cores = 0;               // in use since the sample before, by everything
  double own_cores = 0;                // of that, by the processes named
  std::uint64_t memory_available = 0;  // bytes
};

class HostSampler {
 public:
  // Errors: unavailable. The first sample has no CPU figures. A process that is gone counts as idle.
  Result<HostSample> sample(Instant now, std::span<const pid_t> own);

 private:
  struct Own {
    pid_t pid;
    std::int64_t ticks;
  };
  Instant last_at_ = Instant::never();
  std::int64_t last_busy_ = 0;
  std::vector<Own> last_own_;
};

// For tests: of the texts of /proc/stat, /proc/meminfo and /proc/<pid>/stat. Ticks, bytes; nothing when it is not there.
struct CpuTicks {
  std::int64_t busy = 0;
  int cores = 0;
};
ParseResult<CpuTicks> parse_cpu(std::string_view proc_stat);
ParseResult<std::uint64_t> parse_available(std::string_view proc_meminfo);
ParseResult<std::int64_t> parse_process_ticks(std::string_view proc_pid_stat);

}  // namespace upcall::process
