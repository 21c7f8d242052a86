// What a composer needs done with pictures and sound: the seam to codecs, drawing and the file (io/film; tests have
// their own). Called from the composer's thread only. A failed Result ends the film.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "compose/audio_lane.hpp"
#include "compose/layout.hpp"
#include "rtc/codec/video_payload.hpp"
#include "wire/tap_record.hpp"

namespace upcall::compose {

struct Tile {
  Box box;
  std::uint32_t source = 0;   // 0: nobody's picture, draw the placeholder
  std::string name;
  bool muted = false;
  bool content = false;
  bool speaking = false;      // who speaks has a border
  int more = 0;               // this many people have no tile; told on the last camera
  bool operator==(const Tile&) const = default;
};

enum class Card : std::uint8_t { none, paused, forgotten };

struct Scene {
  std::string title;
  Box title_box;
  Card card = Card::none;     // instead of tiles, in card_box
  Box card_box;
  std::vector<Tile> tiles;
  bool operator==(const Scene&) const = default;
};

// Alike but for who speaks.
inline bool same_but_for_marks(const Scene& a, const Scene& b) {
  const auto without_mark = [](Tile t) {
    t.speaking = false;
    return t;
  };
  if (a.title != b.title || a.title_box != b.title_box || a.card != b.card || a.card_box != b.card_box) return false;
  return std::equal(a.tiles.begin(), a.tiles.end(), b.tiles.begin(), b.tiles.end(),
                    [&](const Tile& x, const Tile& y) { return without_mark(x) == without_mark(y); });
}

// Of a source's pictures; nothing for sound and for what no version of ours records.
inline std::optional<rtc::VideoCodec> video_codec(wire::TapCodec codec) {
  switch (codec) {
    case wire::TapCodec::vp8: return rtc::VideoCodec::vp8;
    case wire::TapCodec::h264: return rtc::VideoCodec::h264;
    case wire::TapCodec::vp9: return rtc::VideoCodec::vp9;
    default: return std::nullopt;
  }
}

class Studio {
 public:
  virtual ~Studio() = default;

  // False: this codec cannot be decoded here (the tile stays a placeholder).
  virtual bool open_video(std::uint32_t source, wire::TapCodec codec) = 0;
  // The frame becomes the source's current picture, turned upright by `turns` quarter turns clockwise. False: damaged,
  // go on with a key frame.
  virtual bool decode_video(std::uint32_t source, Bytes frame, int turns) = 0;
  virtual void close_video(std::uint32_t source) = 0;
  virtual std::unique_ptr<AudioDecoder> open_audio(wire::TapCodec codec) = 0;

  // Draws and encodes the picture of a tick of the grid; ticks rise. `changed`: sources with a new picture since the last
  // call; `relaid`: the scene itself changed, everything is drawn anew. Without it the scene differs from the last one in
  // who is speaking at most: only those tiles are drawn anew.
  virtual Result<void> show(std::int64_t tick, const Scene& scene, std::span<const std::uint32_t> changed,
                            bool relaid) = 0;
  // Of the picture that show() drew last, against the last one that was plainly different: for comparing the finished film.
  enum class Drawn : std::uint8_t { unknown, same, different };
  virtual Drawn drawn() const { return Drawn::unknown; }
  // False: what sound() is given next is counted, not listened to.
  virtual bool listens() const { return true; }
  // The next 20 ms of sound, interleaved stereo.
  virtual Result<void> sound(std::span<const float> pcm) = 0;
  // The film is over at this tick: flush everything.
  virtual Result<void> finish(std::int64_t end_tick) = 0;
};

}  // namespace upcall::compose
