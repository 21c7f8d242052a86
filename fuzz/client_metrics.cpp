// A client's own figures, as a signalling message from outside: whatever comes, what is read is finite and within reason.
// link: upcall_wire_signal
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "wire/signal/client_metrics.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto frame = wire::decode_signal(Bytes(data, size));
  if (!frame || !frame->has_client_metric()) return 0;
  const auto m = wire::read_client_metrics(frame->client_metric(), [](std::uint32_t id) { return id % 2 == 1; });
  for (const auto& figure : {m.rtt_ms, m.available_send_kbps, m.available_receive_kbps, m.cpu_pressure, m.sound_pps, m.sound_concealed_percent, m.sound_jitter_ms,
                             m.jitter_buffer_ms, m.encode_fps, m.sent_kbps, m.decode_fps, m.freeze_ms, m.received_kbps}) {
    if (figure && !(std::isfinite(*figure) && *figure >= 0 && *figure <= 1e10)) std::abort();
  }
  if (m.cameras < 0 || m.cameras > wire::kMetricFramesMax) std::abort();
  if (m.sound_concealed_percent.value_or(0) > 100 || m.cpu_pressure.value_or(0) > 3) std::abort();
  return 0;
}
