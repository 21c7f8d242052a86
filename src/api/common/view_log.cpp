#include "api/common/view_log.hpp"

namespace upcall::api {

namespace {
constexpr Duration kRemembered = Duration::s(15 * 60);
constexpr std::size_t kMost = 4096;
}  // namespace

bool ViewLog::begins(const std::string& viewer_id, const std::string& recording_id, std::uint64_t first_byte, Instant now) {
  const std::lock_guard lock(mutex_);
  if (noted_.size() >= kMost) std::erase_if(noted_, [&](const auto& entry) { return now - entry.second > kRemembered; });
  if (noted_.size() >= kMost) noted_.clear();  // then some are noted twice
  const auto found = noted_.find({viewer_id, recording_id});
  if (first_byte != 0 && found != noted_.end() && now - found->second <= kRemembered) return false;
  noted_[{viewer_id, recording_id}] = now;
  return true;
}

void ViewLog::forget(const std::string& viewer_id, const std::string& recording_id) {
  const std::lock_guard lock(mutex_);
  noted_.erase({viewer_id, recording_id});
}

}  // namespace upcall::api
