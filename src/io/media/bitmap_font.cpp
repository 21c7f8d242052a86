#include "io/media/bitmap_font.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace upcall::media {

namespace {

struct Glyph {
  char c;
  std::array<std::uint8_t, 7> rows;
};

constexpr Glyph kGlyphs[] = {
    {' ', {0, 0, 0, 0, 0, 0, 0}},
    {'0', {0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}}, {'3', {0x1f, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'A', {0x04, 0x0a, 0x11, 0x11, 0x1f, 0x11, 0x11}}, {'B', {0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e}},
    {'C', {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e}}, {'D', {0x1c, 0x12, 0x11, 0x11, 0x11, 0x12, 0x1c}},
    {'E', {0x1f, 0x10, 0x10, 0x1c, 0x10, 0x10, 0x1f}}, {'F', {0x1f, 0x10, 0x10, 0x1c, 0x10, 0x10, 0x10}},
    {'G', {0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f}}, {'H', {0x11, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}},
    {'I', {0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e}}, {'J', {0x07, 0x02, 0x02, 0x02, 0x02, 0x12, 0x0c}},
    {'K', {0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11}}, {'L', {0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f}},
    {'M', {0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11}}, {'N', {0x11, 0x19, 0x15, 0x15, 0x13, 0x11, 0x11}},
    {'O', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'P', {0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10}},
    {'Q', {0x0e, 0x11, 0x11, 0x11, 0x15, 0x12, 0x0d}}, {'R', {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}},
    {'S', {0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e}}, {'T', {0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04}},
    {'U', {0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'V', {0x11, 0x11, 0x11, 0x11, 0x0a, 0x0a, 0x04}},
    {'W', {0x11, 0x11, 0x11, 0x15, 0x15, 0x1b, 0x11}}, {'X', {0x11, 0x11, 0x0a, 0x04, 0x0a, 0x11, 0x11}},
    {'Y', {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04}}, {'Z', {0x1f, 0x01, 0x02, 0x04, 0x08, 0x10, 0x1f}},
    {'-', {0, 0, 0, 0x1f, 0, 0, 0}},                   {'.', {0, 0, 0, 0, 0, 0x0c, 0x0c}},
    {':', {0, 0x0c, 0x0c, 0, 0x0c, 0x0c, 0}},          {'_', {0, 0, 0, 0, 0, 0, 0x1f}},
    {'#', {0x0a, 0x0a, 0x1f, 0x0a, 0x1f, 0x0a, 0x0a}}, {'/', {0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x10}},
    {'(', {0x02, 0x04, 0x08, 0x08, 0x08, 0x04, 0x02}}, {')', {0x08, 0x04, 0x02, 0x02, 0x02, 0x04, 0x08}},
    {'+', {0, 0x04, 0x04, 0x1f, 0x04, 0x04, 0}},       {'\'', {0x0c, 0x04, 0x08, 0, 0, 0, 0}},
};
constexpr std::array<std::uint8_t, 7> kBox = {0, 0x0e, 0x0a, 0x0a, 0x0a, 0x0e, 0};

// A glyph with more wrong pixels than this is not recognised.
constexpr int kMostWrongPixels = 6;

int mean_luma(const I420View& p, double x0, double y0, double x1, double y1) {
  // The middle of the cell only: scaling blurs its edges.
  const double mx = (x1 - x0) * 0.2, my = (y1 - y0) * 0.2;
  const int left = static_cast<int>(std::floor(x0 + mx)), top = static_cast<int>(std::floor(y0 + my));
  const int right = std::max(left + 1, static_cast<int>(std::ceil(x1 - mx)));
  const int bottom = std::max(top + 1, static_cast<int>(std::ceil(y1 - my)));
  int sum = 0, count = 0;
  for (int y = std::max(top, 0); y < std::min(bottom, p.height); ++y) {
    for (int x = std::max(left, 0); x < std::min(right, p.width); ++x) {
      sum += p.y[static_cast<std::ptrdiff_t>(y) * p.stride_y + x];
      ++count;
    }
  }
  return count ? sum / count : 0;
}

}  // namespace

std::span<const std::uint8_t, 7> glyph_rows(char c) {
  if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  for (const Glyph& g : kGlyphs) {
    if (g.c == c) return g.rows;
  }
  return kBox;
}

void draw_bitmap_text(const MutI420View& picture, int x, int y, int unit, std::string_view text, Yuv colour) {
  for (const char c : text) {
    const auto rows = glyph_rows(c);
    for (int row = 0; row < kGlyphHeight; ++row) {
      for (int column = 0; column < kGlyphWidth; ++column) {
        if (rows[static_cast<std::size_t>(row)] >> (4 - column) & 1) {
          fill_rect(picture, {x + column * unit, y + row * unit, unit, unit}, colour);
        }
      }
    }
    x += kGlyphAdvance * unit;
  }
}

std::string read_bitmap_text(const I420View& picture, double x, double y, double unit, std::size_t length) {
  std::vector<int> cells(length * 35);
  int darkest = 255, brightest = 0;
  for (std::size_t i = 0; i < length; ++i) {
    for (int row = 0; row < 7; ++row) {
      for (int column = 0; column < 5; ++column) {
        const double cx = x + (static_cast<double>(i) * kGlyphAdvance + column) * unit, cy = y + row * unit;
        const int luma = mean_luma(picture, cx, cy, cx + unit, cy + unit);
        cells[i * 35 + static_cast<std::size_t>(row * 5 + column)] = luma;
        darkest = std::min(darkest, luma);
        brightest = std::max(brightest, luma);
      }
    }
  }
  if (brightest - darkest < 40) return std::string(length, '?');
  const int threshold = (darkest + brightest) / 2;
  // The ground is what lies in the gap below the line's first glyph.
  const bool dark_text = mean_luma(picture, x, y + 7 * unit, x + 5 * unit, y + 8 * unit) > threshold;
  std::string out;
  for (std::size_t i = 0; i < length; ++i) {
    char best = '?';
    int best_wrong = kMostWrongPixels + 1;
    for (const Glyph& g : kGlyphs) {
      int wrong = 0;
      for (int row = 0; row < 7; ++row) {
        std::uint8_t bits = 0;
        for (int column = 0; column < 5; ++column) {
          const bool bright = cells[i * 35 + static_cast<std::size_t>(row * 5 + column)] > threshold;
          bits = static_cast<std::uint8_t>(bits << 1 | (bright != dark_text ? 1 : 0));
        }
        wrong += std::popcount(static_cast<unsigned>(bits ^ g.rows[static_cast<std::size_t>(row)]));
      }
      if (wrong < best_wrong) {
        best_wrong = wrong;
        best = g.c;
      }
    }
    out += best;
  }
  return out;
}

}  // namespace upcall::media
