// The meeting core's audio mixer over libopus: each source is decoded once into a short ring, each distinct set of
// sources is mixed and encoded once a tick. Mono, 48 kHz, 20 ms. One thread (the meeting's); decoders, encoders and
// rings are made when a source or a set is new and kept for reuse, so that nothing allocates afterwards.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "io/media/opus_codec.hpp"
#include "sfu/audio_mixer.hpp"

namespace upcall::media {

struct OpusMixerOptions {
  int bitrate_bps = 32000;
  int complexity = 5;
};

class OpusMixer final : public sfu::AudioMixer {
 public:
  static constexpr std::size_t kRing = kOpusFrameMax;          // 120 ms; what is older than that is dropped
  static constexpr std::size_t kPreroll = 2 * kFrame;          // a source that starts (again) waits for this much
  static constexpr std::size_t kSetsMax = 16;                  // encoders; the least recently used set makes room
  static constexpr std::size_t kConcealedMax = 3;              // lost packets in a row; a longer gap is silence
  static constexpr std::int64_t kReorderMax = 10;              // further behind, two in a row are a source that restarted

  explicit OpusMixer(OpusMixerOptions options) : options_(options) { sources_.reserve(64); }

  void push(std::uint32_t source, std::int64_t sequence, std::uint32_t timestamp, Bytes payload) override;
  void remove(std::uint32_t source) override;
  void advance() override;
  std::size_t mix(std::span<const std::uint32_t> sources, MutBytes out) override;

  struct Counters {
    std::uint64_t decoded = 0, concealed = 0, late = 0, malformed = 0, overrun = 0, underrun = 0, encoded = 0, reused = 0;
  };
  const Counters& counters() const { return counters_; }

 private:
  struct Source {
    std::uint32_t no = 0;              // 0: free, its decoder waits for the next one
    std::unique_ptr<OpusDecoder> decoder;
    bool started = false;
    std::int64_t last_sequence = 0;
    std::int64_t restart_sequence = -1;  // what would follow the last packet, which came from far behind
    std::size_t last_samples = kFrame;
    std::array<float, kRing> ring;
    std::uint64_t written = 0, read = 0;
    bool playing = false;              // has its preroll and has not run dry
    bool audible = false;              // `frame` holds something
    std::array<float, kFrame> frame;   // of this tick
  };
  struct Set {
    std::unique_ptr<OpusEncoder> encoder;
    std::array<std::uint32_t, 64> sources{};
    std::size_t count = 0;
    std::uint64_t tick = 0;            // when it was encoded last
    std::array<std::uint8_t, 1276> payload;
    std::size_t size = 0;
  };

  Source* find(std::uint32_t no);
  Source* make(std::uint32_t no);
  void append(Source& source, std::span<const float> pcm);
  Set* set_for(std::span<const std::uint32_t> sources);

  OpusMixerOptions options_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::array<Set, kSetsMax> sets_;
  std::array<float, kOpusFrameMax> pcm_;
  std::uint64_t tick_ = 0;
  Counters counters_;
};

class OpusMixerFactory final : public sfu::AudioMixerFactory {
 public:
  explicit OpusMixerFactory(OpusMixerOptions options = {}) : options_(options) {}
  std::unique_ptr<sfu::AudioMixer> make() override { return std::make_unique<OpusMixer>(options_); }

 private:
  OpusMixerOptions options_;
};

}  // namespace upcall::media
