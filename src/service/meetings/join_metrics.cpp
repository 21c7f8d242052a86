#include "service/meetings/join_metrics.hpp"

#include <vector>

namespace upcall::service {

namespace {

void observe(metrics::Histogram* histogram, std::optional<Duration> took) {
  if (histogram != nullptr && took) histogram->observe(took->seconds() * 1000);
}

}  // namespace

JoinMetrics::JoinMetrics(metrics::Registry* registry) {
  if (registry == nullptr) return;
  const std::vector<double> bounds{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000};
  const auto step = [&](const char* name) {
    return &registry->histogram("upcall_join_step_ms", "The server's own time for a step of a join", bounds, {{"step", name}});
  };
  join_ = step("join");
  subscribe_ = step("subscribe");
  key_frame_request_ = step("key_frame_request");
  server_ = &registry->histogram("upcall_join_server_ms", "The server's own time of a join until its first key frame", bounds);
  publisher_ = &registry->histogram("upcall_join_publisher_ms", "From asking a publisher for a newcomer's first key frame until it is forwarded", bounds);
  to_first_key_frame_ = &registry->histogram("upcall_join_to_first_key_frame_ms", "From a signalling socket's opening until its first key frame is forwarded", bounds);
}

void JoinMetrics::step(std::string_view name, std::optional<Duration> took) { observe(name == "join" ? join_ : subscribe_, took); }

void JoinMetrics::whole(const JoinTimes& times) {
  observe(key_frame_request_, times.key_frame_request_step());
  observe(server_, times.server());
  observe(publisher_, times.publisher());
  observe(to_first_key_frame_, times.to_first_key_frame());
}

}  // namespace upcall::service
