// Encoders and decoders by codec, none of them from a GPL library: for headless attendees and tests.
#pragma once

#include <memory>

#include "io/media/video_codec.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::media {

Result<std::unique_ptr<VideoEncoder>> open_video_encoder(rtc::VideoCodec codec, const VideoEncoderOptions& options);
Result<std::unique_ptr<VideoDecoder>> open_video_decoder(rtc::VideoCodec codec);

}  // namespace upcall::media
