// AAC-LC, 48 kHz stereo, through libavcodec. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::film {

// Where the sound begins that an encoder is given, and from where on its packets are wanted: what lies between makes its
// state what that of an encoder is that was there from the start (window shapes have to fit where packets meet).
struct AacStart {
  std::int64_t begin = 0, from = 0;   // samples; begin <= from, both multiples of 1024
};
// A third of a second before `from`.
AacStart aac_start(std::int64_t from);

class AacEncoder {
 public:
  static Result<std::unique_ptr<AacEncoder>> open(int bitrate_bps = 160000, AacStart start = {});
  ~AacEncoder();
  AacEncoder(const AacEncoder&) = delete;
  AacEncoder& operator=(const AacEncoder&) = delete;

  // AudioSpecificConfig.
  Bytes config() const;
  // A packet of 1024 samples that sounds from sample `pts` on. The encoder's run-in (before `from`) is not given out.
  using Emit = std::function<Result<void>(std::int64_t pts, Bytes packet)>;
  // Interleaved stereo, any amount.
  Result<void> encode(std::span<const float> pcm, const Emit& emit);
  // Encodes what is left, filled up with silence.
  Result<void> finish(const Emit& emit);

 private:
  struct State;
  explicit AacEncoder(std::unique_ptr<State> state);
  Result<void> send(bool end, const Emit& emit);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::film
