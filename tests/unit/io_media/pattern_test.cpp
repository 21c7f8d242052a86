// Drawing and reading back test pictures and beeps, and the pixel helpers below them.
#include <gtest/gtest.h>

#include <cmath>

#include "io/media/bitmap_font.hpp"
#include "io/media/scale.hpp"
#include "io/media/test_pattern.hpp"
#include "io/media/tone.hpp"

namespace upcall::media {
namespace {

TEST(Pattern, TwoTilesOnOneCanvasAreBothFoundInTheirPlaces) {
  Picture canvas(1920, 1080), source(1280, 720);
  fill(canvas.mut_view(), kBlack);
  for (int i = 0; i < 2; ++i) {
    TestPattern({42, static_cast<std::uint8_t>(i), "X", false}).draw(source.mut_view(), 1500);
    scale(source.view(), part_of(canvas.mut_view(), {i * 960, 270, 960, 540}));
  }
  const auto all = find_test_patterns(canvas.view(), {0, 0, 1920, 1080});
  ASSERT_EQ(all.size(), 2u);
  for (const auto& r : all) {
    EXPECT_EQ(r.run, 42u);
    EXPECT_EQ(r.clock_ms, 1500u);
    EXPECT_NEAR(r.x, (r.participant ? 960 : 0) + 288 * 0.75, 3);
    EXPECT_NEAR(r.block, 24, 0.5);
  }
  EXPECT_NE(all[0].participant, all[1].participant);
  // Only the right half was asked for.
  const auto right = find_test_patterns(canvas.view(), {960, 0, 960, 1080});
  ASSERT_EQ(right.size(), 1u);
  EXPECT_EQ(right[0].participant, 1);
  EXPECT_GT(right[0].x, 960);
}

TEST(Pattern, ADamagedCodeIsNotRead) {
  Picture source(1280, 720);
  TestPattern({42, 1, "X", false}).draw(source.mut_view(), 0);
  ASSERT_TRUE(read_test_pattern(source.view(), {0, 0, 1280, 720}));
  // Invert one data block: the checksum must notice.
  for (int y = 64 + 5 * 32; y < 64 + 6 * 32; ++y) {
    for (int x = 288 + 6 * 32; x < 288 + 7 * 32; ++x) {
      std::uint8_t& luma = source.mut_view().y[y * source.view().stride_y + x];
      luma = luma > 126 ? 16 : 235;
    }
  }
  EXPECT_FALSE(read_test_pattern(source.view(), {0, 0, 1280, 720}));
}

TEST(Pattern, ScreenTextIsReadBackAtContentSize) {
  Picture source(1280, 720), large(1536, 864);
  TestPattern({0xfedcba9876543210ull, 9, "", true}).draw(source.mut_view(), 777);
  scale(source.view(), large.mut_view());
  auto r = read_test_pattern(large.view(), {0, 0, 1536, 864});
  ASSERT_TRUE(r);
  EXPECT_TRUE(r->screen);
  EXPECT_TRUE(r->text_ok);
  // Without the text the share's picture alone does not count as read.
  fill_rect(large.mut_view(), {0, static_cast<int>(r->y + 14.8 * r->block), 1536, 200}, kBlack);
  r = read_test_pattern(large.view(), {0, 0, 1536, 864});
  ASSERT_TRUE(r);
  EXPECT_FALSE(r->text_ok);
}

TEST(Pattern, PortraitTurnedBackIsRead) {
  Picture upright(720, 1280), sideways(1280, 720), again(720, 1280);
  TestPattern({5, 2, "P", false}).draw(upright.mut_view(), 33);
  rotate(upright.view(), sideways.mut_view(), 3);
  EXPECT_FALSE(read_test_pattern(sideways.view(), {0, 0, 1280, 720}));
  rotate(sideways.view(), again.mut_view(), 1);
  EXPECT_TRUE(read_test_pattern(again.view(), {0, 0, 720, 1280}));
}

TEST(BitmapText, EveryGlyphIsReadBackAsItself) {
  const std::string text = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:_#/()+'";
  Picture p(1200, 64), half(900, 48);
  fill(p.mut_view(), kBlack);
  draw_bitmap_text(p.mut_view(), 8, 8, 4, text, kWhite);
  EXPECT_EQ(read_bitmap_text(p.view(), 8, 8, 4, text.size()), text);
  scale(p.view(), half.mut_view());
  EXPECT_EQ(read_bitmap_text(half.view(), 6, 6, 3, text.size()), text);
}

TEST(Tone, BeepsOfTwoParticipantsAreToldApartToTheMillisecond) {
  std::vector<float> mix(48000 * 4), one(48000 * 4);
  TestPattern({1, 0, "", false}).sound(48000 - 4800, mix);   // first beep after 100 ms
  TestPattern({1, 1, "", false}).sound(48000 - 9600, one);   // 200 ms
  for (std::size_t i = 0; i < mix.size(); ++i) mix[i] += one[i];
  const auto first = find_beeps(mix, beep_frequency(0)), second = find_beeps(mix, beep_frequency(1));
  ASSERT_EQ(first.size(), 4u);
  ASSERT_EQ(second.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(first[i] / 48, 100 + 1000.0 * static_cast<double>(i), 2);
    EXPECT_NEAR(second[i] / 48, 200 + 1000.0 * static_cast<double>(i), 2);
  }
  EXPECT_TRUE(find_beeps(mix, beep_frequency(4)).empty());
}

TEST(Picture, PoolGivesBackWhatWasReleased) {
  auto pool = std::make_unique<PicturePool>(64, 32);
  auto a = pool->take();
  const Picture* address = a.get();
  a.reset();
  a = pool->take();
  EXPECT_EQ(a.get(), address);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a->view().y) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(a->view().u) % 64, 0u);
  pool.reset();
  a.reset();  // after its pool
}

TEST(Scale, FitKeepsTheShapeAndStaysInside) {
  EXPECT_EQ(fit(1280, 720, {0, 0, 1920, 1080}), (Rect{0, 0, 1920, 1080}));
  EXPECT_EQ(fit(1280, 720, {960, 0, 960, 1080}), (Rect{960, 270, 960, 540}));
  EXPECT_EQ(fit(720, 1280, {0, 0, 960, 1080}), (Rect{176, 0, 606, 1080}));
  EXPECT_EQ(fit(0, 720, {0, 0, 960, 1080}).width, 0);
}

}  // namespace
}  // namespace upcall::media
