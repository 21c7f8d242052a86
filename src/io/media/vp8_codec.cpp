#include "io/media/vp8_codec.hpp"

#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

namespace upcall::media {

namespace {
// A frame larger than this on a side is refused before the decoder allocates for it.
constexpr unsigned kMaxSide = 4096;
}  // namespace

struct Vp8Encoder::State {
  vpx_codec_ctx_t context{};
  vpx_codec_enc_cfg_t config{};
  bool open = false;
  std::int64_t last_timestamp = -1;
  ~State() {
    if (open) vpx_codec_destroy(&context);
  }
};

Vp8Encoder::Vp8Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp8Encoder::~Vp8Encoder() = default;

Result<std::unique_ptr<Vp8Encoder>> Vp8Encoder::open(const Vp8EncoderOptions& o) {
  if (o.width < 2 || o.height < 2 || o.width % 2 || o.height % 2 || o.fps < 1 || o.bitrate_kbps < 1) {
    return fail(ErrorCode::invalid_argument, "VP8 encoder: bad size, rate or cadence");
  }
  auto state = std::make_unique<State>();
  vpx_codec_enc_cfg_t& c = state->config;
  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), &c, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx has no VP8 encoder");
  }
  c.g_w = static_cast<unsigned>(o.width);
  c.g_h = static_cast<unsigned>(o.height);
  c.g_timebase = {1, 90000};
  c.g_threads = static_cast<unsigned>(o.threads);
  c.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  c.g_lag_in_frames = 0;
  c.rc_end_usage = VPX_CBR;
  c.rc_target_bitrate = static_cast<unsigned>(o.bitrate_kbps);
  c.rc_min_quantizer = 2;
  c.rc_max_quantizer = 56;
  c.rc_undershoot_pct = 100;
  c.rc_overshoot_pct = 15;
  c.rc_buf_initial_sz = 500;
  c.rc_buf_optimal_sz = 600;
  c.rc_buf_sz = 1000;
  c.rc_dropframe_thresh = 0;
  c.kf_mode = VPX_KF_DISABLED;
  if (vpx_codec_enc_init(&state->context, vpx_codec_vp8_cx(), &c, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx refuses the VP8 encoder's settings");
  }
  state->open = true;
  vpx_codec_control(&state->context, VP8E_SET_CPUUSED, -o.speed);
  vpx_codec_control(&state->context, VP8E_SET_STATIC_THRESHOLD, 1);
  vpx_codec_control(&state->context, VP8E_SET_NOISE_SENSITIVITY, 0);
  vpx_codec_control(&state->context, VP8E_SET_TOKEN_PARTITIONS, static_cast<vp8e_token_partitions>(0));
  vpx_codec_control(&state->context, VP8E_SET_MAX_INTRA_BITRATE_PCT, 450);
  vpx_codec_control(&state->context, VP8E_SET_SCREEN_CONTENT_MODE, o.screen_content ? 1 : 0);
  return std::unique_ptr<Vp8Encoder>(new Vp8Encoder(std::move(state)));
}

Result<std::optional<EncodedFrame>> Vp8Encoder::encode(const I420View& p, std::int64_t timestamp_90k, bool force_key) {
  State& s = *state_;
  if (static_cast<unsigned>(p.width) != s.config.g_w || static_cast<unsigned>(p.height) != s.config.g_h) {
    return fail(ErrorCode::invalid_argument, "VP8 encoder: the picture has another size");
  }
  if (timestamp_90k <= s.last_timestamp) return fail(ErrorCode::invalid_argument, "VP8 encoder: time must rise");
  vpx_image_t image{};
  vpx_img_wrap(&image, VPX_IMG_FMT_I420, s.config.g_w, s.config.g_h, 1, const_cast<std::uint8_t*>(p.y));
  image.planes[VPX_PLANE_Y] = const_cast<std::uint8_t*>(p.y);
  image.planes[VPX_PLANE_U] = const_cast<std::uint8_t*>(p.u);
  image.planes[VPX_PLANE_V] = const_cast<std::uint8_t*>(p.v);
  image.stride[VPX_PLANE_Y] = p.stride_y;
  image.stride[VPX_PLANE_U] = p.stride_u;
  image.stride[VPX_PLANE_V] = p.stride_v;
  const unsigned long duration =
      s.last_timestamp < 0 ? 3000 : static_cast<unsigned long>(timestamp_90k - s.last_timestamp);
  s.last_timestamp = timestamp_90k;
  if (vpx_codec_encode(&s.context, &image, timestamp_90k, duration, force_key ? VPX_EFLAG_FORCE_KF : 0,
                       VPX_DL_REALTIME) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx failed to encode a picture");
  }
  vpx_codec_iter_t iter = nullptr;
  while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&s.context, &iter)) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    return std::optional<EncodedFrame>(
        EncodedFrame{{static_cast<const std::uint8_t*>(packet->data.frame.buf), packet->data.frame.sz},
                     (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0});
  }
  return std::optional<EncodedFrame>{};
}

void Vp8Encoder::set_bitrate_kbps(int kbps) {
  if (kbps < 1) return;
  state_->config.rc_target_bitrate = static_cast<unsigned>(kbps);
  vpx_codec_enc_config_set(&state_->context, &state_->config);
}

struct Vp8Decoder::State {
  vpx_codec_ctx_t context{};
  bool open = false;
  ~State() {
    if (open) vpx_codec_destroy(&context);
  }
};

Vp8Decoder::Vp8Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Vp8Decoder::~Vp8Decoder() = default;

Result<std::unique_ptr<Vp8Decoder>> Vp8Decoder::open(int threads) {
  auto state = std::make_unique<State>();
  vpx_codec_dec_cfg_t config{};
  config.threads = static_cast<unsigned>(threads);
  if (vpx_codec_dec_init(&state->context, vpx_codec_vp8_dx(), &config, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx has no VP8 decoder");
  }
  state->open = true;
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
    if (width > kMaxSide || height > kMaxSide) return fail(ParseError::too_long);
  }
  if (vpx_codec_decode(&state_->context, frame.data(), static_cast<unsigned>(frame.size()), nullptr, 0) !=
      VPX_CODEC_OK) {
    return fail(ParseError::malformed);
  }
  vpx_codec_iter_t iter = nullptr;
  const vpx_image_t* image = vpx_codec_get_frame(&state_->context, &iter);
  if (!image || image->fmt != VPX_IMG_FMT_I420) return std::optional<I420View>{};
  return std::optional<I420View>(I420View{image->planes[VPX_PLANE_Y], image->planes[VPX_PLANE_U],
                                          image->planes[VPX_PLANE_V], image->stride[VPX_PLANE_Y],
                                          image->stride[VPX_PLANE_U], image->stride[VPX_PLANE_V],
                                          static_cast<int>(image->d_w), static_cast<int>(image->d_h)});
}

}  // namespace upcall::media
