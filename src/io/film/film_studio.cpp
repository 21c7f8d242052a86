#include "io/film/film_studio.hpp"

#include <algorithm>

#include "io/film/h264_decoder.hpp"
#include "io/media/scale.hpp"
#include "io/media/vp8_codec.hpp"
#include "io/media/vp9_codec.hpp"

namespace upcall::film {

namespace {

class OpusLane final : public compose::AudioDecoder {
 public:
  explicit OpusLane(std::unique_ptr<media::OpusDecoder> decoder)
      : decoder_(std::move(decoder)), buffer_(media::kOpusFrameMax * 2) {}

  std::size_t decode(Bytes packet, std::vector<float>& out) override {
    const auto samples = decoder_->decode(packet, buffer_);
    return samples ? give(*samples, out) : 0;
  }
  void recover(Bytes next_packet, std::size_t samples, std::vector<float>& out) override {
    give(decoder_->recover(next_packet, samples, buffer_), out);
  }
  void conceal(std::size_t samples, std::vector<float>& out) override {
    give(decoder_->conceal(samples, buffer_), out);
  }

 private:
  std::size_t give(std::size_t samples, std::vector<float>& out) {
    out.insert(out.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(samples * 2));
    return samples;
  }
  std::unique_ptr<media::OpusDecoder> decoder_;
  std::vector<float> buffer_;
};

template <class T>
std::unique_ptr<media::VideoDecoder> opened(Result<std::unique_ptr<T>> decoder) {
  return decoder ? std::move(*decoder) : nullptr;
}

std::unique_ptr<media::VideoDecoder> open_decoder(rtc::VideoCodec codec) {
  switch (codec) {
    case rtc::VideoCodec::vp8: return opened(media::Vp8Decoder::open(1));
    case rtc::VideoCodec::vp9: return opened(media::Vp9Decoder::open(1));
    case rtc::VideoCodec::h264: break;
  }
  return opened(H264Decoder::open());
}

}  // namespace

FilmStudio::FilmStudio(const FilmOptions& o) : painter_(o.video.width, o.video.height, o.font_file) {}

Result<std::unique_ptr<FilmStudio>> FilmStudio::open(const FilmOptions& o, FilmSink& sink,
                                                     const wire::FilmResume* resume) {
  if (o.video.width < 64 || o.video.height < 64 || o.video.width % 2 || o.video.height % 2 || o.video.width > 4096 ||
      o.video.height > 4096) {
    return fail(ErrorCode::invalid_argument, "a film's size must be even and between 64 and 4096");
  }
  if (o.video.fps < 1 || o.video.fps > 60) return fail(ErrorCode::invalid_argument, "a film has 1 to 60 frames a second");
  std::unique_ptr<FilmStudio> out(new FilmStudio(o));
  auto h264 = H264Encoder::open(o.video);
  if (!h264) return tl::unexpected(h264.error());
  out->h264_ = std::move(*h264);
  const AacStart sound = resume ? aac_start(resume->sample) : AacStart{};
  auto aac = AacEncoder::open(o.audio_bps, sound);
  if (!aac) return tl::unexpected(aac.error());
  out->aac_ = std::move(*aac);
  out->sound_start_ = sound.begin;
  MuxerOptions m;
  m.width = o.video.width;
  m.height = o.video.height;
  m.fps = o.video.fps;
  m.video_headers = out->h264_->headers();
  m.audio_config = out->aac_->config();
  m.fragment_ticks = o.video.fps;
  m.resume = resume;
  if (resume && (!std::ranges::equal(resume->video_headers, m.video_headers) ||
                 !std::ranges::equal(resume->audio_config, m.audio_config))) {
    return fail(ErrorCode::conflict, "the film was begun with other encoder settings");
  }
  auto muxer = FragmentMuxer::open(m, sink);
  if (!muxer) return tl::unexpected(muxer.error());
  out->muxer_ = std::move(*muxer);
  return out;
}

bool FilmStudio::open_video(std::uint32_t source, wire::TapCodec codec) {
  const auto video = compose::video_codec(codec);
  auto decoder = video ? open_decoder(*video) : nullptr;
  if (!decoder) return false;
  sources_[source].decoder = std::move(decoder);
  return true;
}

bool FilmStudio::decode_video(std::uint32_t source, Bytes frame, int turns) {
  const auto it = sources_.find(source);
  if (it == sources_.end()) return false;
  VideoSource& s = it->second;
  const auto shown = s.decoder->decode(frame);
  // The decoder's memory may be anything now: the tile keeps what was painted last.
  if (!shown) {
    if (!s.turned || s.picture.y != s.turned->view().y) s.has_picture = false;
    return false;
  }
  if (!*shown) return true;
  s.picture = **shown;
  s.has_picture = true;
  if (turns & 3) {
    const bool sideways = (turns & 1) != 0;
    const int width = (sideways ? s.picture.height : s.picture.width) & ~1;
    const int height = (sideways ? s.picture.width : s.picture.height) & ~1;
    if (width < 2 || height < 2) return true;
    if (!s.turned || s.turned->width() != width || s.turned->height() != height) {
      s.turned = std::make_unique<media::Picture>(width, height);
    }
    media::I420View even = s.picture;
    even.width &= ~1;
    even.height &= ~1;
    media::rotate(even, s.turned->mut_view(), turns);
    s.picture = s.turned->view();
  }
  return true;
}

void FilmStudio::close_video(std::uint32_t source) { sources_.erase(source); }

std::unique_ptr<compose::AudioDecoder> FilmStudio::open_audio(wire::TapCodec codec) {
  if (codec != wire::TapCodec::opus) return nullptr;
  auto decoder = media::OpusDecoder::open(2);
  if (!decoder) return nullptr;
  return std::make_unique<OpusLane>(std::move(*decoder));
}

Result<void> FilmStudio::show(std::int64_t tick, const compose::Scene& scene, std::span<const std::uint32_t> changed,
                              bool relaid) {
  painter_.paint(scene, changed, relaid, [this](std::uint32_t source) -> const media::I420View* {
    const auto it = sources_.find(source);
    return it == sources_.end() || !it->second.has_picture ? nullptr : &it->second.picture;
  });
  return encode(tick);
}

Result<void> FilmStudio::encode(std::int64_t tick) {
  const media::I420View picture = painter_.view();
  recording::PictureSketch sketch(picture.y, picture.stride_y, picture.width, picture.height);
  drawn_ = sketch_.empty() || sketch.plainly_differs(sketch_) ? Drawn::different : Drawn::same;
  if (drawn_ == Drawn::different) sketch_ = std::move(sketch);
  auto frame = h264_->encode(picture, tick);
  if (!frame) return tl::unexpected(frame.error());
  if (*frame) return muxer_->video(std::move(**frame));
  return {};
}

Result<void> FilmStudio::sound(std::span<const float> pcm) {
  return aac_->encode(pcm, [this](std::int64_t pts, Bytes packet) { return muxer_->audio(pts, packet); });
}

Result<void> FilmStudio::finish(std::int64_t end_tick) {
  while (true) {
    auto frame = h264_->flush();
    if (!frame) return tl::unexpected(frame.error());
    if (!*frame) break;
    if (auto done = muxer_->video(std::move(**frame)); !done) return done;
  }
  if (auto done = aac_->finish([this](std::int64_t pts, Bytes packet) { return muxer_->audio(pts, packet); }); !done) {
    return done;
  }
  return muxer_->finish(end_tick);
}

}  // namespace upcall::film
