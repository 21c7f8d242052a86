#include "recording/film_health.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace upcall::recording {

namespace {

constexpr std::array<std::string_view, kHealthKinds> kNames = {"truncated", "damaged", "length", "av_offset",
                                                               "black",     "frozen",  "silent", "gap"};
constexpr std::int64_t kSkewMs = 40;          // by timestamps: exact, so the tolerance is lip sync's
constexpr std::int64_t kHeardOffsetMs = 100;  // by comparing sound in blocks of 20 ms
constexpr std::size_t kOnsetsNeeded = 3;
constexpr std::int64_t kComposedMs = 500;     // the file against its composer
constexpr std::int64_t kSessionMs = 5000;     // against the service's clock, or 2 % of it
constexpr std::int64_t kVideoGapMs = 2500;    // an unchanged picture is encoded again each second
constexpr std::int64_t kAudioGapMs = 100;
constexpr double kShare = 0.1;
constexpr double kStillPictures = 3;          // plainly different ones while the film stood still
constexpr int kVoicePackets = 10;             // 200 ms
constexpr std::uint8_t kHeardPeak = 50, kSilentPeak = 25;   // -50 and -75 dBFS

class Judge {
 public:
  Judge(const FilmFacts& facts, const FilmExpectation& expected) : f_(facts), e_(expected), log_(expected.log.seconds()) {}

  std::vector<HealthFinding> run() {
    bool cut = false;
    if (!f_.header || !f_.whole || f_.fragments == 0 || !f_.index || f_.video.samples == 0) {
      add(HealthKind::truncated, static_cast<double>(f_.bytes), std::max<std::int64_t>(f_.video.end_ms, 0));
      if (!f_.header || f_.video.samples == 0) return std::move(out_);
      cut = true;
    }
    if (f_.undecodable > 0) add(HealthKind::damaged, static_cast<double>(f_.undecodable), 0);
    if (!cut) length();   // a cut film is short
    offset();
    black();
    frozen();
    silent();
    gaps();
    return std::move(out_);
  }

 private:
  void add(HealthKind kind, double value, std::int64_t at_ms, HealthSeverity severity = HealthSeverity::alarm) {
    out_.push_back({kind, severity, value, at_ms});
  }
  const SessionSecond* logged(std::int64_t ms) const {
    const auto second = static_cast<std::size_t>(std::max<std::int64_t>(ms, 0) / 1000);
    return second < log_.size() ? &log_[second] : nullptr;
  }

  void length() {
    const std::int64_t end = std::max(f_.video.end_ms, f_.audio.end_ms);
    if (e_.composed_ms && std::abs(end - *e_.composed_ms) > kComposedMs) {
      return add(HealthKind::length, static_cast<double>(end - *e_.composed_ms), end);
    }
    if (std::abs(f_.video.end_ms - f_.audio.end_ms) > kComposedMs) {
      return add(HealthKind::length, static_cast<double>(f_.audio.end_ms - f_.video.end_ms),
                 std::min(f_.video.end_ms, f_.audio.end_ms));
    }
    // The service's clock runs while the journal opens and while it drains.
    if (e_.session_ms && std::abs(end - *e_.session_ms) > std::max(kSessionMs, *e_.session_ms / 50)) {
      add(HealthKind::length, static_cast<double>(end - *e_.session_ms), end);
    }
  }

  void offset() {
    if (std::abs(f_.skew_ms) > kSkewMs) {
      return add(HealthKind::av_offset, static_cast<double>(f_.skew_ms), f_.skew_at_ms);
    }
    // Timestamps may be right and the sound still lie elsewhere than where it was mixed.
    const std::int64_t ms = heard_offset_ms(f_, e_).value_or(0);
    if (std::abs(ms) > kHeardOffsetMs) add(HealthKind::av_offset, static_cast<double>(ms), 0);
  }

