// What is drawn on a film's canvas, to the pixel, before any encoder sees it.
#include <gtest/gtest.h>

#include <cstring>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "io/film/scene_painter.hpp"

namespace upcall::film {
namespace {

using compose::Box;
using compose::Tile;

struct Noise {
  Noise(int width, int height, std::uint64_t seed) : picture(width + width % 2, height + height % 2) {
    SeededRandom random(seed);
    const auto m = picture.mut_view();
    for (int y = 0; y < m.height; ++y) random.fill({m.y + static_cast<std::ptrdiff_t>(y) * m.stride_y, static_cast<std::size_t>(m.width)});
    for (int y = 0; y < m.height / 2; ++y) {
      random.fill({m.u + static_cast<std::ptrdiff_t>(y) * m.stride_u, static_cast<std::size_t>(m.width / 2)});
      random.fill({m.v + static_cast<std::ptrdiff_t>(y) * m.stride_v, static_cast<std::size_t>(m.width / 2)});
    }
    view = picture.view();
    view.width = width;
    view.height = height;
  }
  media::Picture picture;
  media::I420View view;
};

// How many luma samples of a rectangle differ.
int different(const media::I420View& a, int ax, int ay, const media::I420View& b, int bx, int by, int width, int height) {
  int out = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      out += a.y[static_cast<std::ptrdiff_t>(ay + y) * a.stride_y + ax + x] != b.y[static_cast<std::ptrdiff_t>(by + y) * b.stride_y + bx + x];
    }
  }
  return out;
}

struct Copy {
  explicit Copy(const media::I420View& v) : width(v.width), luma(static_cast<std::size_t>(v.width) * static_cast<std::size_t>(v.height)) {
    for (int y = 0; y < v.height; ++y) std::memcpy(luma.data() + static_cast<std::ptrdiff_t>(y) * width, v.y + static_cast<std::ptrdiff_t>(y) * v.stride_y, static_cast<std::size_t>(width));
  }
  media::I420View view() const { return {luma.data(), nullptr, nullptr, width, 0, 0, width, static_cast<int>(luma.size()) / width}; }
  int width;
  std::vector<std::uint8_t> luma;
};

compose::Scene scene_of(std::vector<Tile> tiles) {
  compose::Scene out;
  out.tiles = std::move(tiles);
  return out;
}

TEST(ScenePainter, ASharedScreenThatFitsIsCopiedToThePixel) {
  for (const auto& [width, height, x, y] : {std::tuple{1280, 720, 128, 180}, std::tuple{1281, 721, 128, 180}, std::tuple{1536, 1080, 0, 0}}) {
    Noise share(width, height, 3);
    ScenePainter painter(1920, 1080, "");
    painter.paint(scene_of({{{0, 0, 1536, 1080}, 7, "", false, true, false, 0}}), {}, true, [&](std::uint32_t) { return &share.view; });
    EXPECT_EQ(different(painter.view(), x, y, share.view, 0, 0, width & ~1, height & ~1), 0) << width;
  }
}

