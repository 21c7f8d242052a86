#include "film_seeker.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace upcall::test {

struct FilmSeeker::State {
  AVFormatContext* format = nullptr;
  AVCodecContext* decoder = nullptr;
  AVFrame* frame = av_frame_alloc();
  AVPacket* packet = av_packet_alloc();
  int video = -1;

  ~State() {
    avcodec_free_context(&decoder);
    avformat_close_input(&format);
    av_frame_free(&frame);
    av_packet_free(&packet);
  }
  std::uint64_t read() const { return format != nullptr && format->pb != nullptr ? static_cast<std::uint64_t>(format->pb->bytes_read) : 0; }
  // Decodes up to the first picture at or after this time; its time, or a negative number.
  double picture_from(double at_s) {
    const AVRational base = format->streams[video]->time_base;
    for (;;) {
      while (avcodec_receive_frame(decoder, frame) == 0) {
        // A picture counts from its own time to that of the next; half a tick of 30 a second is for rounding.
        const double time = static_cast<double>(frame->pts) * av_q2d(base);
        av_frame_unref(frame);
        if (time >= at_s - 1.0 / 60) return time;
      }
      if (av_read_frame(format, packet) < 0) return -1;
      if (packet->stream_index == video) avcodec_send_packet(decoder, packet);
      av_packet_unref(packet);
    }
  }
};

namespace {
double ms_now() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
}  // namespace

FilmSeeker::FilmSeeker() : state_(std::make_unique<State>()) { av_log_set_level(AV_LOG_ERROR); }
FilmSeeker::~FilmSeeker() = default;

double FilmSeeker::duration_s() const { return static_cast<double>(state_->format->duration) / AV_TIME_BASE; }

SeekFigures FilmSeeker::open(const std::string& url) {
  State& s = *state_;
  SeekFigures out;
  const double begun = ms_now();
  if (avformat_open_input(&s.format, url.c_str(), nullptr, nullptr) < 0 || avformat_find_stream_info(s.format, nullptr) < 0) return out;
  s.video = av_find_best_stream(s.format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (s.video < 0) return out;
  const AVCodecParameters& p = *s.format->streams[s.video]->codecpar;
  const AVCodec* codec = avcodec_find_decoder(p.codec_id);
  s.decoder = avcodec_alloc_context3(codec);
  if (avcodec_parameters_to_context(s.decoder, &p) < 0 || avcodec_open2(s.decoder, codec, nullptr) < 0) return out;
  out.shown_s = s.picture_from(0);
  out.ms = ms_now() - begun;
  out.bytes = s.read();
  out.good = out.shown_s >= 0;
  return out;
}

SeekFigures FilmSeeker::seek(double at_s) {
  State& s = *state_;
  SeekFigures out;
  out.asked_s = at_s;
  const double begun = ms_now();
  const std::uint64_t before = s.read();
  const AVRational base = s.format->streams[s.video]->time_base;
  if (av_seek_frame(s.format, s.video, std::llround(at_s / av_q2d(base)), AVSEEK_FLAG_BACKWARD) < 0) return out;
  avcodec_flush_buffers(s.decoder);
  out.shown_s = s.picture_from(at_s);
  out.ms = ms_now() - begun;
  out.bytes = s.read() - before;
  out.good = out.shown_s >= 0;
  return out;
}

double FilmSeeker::longest_step_s(double seconds) {
  State& s = *state_;
  double longest = 0;
  double last = s.picture_from(0);
  for (const double until = last + seconds; last < until;) {
    const double next = s.picture_from(0);
    if (next < 0) return -1;
    longest = std::max(longest, next - last);
    last = next;
  }
  return longest;
}

}  // namespace upcall::test
