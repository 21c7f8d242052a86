#include "io/film/h264_decoder.hpp"

#include <cstring>

extern "C" {
#include <libavcodec/avcodec.h>
}

#include "rtc/codec/h264.hpp"

namespace upcall::film {

struct H264Decoder::State {
  AVCodecContext* codec = nullptr;
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();   // the picture that is shown
  AVFrame* next = av_frame_alloc();
  ByteVector padded;   // libavcodec reads beyond the end
  ~State() {
    avcodec_free_context(&codec);
    av_packet_free(&packet);
    av_frame_free(&frame);
    av_frame_free(&next);
  }
};

H264Decoder::H264Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
H264Decoder::~H264Decoder() = default;

Result<std::unique_ptr<H264Decoder>> H264Decoder::open() {
  // What a damaged stream makes the library say is nobody's to read; refusals are counted.
  av_log_set_level(AV_LOG_FATAL);
  const AVCodec* found = avcodec_find_decoder(AV_CODEC_ID_H264);
  if (!found) return fail(ErrorCode::unavailable, "libavcodec has no H.264 decoder");
  auto state = std::make_unique<State>();
  state->codec = avcodec_alloc_context3(found);
  if (!state->codec || !state->packet || !state->frame || !state->next) return fail(ErrorCode::internal, "no memory for an H.264 decoder");
  AVCodecContext& c = *state->codec;
  c.thread_count = 1;
  c.flags |= AV_CODEC_FLAG_LOW_DELAY;
  c.err_recognition = AV_EF_EXPLODE;
  c.error_concealment = 0;
  c.max_pixels = std::int64_t{media::kMaxVideoSide} * media::kMaxVideoSide;
  if (avcodec_open2(&c, found, nullptr) < 0) return fail(ErrorCode::internal, "libavcodec refuses its H.264 decoder");
  return std::unique_ptr<H264Decoder>(new H264Decoder(std::move(state)));
}

ParseResult<std::optional<media::I420View>> H264Decoder::decode(Bytes access_unit) {
  if (access_unit.empty()) return fail(ParseError::truncated);
  bool too_large = false;
  rtc::for_each_h264_nal(access_unit, [&](Bytes nal) {
    if ((nal[0] & 0x1f) != static_cast<int>(rtc::H264Nal::sps)) return;
    const auto size = rtc::h264_sps_size(nal);
    too_large = too_large || (size && (size->width > media::kMaxVideoSide || size->height > media::kMaxVideoSide));
  });
  if (too_large) return fail(ParseError::too_long);
  State& s = *state_;
  s.padded.assign(access_unit.begin(), access_unit.end());
  s.padded.resize(access_unit.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  s.packet->data = s.padded.data();
  s.packet->size = static_cast<int>(access_unit.size());
  const int sent = avcodec_send_packet(s.codec, s.packet);
  s.packet->data = nullptr;
  s.packet->size = 0;
  if (sent < 0) return fail(ParseError::malformed);
  std::optional<media::I420View> shown;
  while (true) {
    // The picture before stays ours until another one is there: a NAL unit without a picture changes nothing.
    const int got = avcodec_receive_frame(s.codec, s.next);
    if (got == AVERROR(EAGAIN)) return shown;
    if (got < 0) return fail(ParseError::malformed);
    av_frame_unref(s.frame);
    av_frame_move_ref(s.frame, s.next);
    const AVFrame& f = *s.frame;
    if (f.decode_error_flags != 0 || (f.flags & AV_FRAME_FLAG_CORRUPT) != 0) return fail(ParseError::malformed);
    if (f.format != AV_PIX_FMT_YUV420P && f.format != AV_PIX_FMT_YUVJ420P) return fail(ParseError::unsupported);
    if (f.width > static_cast<int>(media::kMaxVideoSide) || f.height > static_cast<int>(media::kMaxVideoSide)) return fail(ParseError::too_long);
    shown = media::I420View{f.data[0], f.data[1], f.data[2], f.linesize[0], f.linesize[1], f.linesize[2], f.width, f.height};
  }
}

}  // namespace upcall::film
