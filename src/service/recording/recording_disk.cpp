// The spool's disk: watched, so that recordings end well and not with it.
#include <sys/statvfs.h>

#include "io/log/log.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace {
constexpr Duration kEvery = Duration::s(2);
}

void RecordingService::set_disk_rules(const recording::DiskRules& rules) {
  const std::lock_guard lock(mutex_);
  disk_.set_rules(rules);
  disk_at_ = Instant();
}

void RecordingService::look_at_disk(bool at_once) {
  struct statvfs seen{};
  std::vector<std::shared_ptr<Live>> to_end;
  {
    const std::lock_guard lock(mutex_);
    const Instant now = clock_().mono;
    if (now < disk_at_ && !at_once) return;
    disk_at_ = now + kEvery;
    if (::statvfs(options_.spool_directory.c_str(), &seen) != 0) return;
    const std::uint64_t free = std::uint64_t{seen.f_bavail} * seen.f_frsize, total = std::uint64_t{seen.f_blocks} * seen.f_frsize;
    const auto before = disk_.verdict();
    const auto verdict = disk_.sample(now, free, total);
    counters_.disk_free_share = total == 0 ? 1 : static_cast<double>(free) / static_cast<double>(total);
    if (verdict != before) {
      log::warn("spool.disk", {{"verdict", static_cast<int>(verdict)}, {"freePercent", 100 * counters_.disk_free_share}});
    }
    if (verdict != recording::DiskVerdict::end) return;
    for (const auto& [id, live] : live_) {
      if (live->journal && !live->journal_closed) to_end.push_back(live);
    }
  }
  for (const auto& live : to_end) {
    post([this, live] { input(live, [](auto& life, const Now& now, auto& out) { life.no_room(now, out); }); });
  }
}

}  // namespace upcall::service
