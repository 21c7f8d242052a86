// A 5x7 bitmap font of our own (capitals, digits, a few signs): machine-readable text in test pictures, and labels where
// no outline font is installed. Lower case is drawn as capitals, unknown characters as a small box.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "io/media/picture.hpp"

namespace upcall::media {

inline constexpr int kGlyphWidth = 5, kGlyphHeight = 7, kGlyphAdvance = 6;

// Seven rows, bit 4 the leftmost pixel.
std::span<const std::uint8_t, 7> glyph_rows(char c);

// One line with its top left corner at (x, y); every pixel of a glyph becomes unit × unit.
void draw_bitmap_text(const MutI420View& picture, int x, int y, int unit, std::string_view text, Yuv colour);

inline int bitmap_text_width(std::string_view text, int unit) {
  return static_cast<int>(text.size()) * kGlyphAdvance * unit;
}

// Reads a line of known length back from a grid whose cells are `unit` wide (fractions allowed, the picture may have been
// scaled). Dark text on light ground or light on dark. Characters that resemble nothing come back as '?'.
std::string read_bitmap_text(const I420View& picture, double x, double y, double unit, std::size_t length);

}  // namespace upcall::media
