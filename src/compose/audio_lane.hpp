// One audio source of a film: puts its packets in order and gives its sound at any moment of the recording's clock, at
// 48 kHz stereo. Loss is filled from redundancy or concealed (up to 120 ms), longer holes are silence. Clock drift is
// followed by playing up to 0.5 % faster or slower; larger disagreements jump. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/seq.hpp"
#include "compose/timeline.hpp"

namespace upcall::compose {

inline constexpr std::size_t kAudioBlock = 960;   // 20 ms, samples a channel
inline constexpr int kAudioRate = 48000;

// The seam to the codec; output interleaved stereo at 48 kHz.
class AudioDecoder {
 public:
  virtual ~AudioDecoder() = default;
  // Samples a channel appended to `out`; 0: the packet cannot be decoded.
  virtual std::size_t decode(Bytes packet, std::vector<float>& out) = 0;
  virtual void recover(Bytes next_packet, std::size_t samples, std::vector<float>& out) = 0;
  virtual void conceal(std::size_t samples, std::vector<float>& out) = 0;
};

class AudioLane {
 public:
  AudioLane(std::uint32_t source, std::unique_ptr<AudioDecoder> decoder)
      : source_(source), decoder_(std::move(decoder)) {}

  void push(std::uint16_t sequence, std::int64_t unwrapped_timestamp, Bytes payload);
  // Adds the sound of [at_us, at_us + 20 ms) to `mix` (kAudioBlock × 2; empty: only time passes). False: silence.
  bool render(std::int64_t at_us, const Timeline& timeline, std::span<float> mix);

  std::uint64_t concealed_samples() const { return concealed_; }

 private:
  void decode_until(double timestamp);
  void append_silence(std::size_t samples) { pcm_.resize(pcm_.size() + samples * 2); }

  std::uint32_t source_;
  std::unique_ptr<AudioDecoder> decoder_;
  Unwrapper<std::uint16_t> unwrapper_;
  struct Packet {
    std::int64_t timestamp = 0;
    ByteVector data;
  };
  std::map<std::int64_t, Packet> packets_;
  std::int64_t next_sequence_ = -1;
  std::vector<float> pcm_;              // decoded, from timestamp pcm_start_ on
  std::int64_t pcm_start_ = 0;
  double play_ = -1;                    // timestamp of the next sample to play, -1: not playing
  std::uint64_t concealed_ = 0;
};

}  // namespace upcall::compose
