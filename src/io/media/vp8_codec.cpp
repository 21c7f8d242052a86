#include "io/media/vp8_codec.hpp"

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>

#include "io/media/vpx_internal.hpp"

namespace upcall::media {

struct Vp8Encoder::State : vpx::Encoder {};

Vp8Encoder::Vp8Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp8Encoder::~Vp8Encoder() = default;

Result<std::unique_ptr<Vp8Encoder>> Vp8Encoder::open(const VideoEncoderOptions& o) {
  auto state = std::make_unique<State>();
  if (auto started = state->start(vpx_codec_vp8_cx(), o); !started) return tl::unexpected(started.error());
  vpx_codec_control(&state->context, VP8E_SET_CPUUSED, -o.speed);
  vpx_codec_control(&state->context, VP8E_SET_STATIC_THRESHOLD, 1);
  vpx_codec_control(&state->context, VP8E_SET_NOISE_SENSITIVITY, 0);
  vpx_codec_control(&state->context, VP8E_SET_TOKEN_PARTITIONS, static_cast<vp8e_token_partitions>(0));
  vpx_codec_control(&state->context, VP8E_SET_MAX_INTRA_BITRATE_PCT, 450);
  vpx_codec_control(&state->context, VP8E_SET_SCREEN_CONTENT_MODE, o.screen_content ? 1 : 0);
  return std::unique_ptr<Vp8Encoder>(new Vp8Encoder(std::move(state)));
}

Result<std::optional<EncodedFrame>> Vp8Encoder::encode(const I420View& p, std::int64_t timestamp_90k, bool force_key) {
  return state_->encode(p, timestamp_90k, force_key);
}

void Vp8Encoder::set_bitrate_kbps(int kbps) { state_->set_bitrate_kbps(kbps); }

struct Vp8Decoder::State : vpx::Decoder {};

Vp8Decoder::Vp8Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp8Decoder::~Vp8Decoder() = default;

Result<std::unique_ptr<Vp8Decoder>> Vp8Decoder::open(int threads) {
  auto state = std::make_unique<State>();
  if (auto started = state->start(vpx_codec_vp8_dx(), threads); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Vp8Decoder>(new Vp8Decoder(std::move(state)));
}

ParseResult<std::optional<I420View>> Vp8Decoder::decode(Bytes frame) {
  // RFC 6386 §9.1: a key frame's header carries start code and size; check them before libvpx allocates.
  if (frame.size() < 3) return fail(ParseError::truncated);
  if ((frame[0] & 1) == 0) {
    if (frame.size() < 10) return fail(ParseError::truncated);
    if (frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a) return fail(ParseError::malformed);
    const unsigned width = (frame[6] | frame[7] << 8) & 0x3fff, height = (frame[8] | frame[9] << 8) & 0x3fff;
    if (width == 0 || height == 0) return fail(ParseError::malformed);
    if (width > kMaxVideoSide || height > kMaxVideoSide) return fail(ParseError::too_long);
  }
  return state_->decode(frame);
}

}  // namespace upcall::media
