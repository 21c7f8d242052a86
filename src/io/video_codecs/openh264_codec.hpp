// H.264, constrained baseline, through OpenH264: for headless attendees and tests, which link no GPL library (ADR 4; the
// recorder has x264 and FFmpeg). One thread at a time for each object.
#pragma once

#include "io/media/video_codec.hpp"

namespace upcall::media {

// Parameter sets stand before every key frame.
class OpenH264Encoder final : public VideoEncoder {
 public:
  static Result<std::unique_ptr<OpenH264Encoder>> open(const VideoEncoderOptions& options);
  ~OpenH264Encoder() override;
  OpenH264Encoder(const OpenH264Encoder&) = delete;
  OpenH264Encoder& operator=(const OpenH264Encoder&) = delete;

  Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame) override;
  void set_bitrate_kbps(int kbps) override;

 private:
  struct State;
  explicit OpenH264Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class OpenH264Decoder final : public VideoDecoder {
 public:
  static Result<std::unique_ptr<OpenH264Decoder>> open();
  ~OpenH264Decoder() override;
  OpenH264Decoder(const OpenH264Decoder&) = delete;
  OpenH264Decoder& operator=(const OpenH264Decoder&) = delete;

  ParseResult<std::optional<I420View>> decode(Bytes frame) override;

 private:
  struct State;
  explicit OpenH264Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::media
