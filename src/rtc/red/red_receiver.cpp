#include "rtc/red/red_receiver.hpp"

#include <algorithm>

namespace upcall::rtc {

std::span<const RedFrame> RedReceiver::split(std::int64_t sequence, std::uint32_t timestamp, std::uint8_t payload_type, const RedPayload& packet) {
  constexpr int kStepsEnough = 4;
  constexpr std::uint32_t kSamplesMin = 120, kSamplesMax = 5760;  // 2.5 to 120 ms (RFC 6716 §2.1.4)
  if (last_sequence_ >= 0 && sequence == last_sequence_ + 1) {
    const std::uint32_t step = timestamp - last_timestamp_;
    steps_ = step == step_ ? std::min(steps_ + 1, kStepsEnough) : 1;
    step_ = step;
    if (steps_ >= kStepsEnough && step >= kSamplesMin && step <= kSamplesMax) samples_ = step;
  }
  last_sequence_ = sequence;
  last_timestamp_ = timestamp;
  std::size_t count = 0;
  for (const RedBlock& block : packet.earlier()) {
    const std::int64_t back = block.timestamp_offset / samples_;
    if (block.payload_type != payload_type || block.payload.empty() || back == 0 || back > kBackMax) continue;
    if (block.timestamp_offset % samples_ != 0 || sequence < back) continue;
    frames_[count++] = {sequence - back, timestamp - block.timestamp_offset, block.payload};
  }
  if (packet.primary.payload_type == payload_type) frames_[count++] = {sequence, timestamp, packet.primary.payload};
  return std::span(frames_).first(count);
}

}  // namespace upcall::rtc
