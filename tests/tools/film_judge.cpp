#include "film_judge.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace upcall::test {

namespace {

// The code: 22 x 14 blocks of 1/40 picture width; left edge 9 blocks in, top edge 2 blocks down (16:9 pictures) or, in
// taller pictures, centred as if it were 22 blocks high. Data: 16 x 8 blocks inside three rings.
struct Code {
  std::uint8_t bytes[16] = {};
};

double luma(const AVFrame& f, double x, double y, double half) {
  long sum = 0, n = 0;
  for (int py = static_cast<int>(y - half); py <= static_cast<int>(y + half); ++py) {
    for (int px = static_cast<int>(x - half); px <= static_cast<int>(x + half); ++px) {
      if (px < 0 || py < 0 || px >= f.width || py >= f.height) continue;
      sum += f.data[0][static_cast<std::ptrdiff_t>(py) * f.linesize[0] + px];
      ++n;
    }
  }
  return n ? static_cast<double>(sum) / static_cast<double>(n) : 0;
}

Probed probe_at(const AVFrame& f, const Probe& p, double time) {
  const auto mean = [&](int plane, int x, int y, int radius) {
    int sum = 0, n = 0;
    for (int py = y - radius; py <= y + radius; ++py) {
      for (int px = x - radius; px <= x + radius; ++px) {
        if (px < 0 || py < 0 || px >= f.width || py >= f.height) continue;
        sum += f.data[plane][static_cast<std::ptrdiff_t>(py) * f.linesize[plane] + px];
        ++n;
      }
    }
    return n ? sum / n : -1;
  };
  return {time, mean(0, p.x, p.y, p.radius), mean(1, p.x / 2, p.y / 2, p.radius / 2), mean(2, p.x / 2, p.y / 2, p.radius / 2)};
}

unsigned checksum(const std::uint8_t* data, int size) {
  unsigned crc = 0xffff;
  for (int i = 0; i < size; ++i) {
    for (int bit = 7; bit >= 0; --bit) {
      const bool top = ((crc >> 15) ^ (data[i] >> bit)) & 1;
      crc = (crc << 1) & 0xffff;
      if (top) crc ^= 0x1021;
    }
  }
  return crc;
}

std::uint64_t number(const std::uint8_t* p, int size) {
  std::uint64_t v = 0;
  for (int i = 0; i < size; ++i) v = v << 8 | p[i];
  return v;
}

std::optional<JudgedFrame> read_at(const AVFrame& f, const Place& place) {
  const double b = place.width / 40;
  const double left = place.x + 9 * b, top = place.y + 2 * b;
  // The rings have to be where they belong, else the picture stands elsewhere.
  for (int i = 0; i < 22; ++i) {
    if (luma(f, left + (i + 0.5) * b, top + 0.5 * b, b / 5) > 110) return std::nullopt;
    if (i > 0 && i < 21 && luma(f, left + (i + 0.5) * b, top + 1.5 * b, b / 5) < 140) return std::nullopt;
  }
  Code code;
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 16; ++column) {
      if (luma(f, left + (3 + column + 0.5) * b, top + (3 + row + 0.5) * b, b / 5) > 126) {
        code.bytes[row * 2 + column / 8] |= static_cast<std::uint8_t>(0x80u >> (column % 8));
      }
    }
  }
  if (checksum(code.bytes, 14) != number(code.bytes + 14, 2)) return std::nullopt;
  JudgedFrame out;
  out.run = number(code.bytes, 8);
  out.participant = code.bytes[8];
  out.screen = (code.bytes[9] & 2) != 0;
  out.clock_ms = static_cast<unsigned>(number(code.bytes + 10, 4));
  out.bright = luma(f, left - 3 * b, top + 5 * b, b / 2) > 180;
  return out;
}

// Amplitude of a frequency around each millisecond, by plain correlation over 10 ms.
std::vector<double> beeps(const std::vector<float>& pcm, double frequency) {
  constexpr int kWindow = 480, kHop = 48;
  std::vector<double> level;
  for (std::size_t at = 0; at + kWindow <= pcm.size(); at += kHop) {
    double re = 0, im = 0;
    for (int i = 0; i < kWindow; ++i) {
      const double phase = 2 * M_PI * frequency * i / 48000;
      re += pcm[at + static_cast<std::size_t>(i)] * std::cos(phase);
      im += pcm[at + static_cast<std::size_t>(i)] * std::sin(phase);
    }
    level.push_back(std::hypot(re, im) * 2 / kWindow);
  }
  std::vector<double> out;
  if (level.empty()) return out;
  const double top = *std::max_element(level.begin(), level.end());
  if (top < 0.02) return out;
  for (std::size_t i = 1; i < level.size(); ++i) {
    // Half of the window lies inside the beep where its level is half.
    if (level[i - 1] <= top / 2 && level[i] > top / 2) {
      const double time = (static_cast<double>(i) - 0.5) / 1000 + 0.005;
      if (out.empty() || time - out.back() > 0.3) out.push_back(time);
    }
  }
  return out;
}

}  // namespace

bool Film::load(const std::string& file, const std::vector<Place>& places, const std::vector<Probe>& probes) {
  return read(file, places, probes, 0, 1e12);
}

bool Film::load_part(const std::string& file, const std::vector<Place>& places, double from_s, double to_s) {
  return read(file, places, {}, from_s, to_s);
}

