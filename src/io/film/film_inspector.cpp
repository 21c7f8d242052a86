#include "io/film/film_inspector.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

#include <boost/json.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "base/bytes.hpp"
#include "io/media/test_pattern.hpp"
#include "io/media/tone.hpp"

namespace upcall::film {

namespace {

constexpr int kRate = 48000;

struct Input {
  AVFormatContext* format = nullptr;
  AVCodecContext* video = nullptr;
  AVCodecContext* audio = nullptr;
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  ~Input() {
    avcodec_free_context(&video);
    avcodec_free_context(&audio);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avformat_close_input(&format);
  }
};

AVCodecContext* open_decoder(const AVStream* stream) {
  const AVCodec* codec = avcodec_find_decoder(stream->codecpar->codec_id);
  if (!codec) return nullptr;
  AVCodecContext* out = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(out, stream->codecpar);
  out->thread_count = 2;
  if (avcodec_open2(out, codec, nullptr) < 0) avcodec_free_context(&out);
  return out;
}

struct Person {
  ParticipantFindings findings;
  bool flashing = false;
  std::vector<double> flashes;   // when second S of its clock began in the film
};

// Top-level boxes: is the index there, how many fragments?
void read_boxes(const std::string& file, FilmFindings& out) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t at = 0;
  while (true) {
    std::uint8_t head[16];
    in.seekg(static_cast<std::streamoff>(at));
    if (!in.read(reinterpret_cast<char*>(head), 8)) return;
    Reader reader{Bytes(head)};
    std::uint64_t size = reader.u32();
    const std::string type(as_text(reader.bytes(4)));
    if (size == 1) {
      if (!in.read(reinterpret_cast<char*>(head + 8), 8)) return;
      size = reader.u64();
    }
    if (type == "sidx" && out.fragments == 0) out.front_index = true;
    if (type == "moof") ++out.fragments;
    if (size < 8) return;
    at += size;
  }
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<std::ptrdiff_t>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

void look(const AVFrame& f, double time_s, std::map<std::pair<std::uint64_t, int>, Person>& people) {
  const media::I420View view{f.data[0], f.data[1], f.data[2], f.linesize[0], f.linesize[1], f.linesize[2], f.width, f.height};
  for (const auto& r : media::find_test_patterns(view, {0, 0, f.width, f.height})) {
    auto [it, fresh] = people.try_emplace({r.run, r.participant | (r.screen ? 256 : 0)});
    Person& p = it->second;
    ParticipantFindings& n = p.findings;
    if (fresh) {
      n.run = r.run;
      n.participant = r.participant;
      n.screen = r.screen;
      n.first_clock_ms = r.clock_ms;
      n.first_seen_s = time_s;
      n.distinct_frames = 1;
    } else {
      if (r.clock_ms < n.last_clock_ms) n.clock_rising = false;
      if (r.clock_ms != n.last_clock_ms) ++n.distinct_frames;
    }
    ++n.frames;
    n.last_clock_ms = r.clock_ms;
    n.last_seen_s = time_s;
    n.x = static_cast<int>(std::lround(r.x - 9 * r.block));   // the code stands in the middle of 40 blocks
    n.y = static_cast<int>(std::lround(r.y - 2 * r.block));
    n.width = static_cast<int>(std::lround(40 * r.block));
    if (r.text_ok) ++n.text_frames;
    // A beginning flash (seen as light, not taken from the clock) names the second; the clock says how far into it the
    // picture was taken.
    if (r.flash && !p.flashing && r.clock_ms % 1000 < 500) p.flashes.push_back(time_s - r.clock_ms % 1000 / 1000.0);
    p.flashing = r.flash;
  }
}

}  // namespace

Result<FilmFindings> inspect_film(const std::string& file) {
  av_log_set_level(AV_LOG_ERROR);
  Input in;
  if (avformat_open_input(&in.format, file.c_str(), nullptr, nullptr) < 0) {
    return fail(ErrorCode::not_found, "cannot open the film (missing or no MP4)");
  }
  if (avformat_find_stream_info(in.format, nullptr) < 0) return fail(ErrorCode::corrupt, "the film's streams cannot be read");
  const int v = av_find_best_stream(in.format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const int a = av_find_best_stream(in.format, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (v < 0) return fail(ErrorCode::corrupt, "the film has no pictures");
  FilmFindings out;
  const AVStream* vs = in.format->streams[v];
  out.width = vs->codecpar->width;
  out.height = vs->codecpar->height;
  out.video_codec = avcodec_get_name(vs->codecpar->codec_id);
  out.duration_s = static_cast<double>(in.format->duration) / AV_TIME_BASE;
  in.video = open_decoder(vs);
  if (!in.video) return fail(ErrorCode::corrupt, "no decoder for the film's pictures");
  const AVStream* as = a >= 0 ? in.format->streams[a] : nullptr;
  if (as) {
    out.audio_codec = avcodec_get_name(as->codecpar->codec_id);
    out.audio_rate = as->codecpar->sample_rate;
    out.audio_channels = as->codecpar->ch_layout.nb_channels;
    in.audio = open_decoder(as);
  }

  std::map<std::pair<std::uint64_t, int>, Person> people;
  std::vector<double> times;
  std::vector<float> pcm;   // mono, sample 0 at time 0
  const auto take = [&](AVCodecContext* decoder, const AVStream* stream, bool pictures) {
    while (avcodec_receive_frame(decoder, in.frame) == 0) {
      const AVFrame& f = *in.frame;
      const double time_s = static_cast<double>(f.best_effort_timestamp) * av_q2d(stream->time_base);
      if (pictures) {
        if (f.decode_error_flags || (f.flags & AV_FRAME_FLAG_CORRUPT)) ++out.damaged_frames;
        times.push_back(time_s);
        if (f.format == AV_PIX_FMT_YUV420P) look(f, time_s, people);
      } else if (f.format == AV_SAMPLE_FMT_FLTP && f.sample_rate == kRate) {
        const auto at = static_cast<std::int64_t>(std::llround(time_s * kRate));
        const auto end = at + f.nb_samples;
        if (end > 0 && static_cast<std::size_t>(end) > pcm.size()) pcm.resize(static_cast<std::size_t>(end));
        const int channels = f.ch_layout.nb_channels;
        for (int i = 0; i < f.nb_samples; ++i) {
          if (at + i < 0) continue;
          float sum = 0;
          for (int c = 0; c < channels; ++c) sum += reinterpret_cast<const float*>(f.extended_data[c])[i];
          pcm[static_cast<std::size_t>(at + i)] = sum / static_cast<float>(channels);
        }
      }
      av_frame_unref(in.frame);
    }
  };
  while (av_read_frame(in.format, in.packet) >= 0) {
    AVCodecContext* decoder = in.packet->stream_index == v ? in.video : in.packet->stream_index == a ? in.audio : nullptr;
    if (decoder) {
      if (avcodec_send_packet(decoder, in.packet) < 0 && decoder == in.video) ++out.damaged_frames;
      take(decoder, in.format->streams[in.packet->stream_index], decoder == in.video);
    }
    av_packet_unref(in.packet);
  }
  avcodec_send_packet(in.video, nullptr);
  take(in.video, vs, true);
  if (in.audio) {
    avcodec_send_packet(in.audio, nullptr);
    take(in.audio, as, false);
  }

  out.video_frames = times.size();
  // The coarsest of them: pictures at 15 lie on a grid of 30 too.
  for (const double fps : {15.0, 24.0, 25.0, 30.0, 60.0}) {
    const bool fits = !times.empty() && std::all_of(times.begin(), times.end(), [&](double t) {
      const double x = (t - times.front()) * fps;
      return std::abs(x - std::round(x)) < 0.05;
    });
    if (fits) {
      out.fps = fps;
      break;
    }
  }
  for (std::size_t i = 1; i < times.size(); ++i) out.longest_hold_s = std::max(out.longest_hold_s, times[i] - times[i - 1]);
  for (auto& [key, person] : people) {
    ParticipantFindings& n = person.findings;
    n.flashes = person.flashes.size();
    if (n.screen) {
      if (n.text_frames > 0) out.share_text = true;
    } else {
      const auto beeps = media::find_beeps(pcm, media::beep_frequency(n.participant), kRate);
      n.beeps = beeps.size();
      std::vector<double> offsets;
      for (const double flash : person.flashes) {
        for (const double beep : beeps) {
          const double offset = beep / kRate - flash;
          if (std::abs(offset) < 0.45) offsets.push_back(offset * 1000);
        }
      }
      if (offsets.size() >= 2) {
        n.av_offset_ms = median(offsets);
        if (!out.av_offset_ms || std::abs(*n.av_offset_ms) > std::abs(*out.av_offset_ms)) out.av_offset_ms = n.av_offset_ms;
      }
    }
    out.participants.push_back(n);
  }
  read_boxes(file, out);
  return out;
}

std::string to_json(const FilmFindings& f) {
  namespace json = boost::json;
  const auto rounded = [](double v) { return std::round(v * 1000) / 1000; };
  const auto maybe = [&](const std::optional<double>& v) { return v ? json::value(rounded(*v)) : json::value(nullptr); };
  json::array people;
  for (const ParticipantFindings& p : f.participants) {
    std::uint8_t run[8];
    Writer(run).u64(p.run);
    people.push_back(json::object{{"participant", p.participant},
                                  {"run", to_hex(run)},
                                  {"screen", p.screen},
                                  {"frames", p.frames},
                                  {"distinct_frames", p.distinct_frames},
                                  {"clock_rising", p.clock_rising},
                                  {"first_clock_ms", p.first_clock_ms},
                                  {"last_clock_ms", p.last_clock_ms},
                                  {"first_seen_s", rounded(p.first_seen_s)},
                                  {"last_seen_s", rounded(p.last_seen_s)},
                                  {"tile", json::object{{"x", p.x}, {"y", p.y}, {"width", p.width}}},
                                  {"text_frames", p.text_frames},
                                  {"beeps", p.beeps},
                                  {"flashes", p.flashes},
                                  {"av_offset_ms", maybe(p.av_offset_ms)}});
  }
  return json::serialize(json::object{{"width", f.width},
                                      {"height", f.height},
                                      {"fps", static_cast<std::int64_t>(f.fps)},
                                      {"duration_s", rounded(f.duration_s)},
                                      {"video_codec", f.video_codec},
                                      {"audio_codec", f.audio_codec},
                                      {"audio_rate", f.audio_rate},
                                      {"audio_channels", f.audio_channels},
                                      {"video_frames", f.video_frames},
                                      {"damaged_frames", f.damaged_frames},
                                      {"longest_hold_s", rounded(f.longest_hold_s)},
                                      {"front_index", f.front_index},
                                      {"fragments", f.fragments},
                                      {"participants", people},
                                      {"av_offset_ms", maybe(f.av_offset_ms)},
                                      {"share_text", f.share_text}});
}

}  // namespace upcall::film
