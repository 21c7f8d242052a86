// Seam to the Opus mixer (implemented in io/media): decodes talkers, mixes any set of them, encodes. One thread, one
// mixer a meeting, made when a meeting first has three audio sources.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "base/time.hpp"

namespace upcall::sfu {

class AudioMixer {
 public:
  static constexpr std::uint32_t kFrame = 960;  // 20 ms at 48 kHz
  virtual ~AudioMixer() = default;

  // An Opus packet of source `source` (sequence unwrapped). Decoded at once; gaps are concealed.
  virtual void push(std::uint32_t source, std::int64_t sequence, std::uint32_t timestamp, Bytes payload) = 0;
  virtual void remove(std::uint32_t source) = 0;

  // Moves to the next 20 ms: call once before the mix() calls of a tick.
  virtual void advance() = 0;
  // The present 20 ms of these sources together, encoded into `out`; the same set in the same tick is encoded once.
  // Returns the payload's size, 0 when it could not be encoded. At most 64 sources.
  virtual std::size_t mix(std::span<const std::uint32_t> sources, MutBytes out) = 0;
};

class AudioMixerFactory {
 public:
  virtual ~AudioMixerFactory() = default;
  virtual std::unique_ptr<AudioMixer> make() = 0;
};

}  // namespace upcall::sfu
