// Players jump about in a film and go on from there: FFmpeg's demuxer, as players have it, by the index at the front.
#include "compose_fixture.hpp"
#include "film_seeker.hpp"

namespace upcall::test {
namespace {

class Seeks : public Compose, public testing::WithParamInterface<int> {};

TEST_P(Seeks, PlayingGoesOnAfterAJumpWithoutLeavingAnythingOut) {
  fps = GetParam();
  film("tiny", 24000, 640, 360, {}, "--fps " + std::to_string(GetParam()));
  if (HasFatalFailure()) return;
  FilmSeeker player;
  ASSERT_TRUE(player.open(folder + "/film.mp4").good);
  // In the middle of fragments of two seconds, right at their beginnings and just behind, back and forth.
  for (const double at : {9.0, 4.0, 4.03, 16.05, 2.08, 12.5, 6.02, 14.0, 6.02}) {
    const SeekFigures seek = player.seek(at);
    ASSERT_TRUE(seek.good) << at;
    EXPECT_GE(seek.shown_s, at - 0.02);
    EXPECT_LE(seek.shown_s, at + 0.25) << at;
    // The cameras send ten pictures a second.
    const double step = player.longest_step_s(5);
    EXPECT_GT(step, 0) << "the film ends early after a jump to " << at;
    EXPECT_LE(step, 0.25) << "something was left out after a jump to " << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, Seeks, testing::Values(30, 25, 24, 15));

}  // namespace
}  // namespace upcall::test
