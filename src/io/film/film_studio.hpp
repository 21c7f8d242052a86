// The real Studio: decodes with libvpx, libavcodec and libopus, scales straight into the canvas, draws names and placeholders,
// encodes with x264 and AAC, writes fragmented MP4 into a sink. One thread (x264 has its own).
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "compose/studio.hpp"
#include "io/film/aac_encoder.hpp"
#include "io/film/fragment_muxer.hpp"
#include "io/film/h264_encoder.hpp"
#include "io/film/scene_painter.hpp"
#include "io/media/opus_codec.hpp"
#include "io/media/video_codec.hpp"
#include "recording/session_log.hpp"

namespace upcall::film {

struct FilmOptions {
  H264Options video;
  int audio_bps = 160000;
  std::string font_file;   // empty: the default font
};

class FilmStudio final : public compose::Studio {
 public:
  // The sink must outlive the studio. `resume`: goes on with a film that ends at its tick, and is given nothing but what
  // lies behind that, and sound from sound_start() on; conflict: the film was made by another encoder.
  static Result<std::unique_ptr<FilmStudio>> open(const FilmOptions& options, FilmSink& sink,
                                                  const wire::FilmResume* resume = nullptr);

  bool open_video(std::uint32_t source, wire::TapCodec codec) override;
  bool decode_video(std::uint32_t source, Bytes frame, int turns) override;
  void close_video(std::uint32_t source) override;
  std::unique_ptr<compose::AudioDecoder> open_audio(wire::TapCodec codec) override;
  Result<void> show(std::int64_t tick, const compose::Scene& scene, std::span<const std::uint32_t> changed,
                    bool relaid) override;
  Drawn drawn() const override { return drawn_; }
  Result<void> sound(std::span<const float> pcm) override;
  Result<void> finish(std::int64_t end_tick) override;

  std::int64_t sound_start() const { return sound_start_; }   // sample

 private:
  struct VideoSource {
    std::unique_ptr<media::VideoDecoder> decoder;
    media::I420View picture;                    // in the decoder's memory, or in `turned`
    bool has_picture = false;
    std::unique_ptr<media::Picture> turned;
  };
  FilmStudio(const FilmOptions& options);
  Result<void> encode(std::int64_t tick);

  ScenePainter painter_;
  recording::PictureSketch sketch_;             // of the last picture that was plainly different
  Drawn drawn_ = Drawn::unknown;
  std::map<std::uint32_t, VideoSource> sources_;
  std::unique_ptr<H264Encoder> h264_;
  std::unique_ptr<AacEncoder> aac_;
  std::unique_ptr<FragmentMuxer> muxer_;
  std::int64_t sound_start_ = 0;
};

}  // namespace upcall::film