bool Film::read(const std::string& file, const std::vector<Place>& places, const std::vector<Probe>& probes, double from_s, double to_s) {
  av_log_set_level(AV_LOG_ERROR);
  *this = {};
  pcm_from_s = from_s;
  readings.assign(places.size(), {});
  probed.assign(probes.size(), {});
  AVFormatContext* format = nullptr;
  if (avformat_open_input(&format, file.c_str(), nullptr, nullptr) < 0) return false;
  bool good = avformat_find_stream_info(format, nullptr) >= 0;
  duration_s = static_cast<double>(format->duration) / AV_TIME_BASE;
  std::vector<AVCodecContext*> decoders(format->nb_streams, nullptr);
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    const AVCodecParameters& p = *format->streams[i]->codecpar;
    const AVCodec* codec = avcodec_find_decoder(p.codec_id);
    decoders[i] = avcodec_alloc_context3(codec);
    avcodec_parameters_to_context(decoders[i], &p);
    if (avcodec_open2(decoders[i], codec, nullptr) < 0) good = false;
    if (p.codec_type == AVMEDIA_TYPE_VIDEO) {
      width = p.width;
      height = p.height;
      video_codec = avcodec_get_name(p.codec_id);
    } else {
      audio_codec = avcodec_get_name(p.codec_id);
    }
  }
  if (from_s > 0 && av_seek_frame(format, -1, static_cast<std::int64_t>(from_s * AV_TIME_BASE), AVSEEK_FLAG_BACKWARD) < 0) good = false;
  AVFrame* frame = av_frame_alloc();
  AVPacket* packet = av_packet_alloc();
  const auto drain = [&](unsigned i) {
    while (avcodec_receive_frame(decoders[i], frame) == 0) {
      const double time = static_cast<double>(frame->pts) * av_q2d(format->streams[i]->time_base);
      if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
        times.push_back(time);
        if (frame->decode_error_flags) ++decode_errors;
        for (std::size_t k = 0; k < places.size(); ++k) {
          if (auto reading = read_at(*frame, places[k])) {
            reading->time_s = time;
            readings[k].push_back(*reading);
          }
        }
        for (std::size_t k = 0; k < probes.size(); ++k) probed[k].push_back(probe_at(*frame, probes[k], time));
      } else {
        const long at = std::lround((time - from_s) * 48000);
        audio_s = std::max(audio_s, time + frame->nb_samples / 48000.0);
        if (at >= 0) {
          const auto begin = static_cast<std::size_t>(at);
          pcm.resize(std::max(pcm.size(), begin + static_cast<std::size_t>(frame->nb_samples)));
          for (int s = 0; s < frame->nb_samples; ++s) {
            pcm[begin + static_cast<std::size_t>(s)] = reinterpret_cast<const float*>(frame->extended_data[0])[s];
          }
        }
      }
      av_frame_unref(frame);
    }
  };
  while (av_read_frame(format, packet) >= 0) {
    const auto i = static_cast<unsigned>(packet->stream_index);
    if (static_cast<double>(packet->dts) * av_q2d(format->streams[i]->time_base) > to_s) {
      av_packet_unref(packet);
      break;
    }
    if (avcodec_send_packet(decoders[i], packet) < 0) ++decode_errors;
    drain(i);
    av_packet_unref(packet);
  }
  for (unsigned i = 0; i < decoders.size(); ++i) {
    avcodec_send_packet(decoders[i], nullptr);
    drain(i);
    avcodec_free_context(&decoders[i]);
  }
  av_packet_free(&packet);
  av_frame_free(&frame);
  avformat_close_input(&format);

  std::ifstream in(file, std::ios::binary);
  std::uint8_t head[8];
  for (std::uint64_t at = 0; in.seekg(static_cast<std::streamoff>(at)) && in.read(reinterpret_cast<char*>(head), 8);) {
    const std::string type(reinterpret_cast<char*>(head) + 4, 4);
    if (type == "sidx") index_first = true;
    if (type == "moof" || number(head, 4) < 8) break;
    at += number(head, 4);
  }
  return good;
}

Probed Film::shown(std::size_t probe, double time_s) const {
  Probed out;
  for (const Probed& p : probed[probe]) {
    if (p.time_s <= time_s + 0.001) out = p;
  }
  return out;
}

bool Film::on_grid(double fps) const {
  return !times.empty() && std::all_of(times.begin(), times.end(), [&](double t) {
    return std::abs(t * fps - std::round(t * fps)) < 0.02;
  });
}

std::optional<double> Film::av_offset_ms(std::size_t place) const {
  std::vector<double> offsets;
  bool was_bright = true;
  std::vector<double> sounds;
  for (const JudgedFrame& f : readings[place]) {
    if (sounds.empty()) {
      sounds = beeps(pcm, 600 + 200.0 * (f.participant % 16));
      for (double& s : sounds) s += pcm_from_s;
    }
    if (f.bright && !was_bright) {
      const double second = f.time_s - f.clock_ms % 1000 / 1000.0;
      for (const double s : sounds) {
        if (std::abs(s - second) < 0.45) offsets.push_back((s - second) * 1000);
      }
    }
    was_bright = f.bright;
  }
  if (offsets.size() < 2) return std::nullopt;
  std::sort(offsets.begin(), offsets.end());
  return offsets[offsets.size() / 2];
}

}  // namespace upcall::test
