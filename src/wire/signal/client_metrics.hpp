// What a client says of itself once a second (CLIENT_METRIC), reduced to what judges a call. Bytes from outside: figures
// that are not finite, negative or absurd are left out one by one, and no frame makes more work than its limits allow.
// No allocation, no errors; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "wire/signal/signal_frame.hpp"

namespace upcall::wire {

// Nothing: the client did not tell, or not believably.
struct ClientMetrics {
  using Figure = std::optional<double>;
  Figure rtt_ms;                    // to us, as its ICE checks measure it
  Figure available_send_kbps, available_receive_kbps;
  Figure cpu_pressure;              // 0 nominal, 1 fair, 2 serious, 3 critical
  // The sound that it hears.
  Figure sound_pps, sound_concealed_percent, sound_jitter_ms, jitter_buffer_ms;
  // Its own camera.
  Figure encode_fps, sent_kbps;
  // Cameras that it sees: the worst of them; together for the rate.
  int cameras = 0;
  Figure decode_fps, freeze_ms;     // freeze_ms: that ended in this second, so it may be more than 1000
  Figure received_kbps;
};

inline constexpr int kMetricFramesMax = 64, kMetricsInFrameMax = 64;

// `is_camera`: does this stream id belong to a camera that is not the sender's own? Shares of screens stand still by nature.
ClientMetrics read_client_metrics(const signal::SdkClientMetricFrame& frame, const std::function<bool(std::uint32_t)>& is_camera);

}  // namespace upcall::wire
