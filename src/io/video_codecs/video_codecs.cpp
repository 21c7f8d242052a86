#include "io/video_codecs/video_codecs.hpp"

#include "io/media/vp8_codec.hpp"
#include "io/media/vp9_codec.hpp"
#include "io/video_codecs/openh264_codec.hpp"

namespace upcall::media {

namespace {
template <class Base, class T>
Result<std::unique_ptr<Base>> as_base(Result<std::unique_ptr<T>> opened) {
  if (!opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Base>(std::move(*opened));
}
}  // namespace

Result<std::unique_ptr<VideoEncoder>> open_video_encoder(rtc::VideoCodec codec, const VideoEncoderOptions& options) {
  switch (codec) {
    case rtc::VideoCodec::vp8: return as_base<VideoEncoder>(Vp8Encoder::open(options));
    case rtc::VideoCodec::vp9: return as_base<VideoEncoder>(Vp9Encoder::open(options));
    case rtc::VideoCodec::h264: break;
  }
  return as_base<VideoEncoder>(OpenH264Encoder::open(options));
}

Result<std::unique_ptr<VideoDecoder>> open_video_decoder(rtc::VideoCodec codec) {
  switch (codec) {
    case rtc::VideoCodec::vp8: return as_base<VideoDecoder>(Vp8Decoder::open());
    case rtc::VideoCodec::vp9: return as_base<VideoDecoder>(Vp9Decoder::open());
    case rtc::VideoCodec::h264: break;
  }
  return as_base<VideoDecoder>(OpenH264Decoder::open());
}

}  // namespace upcall::media