  void black() {
    std::int64_t dark = 0, at = -1;
    for (const TimeSpan& span : f_.black) {
      const SessionSecond* s = logged(span.from_ms);
      // Nobody there: an empty stage is dark.
      if (s && !s->unknown && s->people == 0) continue;
      dark += std::max<std::int64_t>(span.to_ms - span.from_ms, 1);
      if (at < 0) at = span.from_ms;
    }
    const std::int64_t length = std::max<std::int64_t>(f_.video.end_ms - f_.video.begin_ms, 1);
    const double share = std::min(1.0, static_cast<double>(dark) / static_cast<double>(length));
    if (at >= 0 && (share >= kShare || dark >= 10'000)) add(HealthKind::black, share, at);
  }

  // Pictures that were drawn in this span, each plainly different from the one before.
  double moved(const TimeSpan& span) const {
    double out = 0;
    for (std::int64_t second = span.from_ms / 1000; second * 1000 < span.to_ms; ++second) {
      const SessionSecond* s = logged(second * 1000);
      if (!s || s->unknown || s->gap) continue;
      const auto inside = std::min(span.to_ms, (second + 1) * 1000) - std::max(span.from_ms, second * 1000);
      // A second that is covered in part may have moved in its other part only.
      if (inside >= 900) out += s->pictures;
    }
    return out;
  }

  void frozen() {
    std::int64_t lively = 0, stood = 0, at = -1;
    for (const SessionSecond& s : log_) lively += !s.unknown && !s.gap && s.pictures >= kStillPictures ? 1000 : 0;
    for (const TimeSpan& span : f_.still) {
      const bool dark = std::any_of(f_.black.begin(), f_.black.end(), [&](const TimeSpan& b) {
        return b.from_ms <= span.from_ms && span.from_ms <= b.to_ms;
      });
      if (dark || moved(span) < kStillPictures) continue;
      stood += span.to_ms - span.from_ms;
      if (at < 0) at = span.from_ms;
    }
    if (lively == 0 || at < 0) return;
    const double share = std::min(1.0, static_cast<double>(stood) / static_cast<double>(lively));
    if (share >= kShare || stood >= 10'000) add(HealthKind::frozen, share, at);
  }

  void silent() {
    std::size_t spoken = 0, unheard = 0;
    std::int64_t at = -1;
    for (std::size_t s = 0; s < log_.size() && static_cast<std::int64_t>(s + 1) * 1000 <= f_.video.end_ms; ++s) {
      const SessionSecond& second = log_[s];
      if (second.gap) continue;
      if (second.voices < kVoicePackets && (second.unknown || second.peak < kHeardPeak)) continue;
      ++spoken;
      if (s < f_.sound.size() && f_.sound[s].peak > kSilentPeak) continue;
      ++unheard;
      if (at < 0) at = static_cast<std::int64_t>(s) * 1000;
    }
    if (unheard < 2) return;
    const double share = static_cast<double>(unheard) / static_cast<double>(spoken);
    if (share >= kShare || unheard >= 10) add(HealthKind::silent, share, at);
  }

  void gaps() {
    const auto length_of = [](const TimeSpan& s) { return s.to_ms - s.from_ms; };
    const bool seen = length_of(f_.video.longest_gap) > kVideoGapMs, heard = length_of(f_.audio.longest_gap) > kAudioGapMs;
    if (!seen && !heard) return;
    const TimeSpan& worst = seen ? f_.video.longest_gap : f_.audio.longest_gap;
    add(HealthKind::gap, static_cast<double>(length_of(worst)), worst.from_ms,
        seen || length_of(worst) > 1000 ? HealthSeverity::alarm : HealthSeverity::warning);
  }

  const FilmFacts& f_;
  const FilmExpectation& e_;
  const std::vector<SessionSecond>& log_;
  std::vector<HealthFinding> out_;
};

}  // namespace

std::string_view to_string(HealthKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<HealthKind> health_kind(std::string_view text) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == text) return static_cast<HealthKind>(i);
  }
  return std::nullopt;
}

std::string_view to_string(HealthSeverity severity) { return severity == HealthSeverity::alarm ? "alarm" : "warning"; }

std::optional<std::int64_t> heard_offset_ms(const FilmFacts& facts, const FilmExpectation& expected) {
  const std::vector<SessionSecond>& log = expected.log.seconds();
  std::vector<int> off;
  for (std::size_t s = 0; s < std::min(log.size(), facts.sound.size()); ++s) {
    if (log[s].unknown || log[s].onset == kNoOnset || facts.sound[s].onset == kNoOnset) continue;
    int blocks = facts.sound[s].onset - log[s].onset;
    // What rose near a second's border may have been moved over it.
    if (blocks > 25) blocks -= 50;
    if (blocks < -25) blocks += 50;
    off.push_back(blocks);
  }
  if (off.size() < kOnsetsNeeded) return std::nullopt;
  std::sort(off.begin(), off.end());
  return off[off.size() / 2] * 20;
}

std::vector<HealthFinding> judge(const FilmFacts& facts, const FilmExpectation& expected) { return Judge(facts, expected).run(); }

}  // namespace upcall::recording
