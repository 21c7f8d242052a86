#include "io/film/fragment_muxer.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavformat/avformat.h>
#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>
}

namespace upcall::film {

namespace {
constexpr int kAudioRate = 48000;
constexpr std::size_t kIoBuffer = 64 << 10;

std::uint8_t* copy_padded(Bytes bytes) {
  auto* out = static_cast<std::uint8_t*>(av_mallocz(bytes.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (out && !bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out;
}

int collect(void* opaque, std::uint8_t* data, int size) {
  auto* out = static_cast<ByteVector*>(opaque);
  out->insert(out->end(), data, data + size);
  return size;
}
}  // namespace

struct FragmentMuxer::State {
  AVFormatContext* format = nullptr;
  AVPacket* packet = nullptr;
  ByteVector written;      // by libavformat, not yet given to the sink
  ~State() {
    if (format) {
      if (format->pb) {
        av_freep(&format->pb->buffer);
        avio_context_free(&format->pb);
      }
      avformat_free_context(format);
    }
    av_packet_free(&packet);
  }
};

FragmentMuxer::FragmentMuxer(std::unique_ptr<State> state, Sink sink, const MuxerOptions& o)
    : state_(std::move(state)), sink_(std::move(sink)), fps_(o.fps), fragment_ticks_(o.fragment_ticks) {}
FragmentMuxer::~FragmentMuxer() = default;

Result<std::unique_ptr<FragmentMuxer>> FragmentMuxer::open(const MuxerOptions& o, Sink sink) {
  av_log_set_level(AV_LOG_ERROR);
  auto state = std::make_unique<State>();
  if (avformat_alloc_output_context2(&state->format, nullptr, "mp4", nullptr) < 0) {
    return fail(ErrorCode::internal, "libavformat has no MP4 muxer");
  }
  AVFormatContext& f = *state->format;
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kIoBuffer));
  f.pb = avio_alloc_context(buffer, kIoBuffer, 1, &state->written, nullptr, collect, nullptr);
  f.pb->seekable = 0;
  f.flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  state->packet = av_packet_alloc();

  AVStream* video = avformat_new_stream(&f, nullptr);
  AVStream* audio = avformat_new_stream(&f, nullptr);
  if (!f.pb || !video || !audio || !state->packet) return fail(ErrorCode::internal, "no memory for the muxer");
  video->time_base = {1, o.fps};
  video->avg_frame_rate = {o.fps, 1};
  AVCodecParameters& v = *video->codecpar;
  v.codec_type = AVMEDIA_TYPE_VIDEO;
  v.codec_id = AV_CODEC_ID_H264;
  v.width = o.width;
  v.height = o.height;
  v.color_primaries = AVCOL_PRI_BT709;
  v.color_trc = AVCOL_TRC_BT709;
  v.color_space = AVCOL_SPC_BT709;
  v.color_range = AVCOL_RANGE_MPEG;
  v.extradata = copy_padded(o.video_headers);
  v.extradata_size = static_cast<int>(o.video_headers.size());
  audio->time_base = {1, kAudioRate};
  AVCodecParameters& a = *audio->codecpar;
  a.codec_type = AVMEDIA_TYPE_AUDIO;
  a.codec_id = AV_CODEC_ID_AAC;
  a.sample_rate = kAudioRate;
  a.frame_size = 1024;
  a.bit_rate = 160000;
  av_channel_layout_default(&a.ch_layout, 2);
  a.extradata = copy_padded(o.audio_config);
  a.extradata_size = static_cast<int>(o.audio_config.size());

  AVDictionary* options = nullptr;
  // delay_moov: the header is written with the first fragment, when the delay of B-frames is known (edit list).
  av_dict_set(&options, "movflags", "frag_custom+empty_moov+default_base_moof+delay_moov+skip_trailer", 0);
  const int failed = avformat_write_header(&f, &options);
  av_dict_free(&options);
  if (failed < 0) return fail(ErrorCode::internal, "the MP4 muxer refuses its settings");
  return std::unique_ptr<FragmentMuxer>(new FragmentMuxer(std::move(state), std::move(sink), o));
}

Result<void> FragmentMuxer::write_video(const EncodedVideo& frame, std::int64_t duration) {
  AVPacket& p = *state_->packet;
  const AVRational grid{1, fps_};
  const AVRational base = state_->format->streams[0]->time_base;
  p.data = const_cast<std::uint8_t*>(frame.data.data());
  p.size = static_cast<int>(frame.data.size());
  p.stream_index = 0;
  p.pts = av_rescale_q(frame.pts, grid, base);
  p.dts = av_rescale_q(frame.dts, grid, base);
  p.duration = av_rescale_q(std::max<std::int64_t>(duration, 1), grid, base);
  p.flags = frame.key_frame ? AV_PKT_FLAG_KEY : 0;
  const int failed = av_write_frame(state_->format, &p);
  p.data = nullptr;
  p.size = 0;
  av_packet_unref(&p);
  if (failed < 0) return fail(ErrorCode::internal, "the MP4 muxer refuses a picture");
  return {};
}

Result<void> FragmentMuxer::video(EncodedVideo frame) {
  if (held_) {
    if (auto done = write_video(*held_, frame.dts - held_->dts); !done) return done;
  }
  if (frame.key_frame) {
    if (!fragment_open_) {
      fragment_open_ = true;
      fragment_start_ = frame.pts;
    } else if (frame.pts - fragment_start_ >= fragment_ticks_) {
      if (auto done = cut(frame.pts); !done) return done;
      fragment_start_ = frame.pts;
    }
  }
  held_ = std::move(frame);
  return {};
}

Result<void> FragmentMuxer::audio(std::int64_t pts, Bytes packet) {
  sounds_.push_back({pts, ByteVector(packet.begin(), packet.end())});
  return {};
}

// Ends the running fragment: its sound is what begins before the next fragment's first picture.
Result<void> FragmentMuxer::cut(std::int64_t until_tick) {
  AVPacket& p = *state_->packet;
  const std::int64_t until = until_tick < 0 ? INT64_MAX : until_tick * kAudioRate / fps_;
  while (!sounds_.empty() && sounds_.front().pts < until) {
    const Sound& s = sounds_.front();
    p.data = const_cast<std::uint8_t*>(s.data.data());
    p.size = static_cast<int>(s.data.size());
    p.stream_index = 1;
    p.pts = p.dts = av_rescale_q(s.pts, {1, kAudioRate}, state_->format->streams[1]->time_base);
    p.duration = av_rescale_q(1024, {1, kAudioRate}, state_->format->streams[1]->time_base);
    p.flags = AV_PKT_FLAG_KEY;
    const int failed = av_write_frame(state_->format, &p);
    p.data = nullptr;
    p.size = 0;
    av_packet_unref(&p);
    if (failed < 0) return fail(ErrorCode::internal, "the MP4 muxer refuses sound");
    sounds_.pop_front();
  }
  return drain(until_tick - fragment_start_);
}

// Makes libavformat write the fragment and hands it on, the header with the kept place first.
Result<void> FragmentMuxer::drain(std::int64_t duration_ticks) {
  State& s = *state_;
  const auto fragment_at = [&]() -> std::optional<std::size_t> {
    std::size_t at = 0;
    while (at + 8 <= s.written.size()) {
      Reader box(Bytes(s.written).subspan(at));
      const std::uint32_t size = box.u32();
      if (as_text(box.bytes(4)) == "moof") return at;
      if (size < 8) return std::nullopt;
      at += size;
    }
    return std::nullopt;
  };
  // The first flush writes the header only (delay_moov).
  for (int round = 0; round < 2; ++round) {
    if (av_write_frame(s.format, nullptr) < 0) return fail(ErrorCode::internal, "the MP4 muxer cannot end a fragment");
    avio_flush(s.format->pb);
    if (fragment_at()) break;
  }
  const auto at = fragment_at();
  if (!at) return fail(ErrorCode::internal, "the MP4 muxer wrote no fragment");
  const Bytes all(s.written);
  if (!header_sent_) {
    header_sent_ = true;
    index_offset_ = *at;
    if (auto sent = sink_(all.first(*at)); !sent) return sent;
    if (auto sent = sink_(compose::reserved_box()); !sent) return sent;
  } else if (*at != 0) {
    return fail(ErrorCode::internal, "the MP4 muxer wrote something between fragments");
  }
  const Bytes fragment = all.subspan(*at);
  fragments_.push_back({static_cast<std::uint32_t>(fragment.size()), static_cast<std::uint64_t>(duration_ticks)});
  auto sent = sink_(fragment);
  s.written.clear();
  return sent;
}

Result<void> FragmentMuxer::finish(std::int64_t end_tick) {
  if (held_) {
    if (auto done = write_video(*held_, end_tick - held_->pts); !done) return done;
    held_.reset();
  }
  if (!fragment_open_) return fail(ErrorCode::internal, "a film without pictures");
  if (auto done = cut(-1); !done) return done;
  fragments_.back().duration = static_cast<std::uint64_t>(std::max<std::int64_t>(1, end_tick - fragment_start_));
  return {};
}

ByteVector FragmentMuxer::index() const {
  // In the track's own timescale: libavformat's demuxer (and so Chromium) reads the sum as the track's duration.
  const auto timescale = static_cast<std::uint32_t>(state_->format->streams[0]->time_base.den);
  std::vector<compose::FilmFragment> fragments = fragments_;
  for (auto& f : fragments) f.duration = f.duration * timescale / static_cast<std::uint32_t>(fps_);
  return compose::index_box(1, timescale, 0, fragments);
}

}  // namespace upcall::film
