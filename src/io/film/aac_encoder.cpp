#include "io/film/aac_encoder.hpp"

#include <algorithm>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/frame.h>
}

namespace upcall::film {

struct AacEncoder::State {
  AVCodecContext* context = nullptr;
  AVFrame* frame = nullptr;
  AVPacket* packet = nullptr;
  std::vector<float> waiting;   // interleaved
  std::int64_t next_pts = 0, from = 0;
  ~State() {
    avcodec_free_context(&context);
    av_frame_free(&frame);
    av_packet_free(&packet);
  }
};

AacEncoder::AacEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AacEncoder::~AacEncoder() = default;

AacStart aac_start(std::int64_t from) { return {std::max<std::int64_t>(0, from - std::int64_t{16} * 1024), from}; }

Result<std::unique_ptr<AacEncoder>> AacEncoder::open(int bitrate_bps, AacStart start) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (!codec) return fail(ErrorCode::internal, "libavcodec has no AAC encoder");
  av_log_set_level(AV_LOG_ERROR);
  auto state = std::make_unique<State>();
  state->next_pts = start.begin;
  state->from = start.from;
  state->context = avcodec_alloc_context3(codec);
  state->frame = av_frame_alloc();
  state->packet = av_packet_alloc();
  AVCodecContext& c = *state->context;
  c.sample_rate = 48000;
  c.sample_fmt = AV_SAMPLE_FMT_FLTP;
  c.bit_rate = bitrate_bps;
  c.time_base = {1, 48000};
  c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_channel_layout_default(&c.ch_layout, 2);
  if (avcodec_open2(&c, codec, nullptr) < 0) return fail(ErrorCode::internal, "the AAC encoder refuses its settings");
  AVFrame& f = *state->frame;
  f.nb_samples = c.frame_size;
  f.format = c.sample_fmt;
  av_channel_layout_copy(&f.ch_layout, &c.ch_layout);
  if (av_frame_get_buffer(&f, 0) < 0) return fail(ErrorCode::internal, "no memory for sound");
  return std::unique_ptr<AacEncoder>(new AacEncoder(std::move(state)));
}

Bytes AacEncoder::config() const {
  return {state_->context->extradata, static_cast<std::size_t>(state_->context->extradata_size)};
}

Result<void> AacEncoder::send(bool end, const Emit& emit) {
  State& s = *state_;
  if (avcodec_send_frame(s.context, end ? nullptr : s.frame) < 0) return fail(ErrorCode::internal, "AAC encoding failed");
  while (avcodec_receive_packet(s.context, s.packet) == 0) {
    Result<void> done;
    if (s.packet->pts >= s.from) {
      done = emit(s.packet->pts, {s.packet->data, static_cast<std::size_t>(s.packet->size)});
    }
    av_packet_unref(s.packet);
    if (!done) return done;
  }
  return {};
}

Result<void> AacEncoder::encode(std::span<const float> pcm, const Emit& emit) {
  State& s = *state_;
  s.waiting.insert(s.waiting.end(), pcm.begin(), pcm.end());
  const auto frame = static_cast<std::size_t>(s.context->frame_size);
  std::size_t at = 0;
  while (s.waiting.size() - at >= frame * 2) {
    if (av_frame_make_writable(s.frame) < 0) return fail(ErrorCode::internal, "no memory for sound");
    auto* left = reinterpret_cast<float*>(s.frame->data[0]);
    auto* right = reinterpret_cast<float*>(s.frame->data[1]);
    for (std::size_t i = 0; i < frame; ++i) {
      left[i] = s.waiting[at + i * 2];
      right[i] = s.waiting[at + i * 2 + 1];
    }
    s.frame->pts = s.next_pts;
    s.next_pts += static_cast<std::int64_t>(frame);
    at += frame * 2;
    if (auto done = send(false, emit); !done) return done;
  }
  s.waiting.erase(s.waiting.begin(), s.waiting.begin() + static_cast<std::ptrdiff_t>(at));
  return {};
}

Result<void> AacEncoder::finish(const Emit& emit) {
  State& s = *state_;
  const auto frame = static_cast<std::size_t>(s.context->frame_size) * 2;
  if (!s.waiting.empty()) {
    const std::vector<float> silence(frame - s.waiting.size() % frame);
    if (auto done = encode(silence, emit); !done) return done;
  }
  return send(true, emit);
}

}  // namespace upcall::film
