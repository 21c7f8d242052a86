#include "io/media/vpx_internal.hpp"

namespace upcall::media::vpx {

Result<void> Encoder::start(vpx_codec_iface_t* codec, const VideoEncoderOptions& o, vpx_rc_mode rate) {
  if (o.width < 2 || o.height < 2 || o.width % 2 || o.height % 2 || o.fps < 1 || o.bitrate_kbps < 1) {
    return fail(ErrorCode::invalid_argument, "video encoder: bad size, rate or cadence");
  }
  if (vpx_codec_enc_config_default(codec, &config, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx has no such encoder");
  }
  config.g_w = static_cast<unsigned>(o.width);
  config.g_h = static_cast<unsigned>(o.height);
  config.g_timebase = {1, 90000};
  config.g_threads = static_cast<unsigned>(o.threads);
  config.g_error_resilient = VPX_ERROR_RESILIENT_DEFAULT;
  config.g_lag_in_frames = 0;
  config.rc_end_usage = rate;
  config.rc_target_bitrate = static_cast<unsigned>(o.bitrate_kbps);
  config.rc_min_quantizer = 2;
  config.rc_max_quantizer = 56;
  config.rc_undershoot_pct = 100;
  config.rc_overshoot_pct = 15;
  config.rc_buf_initial_sz = 500;
  config.rc_buf_optimal_sz = 600;
  config.rc_buf_sz = 1000;
  config.rc_dropframe_thresh = 0;
  config.kf_mode = VPX_KF_DISABLED;
  if (vpx_codec_enc_init(&context, codec, &config, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx refuses the encoder's settings");
  }
  open = true;
  return {};
}

Result<std::optional<EncodedFrame>> Encoder::encode(const I420View& p, std::int64_t timestamp_90k, bool force_key) {
  if (static_cast<unsigned>(p.width) != config.g_w || static_cast<unsigned>(p.height) != config.g_h) {
    return fail(ErrorCode::invalid_argument, "video encoder: the picture has another size");
  }
  if (timestamp_90k <= last_timestamp) return fail(ErrorCode::invalid_argument, "video encoder: time must rise");
  vpx_image_t image{};
  vpx_img_wrap(&image, VPX_IMG_FMT_I420, config.g_w, config.g_h, 1, const_cast<std::uint8_t*>(p.y));
  image.planes[VPX_PLANE_Y] = const_cast<std::uint8_t*>(p.y);
  image.planes[VPX_PLANE_U] = const_cast<std::uint8_t*>(p.u);
  image.planes[VPX_PLANE_V] = const_cast<std::uint8_t*>(p.v);
  image.stride[VPX_PLANE_Y] = p.stride_y;
  image.stride[VPX_PLANE_U] = p.stride_u;
  image.stride[VPX_PLANE_V] = p.stride_v;
  const unsigned long duration = last_timestamp < 0 ? 3000 : static_cast<unsigned long>(timestamp_90k - last_timestamp);
  last_timestamp = timestamp_90k;
  if (vpx_codec_encode(&context, &image, timestamp_90k, duration, force_key ? VPX_EFLAG_FORCE_KF : 0, VPX_DL_REALTIME) !=
      VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx failed to encode a picture");
  }
  vpx_codec_iter_t iter = nullptr;
  while (const vpx_codec_cx_pkt_t* packet = vpx_codec_get_cx_data(&context, &iter)) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    return std::optional<EncodedFrame>(
        EncodedFrame{{static_cast<const std::uint8_t*>(packet->data.frame.buf), packet->data.frame.sz},
                     (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0});
  }
  return std::optional<EncodedFrame>{};
}

void Encoder::set_bitrate_kbps(int kbps) {
  if (kbps < 1) return;
  config.rc_target_bitrate = static_cast<unsigned>(kbps);
  vpx_codec_enc_config_set(&context, &config);
}

Result<void> Decoder::start(vpx_codec_iface_t* codec, int threads) {
  vpx_codec_dec_cfg_t config{};
  config.threads = static_cast<unsigned>(threads);
  if (vpx_codec_dec_init(&context, codec, &config, 0) != VPX_CODEC_OK) {
    return fail(ErrorCode::internal, "libvpx has no such decoder");
  }
  open = true;
  return {};
}

ParseResult<std::optional<I420View>> Decoder::decode(Bytes frame) {
  if (vpx_codec_decode(&context, frame.data(), static_cast<unsigned>(frame.size()), nullptr, 0) != VPX_CODEC_OK) {
    return fail(ParseError::malformed);
  }
  vpx_codec_iter_t iter = nullptr;
  const vpx_image_t* image = vpx_codec_get_frame(&context, &iter);
  if (!image || image->fmt != VPX_IMG_FMT_I420) return std::optional<I420View>{};
  return std::optional<I420View>(I420View{image->planes[VPX_PLANE_Y], image->planes[VPX_PLANE_U],
                                          image->planes[VPX_PLANE_V], image->stride[VPX_PLANE_Y],
                                          image->stride[VPX_PLANE_U], image->stride[VPX_PLANE_V],
                                          static_cast<int>(image->d_w), static_cast<int>(image->d_h)});
}

}  // namespace upcall::media::vpx
