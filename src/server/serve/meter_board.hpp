// What the meter (`upcall meter`) found in its last calls, for /metrics. Any thread.
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <mutex>
#include <optional>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/metrics/metrics.hpp"

namespace upcall::server {

class MeterBoard {
 public:
  // {"ok": true, "joinMs", "firstPictureMs", "delayMs", "avOffsetMs", "recordingStartMs", "recordingStoredMs"}: numbers in
  // milliseconds, absent where the call did not come so far. Anything else is invalid_argument, and nothing is taken.
  Result<boost::json::object> report(Now now, const boost::json::object& run);
  // The board outlives the registry's reading.
  void add_metrics(metrics::Registry& registry);

 private:
  static constexpr std::size_t kMeasures = 6;
  struct Last {
    bool ok = false;
    std::int64_t at_unix_ms = 0;
    double ms[kMeasures] = {};      // what was measured last, kept while later runs fail before they come to it
  };
  mutable std::mutex mutex_;
  Last last_;
  std::uint64_t succeeded_ = 0, failed_ = 0;
};

}  // namespace upcall::server
