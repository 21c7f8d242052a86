// What VP8 and VP9 through libvpx share. Included by their .cpp files only.
#pragma once

#include <cstdint>
#include <optional>

#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#include "io/media/video_codec.hpp"

namespace upcall::media::vpx {

struct Encoder {
  vpx_codec_ctx_t context{};
  vpx_codec_enc_cfg_t config{};
  bool open = false;
  std::int64_t last_timestamp = -1;
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;
  ~Encoder() {
    if (open) vpx_codec_destroy(&context);
  }

  Result<void> start(vpx_codec_iface_t* codec, const VideoEncoderOptions& options, vpx_rc_mode rate = VPX_CBR);
  Result<std::optional<EncodedFrame>> encode(const I420View& picture, std::int64_t timestamp_90k, bool force_key_frame);
  void set_bitrate_kbps(int kbps);
};

struct Decoder {
  vpx_codec_ctx_t context{};
  bool open = false;
  Decoder() = default;
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
  ~Decoder() {
    if (open) vpx_codec_destroy(&context);
  }

  Result<void> start(vpx_codec_iface_t* codec, int threads);
  ParseResult<std::optional<I420View>> decode(Bytes frame);
};

}  // namespace upcall::media::vpx
