#include "recording/disk_watch.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::recording {

namespace {
constexpr double kSmoothSeconds = 120;   // a composer's burst is no trend
}

DiskVerdict DiskWatch::sample(Instant now, std::uint64_t free, std::uint64_t total) {
  left_.reset();
  if (total == 0) return verdict_ = DiskVerdict::fine;
  if (since_ && now > *since_) {
    const double seconds = (now - *since_).seconds();
    const double filled = (static_cast<double>(free_) - static_cast<double>(free)) / seconds;
    rate_ += (1 - std::exp(-seconds / kSmoothSeconds)) * (filled - rate_);
  }
  since_ = now;
  free_ = free;
  const double share = static_cast<double>(free) / static_cast<double>(total);
  if (share < rules_.end_below && free < rules_.end_bytes) return verdict_ = DiskVerdict::end;
  if (share < rules_.refuse_below && free < rules_.refuse_bytes) return verdict_ = DiskVerdict::refuse;
  if (rate_ > 0) {
    const double floor = std::min(rules_.refuse_below * static_cast<double>(total), static_cast<double>(rules_.refuse_bytes));
    const double seconds = (static_cast<double>(free) - floor) / rate_;
    left_ = Duration::s(static_cast<std::int64_t>(std::clamp(seconds, 0.0, 1e9)));
  }
  return verdict_ = left_ && *left_ < rules_.warn_ahead ? DiskVerdict::warn : DiskVerdict::fine;
}

}  // namespace upcall::recording
