// H.264 as cameras send it, through libavcodec: one thread, no delay, nothing concealed. One thread at a time.
#pragma once

#include "io/media/video_codec.hpp"

namespace upcall::film {

class H264Decoder final : public media::VideoDecoder {
 public:
  static Result<std::unique_ptr<H264Decoder>> open();
  ~H264Decoder() override;
  H264Decoder(const H264Decoder&) = delete;
  H264Decoder& operator=(const H264Decoder&) = delete;

  // unsupported: not 8 bits of 4:2:0, which constrained baseline always is.
  ParseResult<std::optional<media::I420View>> decode(Bytes access_unit) override;

 private:
  struct State;
  explicit H264Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::film
