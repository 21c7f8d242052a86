// Joins as histograms in milliseconds. One thread; the registry must outlive it.
#pragma once

#include <optional>
#include <string_view>

#include "io/metrics/metrics.hpp"
#include "service/meetings/join_times.hpp"

namespace upcall::service {

class JoinMetrics {
 public:
  // Null: measures nothing.
  explicit JoinMetrics(metrics::Registry* registry);

  // upcall_join_step_ms{step="join"|"subscribe"}: of every join, with video or without.
  void step(std::string_view name, std::optional<Duration> took);
  // Of a join that has come to its first picture: its key frame step, and upcall_join_server_ms, upcall_join_publisher_ms,
  // upcall_join_to_first_key_frame_ms.
  void whole(const JoinTimes& times);

 private:
  metrics::Histogram* join_ = nullptr;
  metrics::Histogram* subscribe_ = nullptr;
  metrics::Histogram* key_frame_request_ = nullptr;
  metrics::Histogram* server_ = nullptr;
  metrics::Histogram* publisher_ = nullptr;
  metrics::Histogram* to_first_key_frame_ = nullptr;
};

}  // namespace upcall::service
