// VP9, profile 0, through libvpx. One thread at a time for each object.
#pragma once

#include "io/media/video_codec.hpp"

namespace upcall::media {

// Each picture is predicted from those before it alone.
class Vp9Encoder final : public VideoEncoder {
 public:
  static Result<std::unique_ptr<Vp9Encoder>> open(const VideoEncoderOptions& options);
  ~Vp9Encoder() override;
  Vp9Encoder(const Vp9Encoder&) = delete;
  Vp9Encoder& operator=(const Vp9Encoder&) = delete;

  Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame) override;
  void set_bitrate_kbps(int kbps) override;

 private:
  struct State;
  explicit Vp9Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// A picture of several spatial layers is given as one: what is shown is the largest. Its size may change with any picture.
class Vp9Decoder final : public VideoDecoder {
 public:
  static Result<std::unique_ptr<Vp9Decoder>> open(int threads = 1);
  ~Vp9Decoder() override;
  Vp9Decoder(const Vp9Decoder&) = delete;
  Vp9Decoder& operator=(const Vp9Decoder&) = delete;

  ParseResult<std::optional<I420View>> decode(Bytes frame) override;

 private:
  struct State;
  explicit Vp9Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::media
