// Journals made of synthetic calls, composed by upcall-recorder, judged by an independent reader. One thread.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "crypto/random.hpp"
#include "film_judge.hpp"
#include "synthetic_call.hpp"

namespace upcall::test {

namespace fs = std::filesystem;
inline const std::string kRecorder = UPCALL_BIN_DIR "/upcall-recorder";

inline int run(const std::string& command) {
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

class Compose : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-compose-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    crypto::SystemRandom random;
    run_number = random.u64();   // the film must show this run's pictures, not some other's
    key.resize(32);
    random.fill(key);
  }
  void TearDown() override { fs::remove_all(folder); }

  // Composes a scenario on a canvas of width × height and loads the film.
  void film(const std::string& name, std::uint32_t ms, int width, int height, const std::vector<Place>& places,
            const std::string& more = "") {
    auto call = scenario(name, run_number, ms);
    ASSERT_TRUE(call.has_value());
    film(*call, width, height, places, more);
  }
  void film(const SyntheticCall& call, int width, int height, const std::vector<Place>& places,
            const std::string& more = "") {
    const auto records = make_call(call);
    ASSERT_TRUE(records.has_value());
    ASSERT_TRUE(write_journal(*records, folder + "/journal", key, 2000).has_value());
    compose(width, height, more);
    ASSERT_TRUE(result.load(folder + "/film.mp4", places, probes));
    EXPECT_EQ(result.decode_errors, 0u);
    EXPECT_EQ(result.width, width);
    EXPECT_EQ(result.height, height);
    EXPECT_EQ(result.video_codec, "h264");
    EXPECT_EQ(result.audio_codec, "aac");
    EXPECT_TRUE(result.index_first);
    EXPECT_TRUE(result.on_grid(fps));
    EXPECT_NEAR(result.duration_s, call.duration_ms / 1000.0, 0.1);
    EXPECT_NEAR(result.audio_s, call.duration_ms / 1000.0, 0.1);
    for (const auto& list : result.readings) {
      for (std::size_t i = 0; i < list.size(); ++i) {
        ASSERT_EQ(list[i].run, run_number);
        if (i > 0) {
          ASSERT_GE(list[i].clock_ms, list[i - 1].clock_ms) << "the clock ran backwards at " << list[i].time_s;
        }
      }
    }
  }
  int compose(int width, int height, const std::string& more = "") {
    const int status = run(kRecorder + " compose " + folder + "/journal -o " + folder + "/film.mp4 --preset ultrafast --width " +
                           std::to_string(width) + " --height " + std::to_string(height) + " " + more + " --json > " +
                           folder + "/out.json 2> " + folder + "/err.txt");
    return status;
  }
  std::string text(const std::string& name) {
    std::ifstream in(folder + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::size_t distinct(std::size_t place, unsigned participant) const {
    std::set<unsigned> clocks;
    for (const auto& f : result.readings[place]) {
      if (f.participant == participant) clocks.insert(f.clock_ms);
    }
    return clocks.size();
  }
  std::pair<double, double> seen(std::size_t place) const {
    if (result.readings[place].empty()) return {-1, -1};
    return {result.readings[place].front().time_s, result.readings[place].back().time_s};
  }

  std::string folder;
  std::uint64_t run_number = 0;
  ByteVector key;
  std::vector<Probe> probes;       // to be read with the film
  double fps = 30;                 // that the film ought to have
  Film result;
};

}  // namespace upcall::test
