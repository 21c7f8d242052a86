#include "io/film/label_painter.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include <ft2build.h>
#include FT_FREETYPE_H

#include "io/media/bitmap_font.hpp"

namespace upcall::film {

namespace {
constexpr std::size_t kMasksMax = 256;
constexpr std::size_t kTextMax = 120;   // code points drawn of one line

// Next code point of UTF-8; broken sequences give U+FFFD, one byte at a time.
char32_t next_code_point(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(at++);
  if (first < 0x80) return first;
  const int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
  if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) return 0xfffd;
  char32_t out = first & (0x3f >> more);
  for (int i = 0; i < more; ++i) {
    if ((byte(at + static_cast<std::size_t>(i)) & 0xc0) != 0x80) return 0xfffd;
    out = out << 6 | (byte(at + static_cast<std::size_t>(i)) & 0x3f);
  }
  at += static_cast<std::size_t>(more);
  return out;
}
}  // namespace

struct LabelPainter::Font {
  FT_Library library = nullptr;
  FT_Face face = nullptr;
  ~Font() {
    if (face) FT_Done_Face(face);
    if (library) FT_Done_FreeType(library);
  }
};

LabelPainter::LabelPainter(const std::string& font_file) : font_(std::make_unique<Font>()) {
  if (FT_Init_FreeType(&font_->library) != 0) return;
  const char* file = font_file.empty() ? kFontFile : font_file.c_str();
  if (FT_New_Face(font_->library, file, 0, &font_->face) != 0) font_->face = nullptr;
}
LabelPainter::~LabelPainter() = default;

const LabelPainter::Mask& LabelPainter::mask(const std::string& utf8, int height) {
  const auto key = std::make_pair(utf8, height);
  if (const auto it = masks_.find(key); it != masks_.end()) return it->second;
  if (masks_.size() >= kMasksMax) masks_.clear();
  Mask out;
  out.height = height;
  if (!font_->face) {
    const int unit = std::max(1, height / 9);
    out.width = media::bitmap_text_width(utf8, unit);
    out.coverage.assign(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(height), 0);
    const int top = (height - media::kGlyphHeight * unit) / 2;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
      const auto rows = media::glyph_rows(utf8[i]);
      for (int y = 0; y < media::kGlyphHeight * unit; ++y) {
        for (int x = 0; x < media::kGlyphWidth * unit; ++x) {
          if (rows[static_cast<std::size_t>(y / unit)] >> (4 - x / unit) & 1) {
            out.coverage[static_cast<std::size_t>((top + y) * out.width + static_cast<int>(i) * media::kGlyphAdvance * unit + x)] = 255;
          }
        }
      }
    }
    return masks_.emplace(key, std::move(out)).first->second;
  }
  // The line's box is about 1.25 em high; the base line lies at 4/5 of it.
  FT_Set_Pixel_Sizes(font_->face, 0, static_cast<FT_UInt>(std::max(6, height * 4 / 5)));
  const int base = height * 4 / 5;
  struct Placed {
    int x, y, width, rows;
    std::vector<std::uint8_t> pixels;
  };
  std::vector<Placed> glyphs;
  int pen = 0;
  std::size_t at = 0;
  for (std::size_t count = 0; at < utf8.size() && count < kTextMax; ++count) {
    const char32_t c = next_code_point(utf8, at);
    if (FT_Load_Char(font_->face, c < 0x20 ? U' ' : c, FT_LOAD_RENDER) != 0) continue;
    const FT_GlyphSlot slot = font_->face->glyph;
    const FT_Bitmap& b = slot->bitmap;
    Placed p{pen + slot->bitmap_left, base - slot->bitmap_top, static_cast<int>(b.width), static_cast<int>(b.rows), {}};
    p.pixels.resize(static_cast<std::size_t>(p.width) * static_cast<std::size_t>(p.rows));
    for (int y = 0; y < p.rows; ++y) {
      std::copy_n(b.buffer + static_cast<std::ptrdiff_t>(y) * b.pitch, p.width,
                  p.pixels.begin() + static_cast<std::ptrdiff_t>(y) * p.width);
    }
    glyphs.push_back(std::move(p));
    pen += static_cast<int>(slot->advance.x >> 6);
  }
  out.width = pen + 2;
  out.coverage.assign(static_cast<std::size_t>(out.width) * static_cast<std::size_t>(height), 0);
  for (const Placed& p : glyphs) {
    for (int y = 0; y < p.rows; ++y) {
      for (int x = 0; x < p.width; ++x) {
        const int px = p.x + x, py = p.y + y;
        if (px < 0 || py < 0 || px >= out.width || py >= height) continue;
        std::uint8_t& to = out.coverage[static_cast<std::size_t>(py * out.width + px)];
        to = std::max(to, p.pixels[static_cast<std::size_t>(y * p.width + x)]);
      }
    }
  }
  return masks_.emplace(key, std::move(out)).first->second;
}

