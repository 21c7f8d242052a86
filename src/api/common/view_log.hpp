// Whether a request for a part of a film is to be noted in the audit: players ask for many parts, one entry a viewing is
// wanted, and nobody gets around it by leaving out the first byte. Bounded memory. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/time.hpp"

namespace upcall::api {

class ViewLog {
 public:
  // True when the request begins at the front, or nothing was noted of this viewer and recording in the last 15 minutes.
  bool begins(const std::string& viewer_id, const std::string& recording_id, std::uint64_t first_byte, Instant now);
  // The entry could not be written: the next request tries again.
  void forget(const std::string& viewer_id, const std::string& recording_id);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Instant> noted_;
};

}  // namespace upcall::api
