#include "io/film/film_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace upcall::film {

namespace {
constexpr std::int64_t kShortUs = 20'000'000;    // up to this long everything is looked at
constexpr std::int64_t kEveryUs = 4'000'000;     // beyond: a key frame this often
constexpr std::int64_t kStillUs = 500'000;
constexpr double kBlackMean = 40, kBlackDeviation = 3;
constexpr int kRate = 48000;

std::int64_t ms(std::int64_t us) { return us / 1000; }
}  // namespace

struct FilmCheck::Decoder {
  AVCodecContext* codec = nullptr;
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  ByteVector padded;

  Decoder(AVCodecID id, const compose::FilmTrack& track) {
    av_log_set_level(AV_LOG_QUIET);
    const AVCodec* found = avcodec_find_decoder(id);
    codec = found ? avcodec_alloc_context3(found) : nullptr;
    if (!codec) return;
    codec->thread_count = 1;
    codec->extradata = static_cast<std::uint8_t*>(av_mallocz(track.config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (codec->extradata && !track.config.empty()) {
      std::memcpy(codec->extradata, track.config.data(), track.config.size());
      codec->extradata_size = static_cast<int>(track.config.size());
    }
    codec->sample_rate = track.rate;
    av_channel_layout_default(&codec->ch_layout, track.channels);
    codec->pkt_timebase = {1, 1'000'000};
    if (avcodec_open2(codec, found, nullptr) < 0) avcodec_free_context(&codec);
  }
  ~Decoder() {
    avcodec_free_context(&codec);
    av_packet_free(&packet);
    av_frame_free(&frame);
  }
  // `see(frame)` for each that comes out. False: refused.
  template <class See>
  bool decode(const compose::FilmSample* sample, See&& see) {
    if (!codec || !packet || !frame) return false;
    bool good = true;
    if (sample) {
      padded.assign(sample->data.begin(), sample->data.end());
      padded.resize(padded.size() + AV_INPUT_BUFFER_PADDING_SIZE);
      packet->data = padded.data();
      packet->size = static_cast<int>(sample->data.size());
      packet->pts = packet->dts = sample->shown_us;
      good = sample->data.empty() || avcodec_send_packet(codec, packet) >= 0;
      packet->data = nullptr;
      packet->size = 0;
    } else {
      avcodec_send_packet(codec, nullptr);
    }
    while (avcodec_receive_frame(codec, frame) == 0) {
      if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT)) good = false;
      see(*frame);
      av_frame_unref(frame);
    }
    return good;
  }
};

// Looks at pictures.
class FilmCheck::Eye {
 public:
  Eye(const compose::FilmTrack& track, std::int64_t length_us, recording::FilmFacts& facts)
      : decoder_(AV_CODEC_ID_H264, track), everything_(length_us > 0 && length_us <= kShortUs), facts_(facts) {}

  void look(const std::vector<compose::FilmSample>& samples) {
    if (samples.empty()) return;
    if (everything_) {
      for (const compose::FilmSample& s : samples) take(&s);
      return;
    }
    if (looked_us_ >= 0 && samples.front().shown_us - looked_us_ < kEveryUs - kStillUs) return;
    looked_us_ = samples.front().shown_us;
    take(&samples.front());
    rest();
  }
  void finish() {
    rest();
    end_still();
  }

 private:
  void take(const compose::FilmSample* sample) {
    if (!decoder_.decode(sample, [this](const AVFrame& f) { see(f); })) ++facts_.undecodable;
  }
  void rest() {
    if (!decoder_.codec) return;
    take(nullptr);
    avcodec_flush_buffers(decoder_.codec);
  }
  void see(const AVFrame& f) {
    if (f.format != AV_PIX_FMT_YUV420P || f.width < 16 || f.height < 16) {
      ++facts_.undecodable;
      return;
    }
    ++facts_.pictures;
    const std::int64_t at_us = f.pts;
    recording::PictureSketch sketch(f.data[0], f.linesize[0], f.width, f.height);
    const bool black = sketch.mean() < kBlackMean && sketch.deviation() < kBlackDeviation;
    if (black && was_black_) facts_.black.back().to_ms = ms(at_us);
    if (black && !was_black_) facts_.black.push_back({ms(at_us), ms(at_us)});
    was_black_ = black;
    if (!first_.empty() && sketch.same(first_)) {
      last_us_ = at_us;
      return;
    }
    end_still();
    first_ = std::move(sketch);
    first_us_ = last_us_ = at_us;
  }
  void end_still() {
    if (!first_.empty() && last_us_ - first_us_ >= kStillUs) facts_.still.push_back({ms(first_us_), ms(last_us_)});
  }

  Decoder decoder_;
  const bool everything_;
  recording::FilmFacts& facts_;
  std::int64_t looked_us_ = -1;
  bool was_black_ = false;
  recording::PictureSketch first_;            // of the run of pictures that are the same
  std::int64_t first_us_ = 0, last_us_ = 0;
};

