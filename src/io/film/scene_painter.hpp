// Draws a film's pictures: tiles with their pictures scaled straight into the canvas, placeholders, names, the border of
// who speaks, cards. Draws no more than what changed. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "compose/studio.hpp"
#include "io/film/label_painter.hpp"
#include "io/media/picture.hpp"

namespace upcall::film {

// The accent of the pages' dark theme (web/shared, --color-accent).
inline const media::Yuv kSpeakerBorder = media::yuv_from_rgb(0x46, 0xcd, 0xb8);

class ScenePainter {
 public:
  // The source's picture as it is now; none: draw the placeholder. Valid until the next decoded frame.
  using Pictures = std::function<const media::I420View*(std::uint32_t source)>;

  ScenePainter(int width, int height, const std::string& font_file);

  // As compose::Studio::show().
  void paint(const compose::Scene& scene, std::span<const std::uint32_t> changed, bool relaid, const Pictures& pictures);
  media::I420View view() const { return canvas_.view(); }
  // 4 pixels at 1080p, even.
  int border_width() const { return border_; }

 private:
  struct Drawn {                      // of each tile
    bool speaking = false;
    int width = 0, height = 0;        // shape of the picture that its surroundings were drawn for
  };
  void paint_tile(const compose::Tile& tile, Drawn& drawn, bool whole, const media::I420View* picture);
  void paint_labels(const media::MutI420View& area, const compose::Tile& tile);
  void paint_placeholder(const media::MutI420View& area, const std::string& name);
  void paint_border(const media::Rect& box);
  void paint_card(compose::Card card, const media::Rect& box);

  media::Picture canvas_;
  LabelPainter labels_;
  int border_;
  std::vector<Drawn> drawn_;
};

}  // namespace upcall::film
