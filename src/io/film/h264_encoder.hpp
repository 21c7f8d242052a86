// H.264 through x264. Time is in ticks of the film's grid; ticks may be left out (variable rate). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "io/media/picture.hpp"

namespace upcall::film {

// Our own setting between x264's "ultrafast" and "superfast", for films that are made while the call runs: half of
// superfast's work at the same size and SSIM when its CRF is two higher (measured on camera pictures; pictures of text get
// bigger and better). One reference, a B-picture between two others, whole-pixel motion, no adaptive quantiser.
inline constexpr std::string_view kLivePreset = "live";
inline constexpr int kLiveCrf = 28;

struct H264Options {
  int width = 1920, height = 1080, fps = 30;
  std::string preset = "veryfast";   // one of x264's, or "live" (kLivePreset)
  double crf = 23;
  int max_kbps = 6000;       // VBV cap with a buffer of two seconds
  int threads = 2;
  int key_frame_seconds = 2;
};

struct EncodedVideo {
  ByteVector data;           // Annex B
  std::int64_t pts = 0, dts = 0;   // ticks; dts starts below zero when there are B-frames
  bool key_frame = false;
};

class H264Encoder {
 public:
  static Result<std::unique_ptr<H264Encoder>> open(const H264Options& options);
  ~H264Encoder();
  H264Encoder(const H264Encoder&) = delete;
  H264Encoder& operator=(const H264Encoder&) = delete;

  // SPS and PPS, Annex B.
  const ByteVector& headers() const { return headers_; }
  // Ticks must rise. Frames come out later, in decoding order.
  Result<std::optional<EncodedVideo>> encode(const media::I420View& picture, std::int64_t tick);
  // The next of the delayed frames; empty: no more.
  Result<std::optional<EncodedVideo>> flush();

 private:
  struct State;
  explicit H264Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
  ByteVector headers_;
};

}  // namespace upcall::film