// Listens to the sound.
class FilmCheck::Ear {
 public:
  Ear(const compose::FilmTrack& track, recording::FilmFacts& facts) : decoder_(AV_CODEC_ID_AAC, track), facts_(facts) {}

  void hear(const std::vector<compose::FilmSample>& samples) {
    for (const compose::FilmSample& s : samples) take(&s);
  }
  void finish() {
    take(nullptr);
    facts_.sound = meter_.seconds();
  }

 private:
  void take(const compose::FilmSample* sample) {
    const bool good = decoder_.decode(sample, [this](const AVFrame& f) {
      if (f.format != AV_SAMPLE_FMT_FLTP || f.sample_rate != kRate || f.ch_layout.nb_channels < 1) return;
      const auto* left = reinterpret_cast<const float*>(f.extended_data[0]);
      const auto* right = f.ch_layout.nb_channels > 1 ? reinterpret_cast<const float*>(f.extended_data[1]) : left;
      meter_.add(std::llround(static_cast<double>(f.pts) * kRate / 1e6), left, right, 1, static_cast<std::size_t>(f.nb_samples));
    });
    if (!good && (decoder_.codec || sample)) ++facts_.undecodable;
  }
  Decoder decoder_;
  recording::FilmFacts& facts_;
  recording::SoundMeter meter_;
};

FilmCheck::FilmCheck() = default;
FilmCheck::~FilmCheck() = default;

void FilmCheck::feed(Bytes bytes) {
  reader_.feed(bytes);
  for (;;) {
    switch (reader_.next()) {
      case compose::FilmReader::Event::fragment: take_piece(); break;
      case compose::FilmReader::Event::header: break;
      default: return;
    }
  }
}

void FilmCheck::take_piece() {
  // The index, which says how long the film is, stands between the header and the first fragment.
  if (!eye_) eye_ = std::make_unique<Eye>(*reader_.video(), reader_.index_us(), facts_);
  if (!ear_ && reader_.audio()) ear_ = std::make_unique<Ear>(*reader_.audio(), facts_);
  ++facts_.fragments;
  note_times();
  eye_->look(reader_.piece().video);
  if (ear_) ear_->hear(reader_.piece().audio);
}

void FilmCheck::note_times() {
  const auto& [video, audio] = reader_.piece();
  std::int64_t first_us = 0;
  if (!video.empty()) {
    std::vector<std::int64_t> shown;
    for (const compose::FilmSample& s : video) shown.push_back(s.shown_us);
    std::sort(shown.begin(), shown.end());
    first_us = shown.front();
    if (facts_.video.samples == 0) facts_.video.begin_ms = ms(first_us);
    for (const std::int64_t at : shown) {
      recording::TimeSpan& gap = facts_.video.longest_gap;
      if (video_last_us_ >= 0 && ms(at - video_last_us_) > gap.to_ms - gap.from_ms) gap = {ms(video_last_us_), ms(at)};
      video_last_us_ = at;
    }
    // The last one to be decoded says how long the film goes on.
    video_end_us_ = std::max(shown.back(), video.back().shown_us + video.back().duration_us);
    facts_.video.end_ms = ms(video_end_us_);
    facts_.video.samples += video.size();
  }
  if (!audio.empty()) {
    if (facts_.audio.samples == 0) facts_.audio.begin_ms = ms(audio.front().shown_us);
    for (const compose::FilmSample& s : audio) {
      recording::TimeSpan& gap = facts_.audio.longest_gap;
      if (audio_last_us_ >= 0 && ms(s.shown_us - audio_last_us_) > gap.to_ms - gap.from_ms) {
        gap = {ms(audio_last_us_), ms(s.shown_us)};
      }
      audio_last_us_ = s.shown_us + s.duration_us;
    }
    facts_.audio.end_ms = ms(audio_last_us_);
    facts_.audio.samples += audio.size();
  }
  if (video.empty() || audio.empty()) return;
  // A fragment's sound is what begins within it: its first packet lies at most its own length behind the first picture.
  const std::int64_t skew = ms(audio.front().shown_us - first_us);
  if (std::abs(skew) > std::abs(facts_.skew_ms)) {
    facts_.skew_ms = skew;
    facts_.skew_at_ms = ms(first_us);
  }
}

recording::FilmFacts FilmCheck::finish() {
  if (eye_) eye_->finish();
  if (ear_) ear_->finish();
  facts_.header = reader_.video() && reader_.audio();
  facts_.index = reader_.indexed();
  facts_.index_ms = ms(reader_.index_us());
  facts_.bytes = reader_.bytes();
  facts_.whole = reader_.at_end() && (!reader_.indexed() || reader_.index_bytes() == reader_.bytes());
  return std::move(facts_);
}

}  // namespace upcall::film
