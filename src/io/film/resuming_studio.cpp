#include "io/film/resuming_studio.hpp"

#include <algorithm>

namespace upcall::film {

namespace {
// An Opus decoder that begins in the middle is in step after 80 ms (RFC 7845 §4.6); a second is plenty.
constexpr std::int64_t kVoiceLead = 48000;
// Of one source. More is a sender without key frames: its decoder has to run along.
constexpr std::size_t kKeptMax = 24u << 20;
}  // namespace

// Answers as the real decoder would, with silence, until its sound is wanted.
class ResumingStudio::Lane final : public compose::AudioDecoder {
 public:
  Lane(ResumingStudio& owner, std::uint32_t number, std::unique_ptr<compose::AudioDecoder> decoder)
      : owner_(owner), number_(number), decoder_(std::move(decoder)) {}

  std::size_t decode(Bytes packet, std::vector<float>& out) override {
    const std::uint64_t ordinal = packets_++;
    const std::size_t promised = media::OpusDecoder::samples_in(packet);
    if (!owner_.decodes_sound()) {
      const wire::FilmDamage* known = owner_.known(true, number_, ordinal);
      const std::size_t samples = known ? known->samples : promised;
      out.resize(out.size() + samples * 2);
      return samples;
    }
    const std::size_t samples = decoder_->decode(packet, out);
    if (samples != promised) owner_.note({true, number_, ordinal, static_cast<std::uint32_t>(samples)});
    return samples;
  }
  void recover(Bytes next_packet, std::size_t samples, std::vector<float>& out) override {
    if (owner_.decodes_sound()) return decoder_->recover(next_packet, samples, out);
    out.resize(out.size() + samples * 2);
  }
  void conceal(std::size_t samples, std::vector<float>& out) override {
    if (owner_.decodes_sound()) return decoder_->conceal(samples, out);
    out.resize(out.size() + samples * 2);
  }

 private:
  ResumingStudio& owner_;
  std::uint32_t number_;
  std::uint64_t packets_ = 0;
  std::unique_ptr<compose::AudioDecoder> decoder_;
};

ResumingStudio::ResumingStudio(std::unique_ptr<FilmStudio> studio, std::optional<wire::FilmResume> resume)
    : studio_(std::move(studio)), resume_(std::move(resume)) {
  if (!resume_) return;
  replaying_ = true;
  everything_ = resume_->damage_unknown;
  heard_from_ = studio_->sound_start();
  decoded_from_ = heard_from_ - kVoiceLead;
}
ResumingStudio::~ResumingStudio() = default;

void ResumingStudio::note(const wire::FilmDamage& damage) {
  if (damage_.size() >= wire::kFilmDamageMax) damage_unknown_ = true;
  if (!damage_unknown_) damage_.push_back(damage);
}

const wire::FilmDamage* ResumingStudio::known(bool sound, std::uint32_t number, std::uint64_t ordinal) const {
  const auto at = std::find_if(resume_->damage.begin(), resume_->damage.end(), [&](const wire::FilmDamage& d) {
    return d.sound == sound && d.number == number && d.ordinal == ordinal;
  });
  return at == resume_->damage.end() ? nullptr : &*at;
}

std::optional<std::vector<wire::FilmDamage>> ResumingStudio::take_damage() {
  if (damage_unknown_) return std::nullopt;
  return std::exchange(damage_, {});
}

bool ResumingStudio::open_video(std::uint32_t source, wire::TapCodec codec) {
  sources_[source] = {};
  if (const auto video = compose::video_codec(codec)) sources_[source].codec = *video;
  return studio_->open_video(source, codec);
}

void ResumingStudio::close_video(std::uint32_t source) {
  sources_.erase(source);
  studio_->close_video(source);
}

void ResumingStudio::decode_kept(std::uint32_t number, Source& source) {
  for (const Kept& frame : source.kept) (void)studio_->decode_video(number, frame.data(), frame.turns);
  source.kept.clear();
  source.kept_bytes = 0;
}

bool ResumingStudio::decode_video(std::uint32_t number, Bytes frame, int turns) {
  Source& source = sources_[number];
  const std::uint64_t ordinal = source.frames++;
  if (!replaying_ || everything_) {
    const bool good = studio_->decode_video(number, frame, turns);
    if (!good) note({false, number, ordinal, 0});
    return good;
  }
  // Its refusal left the picture before it on the canvas: so it does now.
  if (known(false, number, ordinal)) return false;
  if (rtc::is_key_picture(source.codec, frame)) {
    source.kept.clear();
    source.kept_bytes = 0;
    source.decoding = false;
  }
  source.kept_bytes += frame.size();
  source.kept.push_back({ByteVector(frame.begin(), frame.end()), turns});
  if (source.kept_bytes > kKeptMax) source.decoding = true;
  if (source.decoding) decode_kept(number, source);
  return true;
}

std::unique_ptr<compose::AudioDecoder> ResumingStudio::open_audio(wire::TapCodec codec) {
  auto decoder = studio_->open_audio(codec);
  if (!decoder) return nullptr;
  return std::make_unique<Lane>(*this, lanes_++, std::move(decoder));
}

Result<void> ResumingStudio::show(std::int64_t tick, const compose::Scene& scene, std::span<const std::uint32_t> changed,
                                  bool relaid) {
  if (replaying_) {
    if (tick < resume_->tick) return {};
    replaying_ = false;
    for (auto& [number, source] : sources_) decode_kept(number, source);
    // The canvas is empty: everything has to be drawn.
    relaid = true;
  }
  return studio_->show(tick, scene, changed, relaid);
}

Result<void> ResumingStudio::sound(std::span<const float> pcm) {
  const std::int64_t begins = sample_;
  sample_ += static_cast<std::int64_t>(pcm.size() / 2);
  if (heard_from_ < 0 || begins >= heard_from_) return studio_->sound(pcm);
  if (sample_ <= heard_from_) return {};
  return studio_->sound(pcm.subspan(static_cast<std::size_t>(heard_from_ - begins) * 2));
}

Result<void> ResumingStudio::finish(std::int64_t end_tick) { return studio_->finish(end_tick); }

}  // namespace upcall::film
