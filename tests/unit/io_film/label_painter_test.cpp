// Names come from outside: whatever they hold, drawing stays inside its picture.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "io/film/label_painter.hpp"

namespace upcall::film {
namespace {

int brightest(const media::I420View& p, media::Rect r) {
  int out = 0;
  for (int y = r.y; y < r.y + r.height; ++y) {
    for (int x = r.x; x < r.x + r.width; ++x) out = std::max<int>(out, p.y[static_cast<std::ptrdiff_t>(y) * p.stride_y + x]);
  }
  return out;
}

TEST(LabelPainter, DrawsANameWithAndWithoutAFontFile) {
  for (const char* font : {"", "/nonexistent.ttf"}) {
    LabelPainter painter(font);
    media::Picture p(640, 360);
    media::fill(p.mut_view(), media::kBlack);
    painter.plate(p.mut_view(), "D\u00f6rte \u5f20\u4f1f");
    EXPECT_GT(brightest(p.view(), {0, 320, 200, 40}), 180) << font;
    EXPECT_LE(brightest(p.view(), {320, 0, 320, 300}), 16) << font;
    painter.centred(p.mut_view(), {320, 0, 320, 300}, 60, "DZ", media::kWhite);
    EXPECT_GT(brightest(p.view(), {320, 100, 320, 100}), 180) << font;
  }
}

TEST(LabelPainter, HostileNamesStayInsideAnyTile) {
  LabelPainter painter;
  SeededRandom random(8);
  for (int i = 0; i < 400; ++i) {
    const int width = 2 + 2 * static_cast<int>(random.below(200)), height = 2 + 2 * static_cast<int>(random.below(150));
    media::Picture whole(width + 8, height + 8);
    media::fill(whole.mut_view(), media::kBlack);
    const media::Rect inside{4, 4, width, height};
    ByteVector name(random.below(300));
    random.fill(name);
    const std::string text(as_text(name));
    const media::MutI420View tile = media::part_of(whole.mut_view(), inside);
    painter.plate(tile, text);
    painter.centred(tile, {0, 0, width, height}, height, text, media::kWhite);
    painter.text(tile, -5, height - 3, 20, width, text, media::kWhite);
    disc(tile, width / 2, height / 2, width, media::kWhite);
    // The frame around the tile is untouched.
    EXPECT_EQ(brightest(whole.view(), {0, 0, width + 8, 4}), 16);
    EXPECT_EQ(brightest(whole.view(), {0, height + 4, width + 8, 4}), 16);
    EXPECT_EQ(brightest(whole.view(), {0, 0, 4, height + 8}), 16);
    EXPECT_EQ(brightest(whole.view(), {width + 4, 0, 4, height + 8}), 16);
  }
}

}  // namespace
}  // namespace upcall::film
