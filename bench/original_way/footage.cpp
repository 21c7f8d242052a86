#include <algorithm>
#include <filesystem>
#include <map>
#include <vector>

extern "C" {
#include <libavformat/avformat.h>
}

#include "camera.hpp"
#include "io/media/test_pattern.hpp"
#include "original_way.hpp"
#include "synthetic_call.hpp"

namespace upcall::bench {

namespace {

struct Tracks {
  std::vector<std::pair<ByteVector, bool>> frames;   // bytes, key frame
  std::vector<ByteVector> sounds;
};

// Copies what was encoded into a WebM file; nothing is encoded again.
Result<void> write_webm(const std::string& file, const Tracks& tracks) {
  AVFormatContext* f = nullptr;
  if (avformat_alloc_output_context2(&f, nullptr, "webm", file.c_str()) < 0) return fail(ErrorCode::internal, "libavformat has no WebM muxer");
  AVStream* video = avformat_new_stream(f, nullptr);
  video->time_base = {1, 1000};
  video->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
  video->codecpar->codec_id = AV_CODEC_ID_VP8;
  video->codecpar->width = 1280;
  video->codecpar->height = 720;
  AVStream* audio = avformat_new_stream(f, nullptr);
  audio->time_base = {1, 1000};
  AVCodecParameters& a = *audio->codecpar;
  a.codec_type = AVMEDIA_TYPE_AUDIO;
  a.codec_id = AV_CODEC_ID_OPUS;
  a.sample_rate = 48000;
  av_channel_layout_default(&a.ch_layout, 1);
  // RFC 7845 §5.1.
  const std::uint8_t head[19] = {'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 1, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0};
  a.extradata = static_cast<std::uint8_t*>(av_mallocz(sizeof head + AV_INPUT_BUFFER_PADDING_SIZE));
  std::copy(std::begin(head), std::end(head), a.extradata);
  a.extradata_size = sizeof head;
  bool good = avio_open(&f->pb, file.c_str(), AVIO_FLAG_WRITE) >= 0 && avformat_write_header(f, nullptr) >= 0;
  AVPacket* packet = av_packet_alloc();
  const auto write = [&](int stream, const ByteVector& bytes, std::int64_t ms, bool key) {
    packet->data = const_cast<std::uint8_t*>(bytes.data());
    packet->size = static_cast<int>(bytes.size());
    packet->stream_index = stream;
    packet->pts = packet->dts = ms;
    packet->flags = key ? AV_PKT_FLAG_KEY : 0;
    good = good && av_write_frame(f, packet) >= 0;
    packet->data = nullptr;
    packet->size = 0;
  };
  std::size_t sound = 0;
  for (std::size_t n = 0; n < tracks.frames.size(); ++n) {
    const auto ms = static_cast<std::int64_t>(n * 1000 / 30);
    for (; sound < tracks.sounds.size() && static_cast<std::int64_t>(sound) * 20 <= ms; ++sound) write(1, tracks.sounds[sound], static_cast<std::int64_t>(sound) * 20, true);
    write(0, tracks.frames[n].first, ms, tracks.frames[n].second);
  }
  good = good && av_write_trailer(f) >= 0;
  av_packet_free(&packet);
  avio_closep(&f->pb);
  avformat_free_context(f);
  if (!good) return fail(ErrorCode::unavailable, "cannot write " + file);
  return {};
}

// The code of the test pattern, small, in the upper left corner (the lower one has the name).
void put_code(const media::TestPattern& pattern, std::uint32_t clock_ms, const media::MutI420View& picture) {
  constexpr int kWidth = 400, kHeight = 226, kBlock = kWidth / 40;
  media::Picture whole(kWidth, kHeight);
  pattern.draw(whole.mut_view(), clock_ms);
  // The code and the ground around it, where the flash is.
  const media::Rect part{4 * kBlock, 0, 32 * kBlock, 18 * kBlock};
  const media::I420View from = whole.view();
  const auto copy = [](const std::uint8_t* in, int in_stride, std::uint8_t* to, int to_stride, int width, int height) {
    for (int row = 0; row < height; ++row) std::copy(in + static_cast<std::ptrdiff_t>(row) * in_stride, in + static_cast<std::ptrdiff_t>(row) * in_stride + width, to + static_cast<std::ptrdiff_t>(row) * to_stride);
  };
  copy(from.y + part.x, from.stride_y, picture.y, picture.stride_y, part.width, part.height);
  copy(from.u + part.x / 2, from.stride_u, picture.u, picture.stride_u, part.width / 2, part.height / 2);
  copy(from.v + part.x / 2, from.stride_v, picture.v, picture.stride_v, part.width / 2, part.height / 2);
}

}  // namespace

Result<void> make_footage(const std::string& directory, int seconds, const std::vector<std::string>& files) {
  av_log_set_level(AV_LOG_ERROR);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  auto call = test::scenario("two", 0x0f00d, static_cast<std::uint32_t>(seconds) * 1000);
  if (!call) return tl::unexpected(call.error());
  std::map<int, Tracks> people;
  call->on_frame = [&](std::uint8_t who, Bytes b, bool key) { people[who].frames.emplace_back(ByteVector(b.begin(), b.end()), key); };
  call->on_sound = [&](std::uint8_t who, Bytes b) { people[who].sounds.emplace_back(b.begin(), b.end()); };
  std::vector<std::unique_ptr<Camera>> cameras;
  for (auto& p : call->people) {
    // What the encoder of a browser takes in a call of 720p.
    p.kbps = 1700;
    const std::size_t who = cameras.size();
    auto camera = who < files.size() ? Camera::from_file(files[who]) : Result<std::unique_ptr<Camera>>(Camera::drawn(who + 1));
    if (!camera) return tl::unexpected(camera.error());
    cameras.push_back(std::move(*camera));
    p.draw = [camera = cameras.back().get(), code = media::TestPattern({call->run, p.participant, "", false})](std::uint32_t clock_ms, const media::MutI420View& picture) {
      camera->draw(clock_ms, picture);
      put_code(code, clock_ms, picture);
    };
  }
  const auto records = test::make_call(*call);
  if (!records) return tl::unexpected(records.error());
  if (auto written = test::write_journal(*records, directory + "/journal", ByteVector(32, 4)); !written) return written;
  for (const auto& [who, tracks] : people) {
    if (auto written = write_webm(directory + "/" + std::to_string(who) + ".webm", tracks); !written) return written;
  }
  return {};
}

}  // namespace upcall::bench
