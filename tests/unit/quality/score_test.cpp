// The published models, and what must hold of them whatever their coefficients: nothing that is worse scores higher.
#include <gtest/gtest.h>

#include "quality/score.hpp"

namespace upcall::quality {
namespace {

TEST(SoundScore, IsTheEModelOnAScaleOfFive) {
  EXPECT_DOUBLE_EQ(sound_score({}), 5);
  // R = 93.2 - 0.024*150 = 89.6, MOS 4.335 of 4.409; R = 93.2 - 7.2 - 0.11*122.7 = 72.5, MOS 3.715.
  EXPECT_NEAR(sound_score({150, 0}), 4.91, 0.02);
  EXPECT_NEAR(sound_score({300, 0}), 4.19, 0.03);
  // Ie,eff = 95*5/30.1 = 15.8: R 77.4, MOS 3.93; at 20 percent 42.1: R 51.1, MOS 2.63.
  EXPECT_NEAR(sound_score({0, 5}), 4.43, 0.03);
  EXPECT_NEAR(sound_score({0, 20}), 2.92, 0.03);
  EXPECT_DOUBLE_EQ(sound_score({5000, 100}), 1);
}

TEST(SoundScore, NeverRisesWithLossOrDelay) {
  for (double delay = 0; delay <= 1500; delay += 25) {
    for (double loss = 0; loss <= 100; loss += 0.5) {
      const double here = sound_score({delay, loss});
      ASSERT_GE(here, 1);
      ASSERT_LE(here, 5);
      ASSERT_LE(sound_score({delay, loss + 0.5}), here) << delay << " ms, " << loss << " %";
      ASSERT_LE(sound_score({delay + 25, loss}), here) << delay << " ms, " << loss << " %";
    }
  }
}

TEST(PictureScore, NamedScenes) {
  EXPECT_DOUBLE_EQ(picture_score({}), 5);
  EXPECT_GT(picture_score({.fps = 15}), 4.5) << "what a webcam of a call gives";
  EXPECT_LT(picture_score({.fps = 4}), 3.5);
  EXPECT_LT(picture_score({.kbps = 320}), 4) << "a narrow way is seen";
  EXPECT_LT(picture_score({.kbps = 100}), 3);
  EXPECT_LT(picture_score({.loss_percent = 2}), 3) << "behind repair";
  EXPECT_LT(picture_score({.freezes = 3, .frozen_share = 0.3}), 3.5);
  EXPECT_LT(picture_score({.fps = 0, .freezes = 1, .frozen_share = 1}), 1.5) << "it does not move at all";
}

TEST(PictureScore, NeverRisesWithLossFreezesOrFewerFrames) {
  for (const double kbps : {20.0, 100.0, 320.0, 700.0, 1500.0}) {
    for (double fps = 1; fps <= 30; fps += 1) {
      for (double loss = 0; loss <= 20; loss += 1) {
        const PicturePath path{kbps, fps, loss, 1, 0.2};
        const double here = picture_score(path);
        ASSERT_GE(here, 1);
        ASSERT_LE(here, 5);
        PicturePath worse = path;
        worse.loss_percent += 0.5;
        ASSERT_LE(picture_score(worse), here);
        worse = path;
        worse.fps -= 0.5;
        ASSERT_LE(picture_score(worse), here);
        worse = path;
        worse.frozen_share += 0.1;
        ASSERT_LE(picture_score(worse), here);
        worse = path;
        worse.freezes += 1;
        ASSERT_LE(picture_score(worse), here);
      }
    }
  }
}

TEST(PictureScore, RisesWithTheRateOfALosslessWay) {
  double before = 0;
  for (double kbps = 10; kbps <= kEnoughVideoKbps; kbps += 10) {
    const double here = picture_score({.kbps = kbps});
    ASSERT_GE(here, before) << kbps;
    before = here;
  }
  EXPECT_EQ(picture_score({.kbps = 4000}), before);
}

}  // namespace
}  // namespace upcall::quality