TEST(ScenePainter, ABorderComesAndGoesWithItsTileAloneDrawnAnew) {
  Noise left(400, 300, 1), right(400, 300, 2);
  ScenePainter painter(1920, 1080, "");
  EXPECT_EQ(painter.border_width(), 4);
  int asked = 0;
  const auto pictures = [&](std::uint32_t source) {
    ++asked;
    return source == 1 ? &left.view : &right.view;
  };
  auto scene = scene_of({{{0, 0, 960, 1080}, 1, "Anna", false, false, false, 0}, {{960, 0, 960, 1080}, 2, "Ben", false, false, false, 2}});
  painter.paint(scene, {}, true, pictures);
  const Copy plain(painter.view());
  asked = 0;
  scene.tiles[1].speaking = true;
  painter.paint(scene, {}, false, pictures);
  EXPECT_EQ(asked, 1) << "the other tile is left alone";
  const Copy marked(painter.view());
  EXPECT_EQ(different(plain.view(), 0, 0, marked.view(), 0, 0, 960, 1080), 0);
  EXPECT_EQ(different(plain.view(), 964, 4, marked.view(), 964, 4, 952, 1072), 0) << "inside of it as before";
  EXPECT_EQ(marked.view().y[960], kSpeakerBorder.y);
  EXPECT_EQ(marked.view().y[1080 * 1920 - 1], kSpeakerBorder.y);
  EXPECT_EQ(different(plain.view(), 960, 0, marked.view(), 960, 0, 960, 4), 960 * 4);
  // A new picture beneath keeps it; the end of it leaves nothing behind.
  const std::uint32_t fresh[] = {2};
  painter.paint(scene, fresh, false, pictures);
  EXPECT_EQ(different(painter.view(), 0, 0, marked.view(), 0, 0, 1920, 1080), 0);
  scene.tiles[1].speaking = false;
  painter.paint(scene, fresh, false, pictures);
  EXPECT_EQ(different(painter.view(), 0, 0, plain.view(), 0, 0, 1920, 1080), 0);
  // Nothing changed: nothing is touched.
  asked = 0;
  painter.paint(scene, {}, false, pictures);
  EXPECT_EQ(asked, 0);
}

TEST(ScenePainter, TheBorderScalesWithTheCanvasAndSurroundsPlaceholdersToo) {
  EXPECT_EQ(ScenePainter(3840, 2160, "").border_width(), 8);
  EXPECT_EQ(ScenePainter(1280, 720, "").border_width(), 2);
  EXPECT_EQ(ScenePainter(720, 1280, "").border_width(), 2);
  ScenePainter painter(640, 360, "");
  auto scene = scene_of({{{0, 0, 640, 360}, 0, "Anna", false, false, true, 0}});
  const auto nothing = [](std::uint32_t) -> const media::I420View* { return nullptr; };
  painter.paint(scene, {}, true, nothing);
  EXPECT_EQ(painter.view().y[0], kSpeakerBorder.y);
  const Copy marked(painter.view());
  scene.tiles[0].speaking = false;
  painter.paint(scene, {}, false, nothing);
  EXPECT_NE(painter.view().y[0], kSpeakerBorder.y);
  scene.tiles[0].speaking = true;
  painter.paint(scene, {}, false, nothing);
  EXPECT_EQ(different(painter.view(), 0, 0, marked.view(), 0, 0, 640, 360), 0);
}

TEST(ScenePainter, ThePauseCardHidesEverybodyAndKeepsTheTitle) {
  Noise someone(640, 360, 5);
  ScenePainter painter(1280, 720, "");
  auto scene = scene_of({{{0, 28, 1280, 692}, 1, "Anna", false, false, true, 0}});
  scene.title = "Call 4711";
  scene.title_box = {0, 0, 1280, 28};
  const auto pictures = [&](std::uint32_t) { return &someone.view; };
  painter.paint(scene, {}, true, pictures);
  const Copy call(painter.view());
  scene.tiles.clear();
  scene.card = compose::Card::paused;
  scene.card_box = {0, 28, 1280, 692};
  painter.paint(scene, {}, true, pictures);
  EXPECT_EQ(different(call.view(), 0, 0, painter.view(), 0, 0, 1280, 28), 0) << "the title";
  int bright = 0, dark = 0;
  for (int y = 28; y < 720; ++y) {
    for (int x = 0; x < 1280; ++x) {
      const int v = painter.view().y[static_cast<std::ptrdiff_t>(y) * painter.view().stride_y + x];
      bright += v > 200;
      dark += v < 60;
    }
  }
  EXPECT_GT(bright, 1000) << "a sign and words";
  EXPECT_GT(dark, 1280 * 692 * 9 / 10) << "and nothing else";
  // What was forgotten has a card of its own.
  const Copy pause(painter.view());
  scene.card = compose::Card::forgotten;
  painter.paint(scene, {}, true, pictures);
  EXPECT_GT(different(pause.view(), 0, 28, painter.view(), 0, 28, 1280, 692), 500);
  EXPECT_EQ(different(call.view(), 0, 0, painter.view(), 0, 0, 1280, 28), 0) << "the title";
}

}  // namespace
}  // namespace upcall::film
