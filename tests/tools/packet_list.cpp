#include "packet_list.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>

extern "C" {
#include <libavformat/avformat.h>
}

namespace upcall::test {

namespace {

class Boxes {
 public:
  explicit Boxes(std::vector<char> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t number(std::size_t at, int size) const {
    std::uint64_t v = 0;
    for (int i = 0; i < size; ++i) v = v << 8 | static_cast<std::uint8_t>(bytes_[at + static_cast<std::size_t>(i)]);
    return v;
  }
  std::size_t size() const { return bytes_.size(); }
  // Calls `each` with type, begin and end of the contents of every box in [at, end). False: not boxes.
  bool walk(std::size_t at, std::size_t end, const std::function<void(const std::string&, std::size_t, std::size_t)>& each) const {
    while (at + 8 <= end) {
      const std::uint64_t size = number(at, 4);
      if (size < 8 || at + size > end) return false;
      each(std::string(&bytes_[at + 4], 4), at + 8, at + size);
      at += size;
    }
    return at == end;
  }

 private:
  std::vector<char> bytes_;
};

}  // namespace

PacketList read_packets(const std::string& file) {
  PacketList out;
  AVFormatContext* format = nullptr;
  if (avformat_open_input(&format, file.c_str(), nullptr, nullptr) < 0) return out;
  out.good = avformat_find_stream_info(format, nullptr) >= 0;
  AVPacket* packet = av_packet_alloc();
  while (av_read_frame(format, packet) >= 0) {
    const bool video = format->streams[packet->stream_index]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
    (video ? out.video_pts : out.audio_pts).push_back(packet->pts);
    av_packet_unref(packet);
  }
  av_packet_free(&packet);
  avformat_close_input(&format);
  std::sort(out.video_pts.begin(), out.video_pts.end());
  std::sort(out.audio_pts.begin(), out.audio_pts.end());

  std::ifstream in(file, std::ios::binary);
  const Boxes boxes(std::vector<char>{std::istreambuf_iterator<char>(in), {}});
  std::map<std::uint64_t, std::uint64_t> next;   // decode time by track
  const auto in_traf = [&](std::size_t from, std::size_t to) {
    std::uint64_t track = 0, default_duration = 0, base = 0, sum = 0;
    bool timed = false;
    out.good &= boxes.walk(from, to, [&](const std::string& type, std::size_t at, std::size_t) {
      const std::uint64_t version = boxes.number(at, 1), flags = boxes.number(at + 1, 3);
      if (type == "tfhd") {
        track = boxes.number(at + 4, 4);
        std::size_t field = at + 8;
        if (flags & 0x1) field += 8;
        if (flags & 0x2) field += 4;
        if (flags & 0x8) default_duration = boxes.number(field, 4);
      } else if (type == "tfdt") {
        timed = true;
        base = boxes.number(at + 4, version == 1 ? 8 : 4);
      } else if (type == "trun") {
        const std::uint64_t count = boxes.number(at + 4, 4);
        std::size_t field = at + 8 + (flags & 0x1 ? 4 : 0) + (flags & 0x4 ? 4 : 0);
        for (std::uint64_t i = 0; i < count; ++i) {
          sum += flags & 0x100 ? boxes.number(field, 4) : default_duration;
          for (const unsigned bit : {0x100u, 0x200u, 0x400u, 0x800u}) field += flags & bit ? 4 : 0;
        }
      }
    });
    const auto known = next.find(track);
    if (!timed || (known != next.end() ? known->second != base : base != 0)) out.continuous = false;
    next[track] = base + sum;
  };
  out.good &= boxes.walk(0, boxes.size(), [&](const std::string& type, std::size_t at, std::size_t end) {
    if (type != "moof") return;
    out.good &= boxes.walk(at, end, [&](const std::string& inner, std::size_t inner_at, std::size_t inner_end) {
      if (inner == "mfhd") out.sequence.push_back(static_cast<std::uint32_t>(boxes.number(inner_at + 4, 4)));
      if (inner == "traf") in_traf(inner_at, inner_end);
    });
  });
  return out;
}

}  // namespace upcall::test
