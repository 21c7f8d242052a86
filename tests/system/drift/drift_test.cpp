// A long recording through the real codecs: clocks of cameras and microphones that run 100 ppm fast and slow, and sound is
// where its picture is at the beginning, in the middle and at the end. Six minutes here, in which they part by 72 ms; as long as wanted with
//
//   UPCALL_DRIFT_MINUTES=240 build/release/bin/test_system_drift
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "film_judge.hpp"
#include "synthetic_call.hpp"

namespace upcall::test {
namespace {

constexpr double kWindow = 30;   // seconds of film that are looked at in each place

TEST(Drift, SoundStaysWithItsPictureFromBeginningToEnd) {
  const char* asked = std::getenv("UPCALL_DRIFT_MINUTES");
  const int minutes = asked != nullptr ? std::atoi(asked) : 6;
  ASSERT_GE(minutes, 2);
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-drift-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const ByteVector key(32, 6);
  const double length = minutes * 60.0;
  {
    auto call = scenario("tiny", 0xd41f7, static_cast<std::uint32_t>(minutes) * 60'000);
    ASSERT_TRUE(call.has_value());
    for (auto& p : call->people) {
      p.repeats_sound = true;
      // 20 pictures a second: the flash of 50 ms is in exactly one of them.
      p.fps = 20;
      p.kbps = 250;
    }
    call->people[0].clock_ppm = 100;
    call->people[1].clock_ppm = -100;
    const auto records = make_call(*call);
    ASSERT_TRUE(records.has_value());
    ASSERT_TRUE(write_journal(*records, folder + "/journal", key).has_value());
  }
  const std::string film = folder + "/film.mp4";
  const std::string command = std::string(UPCALL_BIN_DIR) + "/upcall-recorder compose " + folder + "/journal -o " + film +
                              " --preset ultrafast --width 640 --height 360 --fps 20 > " + folder + "/out.txt 2>&1";
  ASSERT_EQ(std::system(command.c_str()), 0) << "see " << folder << "/out.txt";
  const std::vector<Place> places{{0, 90, 320}, {320, 90, 320}};
  for (const double from : {2.0, length / 2, length - kWindow - 2}) {
    Film part;
    ASSERT_TRUE(part.load_part(film, places, from, from + kWindow));
    EXPECT_EQ(part.decode_errors, 0u);
    EXPECT_NEAR(part.duration_s, length, 0.1);
    for (std::size_t who = 0; who < 2; ++who) {
      const auto& seen = part.readings[who];
      ASSERT_GE(seen.size(), 0.95 * 20 * kWindow) << "pictures are missing at " << from;
      const auto offset = part.av_offset_ms(who);
      ASSERT_TRUE(offset) << "no flash with its beep at " << from;
      // What the film shows at its own time t is what happened then, but for the way: also the two of them belong together.
      const double late = seen.back().time_s * 1000 - seen.back().clock_ms;
      std::printf("at %.0f s, person %zu: sound %+.1f ms to its picture, picture %+.0f ms behind the call\n", from, who + 1, *offset, late);
      EXPECT_LE(std::abs(*offset), 20) << "at " << from;
      EXPECT_LE(std::abs(late), 250) << "at " << from;
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace upcall::test
