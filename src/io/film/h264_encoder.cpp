#include "io/film/h264_encoder.hpp"

#include <cstdint>

extern "C" {
#include <x264.h>
}

namespace upcall::film {

struct H264Encoder::State {
  x264_t* x264 = nullptr;
  H264Options options;
  std::int64_t last_key_tick = -1;
  ~State() {
    if (x264) x264_encoder_close(x264);
  }

  Result<std::optional<EncodedVideo>> take(x264_picture_t* in) {
    x264_nal_t* nals = nullptr;
    int count = 0;
    x264_picture_t out;
    const int size = x264_encoder_encode(x264, &nals, &count, in, &out);
    if (size < 0) return fail(ErrorCode::internal, "x264 failed to encode a picture");
    if (size == 0) return std::optional<EncodedVideo>{};
    EncodedVideo frame;
    frame.data.assign(nals[0].p_payload, nals[0].p_payload + size);
    frame.pts = out.i_pts;
    frame.dts = out.i_dts;
    frame.key_frame = out.b_keyframe != 0;
    return std::optional<EncodedVideo>(std::move(frame));
  }
};

namespace {

// What "ultrafast" leaves out and a call's pictures pay for: CABAC and the deblocking filter, 8×8 transforms and blocks
// inside of predicted pictures, and one B-picture at a fixed place, which needs no search for places.
void live_settings(x264_param_t& p) {
  x264_param_default_preset(&p, "ultrafast", nullptr);
  p.b_cabac = 1;
  p.b_deblocking_filter = 1;
  p.analyse.b_transform_8x8 = 1;
  p.analyse.intra = X264_ANALYSE_I4x4 | X264_ANALYSE_I8x8;
  p.analyse.inter = X264_ANALYSE_I4x4 | X264_ANALYSE_I8x8;
  p.i_bframe = 1;
  p.i_bframe_adaptive = X264_B_ADAPT_NONE;
}

}  // namespace

H264Encoder::H264Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
H264Encoder::~H264Encoder() = default;

Result<std::unique_ptr<H264Encoder>> H264Encoder::open(const H264Options& o) {
  x264_param_t p;
  if (o.preset == kLivePreset) {
    live_settings(p);
  } else if (x264_param_default_preset(&p, o.preset.c_str(), nullptr) < 0) {
    return fail(ErrorCode::invalid_argument, "x264 knows no preset '" + o.preset + "'");
  }
  p.i_log_level = X264_LOG_ERROR;
  p.i_width = o.width;
  p.i_height = o.height;
  p.i_csp = X264_CSP_I420;
  p.b_vfr_input = 1;
  p.i_fps_num = static_cast<std::uint32_t>(o.fps);
  p.i_fps_den = 1;
  p.i_timebase_num = 1;
  p.i_timebase_den = static_cast<std::uint32_t>(o.fps);
  p.i_threads = o.threads;
  p.rc.i_rc_method = X264_RC_CRF;
  p.rc.f_rf_constant = static_cast<float>(o.crf);
  p.rc.i_vbv_max_bitrate = o.max_kbps;
  p.rc.i_vbv_buffer_size = o.max_kbps * 2;
  // Key frames are placed by time (fragments), not by counting: pictures may be rare.
  p.i_keyint_max = o.fps * o.key_frame_seconds * 4;
  // A cut in the picture gets an I picture, but no key frame: whether one is seen depends on the encoder's past, and an
  // encoder that goes on with a film must cut its fragments where the other one would have.
  p.i_keyint_min = p.i_keyint_max / 2;
  p.b_open_gop = 0;
  p.b_repeat_headers = 0;
  p.b_annexb = 1;
  p.b_aud = 0;
  p.vui.i_colorprim = 1;
  p.vui.i_transfer = 1;
  p.vui.i_colmatrix = 1;
  p.vui.b_fullrange = 0;
  if (x264_param_apply_profile(&p, "high") < 0) return fail(ErrorCode::internal, "x264 refuses its profile");
  auto state = std::make_unique<State>();
  state->options = o;
  state->x264 = x264_encoder_open(&p);
  if (!state->x264) return fail(ErrorCode::invalid_argument, "x264 refuses size or settings");
  x264_nal_t* nals = nullptr;
  int count = 0;
  if (x264_encoder_headers(state->x264, &nals, &count) < 0) return fail(ErrorCode::internal, "x264 gives no headers");
  std::unique_ptr<H264Encoder> out(new H264Encoder(std::move(state)));
  for (int i = 0; i < count; ++i) {
    if (nals[i].i_type != NAL_SPS && nals[i].i_type != NAL_PPS) continue;
    out->headers_.insert(out->headers_.end(), nals[i].p_payload, nals[i].p_payload + nals[i].i_payload);
  }
  return out;
}

Result<std::optional<EncodedVideo>> H264Encoder::encode(const media::I420View& picture, std::int64_t tick) {
  State& s = *state_;
  x264_picture_t in;
  x264_picture_init(&in);
  in.i_pts = tick;
  in.img.i_csp = X264_CSP_I420;
  in.img.i_plane = 3;
  in.img.plane[0] = const_cast<std::uint8_t*>(picture.y);
  in.img.plane[1] = const_cast<std::uint8_t*>(picture.u);
  in.img.plane[2] = const_cast<std::uint8_t*>(picture.v);
  in.img.i_stride[0] = picture.stride_y;
  in.img.i_stride[1] = picture.stride_u;
  in.img.i_stride[2] = picture.stride_v;
  const bool key = s.last_key_tick < 0 || tick - s.last_key_tick >= s.options.key_frame_seconds * s.options.fps;
  in.i_type = key ? X264_TYPE_IDR : X264_TYPE_AUTO;
  if (key) s.last_key_tick = tick;
  return s.take(&in);
}

Result<std::optional<EncodedVideo>> H264Encoder::flush() {
  while (x264_encoder_delayed_frames(state_->x264) > 0) {
    auto frame = state_->take(nullptr);
    if (!frame || *frame) return frame;
  }
  return std::optional<EncodedVideo>{};
}

}  // namespace upcall::film
