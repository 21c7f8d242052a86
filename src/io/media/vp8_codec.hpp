// VP8 (RFC 6386) through libvpx. One thread at a time for each object.
#pragma once

#include "io/media/video_codec.hpp"

namespace upcall::media {

using Vp8EncoderOptions = VideoEncoderOptions;

// Errors resilient enough for a lossy path.
class Vp8Encoder final : public VideoEncoder {
 public:
  static Result<std::unique_ptr<Vp8Encoder>> open(const VideoEncoderOptions& options);
  ~Vp8Encoder() override;
  Vp8Encoder(const Vp8Encoder&) = delete;
  Vp8Encoder& operator=(const Vp8Encoder&) = delete;

  Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame) override;
  void set_bitrate_kbps(int kbps) override;

 private:
  struct State;
  explicit Vp8Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Vp8Decoder final : public VideoDecoder {
 public:
  static Result<std::unique_ptr<Vp8Decoder>> open(int threads = 1);
  ~Vp8Decoder() override;
  Vp8Decoder(const Vp8Decoder&) = delete;
  Vp8Decoder& operator=(const Vp8Decoder&) = delete;

  ParseResult<std::optional<I420View>> decode(Bytes frame) override;

 private:
  struct State;
  explicit Vp8Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::media
