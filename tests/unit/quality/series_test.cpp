// A picture over time that stays small: steps, halving, what is kept of what is merged.
#include <gtest/gtest.h>

#include "quality/series.hpp"

namespace upcall::quality {
namespace {

const Instant kBegan = Instant::from_ms(9'000'000);

Figures figures(double score, double rtt_ms = 40, Reason reason = Reason::none) {
  Figures f;
  f.score = score;
  f.rtt_ms = rtt_ms;
  f.reason = reason;
  return f;
}

TEST(Series, APointIsTheWorstOfItsFiveSecondsAndTheMiddleOfWhatIsOnlyMeasured) {
  Series s(kBegan);
  s.add(kBegan + Duration::s(1), figures(5, 10));
  s.add(kBegan + Duration::s(3), figures(2, 40, Reason::loss_up));
  s.add(kBegan + Duration::s(4), figures(4, 70));
  s.add(kBegan + Duration::s(17), figures(3));
  ASSERT_EQ(s.points().size(), 4u);
  EXPECT_FLOAT_EQ(s.points()[0].score, 2);
  EXPECT_EQ(s.points()[0].reason, Reason::loss_up);
  EXPECT_FLOAT_EQ(s.points()[0].rtt_ms, 40);
  EXPECT_FALSE(s.points()[1].present) << "nobody was there";
  EXPECT_TRUE(s.points()[3].present);
}

TEST(Series, IsHalvedAfterAnHourAndNeverGrowsBeyond) {
  Series s(kBegan);
  for (int i = 0; i < 10 * 3600; i += 2) {
    s.add(kBegan + Duration::s(i), figures(i == 1000 ? 1.5 : 4.5));
    ASSERT_LE(s.points().size(), Series::kPointsMax);
    if (i == 3598) {
      EXPECT_EQ(s.step(), Duration::s(5));
      EXPECT_EQ(s.points().size(), 720u);
    }
    if (i == 3602) {
      EXPECT_EQ(s.step(), Duration::s(10));
    }
  }
  EXPECT_EQ(s.step(), Duration::s(80));
  EXPECT_FLOAT_EQ(s.points()[1000 / 80].score, 1.5F) << "a bad moment is still seen";
  EXPECT_NEAR(s.summary().present.seconds(), 36'000, 80);
}

TEST(Series, ATimeFarAwayAfterASleepIsNoMoreThanTheLimit) {
  Series s(kBegan);
  s.add(kBegan, figures(5));
  s.add(kBegan + Duration::s(400'000), figures(3));
  EXPECT_LE(s.points().size(), Series::kPointsMax);
  s.add(kBegan + Duration::s(3), figures(2));   // earlier: counts as the last
  EXPECT_FLOAT_EQ(s.points().back().score, 2);
}

TEST(Series, SumsUp) {
  Series s(kBegan);
  for (int i = 0; i < 100; i += 5) s.add(kBegan + Duration::s(i), figures(i < 50 ? 5 : 2, 30, i < 50 ? Reason::none : i < 90 ? Reason::narrow_up : Reason::delay));
  const Series::Summary sum = s.summary();
  EXPECT_DOUBLE_EQ(sum.mean_score, 3.5);
  EXPECT_DOUBLE_EQ(sum.worst_score, 2);
  EXPECT_EQ(sum.bad, Duration::s(50));
  EXPECT_EQ(sum.present, Duration::s(100));
  EXPECT_EQ(sum.reason, Reason::narrow_up);
  EXPECT_EQ(Series(kBegan).summary().mean_score, 0);
}

TEST(Series, KeepsSoManyHappeningsAndNoMore) {
  Series s(kBegan);
  for (int i = 0; i < 1000; ++i) s.note(kBegan + Duration::s(i), i % 2 == 0 ? Happening::video_on : Happening::video_off);
  EXPECT_EQ(s.moments().size(), Series::kMomentsMax);
  EXPECT_EQ(s.moments()[3].at, Duration::s(3));
}

}  // namespace
}  // namespace upcall::quality
