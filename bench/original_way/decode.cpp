#include "decode.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace upcall::bench {

Result<void> decode_pictures(const std::string& file, const std::function<bool(double time_s, const media::I420View&)>& take) {
  av_log_set_level(AV_LOG_ERROR);
  AVFormatContext* f = nullptr;
  if (avformat_open_input(&f, file.c_str(), nullptr, nullptr) < 0 || avformat_find_stream_info(f, nullptr) < 0) return fail(ErrorCode::not_found, "cannot read " + file);
  const int video = av_find_best_stream(f, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0) return fail(ErrorCode::corrupt, "no pictures in " + file);
  const AVCodecParameters& p = *f->streams[video]->codecpar;
  const AVCodec* codec = avcodec_find_decoder(p.codec_id);
  AVCodecContext* decoder = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(decoder, &p);
  AVFrame* frame = av_frame_alloc();
  AVPacket* packet = av_packet_alloc();
  bool more = avcodec_open2(decoder, codec, nullptr) >= 0, known = true;
  const auto drain = [&] {
    while (more && avcodec_receive_frame(decoder, frame) == 0) {
      if (frame->format != AV_PIX_FMT_YUV420P && frame->format != AV_PIX_FMT_YUVJ420P) more = known = false;
      if (!more) break;
      const media::I420View view{frame->data[0], frame->data[1], frame->data[2], frame->linesize[0], frame->linesize[1], frame->linesize[2], frame->width, frame->height};
      more = take(static_cast<double>(frame->pts) * av_q2d(f->streams[video]->time_base), view);
      av_frame_unref(frame);
    }
  };
  while (more && av_read_frame(f, packet) >= 0) {
    if (packet->stream_index == video && avcodec_send_packet(decoder, packet) == 0) drain();
    av_packet_unref(packet);
  }
  if (more) {
    avcodec_send_packet(decoder, nullptr);
    drain();
  }
  av_packet_free(&packet);
  av_frame_free(&frame);
  avcodec_free_context(&decoder);
  avformat_close_input(&f);
  if (!known) return fail(ErrorCode::invalid_argument, file + " has other pixels than 4:2:0");
  return {};
}

}  // namespace upcall::bench
