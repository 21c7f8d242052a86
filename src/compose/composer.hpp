// Turns the tap records of one recording into a film: timeline, jitter order, layout, frame and sound schedule. Decoding,
// drawing and encoding are the Studio's. Time is the recording's own; the composer runs `lookahead` behind the records
// it was fed, so that late packets, retransmissions and first sender reports are there when they are needed. The result
// depends on the records only, not on when they were fed. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/film_facts.hpp"
#include "compose/frame_grid.hpp"
#include "compose/pauses.hpp"
#include "compose/roster.hpp"
#include "compose/span_list.hpp"
#include "compose/speakers.hpp"
#include "compose/stage.hpp"
#include "compose/studio.hpp"
#include "compose/timeline.hpp"
#include "compose/video_assembler.hpp"
#include "recording/session_log.hpp"

namespace upcall::compose {

struct ComposerOptions {
  int width = 1920, height = 1080, fps = 30;
  LayoutKind layout = LayoutKind::automatic;
  bool constant_rate = false;              // encodes every tick, also of a picture that did not change
  std::string title;                       // empty: no title line
  std::int64_t lookahead_us = 1'000'000;
  std::int64_t hold_us = 1'000'000;        // an unchanged picture is encoded again after this long
};

class Composer {
 public:
  Composer(ComposerOptions options, Studio& studio);

  // In journal order.
  Result<void> feed(const wire::TapRecord& record);
  // The journal holds everything up to here (a sealed block may be empty).
  Result<void> advance(std::int64_t sealed_until_us);
  // What lay in this span cannot be read any more: a card and silence. Before advance() beyond its beginning.
  void forgotten(std::int64_t from_us, std::int64_t until_us) { forgotten_.add(from_us, until_us); }
  // No more records: composes the rest, to the stop record or the end of what was sealed, and finishes the film.
  Result<void> finish();

  bool stopped() const { return stop_us_.has_value(); }
  std::int64_t composed_us() const { return tick_us(next_tick_); }
  std::int64_t horizon_us() const { return horizon_us_; }
  ComposerFacts facts() const;

 private:
  struct Source {
    explicit Source(int fps) : grid(fps) {}
    wire::TapSource info;
    std::string person;
    bool video = false, decodable = true, shown = false, has_picture = false;
    VideoAssembler assembler;
    std::optional<VideoFrame> pending;
    std::int64_t pending_tick = 0;
    FrameGrid grid;
    std::unique_ptr<AudioLane> lane;
  };
  struct Level {
    std::int64_t at_us = 0;
    std::uint32_t source = 0;
    std::uint8_t level = 0;
  };

  std::int64_t tick_us(std::int64_t tick) const { return tick * 1'000'000 / options_.fps; }
  void ingest(const wire::TapRecord& record);
  void ingest(const wire::TapPacket& packet);
  void note_gap(const wire::TapGap& gap);
  void apply(const wire::TapRecord& event);
  void listen(std::int64_t now_us);
  void open_source(const wire::TapSource& info);
  void end_source(std::uint32_t number);
  Result<void> compose_until(std::int64_t time_us);
  Result<void> compose_tick(std::int64_t tick);
  Result<void> compose_sound(std::int64_t until_us);
  bool decode_due(std::uint32_t number, Source& source, std::int64_t tick);
  Scene build_scene(std::int64_t now_us);
  void place_cameras(const LayoutResult& layout, std::int64_t now_us, Scene& scene);
  void log_picture(std::int64_t now_us);
  std::uint32_t picture_of(const std::string& person, bool content) const;

  ComposerOptions options_;
  Studio& studio_;
  Timeline timeline_;
  std::map<std::uint32_t, Source> sources_;
  Roster roster_;
  Speakers speakers_;
  Stage stage_;
  Pauses pauses_;
  SpanList forgotten_;
  std::deque<std::pair<std::int64_t, wire::TapRecord>> events_;   // not yet due
  std::deque<Level> levels_;                                      // likewise
  std::string meeting_id_;

  std::int64_t horizon_us_ = 0, advanced_us_ = 0;
  std::int64_t next_tick_ = 0, last_shown_tick_ = -1;
  std::int64_t sound_us_ = 0;
  std::uint64_t sound_blocks_ = 0;
  std::optional<std::int64_t> stop_us_;
  Scene scene_;
  bool scene_dirty_ = true, finished_ = false;
  Card card_ = Card::none;                                        // what is shown instead of the call
  std::vector<std::uint32_t> changed_;
  std::vector<float> mix_;
  recording::SoundMeter meter_;
  ComposerFacts facts_;
};

// "a1b2#content" and "a1b2" are one person.
std::string person_of(std::string_view attendee_id);

}  // namespace upcall::compose
