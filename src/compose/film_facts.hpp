// What a composer knows of the film it made, for whoever asks later. All of it depends on the journal's records only.
#pragma once

#include <cstdint>
#include <vector>

#include "compose/roster.hpp"
#include "compose/timeline.hpp"
#include "recording/session_log.hpp"
#include "wire/tap_record.hpp"

namespace upcall::compose {

struct FilmGap {
  Span span;
  wire::TapGapReason reason = wire::TapGapReason::ring_full;
  std::uint64_t dropped = 0;               // records, 0: unknown
};

struct ComposerFacts {
  std::int64_t duration_us = 0;
  std::uint64_t video_frames = 0;          // pictures handed to the encoder
  std::uint64_t freezes = 0;               // waits for a key frame after loss
  std::uint64_t lost_video_packets = 0, concealed_samples = 0;
  std::uint64_t gaps = 0;                  // marked gaps in the journal
  std::vector<FilmGap> gap_spans;          // the first thousand of them
  std::vector<Span> pauses;
  std::vector<Span> forgotten;             // destroyed on request
  std::int64_t lead_in_us = 0;             // before the first person came
  std::vector<Attendance> people;          // who is there at the end leaves then
  std::vector<Timeline::Marker> markers;
  recording::SessionLog log;               // what the film shows and sounds like, for comparing the file
};

}  // namespace upcall::compose
