// How full the disk of recordings is and when it will be: warns ahead, refuses new recordings, ends running ones while
// there is still room to end them well. Pure: samples in, a verdict out.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"

namespace upcall::recording {

struct DiskRules {
  double refuse_below = 0.10;              // share of the disk that is free
  double end_below = 0.02;
  // And only when less than this is free: a tenth of a large disk is room for days.
  std::uint64_t refuse_bytes = 20ull << 30, end_bytes = 4ull << 30;
  Duration warn_ahead = Duration::s(1800); // of refusing
};

enum class DiskVerdict : std::uint8_t { fine, warn, refuse, end };

class DiskWatch {
 public:
  explicit DiskWatch(const DiskRules& rules = {}) : rules_(rules) {}

  // Bytes; a disk of size 0 is one that nothing is known of: fine.
  DiskVerdict sample(Instant now, std::uint64_t free, std::uint64_t total);
  DiskVerdict verdict() const { return verdict_; }
  // Until new recordings are refused, as the disk fills now; nothing while it does not fill.
  std::optional<Duration> left() const { return left_; }
  void set_rules(const DiskRules& rules) { rules_ = rules; }

 private:
  DiskRules rules_;
  DiskVerdict verdict_ = DiskVerdict::fine;
  std::optional<Duration> left_;
  std::optional<Instant> since_;           // of the rate's first sample
  std::uint64_t free_ = 0;
  double rate_ = 0;                        // bytes a second that it fills, smoothed
};

}  // namespace upcall::recording
