// A film of 100 minutes in a real server's store: a player opens it and jumps about without reading more than it shows. How long that
// takes is measured by bench/seek_bench.cpp.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "film_seeker.hpp"
#include "harness.hpp"
#include "long_film.hpp"

namespace upcall::story {
namespace {

TEST(LongFilm, ASeekReadsAFewFragmentsAndNotTheFilm) {
  World world;
  Call call = world.begin_meeting();
  ASSERT_EQ(world.start_recording(call), 200);
  world.expect_media(call, Duration::s(10));
  ASSERT_EQ(world.stop_recording(call), 200);
  world.wait_stored(call);
  ASSERT_EQ(world.terminate_server(Duration::s(20)), 0);
  const std::string file = world.data_dir() + "/long.mp4";
  const test::LongFilm film = world.need(test::make_long_film({.seconds = 6000, .cycle_s = 16, .scenario = "tiny", .width = 640, .height = 360}, file, world.data_dir()), "the film");
  world.need(test::replace_stored_film(world.data_dir(), file), "its place in the store");
  world.start_server();

  test::FilmSeeker player;
  const test::SeekFigures opened = player.open(json::text_or(world.recording(call), "recordingURL"));
  ASSERT_TRUE(opened.good);
  std::printf("%.0f s, %.2f MB, fragments of up to %.0f kB; opening read %.0f kB\n", film.seconds, static_cast<double>(film.bytes) / 1e6,
              static_cast<double>(film.largest_fragment) / 1e3, static_cast<double>(opened.bytes) / 1e3);
  // The length is known without looking for the end.
  EXPECT_NEAR(player.duration_s(), film.seconds, 0.1);
  // Header and place of the index (256 KiB), and what is there before the first picture.
  const std::uint64_t few = 3 * film.largest_fragment + (512 << 10);
  ASSERT_LT(few, film.bytes / 10) << "the film is too short to tell";
  EXPECT_LE(opened.bytes, few);
  SeededRandom random(11);
  for (int i = 0; i < 20; ++i) {
    const double at = static_cast<double>(random.below(static_cast<std::uint64_t>(film.seconds * 1000) - 2000)) / 1000;
    const test::SeekFigures seek = player.seek(at);
    ASSERT_TRUE(seek.good) << at;
    EXPECT_GE(seek.shown_s, at - 0.02);
    EXPECT_LE(seek.shown_s, at + 0.25) << "another place";
    EXPECT_LE(seek.bytes, few) << at;
    // And it goes on from there: the demuxer leaves out what the index has no entry for.
    if (at > film.seconds - 10) continue;
    const double step = player.longest_step_s(5);
    EXPECT_GT(step, 0) << "the film ends after " << at;
    EXPECT_LE(step, 0.25) << "something is left out after " << at;
  }
}

}  // namespace
}  // namespace upcall::story
