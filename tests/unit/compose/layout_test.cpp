// Places of tiles, in every layout and shape of canvas.
#include <gtest/gtest.h>

#include "compose/layout.hpp"

namespace upcall::compose {
namespace {

bool overlap(const Box& a, const Box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

TEST(Layouts, EveryBoxIsEvenInsideAndAlone) {
  for (const Canvas size : {Canvas{1920, 1080}, Canvas{720, 1280}, Canvas{854, 480}, Canvas{320, 180}, Canvas{3840, 2160}, Canvas{640, 640}}) {
    for (const LayoutKind kind : {LayoutKind::automatic, LayoutKind::side_by_side, LayoutKind::grid, LayoutKind::speaker, LayoutKind::content}) {
      for (const bool title : {false, true}) {
        for (const bool content : {false, true}) {
          for (std::size_t people = 0; people <= 12; ++people) {
            SCOPED_TRACE(std::string(name_of(kind)) + " " + std::to_string(size.width) + " people " + std::to_string(people) + (content ? " content" : ""));
            const LayoutResult r = arrange({size.width, size.height, title}, kind, people, content);
            std::vector<Box> all = r.cameras;
            if (content) all.push_back(r.content);
            if (title) all.push_back(r.title);
            EXPECT_LE(r.cameras.size(), std::min<std::size_t>(people, 9));
            if (people > 0 && !(content && kind == LayoutKind::content)) {
              EXPECT_FALSE(r.cameras.empty());
            }
            for (std::size_t i = 0; i < all.size(); ++i) {
              const Box& a = all[i];
              EXPECT_TRUE(a.x >= 0 && a.y >= 0 && a.width > 0 && a.height > 0 && a.x + a.width <= size.width && a.y + a.height <= size.height);
              EXPECT_TRUE(a.x % 2 == 0 && a.y % 2 == 0 && a.width % 2 == 0 && a.height % 2 == 0);
              for (std::size_t k = i + 1; k < all.size(); ++k) EXPECT_FALSE(overlap(a, all[k]));
            }
          }
        }
      }
    }
  }
}

TEST(Layouts, APortraitCanvasStacks) {
  const Canvas phone{720, 1280};
  EXPECT_EQ(arrange(phone, LayoutKind::automatic, 2, false).cameras[1], (Box{0, 640, 720, 640}));
  EXPECT_EQ(arrange(phone, LayoutKind::side_by_side, 3, false).cameras[2], (Box{0, 852, 720, 426}));
  const LayoutResult share = arrange(phone, LayoutKind::automatic, 2, true);
  EXPECT_EQ(share.content, (Box{0, 0, 720, 1146}));
  EXPECT_EQ(share.cameras[0], (Box{120, 1146, 240, 134}));
}

TEST(Layouts, KindsDifferWhereTheySay) {
  const Canvas hd{1920, 1080};
  EXPECT_EQ(arrange(hd, LayoutKind::side_by_side, 4, false).cameras[3], (Box{1440, 0, 480, 1080}));
  EXPECT_EQ(arrange(hd, LayoutKind::side_by_side, 2, true).content, (Box{0, 0, 640, 1080}));
  EXPECT_EQ(arrange(hd, LayoutKind::grid, 3, true).content, (Box{0, 0, 960, 540}));
  EXPECT_EQ(arrange(hd, LayoutKind::content, 3, true).content, (Box{0, 0, 1920, 1080}));
  EXPECT_TRUE(arrange(hd, LayoutKind::content, 3, true).cameras.empty());
  EXPECT_TRUE(arrange(hd, LayoutKind::speaker, 3, false).first_is_large);
  EXPECT_EQ(arrange(hd, LayoutKind::speaker, 9, false).cameras.size(), 6u);
  EXPECT_FALSE(arrange(hd, LayoutKind::speaker, 1, false).first_is_large);
  for (const char* name : {"auto", "side-by-side", "grid", "speaker", "content"}) EXPECT_EQ(name_of(layout_kind(name).value()), name);
  EXPECT_FALSE(layout_kind("round"));
}

TEST(Layouts, AShareIsShownPixelForPixelWhenItFits) {
  const Box box{0, 0, 1536, 1080};
  EXPECT_EQ(place_share(box, 1280, 720), (Box{128, 180, 1280, 720}));
  EXPECT_EQ(place_share(box, 1536, 1080), box);
  EXPECT_EQ(place_share(box, 1281, 721), (Box{128, 180, 1280, 720})) << "an odd line is cut off, not scaled";
  EXPECT_EQ(place_share(box, 1920, 1080), (Box{0, 108, 1536, 864}));
  EXPECT_EQ(place_share(box, 1000, 2000), (Box{498, 0, 540, 1080}));
  EXPECT_EQ(place_share(box, 800, 500), (Box{368, 290, 800, 500})) << "half of the box in one direction is enough";
  EXPECT_EQ(place_share(box, 600, 400), (Box{168, 140, 1200, 800})) << "a small window is doubled";
  EXPECT_EQ(place_share(box, 300, 200), (Box{18, 40, 1500, 1000}));
  EXPECT_EQ(place_share({2, 2, 0, 0}, 300, 200).width, 0);
}

}  // namespace
}  // namespace upcall::compose
