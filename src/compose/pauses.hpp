// When a recording was paused, by its journal's markers. A pause may be told again (after a restart of the server). A
// server that comes back without telling it has ended it: the first packet says when. Pure value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "compose/roster.hpp"

namespace upcall::compose {

class Pauses {
 public:
  void mark(std::int64_t at_us, bool paused) {
    open_since_restart_ = false;
    if (paused == open()) return;
    if (paused) {
      spans_.push_back({at_us, INT64_MAX});
    } else {
      spans_.back().until_us = std::max(at_us, spans_.back().from_us);
    }
  }
  void on_restart() { open_since_restart_ = open(); }
  // While it pauses there are no packets.
  void on_packet(std::int64_t at_us) {
    if (open_since_restart_) mark(at_us, false);
  }

  bool covers(std::int64_t time_us) const {
    return std::any_of(spans_.rbegin(), spans_.rend(),
                       [&](const Span& s) { return s.from_us <= time_us && time_us < s.until_us; });
  }
  // Makes what lies in a pause of interleaved stereo sound at 48 kHz that begins at start_us silent.
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
  bool open() const { return !spans_.empty() && spans_.back().until_us == INT64_MAX; }

  std::vector<Span> spans_;
  bool open_since_restart_ = false;
};

}  // namespace upcall::compose
