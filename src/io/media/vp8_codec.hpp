// VP8 (RFC 6386) through libvpx. One thread at a time for each object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "io/media/picture.hpp"

namespace upcall::media {

struct Vp8EncoderOptions {
  int width = 1280, height = 720;   // even
  int fps = 30;                     // for rate control only
  int bitrate_kbps = 1700;
  int threads = 1;
  int speed = 8;                    // libvpx cpu-used 0..16, faster with more
  bool screen_content = false;
};

struct EncodedFrame {
  Bytes data;                       // valid until the next encode()
  bool key_frame = false;
};

// Real-time, one layer, no delay, errors resilient enough for a lossy path; key frames only on demand.
class Vp8Encoder {
 public:
  static Result<std::unique_ptr<Vp8Encoder>> open(const Vp8EncoderOptions& options);
  ~Vp8Encoder();
  Vp8Encoder(const Vp8Encoder&) = delete;
  Vp8Encoder& operator=(const Vp8Encoder&) = delete;

  // timestamp_90k must rise. Empty: the encoder dropped the picture to hold its rate.
  Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame);
  void set_bitrate_kbps(int kbps);

 private:
  struct State;
  explicit Vp8Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Vp8Decoder {
 public:
  static Result<std::unique_ptr<Vp8Decoder>> open(int threads = 1);
  ~Vp8Decoder();
  Vp8Decoder(const Vp8Decoder&) = delete;
  Vp8Decoder& operator=(const Vp8Decoder&) = delete;

  // One whole frame. The view is valid until the next call; empty when the frame is not to be shown.
  // malformed: feed key frames only from here on.
  ParseResult<std::optional<I420View>> decode(Bytes frame);

 private:
  struct State;
  explicit Vp8Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace upcall::media