void LabelPainter::blend(const media::MutI420View& picture, int x0, int y0, const Mask& mask, int max_width,
                         media::Yuv colour) {
  const int width = std::min(mask.width, max_width);
  for (int y = 0; y < mask.height; ++y) {
    const int py = y0 + y;
    if (py < 0 || py >= picture.height) continue;
    for (int x = 0; x < width; ++x) {
      const int px = x0 + x;
      const int alpha = mask.coverage[static_cast<std::size_t>(y * mask.width + x)];
      if (alpha == 0 || px < 0 || px >= picture.width) continue;
      std::uint8_t& luma = picture.y[static_cast<std::ptrdiff_t>(py) * picture.stride_y + px];
      luma = static_cast<std::uint8_t>(luma + (colour.y - luma) * alpha / 255);
      if (py % 2 == 0 && px % 2 == 0) {
        std::uint8_t& u = picture.u[static_cast<std::ptrdiff_t>(py / 2) * picture.stride_u + px / 2];
        std::uint8_t& v = picture.v[static_cast<std::ptrdiff_t>(py / 2) * picture.stride_v + px / 2];
        u = static_cast<std::uint8_t>(u + (colour.u - u) * alpha / 255);
        v = static_cast<std::uint8_t>(v + (colour.v - v) * alpha / 255);
      }
    }
  }
}

void LabelPainter::text(const media::MutI420View& picture, int x, int y, int height, int max_width,
                        const std::string& utf8, media::Yuv colour) {
  if (utf8.empty() || height < 6) return;
  blend(picture, x, y, mask(utf8, height), max_width, colour);
}

void LabelPainter::centred(const media::MutI420View& picture, media::Rect box, int height, const std::string& utf8,
                           media::Yuv colour) {
  if (utf8.empty() || height < 6) return;
  const Mask& m = mask(utf8, height);
  const int width = std::min(m.width, box.width);
  blend(picture, box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, m, width, colour);
}

void LabelPainter::plate(const media::MutI420View& tile, const std::string& utf8) { plate(tile, utf8, false); }
void LabelPainter::chip(const media::MutI420View& tile, const std::string& utf8) { plate(tile, utf8, true); }

void LabelPainter::plate(const media::MutI420View& tile, const std::string& utf8, bool right) {
  if (utf8.empty() || tile.width < 64 || tile.height < 48) return;
  const int height = std::clamp(tile.height / 18, 14, 34), margin = std::max(4, height / 3);
  const Mask& m = mask(utf8, height);
  const int width = std::min(m.width, tile.width - 4 * margin);
  const int plate_width = (width + 2 * margin + 1) & ~1;
  const media::Rect rect{(right ? tile.width - margin - plate_width : margin) & ~1,
                         (tile.height - margin - height - margin / 2) & ~1, plate_width, (height + margin / 2 + 1) & ~1};
  darken(tile, rect, 35);
  blend(tile, rect.x + margin, rect.y + (rect.height - height) / 2, m, width, media::kWhite);
}

void darken(const media::MutI420View& picture, media::Rect rect, int percent) {
  const media::MutI420View part = media::part_of(picture, rect);
  for (int y = 0; y < part.height; ++y) {
    std::uint8_t* row = part.y + static_cast<std::ptrdiff_t>(y) * part.stride_y;
    for (int x = 0; x < part.width; ++x) row[x] = static_cast<std::uint8_t>(16 + std::max(0, row[x] - 16) * percent / 100);
  }
  for (int y = 0; y < part.height / 2; ++y) {
    std::uint8_t* u = part.u + static_cast<std::ptrdiff_t>(y) * part.stride_u;
    std::uint8_t* v = part.v + static_cast<std::ptrdiff_t>(y) * part.stride_v;
    for (int x = 0; x < part.width / 2; ++x) {
      u[x] = static_cast<std::uint8_t>(128 + (u[x] - 128) * percent / 100);
      v[x] = static_cast<std::uint8_t>(128 + (v[x] - 128) * percent / 100);
    }
  }
}

void disc(const media::MutI420View& picture, int cx, int cy, int radius, media::Yuv colour) {
  for (int dy = -radius; dy <= radius; ++dy) {
    const int half = static_cast<int>(std::sqrt(static_cast<double>(radius * radius - dy * dy)));
    const int y = cy + dy;
    if (y < 0 || y >= picture.height) continue;
    const int x0 = std::max(0, cx - half), x1 = std::min(picture.width, cx + half + 1);
    for (int x = x0; x < x1; ++x) {
      picture.y[static_cast<std::ptrdiff_t>(y) * picture.stride_y + x] = colour.y;
      picture.u[static_cast<std::ptrdiff_t>(y / 2) * picture.stride_u + x / 2] = colour.u;
      picture.v[static_cast<std::ptrdiff_t>(y / 2) * picture.stride_v + x / 2] = colour.v;
    }
  }
}

}  // namespace upcall::film
