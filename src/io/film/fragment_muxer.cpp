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

FragmentMuxer::FragmentMuxer(std::unique_ptr<State> state, FilmSink& sink, const MuxerOptions& o)
    : state_(std::move(state)),
      sink_(sink),
      width_(o.width),
      height_(o.height),
      fps_(o.fps),
      video_headers_(o.video_headers.begin(), o.video_headers.end()),
      audio_config_(o.audio_config.begin(), o.audio_config.end()),
      fragment_ticks_(o.fragment_ticks) {
  if (o.resume == nullptr) return;
  const wire::FilmResume& r = *o.resume;
  header_sent_ = true;
  number_ = r.fragment;
  resumed_tick_ = r.tick;
  resumed_decode_tick_ = r.decode_tick;
  first_decode_tick_ = r.first_decode_tick;
  shift_ticks_ = -r.first_decode_tick;
  next_sample_ = r.sample;
}
FragmentMuxer::~FragmentMuxer() = default;

Result<std::unique_ptr<FragmentMuxer>> FragmentMuxer::open(const MuxerOptions& o, FilmSink& sink) {
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
  const std::string flags = "frag_custom+empty_moov+default_base_moof+delay_moov+skip_trailer";
  av_dict_set(&options, "movflags", (flags + (o.resume ? "+frag_discont" : "")).c_str(), 0);
  // One scale for both tracks: FFmpeg's demuxer (5.1) looks up sound by the index of the pictures as if it were its
  // own, and what it then leaves out is a part of the film. (Rates that do not divide it have libavformat's choice.)
  // A film that was begun keeps the scale of its header.
  const int timescale = o.resume ? static_cast<int>(o.resume->timescale) : kAudioRate % o.fps == 0 ? kAudioRate : 0;
  if (timescale > 0) av_dict_set_int(&options, "video_track_timescale", timescale, 0);
  if (o.resume) {
    // The first muxer's edit list moves its times to zero; its successor is given times that were moved already, and its
    // own header goes nowhere.
    f.avoid_negative_ts = AVFMT_AVOID_NEG_TS_DISABLED;
    av_dict_set(&options, "use_editlist", "0", 0);
    av_dict_set_int(&options, "fragment_index", static_cast<std::int64_t>(o.resume->fragment) + 1, 0);
  }
  const int failed = avformat_write_header(&f, &options);
  av_dict_free(&options);
  if (failed < 0) return fail(ErrorCode::internal, "the MP4 muxer refuses its settings");
  return std::unique_ptr<FragmentMuxer>(new FragmentMuxer(std::move(state), sink, o));
}

Result<void> FragmentMuxer::write_video(const EncodedVideo& frame, std::int64_t duration) {
  AVPacket& p = *state_->packet;
  const AVRational grid{1, fps_};
  const AVRational base = state_->format->streams[0]->time_base;
  p.data = const_cast<std::uint8_t*>(frame.data.data());
  p.size = static_cast<int>(frame.data.size());
  p.stream_index = 0;
  p.pts = av_rescale_q(frame.pts + shift_ticks_, grid, base);
  p.dts = av_rescale_q(frame.dts + shift_ticks_, grid, base);
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
  // An encoder decodes its first pictures early by as much as it delays them. Where it goes on with another's film, that
  // time is the other's: its last pictures are shown then, at least one tick apart for each.
  // (Of fewer pictures than it delays an encoder delays none.)
  if (resumed_tick_ != INT64_MIN && !fragment_open_) {
    frame.dts = resumed_decode_tick_;
  } else if (frame.dts < resumed_tick_) {
    frame.dts = held_->dts + 1;
  }
  if (held_) {
    if (auto done = write_video(*held_, frame.dts - held_->dts); !done) return done;
  }
  if (frame.key_frame) {
    if (!fragment_open_) {
      fragment_open_ = true;
      fragment_start_ = frame.pts;
      if (!header_sent_) first_decode_tick_ = std::min<std::int64_t>(frame.dts, 0);
    } else if (frame.pts - fragment_start_ >= fragment_ticks_) {
      if (auto done = cut(frame.pts, frame.dts, false); !done) return done;
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
Result<void> FragmentMuxer::cut(std::int64_t end_tick, std::int64_t next_decode_tick, bool last) {
  AVPacket& p = *state_->packet;
  const std::int64_t until = last ? INT64_MAX : end_tick * kAudioRate / fps_;
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
    next_sample_ = s.pts + 1024;
    sounds_.pop_front();
  }
  wire::FilmFragment facts;
  facts.number = number_;
  facts.start_tick = fragment_start_;
  facts.end_tick = end_tick;
  facts.next_decode_tick = next_decode_tick;
  facts.next_sample = next_sample_;
  return drain(facts);
}

// Makes libavformat write the fragment and hands it on, before the first one the header.
Result<void> FragmentMuxer::drain(const wire::FilmFragment& facts) {
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
    wire::FilmHeader header;
    header.width = static_cast<std::uint16_t>(width_);
    header.height = static_cast<std::uint16_t>(height_);
    header.fps = static_cast<std::uint8_t>(fps_);
    header.timescale = static_cast<std::uint32_t>(s.format->streams[0]->time_base.den);
    header.first_decode_tick = first_decode_tick_;
    header.video_headers = video_headers_;
    header.audio_config = audio_config_;
    header.boxes = all.first(*at);
    if (auto sent = sink_.header(header); !sent) return sent;
  } else if (*at != 0 && own_fragments_ > 0) {
    return fail(ErrorCode::internal, "the MP4 muxer wrote something between fragments");
  }
  ++own_fragments_;
  ++number_;
  wire::FilmFragment fragment = facts;
  fragment.boxes = all.subspan(*at);
  if (fragment.boxes.size() > wire::kFilmBoxesMax) return fail(ErrorCode::internal, "a fragment of the film is too large");
  auto sent = sink_.fragment(fragment);
  s.written.clear();
  return sent;
}

Result<void> FragmentMuxer::finish(std::int64_t end_tick) {
  if (held_) {
    if (auto done = write_video(*held_, end_tick - held_->pts); !done) return done;
    held_.reset();
  }
  if (!fragment_open_) {
    // The other muxer had written all of the film.
    if (resumed_tick_ >= end_tick && sounds_.empty()) return {};
    return fail(ErrorCode::internal, "a film without pictures");
  }
  return cut(std::max(end_tick, fragment_start_ + 1), std::max(end_tick, fragment_start_ + 1), true);
}

}  // namespace upcall::film
