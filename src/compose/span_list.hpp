// Spans of a film in which nothing of the call is shown or heard, in the order of time and apart from each other. Pure
// value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "compose/roster.hpp"

namespace upcall::compose {

class SpanList {
 public:
  // Behind the last one, or grown together with those that it touches.
  void add(std::int64_t from_us, std::int64_t until_us) {
    if (until_us <= from_us) return;
    while (!spans_.empty() && spans_.back().until_us >= from_us) {
      from_us = std::min(from_us, spans_.back().from_us);
      until_us = std::max(until_us, spans_.back().until_us);
      spans_.pop_back();
    }
    spans_.push_back({from_us, until_us});
  }
  bool empty() const { return spans_.empty(); }
  Span& back() { return spans_.back(); }
  const Span& back() const { return spans_.back(); }
  void push_back(const Span& span) { spans_.push_back(span); }

  bool covers(std::int64_t time_us) const {
    return std::any_of(spans_.rbegin(), spans_.rend(),
                       [&](const Span& s) { return s.from_us <= time_us && time_us < s.until_us; });
  }
  // Makes what lies in a span of interleaved stereo sound at 48 kHz that begins at start_us silent.
  void hush(std::int64_t start_us, std::span<float> pcm) const {
    const auto frames = static_cast<std::int64_t>(pcm.size() / 2);
    const auto frame_at = [&](std::int64_t time_us) {
      if (time_us - start_us > 1'000'000) return frames;
      return std::clamp<std::int64_t>((time_us - start_us) * 48 / 1000, 0, frames);
    };
    for (auto s = spans_.rbegin(); s != spans_.rend() && s->until_us > start_us; ++s) {
      const auto from = pcm.begin() + frame_at(s->from_us) * 2, to = pcm.begin() + frame_at(s->until_us) * 2;
      if (from < to) std::fill(from, to, 0.0f);
    }
  }
  // As far as they lie in a film of this length.
  std::vector<Span> until(std::int64_t duration_us) const {
    std::vector<Span> out;
    for (const Span& s : spans_) {
      const Span cut{s.from_us, std::min(s.until_us, duration_us)};
      if (cut.from_us < cut.until_us) out.push_back(cut);
    }
    return out;
  }

 private:
  std::vector<Span> spans_;
};

}  // namespace upcall::compose
