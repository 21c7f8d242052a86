// When a recording was paused, by its journal's markers. A pause may be told again (after a restart of the server). A
// server that comes back without telling it has ended it: the first packet says when. Pure value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "compose/span_list.hpp"

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

  bool covers(std::int64_t time_us) const { return spans_.covers(time_us); }
  void hush(std::int64_t start_us, std::span<float> pcm) const { spans_.hush(start_us, pcm); }
  std::vector<Span> until(std::int64_t duration_us) const { return spans_.until(duration_us); }

 private:
  bool open() const { return !spans_.empty() && spans_.back().until_us == INT64_MAX; }

  SpanList spans_;
  bool open_since_restart_ = false;
};

}  // namespace upcall::compose
