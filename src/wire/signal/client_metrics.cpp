#include "wire/signal/client_metrics.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::wire {

namespace {

using Metric = signal::SdkMetric;
using Figure = ClientMetrics::Figure;

constexpr double kMsMax = 60'000, kBpsMax = 10e9, kPpsMax = 100'000, kFpsMax = 1'000, kPercentMax = 100;

Figure believable(const Metric& metric, double most) {
  const double value = metric.value();
  return metric.has_value() && std::isfinite(value) && value >= 0 && value <= most ? Figure(value) : std::nullopt;
}
// The first one that is believable counts.
void take(Figure& to, const Metric& metric, double most) {
  if (!to) to = believable(metric, most);
}
void take_kbps(Figure& to, const Metric& metric) {
  if (to) return;
  to = believable(metric, kBpsMax);
  if (to) *to /= 1000;
}
void least(Figure& to, Figure one) {
  if (one) to = to ? std::min(*to, *one) : *one;
}
void most(Figure& to, Figure one) {
  if (one) to = to ? std::max(*to, *one) : *one;
}
void sum(Figure& to, Figure one) {
  if (one) to = to.value_or(0) + *one;
}

template <class F>
void for_each_metric(const google::protobuf::RepeatedPtrField<Metric>& metrics, F use) {
  const int count = std::min(metrics.size(), kMetricsInFrameMax);
  for (int i = 0; i < count; ++i) {
    if (metrics[i].has_type()) use(metrics[i]);
  }
}

void read_sound(ClientMetrics& out, const signal::SdkStreamMetricFrame& frame) {
  for_each_metric(frame.metrics(), [&](const Metric& m) {
    switch (m.type()) {
      case Metric::RTC_SPK_PPS: return take(out.sound_pps, m, kPpsMax);
      case Metric::RTC_SPK_FRACTION_DECODER_LOSS_PERCENT: return take(out.sound_concealed_percent, m, kPercentMax);
      case Metric::RTC_SPK_JITTER_MS: return take(out.sound_jitter_ms, m, kMsMax);
      case Metric::RTC_SPK_JITTER_BUFFER_MS: return take(out.jitter_buffer_ms, m, kMsMax);
      default: return;
    }
  });
}

void read_video(ClientMetrics& out, const signal::SdkStreamMetricFrame& frame, const std::function<bool(std::uint32_t)>& is_camera) {
  Figure encode_fps, sent_kbps, decode_fps, freeze_ms, received_kbps;
  for_each_metric(frame.metrics(), [&](const Metric& m) {
    switch (m.type()) {
      case Metric::VIDEO_ENCODE_FPS: return take(encode_fps, m, kFpsMax);
      case Metric::VIDEO_SENT_BITRATE: return take_kbps(sent_kbps, m);
      case Metric::VIDEO_DECODE_FPS: return take(decode_fps, m, kFpsMax);
      case Metric::VIDEO_FREEZE_DURATION: return take(freeze_ms, m, kMsMax);
      case Metric::VIDEO_RECEIVED_BITRATE: return take_kbps(received_kbps, m);
      default: return;
    }
  });
  // Layers of one camera: the best frame rate, all their bits.
  most(out.encode_fps, encode_fps);
  sum(out.sent_kbps, sent_kbps);
  if ((!decode_fps && !received_kbps) || !frame.has_stream_id() || !is_camera(frame.stream_id())) return;
  ++out.cameras;
  least(out.decode_fps, decode_fps);
  most(out.freeze_ms, freeze_ms);
  sum(out.received_kbps, received_kbps);
}

}  // namespace

ClientMetrics read_client_metrics(const signal::SdkClientMetricFrame& frame, const std::function<bool(std::uint32_t)>& is_camera) {
  ClientMetrics out;
  for_each_metric(frame.global_metrics(), [&](const Metric& m) {
    switch (m.type()) {
      case Metric::STUN_RTT_MS: return take(out.rtt_ms, m, kMsMax);
      case Metric::VIDEO_AVAILABLE_SEND_BANDWIDTH: return take_kbps(out.available_send_kbps, m);
      case Metric::VIDEO_AVAILABLE_RECEIVE_BANDWIDTH: return take_kbps(out.available_receive_kbps, m);
      case Metric::CPU_PRESSURE_STATE: return take(out.cpu_pressure, m, 3);
      default: return;
    }
  });
  const int count = std::min(frame.stream_metric_frames_size(), kMetricFramesMax);
  for (int i = 0; i < count; ++i) {
    const auto& one = frame.stream_metric_frames(i);
    if (one.media_type() == signal::AUDIO) read_sound(out, one);
    if (one.media_type() == signal::VIDEO) read_video(out, one, is_camera);
  }
  return out;
}

}  // namespace upcall::wire
