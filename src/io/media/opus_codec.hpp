// Opus (RFC 6716) through libopus, always at 48 kHz. One thread at a time for each object; no allocation after open().
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

struct OpusEncoder;
struct OpusDecoder;

namespace upcall::media {

inline constexpr int kOpusRate = 48000;
inline constexpr std::size_t kOpusFrame = 960;      // 20 ms, samples a channel
inline constexpr std::size_t kOpusFrameMax = 5760;  // 120 ms, the longest packet

struct OpusEncoderOptions {
  int channels = 1;
  int bitrate_bps = 32000;
  int complexity = 5;            // 0..10
  int expected_loss_percent = 5; // with in-band FEC
  bool music = false;
};

class OpusEncoder {
 public:
  static Result<std::unique_ptr<OpusEncoder>> open(const OpusEncoderOptions& options);
  // pcm: interleaved, 2.5 to 60 ms as Opus allows. Answers the packet's size in `out` (1275 bytes always suffice).
  Result<std::size_t> encode(std::span<const float> pcm, MutBytes out);

 private:
  struct Free { void operator()(::OpusEncoder* p) const; };
  OpusEncoder() = default;
  std::unique_ptr<::OpusEncoder, Free> state_;
  int channels_ = 1;
};

// Decodes to interleaved float PCM of a fixed number of channels whatever the packet has.
class OpusDecoder {
 public:
  static Result<std::unique_ptr<OpusDecoder>> open(int channels = 2);
  // Answers samples a channel. `out` must hold kOpusFrameMax × channels.
  ParseResult<std::size_t> decode(Bytes packet, std::span<float> out);
  // A lost packet from the redundancy in the next one (LBRR), concealment where there is none. `samples`: how long the
  // lost packet was, a multiple of 120 (2.5 ms).
  std::size_t recover(Bytes next_packet, std::size_t samples, std::span<float> out);
  // A lost packet from what was before it.
  std::size_t conceal(std::size_t samples, std::span<float> out);
  // Samples a channel in a packet (RFC 6716 §3.1); 0: malformed.
  static std::size_t samples_in(Bytes packet);

 private:
  struct Free { void operator()(::OpusDecoder* p) const; };
  OpusDecoder() = default;
  std::unique_ptr<::OpusDecoder, Free> state_;
  int channels_ = 2;
};

}  // namespace upcall::media
