// Lets a composer go on with a film that another one began (ADR 10). The composer runs through the whole journal, because
// its film depends on the records only; this studio stands between it and the real one and lets nothing be drawn, heard
// or encoded before the place where the film ends. On the way there it keeps what the decoders need to be in step: of
// each picture source the frames since its last key frame, of each voice the last second.
//
// It also notes what decoders answered otherwise than they promise, for the next one that resumes. One thread.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "io/film/film_studio.hpp"

namespace upcall::film {

class ResumingStudio final : public compose::Studio {
 public:
  // `resume`: nothing for a film from its beginning.
  ResumingStudio(std::unique_ptr<FilmStudio> studio, std::optional<wire::FilmResume> resume);
  ~ResumingStudio() override;

  bool open_video(std::uint32_t source, wire::TapCodec codec) override;
  bool decode_video(std::uint32_t source, Bytes frame, int turns) override;
  void close_video(std::uint32_t source) override;
  std::unique_ptr<compose::AudioDecoder> open_audio(wire::TapCodec codec) override;
  Result<void> show(std::int64_t tick, const compose::Scene& scene, std::span<const std::uint32_t> changed,
                    bool relaid) override;
  Drawn drawn() const override { return replaying_ ? Drawn::unknown : studio_->drawn(); }
  bool listens() const override { return heard_from_ < 0 || sample_ + std::int64_t{compose::kAudioBlock} > heard_from_; }
  Result<void> sound(std::span<const float> pcm) override;
  Result<void> finish(std::int64_t end_tick) override;

  // Still before the place where it goes on?
  bool replaying() const { return replaying_; }
  // What was noticed since the last call; nothing when there was more than a list holds.
  std::optional<std::vector<wire::FilmDamage>> take_damage();

 private:
  class Lane;
  struct Kept {
    Bytes data() const { return bytes; }
    ByteVector bytes;
    int turns = 0;
  };
  struct Source {
    rtc::VideoCodec codec = rtc::VideoCodec::vp8;
    std::uint64_t frames = 0;         // given so far
    std::vector<Kept> kept;           // since the last key frame; empty once the decoder has them
    std::size_t kept_bytes = 0;
    bool decoding = false;            // the list grew too long: its decoder runs already
  };
  void note(const wire::FilmDamage& damage);
  // Known of the film that is gone on with; nothing: as promised.
  const wire::FilmDamage* known(bool sound, std::uint32_t number, std::uint64_t ordinal) const;
  void decode_kept(std::uint32_t number, Source& source);
  // Lanes: is their sound heard soon?
  bool decodes_sound() const { return everything_ || sample_ >= decoded_from_; }

  std::unique_ptr<FilmStudio> studio_;
  std::optional<wire::FilmResume> resume_;
  bool replaying_ = false;
  bool everything_ = false;           // decode all on the way: what decoders answered is not known
  std::map<std::uint32_t, Source> sources_;
  std::uint32_t lanes_ = 0;
  std::int64_t sample_ = 0;           // of the next block of sound
  std::int64_t heard_from_ = -1;      // samples; -1: from the beginning
  std::int64_t decoded_from_ = 0;
  std::vector<wire::FilmDamage> damage_;
  bool damage_unknown_ = false;
};

}  // namespace upcall::film
