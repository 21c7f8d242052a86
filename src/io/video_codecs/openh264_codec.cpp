#include "io/video_codecs/openh264_codec.hpp"

#include <wels/codec_api.h>

#include "rtc/codec/h264.hpp"

namespace upcall::media {

struct OpenH264Encoder::State {
  ISVCEncoder* encoder = nullptr;
  int width = 0, height = 0;
  std::int64_t last_timestamp = -1;
  ByteVector frame;
  ~State() {
    if (!encoder) return;
    encoder->Uninitialize();
    WelsDestroySVCEncoder(encoder);
  }
};

OpenH264Encoder::OpenH264Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpenH264Encoder::~OpenH264Encoder() = default;

Result<std::unique_ptr<OpenH264Encoder>> OpenH264Encoder::open(const VideoEncoderOptions& o) {
  if (o.width < 16 || o.height < 16 || o.width % 2 || o.height % 2 || o.fps < 1 || o.bitrate_kbps < 1) {
    return fail(ErrorCode::invalid_argument, "H.264 encoder: bad size, rate or cadence");
  }
  auto state = std::make_unique<State>();
  if (WelsCreateSVCEncoder(&state->encoder) != 0) return fail(ErrorCode::internal, "OpenH264 gives no encoder");
  int quiet = WELS_LOG_QUIET;
  state->encoder->SetOption(ENCODER_OPTION_TRACE_LEVEL, &quiet);
  SEncParamExt p;
  state->encoder->GetDefaultParams(&p);
  p.iUsageType = o.screen_content ? SCREEN_CONTENT_REAL_TIME : CAMERA_VIDEO_REAL_TIME;
  p.iPicWidth = o.width;
  p.iPicHeight = o.height;
  p.iTargetBitrate = o.bitrate_kbps * 1000;
  p.iMaxBitrate = UNSPECIFIED_BIT_RATE;
  p.iRCMode = RC_BITRATE_MODE;
  p.fMaxFrameRate = static_cast<float>(o.fps);
  p.iComplexityMode = LOW_COMPLEXITY;
  p.uiIntraPeriod = 0;
  p.eSpsPpsIdStrategy = CONSTANT_ID;
  p.iEntropyCodingModeFlag = 0;
  p.bEnableFrameSkip = false;
  p.bEnableSceneChangeDetect = false;
  p.iMultipleThreadIdc = static_cast<unsigned short>(o.threads);
  p.iTemporalLayerNum = 1;
  p.iSpatialLayerNum = 1;
  SSpatialLayerConfig& layer = p.sSpatialLayers[0];
  layer.iVideoWidth = o.width;
  layer.iVideoHeight = o.height;
  layer.fFrameRate = p.fMaxFrameRate;
  layer.iSpatialBitrate = p.iTargetBitrate;
  layer.iMaxSpatialBitrate = UNSPECIFIED_BIT_RATE;
  layer.uiProfileIdc = PRO_BASELINE;
  layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
  if (state->encoder->InitializeExt(&p) != 0) return fail(ErrorCode::internal, "OpenH264 refuses the encoder's settings");
  state->width = o.width;
  state->height = o.height;
  return std::unique_ptr<OpenH264Encoder>(new OpenH264Encoder(std::move(state)));
}

Result<std::optional<EncodedFrame>> OpenH264Encoder::encode(const I420View& p, std::int64_t timestamp_90k, bool force_key) {
  State& s = *state_;
  if (p.width != s.width || p.height != s.height) return fail(ErrorCode::invalid_argument, "H.264 encoder: the picture has another size");
  if (timestamp_90k <= s.last_timestamp) return fail(ErrorCode::invalid_argument, "H.264 encoder: time must rise");
  s.last_timestamp = timestamp_90k;
  if (force_key) s.encoder->ForceIntraFrame(true);
  SSourcePicture picture{};
  picture.iColorFormat = videoFormatI420;
  picture.iPicWidth = p.width;
  picture.iPicHeight = p.height;
  picture.uiTimeStamp = timestamp_90k / 90;
  picture.iStride[0] = p.stride_y;
  picture.iStride[1] = p.stride_u;
  picture.iStride[2] = p.stride_v;
  picture.pData[0] = const_cast<std::uint8_t*>(p.y);
  picture.pData[1] = const_cast<std::uint8_t*>(p.u);
  picture.pData[2] = const_cast<std::uint8_t*>(p.v);
  SFrameBSInfo info{};
  if (s.encoder->EncodeFrame(&picture, &info) != cmResultSuccess) return fail(ErrorCode::internal, "OpenH264 failed to encode a picture");
  if (info.eFrameType == videoFrameTypeSkip || info.eFrameType == videoFrameTypeInvalid) return std::optional<EncodedFrame>{};
  s.frame.clear();
  for (int l = 0; l < info.iLayerNum; ++l) {
    const SLayerBSInfo& layer = info.sLayerInfo[l];
    const std::uint8_t* at = layer.pBsBuf;
    for (int n = 0; n < layer.iNalCount; ++n) {
      s.frame.insert(s.frame.end(), at, at + layer.pNalLengthInByte[n]);
      at += layer.pNalLengthInByte[n];
    }
  }
  return std::optional<EncodedFrame>(EncodedFrame{s.frame, info.eFrameType == videoFrameTypeIDR});
}

void OpenH264Encoder::set_bitrate_kbps(int kbps) {
  if (kbps < 1) return;
  SBitrateInfo rate{SPATIAL_LAYER_ALL, kbps * 1000};
  state_->encoder->SetOption(ENCODER_OPTION_BITRATE, &rate);
}

struct OpenH264Decoder::State {
  ISVCDecoder* decoder = nullptr;
  ~State() {
    if (!decoder) return;
    decoder->Uninitialize();
    WelsDestroyDecoder(decoder);
  }
};

OpenH264Decoder::OpenH264Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
OpenH264Decoder::~OpenH264Decoder() = default;

Result<std::unique_ptr<OpenH264Decoder>> OpenH264Decoder::open() {
  auto state = std::make_unique<State>();
  if (WelsCreateDecoder(&state->decoder) != 0) return fail(ErrorCode::internal, "OpenH264 gives no decoder");
  int quiet = WELS_LOG_QUIET;
  state->decoder->SetOption(DECODER_OPTION_TRACE_LEVEL, &quiet);
  SDecodingParam p{};
  p.sVideoProperty.eVideoBsType = VIDEO_BITSTREAM_AVC;
  p.eEcActiveIdc = ERROR_CON_DISABLE;
  if (state->decoder->Initialize(&p) != 0) return fail(ErrorCode::internal, "OpenH264 refuses the decoder's settings");
  return std::unique_ptr<OpenH264Decoder>(new OpenH264Decoder(std::move(state)));
}

ParseResult<std::optional<I420View>> OpenH264Decoder::decode(Bytes frame) {
  if (frame.empty()) return fail(ParseError::truncated);
  bool too_large = false;
  rtc::for_each_h264_nal(frame, [&](Bytes nal) {
    if ((nal[0] & 0x1f) != static_cast<int>(rtc::H264Nal::sps)) return;
    const auto size = rtc::h264_sps_size(nal);
    too_large = too_large || (size && (size->width > kMaxVideoSide || size->height > kMaxVideoSide));
  });
  if (too_large) return fail(ParseError::too_long);
  std::uint8_t* planes[3] = {};
  SBufferInfo info{};
  if (state_->decoder->DecodeFrameNoDelay(frame.data(), static_cast<int>(frame.size()), planes, &info) != dsErrorFree) {
    return fail(ParseError::malformed);
  }
  if (info.iBufferStatus != 1 || !planes[0]) return std::optional<I420View>{};
  const SSysMEMBuffer& b = info.UsrData.sSystemBuffer;
  return std::optional<I420View>(I420View{planes[0], planes[1], planes[2], b.iStride[0], b.iStride[1], b.iStride[1], b.iWidth, b.iHeight});
}

}  // namespace upcall::media
