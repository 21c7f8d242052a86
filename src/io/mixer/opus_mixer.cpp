#include "io/mixer/opus_mixer.hpp"

#include <algorithm>
#include <cmath>

namespace upcall::media {

namespace {

constexpr std::size_t kFade = 120;  // 2.5 ms: where a source starts or stops, so that it does not click

// Straight up to 0.6, then bent so that any sum stays below 1.
float soft_clip(float x) {
  constexpr float kKnee = 0.6f;
  const float size = std::fabs(x);
  if (size <= kKnee) return x;
  const float bent = kKnee + (1.0f - kKnee) * std::tanh((size - kKnee) / (1.0f - kKnee));
  return x < 0 ? -bent : bent;
}

}  // namespace

OpusMixer::Source* OpusMixer::find(std::uint32_t no) {
  for (auto& s : sources_) {
    if (s->no == no) return s.get();
  }
  return nullptr;
}

OpusMixer::Source* OpusMixer::make(std::uint32_t no) {
  Source* free = find(0);
  if (free == nullptr) {
    auto decoder = OpusDecoder::open(1);
    if (!decoder) return nullptr;
    sources_.push_back(std::make_unique<Source>());
    free = sources_.back().get();
    free->decoder = std::move(*decoder);
  }
  free->no = no;
  free->started = free->playing = free->audible = false;
  free->written = free->read = 0;
  free->last_samples = kFrame;
  free->restart_sequence = -1;
  return free;
}

void OpusMixer::remove(std::uint32_t no) {
  // The decoder's memory of the one before fades within a frame or two of the next.
  if (Source* s = find(no)) s->no = 0;
}

void OpusMixer::append(Source& source, std::span<const float> pcm) {
  for (const float x : pcm) source.ring[source.written++ % kRing] = x;
  if (source.written - source.read > kRing) {
    // The sender's clock is faster, or a burst came: keep the newest, with the preroll as reserve.
    ++counters_.overrun;
    source.read = source.written - kPreroll;
  }
}

void OpusMixer::push(std::uint32_t no, std::int64_t sequence, std::uint32_t, Bytes payload) {
  if (no == 0) return;
  Source* source = find(no);
  if (source == nullptr) source = make(no);
  if (source == nullptr) return;
  const std::size_t samples = OpusDecoder::samples_in(payload);
  if (samples == 0 || samples > kOpusFrameMax) {
    ++counters_.malformed;
    return;
  }
  if (source->started) {
    std::int64_t missing = sequence - source->last_sequence - 1;
    // Far behind: a straggler, or its numbers began anew. The next one in order tells (RFC 3550 appendix A.1).
    if (missing < 0 && sequence == source->restart_sequence) missing = 0;
    source->restart_sequence = missing < -kReorderMax ? sequence + 1 : -1;
    if (missing < 0) {
      ++counters_.late;   // its place was concealed already
      return;
    }
    if (missing > 0 && missing <= static_cast<std::int64_t>(kConcealedMax)) {
      for (std::int64_t i = 1; i < missing; ++i) {
        append(*source, std::span(pcm_).first(source->decoder->conceal(source->last_samples, pcm_)));
        ++counters_.concealed;
      }
      append(*source, std::span(pcm_).first(source->decoder->recover(payload, source->last_samples, pcm_)));
      ++counters_.concealed;
    }
  }
  source->started = true;
  source->last_sequence = sequence;
  source->last_samples = samples;
  const auto decoded = source->decoder->decode(payload, pcm_);
  if (!decoded) {
    ++counters_.malformed;
    return;
  }
  ++counters_.decoded;
  append(*source, std::span(pcm_).first(*decoded));
}

void OpusMixer::advance() {
  ++tick_;
  for (auto& owned : sources_) {
    Source& s = *owned;
    s.audible = false;
    if (s.no == 0) continue;
    const std::uint64_t there = s.written - s.read;
    const bool starts = !s.playing;
    if (starts && there < kPreroll) continue;
    const std::size_t take = static_cast<std::size_t>(std::min<std::uint64_t>(there, kFrame));
    for (std::size_t i = 0; i < take; ++i) s.frame[i] = s.ring[(s.read + i) % kRing];
    s.read += take;
    s.playing = take == kFrame;
    s.audible = take > 0;
    if (starts) {
      for (std::size_t i = 0; i < kFade; ++i) s.frame[i] *= static_cast<float>(i) / kFade;
    }
    if (!s.playing) {
      if (!starts) ++counters_.underrun;
      const std::size_t fade = std::min(take, kFade);
      for (std::size_t i = 0; i < fade; ++i) s.frame[take - 1 - i] *= static_cast<float>(i) / static_cast<float>(fade);
      std::fill(s.frame.begin() + static_cast<std::ptrdiff_t>(take), s.frame.end(), 0.0f);
    }
  }
}

OpusMixer::Set* OpusMixer::set_for(std::span<const std::uint32_t> sources) {
  Set* oldest = &sets_[0];
  for (Set& set : sets_) {
    if (set.encoder && std::ranges::equal(std::span(set.sources).first(set.count), sources)) return &set;
    if (!set.encoder || set.tick < oldest->tick) oldest = oldest->encoder ? &set : oldest;
  }
  // Of this tick already, all of them: more sets than encoders. Who asks last hears nothing rather than somebody else.
  if (oldest->encoder && oldest->tick == tick_) return nullptr;
  if (!oldest->encoder) {
    auto encoder = OpusEncoder::open({.channels = 1, .bitrate_bps = options_.bitrate_bps, .complexity = options_.complexity});
    if (!encoder) return nullptr;
    oldest->encoder = std::move(*encoder);
  }
  std::copy(sources.begin(), sources.end(), oldest->sources.begin());
  oldest->count = sources.size();
  oldest->tick = 0;
  return oldest;
}

std::size_t OpusMixer::mix(std::span<const std::uint32_t> sources, MutBytes out) {
  if (sources.empty() || sources.size() > 64) return 0;
  Set* const set = set_for(sources);
  if (set == nullptr) return 0;
  if (set->tick != tick_) {
    std::array<float, kFrame> sum{};
    for (const std::uint32_t no : sources) {
      const Source* s = find(no);
      if (s == nullptr || !s->audible) continue;
      for (std::size_t i = 0; i < kFrame; ++i) sum[i] += s->frame[i];
    }
    for (float& x : sum) x = soft_clip(x);
    const auto size = set->encoder->encode(sum, set->payload);
    set->size = size ? *size : 0;
    set->tick = tick_;
    ++counters_.encoded;
  } else {
    ++counters_.reused;
  }
  if (set->size > out.size()) return 0;
  std::copy_n(set->payload.begin(), set->size, out.begin());
  return set->size;
}

}  // namespace upcall::media
