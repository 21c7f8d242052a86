// What encoders and decoders of all picture codecs have in common. One thread at a time for each object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "io/media/picture.hpp"

namespace upcall::media {

struct VideoEncoderOptions {
  int width = 1280, height = 720;   // even
  int fps = 30;                     // for rate control only
  int bitrate_kbps = 1700;
  int threads = 1;
  int speed = 8;                    // libvpx cpu-used (VP8 0..16, VP9 5..9), faster with more
  bool screen_content = false;
};

struct EncodedFrame {
  Bytes data;                       // valid until the next encode()
  bool key_frame = false;
};

// Real-time, one layer, no delay; key frames on demand (VP9: also where a picture is quite another).
class VideoEncoder {
 public:
  virtual ~VideoEncoder() = default;
  // timestamp_90k must rise. Empty: the encoder dropped the picture to hold its rate.
  virtual Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame) = 0;
  virtual void set_bitrate_kbps(int kbps) = 0;
};

// A picture that is larger than this on a side is refused before a decoder allocates for it.
inline constexpr unsigned kMaxVideoSide = 4096;

class VideoDecoder {
 public:
  virtual ~VideoDecoder() = default;
  // One whole frame (H.264: an access unit as a byte stream). The view is valid until the next call; empty when the frame
  // is not to be shown. An error: feed key frames only from here on.
  virtual ParseResult<std::optional<I420View>> decode(Bytes frame) = 0;
};

}  // namespace upcall::media
