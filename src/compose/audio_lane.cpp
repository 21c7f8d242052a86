#include "compose/audio_lane.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::compose {

namespace {
constexpr std::int64_t kConcealMax = 5760;           // 120 ms
constexpr std::int64_t kFillMax = 48000;             // longer holes start a new stretch of PCM
constexpr double kRealign = 1920;                    // 40 ms off: jump instead of stretching
constexpr double kMaxStretch = 0.005;
constexpr std::size_t kPacketsMax = 4096;
}  // namespace

void AudioLane::push(std::uint16_t sequence, std::int64_t timestamp, Bytes payload) {
  const std::int64_t unwrapped = unwrapper_.unwrap(sequence);
  if (unwrapped < next_sequence_ || payload.empty()) return;
  packets_.try_emplace(unwrapped, Packet{timestamp, ByteVector(payload.begin(), payload.end())});
  if (packets_.size() > kPacketsMax) packets_.erase(packets_.begin());
}

// Decodes in order until the PCM reaches `timestamp` or the next packet lies behind it.
void AudioLane::decode_until(double timestamp) {
  while (!packets_.empty()) {
    const auto it = packets_.begin();
    const std::int64_t begins = it->second.timestamp;
    std::int64_t end = pcm_start_ + static_cast<std::int64_t>(pcm_.size() / 2);
    if (static_cast<double>(end) >= timestamp && !pcm_.empty()) return;
    const std::int64_t missing = next_sequence_ < 0 ? 0 : it->first - next_sequence_;
    const std::int64_t hole = begins - end;
    // A short hole is filled from the packet behind it, which therefore is decoded early.
    const bool lost = missing > 0 && hole > 0 && hole <= kConcealMax && hole % 120 == 0 && !pcm_.empty();
    if (static_cast<double>(begins) >= timestamp && !lost) return;
    if (pcm_.empty() || hole > kFillMax || hole < -kConcealMax) {
      // A new stretch: after a long silence, or RTP time that restarted.
      pcm_.clear();
      pcm_start_ = begins;
    } else if (hole > 0) {
      const auto samples = static_cast<std::size_t>(hole);
      if (lost) {
        // The last lost packet may live on in its successor; the ones before are guessed.
        const std::size_t last = std::min<std::size_t>(samples, kAudioBlock);
        if (samples > last) decoder_->conceal(samples - last, pcm_);
        decoder_->recover(it->second.data, last, pcm_);
        concealed_ += samples;
      } else {
        append_silence(samples);
      }
    } else if (hole < 0) {
      // Overlap (a sender that repeats itself): drop what is already there.
      pcm_.resize(static_cast<std::size_t>(begins - pcm_start_ > 0 ? begins - pcm_start_ : 0) * 2);
    }
    if (decoder_->decode(it->second.data, pcm_) == 0) append_silence(kAudioBlock);
    next_sequence_ = it->first + 1;
    packets_.erase(it);
  }
}

bool AudioLane::render(std::int64_t at_us, const Timeline& timeline, std::span<float> mix) {
  if (!timeline.anchored(source_)) return false;
  const double wanted = timeline.timestamp_at(source_, at_us);
  double rate = 1;
  if (play_ < 0 || std::abs(wanted - play_) > kRealign) {
    play_ = wanted;
  } else {
    rate += std::clamp((wanted - play_) / kAudioRate, -kMaxStretch, kMaxStretch);
  }
  const double until = play_ + rate * static_cast<double>(kAudioBlock);
  decode_until(until + 2);
  const std::int64_t end = pcm_start_ + static_cast<std::int64_t>(pcm_.size() / 2);
  bool any = false;
  for (std::size_t i = 0; i < mix.size() / 2; ++i) {
    const double position = play_ + rate * static_cast<double>(i);
    const double whole = std::floor(position);
    const auto index = static_cast<std::int64_t>(whole) - pcm_start_;
    if (index < 0 || static_cast<std::int64_t>(whole) + 1 >= end) continue;
    const auto part = static_cast<float>(position - whole);
    const float* s = pcm_.data() + index * 2;
    mix[i * 2] += s[0] + (s[2] - s[0]) * part;
    mix[i * 2 + 1] += s[1] + (s[3] - s[1]) * part;
    any = true;
  }
  play_ = until;
  // Keep the sample before the play position: it is what a hole that begins here is concealed after.
  const auto used = static_cast<std::int64_t>(std::floor(play_)) - 1 - pcm_start_;
  if (used > 0) {
    const auto drop = std::min<std::size_t>(static_cast<std::size_t>(used) * 2, pcm_.size());
    pcm_.erase(pcm_.begin(), pcm_.begin() + static_cast<std::ptrdiff_t>(drop));
    pcm_start_ += static_cast<std::int64_t>(drop / 2);
  }
  return any;
}

}  // namespace upcall::compose
