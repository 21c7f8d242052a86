// Names, initials and titles on a film: anti-aliased text through FreeType (DejaVu Sans from fonts-dejavu-core unless
// another file is given), the built-in bitmap font where there is none. Rendered once per text and size. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/media/picture.hpp"

namespace upcall::film {

inline constexpr const char* kFontFile = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

class LabelPainter {
 public:
  explicit LabelPainter(const std::string& font_file = "");
  ~LabelPainter();
  LabelPainter(const LabelPainter&) = delete;
  LabelPainter& operator=(const LabelPainter&) = delete;

  // A line of UTF-8 with its box's top left corner at (x, y), `height` pixels high, cut to max_width.
  void text(const media::MutI420View& picture, int x, int y, int height, int max_width, const std::string& utf8,
            media::Yuv colour);
  // The same in the middle of a rectangle.
  void centred(const media::MutI420View& picture, media::Rect box, int height, const std::string& utf8,
               media::Yuv colour);
  // Text on a darkened plate at the bottom left of a tile.
  void plate(const media::MutI420View& tile, const std::string& utf8);
  // The same at its bottom right.
  void chip(const media::MutI420View& tile, const std::string& utf8);

 private:
  struct Mask {
    int width = 0, height = 0;
    std::vector<std::uint8_t> coverage;
  };
  struct Font;
  void plate(const media::MutI420View& tile, const std::string& utf8, bool right);
  const Mask& mask(const std::string& utf8, int height);
  static void blend(const media::MutI420View& picture, int x, int y, const Mask& mask, int max_width,
                    media::Yuv colour);

  std::unique_ptr<Font> font_;
  std::map<std::pair<std::string, int>, Mask> masks_;
};

// Darkens a part of a picture to `percent` of its brightness.
void darken(const media::MutI420View& picture, media::Rect rect, int percent);
// A filled circle.
void disc(const media::MutI420View& picture, int cx, int cy, int radius, media::Yuv colour);

}  // namespace upcall::film
