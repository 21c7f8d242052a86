// Many join at once, as after a restart: everybody comes in soon, and the calls that were there do not notice. The same
// generator as of the benchmark (bench/load), smaller; `tools/load_test.sh storm` is the large one.
#include <gtest/gtest.h>

#include <future>

#include <boost/json.hpp>

#include "bench_server.hpp"
#include "callers.hpp"

namespace upcall::bench {
namespace {

constexpr int kEstablished = 0, kStorm = 1;
constexpr std::size_t kCalls = 10, kJoining = 60;
constexpr Duration kAllIn = Duration::s(30);

class JoinStorm : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = make_clip(300);
    ASSERT_TRUE(made) << made.error().message;
    clip = std::move(*made);
    const auto started = server.start();
    ASSERT_TRUE(started) << started.error().message;
    callers.emplace(clip);
    for (std::size_t i = 0; i < kCalls; ++i) add_call(*callers, i, kEstablished);
    callers->start(kEstablished);
    ASSERT_TRUE(callers->run(kAllIn, [&] { return callers->connected(kEstablished) && all_see_each_other(); }));
  }
  void add_call(Callers& to, std::size_t meeting, int group) {
    const auto join = server.create_meeting();
    ASSERT_TRUE(join) << join.error().message;
    for (const auto* attendee : {&join->owner, &join->customer}) {
      const auto added = to.add(join->meeting, *attendee, {.meeting = meeting, .group = group});
      ASSERT_TRUE(added) << added.error().message;
    }
  }
  bool all_see_each_other() const { return callers->first_picture_ms(kEstablished).size() == 2 * kCalls; }
  void run_for(Duration span) {
    callers->run(span, [] { return false; });
  }

  Clip clip;
  BenchServer server;
  std::optional<Callers> callers;
};

TEST_F(JoinStorm, CallsThatAreThereLoseNothingWhileSixtyJoinAtOnce) {
  Callers crowd(clip);
  for (std::size_t i = 0; i < kJoining / 2; ++i) add_call(crowd, i, kStorm);
  run_for(Duration::ms(500));
  callers->begin_window();
  auto joining = std::async(std::launch::async, [&crowd] {
    crowd.start(kStorm);
    return crowd.run(kAllIn, [&] { return crowd.connected(kStorm) && crowd.first_picture_ms(kStorm).size() == kJoining; });
  });
  callers->run(kAllIn + Duration::s(5), [&] { return joining.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
  EXPECT_TRUE(joining.get()) << crowd.connected_count(kStorm) << " of " << kJoining << " came in";
  run_for(Duration::s(1));
  const WindowResult window = callers->end_window(kEstablished);
  EXPECT_GE(window.audio.due, 2 * kCalls * 50) << "a second of sound from everybody at least";
  EXPECT_EQ(window.reconnects, 0u);
  EXPECT_LE(window.lost_share(), 0.001) << window.audio.missing() << " of sound, " << window.video.missing() << " of video";
  EXPECT_LE(window.audio.delay.at(0.99), 100) << "ms; the machine may be busy, a queue behind sixty handshakes would be longer";
}

TEST_F(JoinStorm, EverybodyIsBackAfterTheServerWasKilled) {
  callers->restart_join_clock(kEstablished);
  auto started = std::async(std::launch::async, [this] { return server.crash_and_start(); });
  ASSERT_TRUE(callers->run(kAllIn, [&] { return started.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
  const auto up = started.get();
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_TRUE(callers->run(kAllIn, [&] { return callers->join_ms(kEstablished).size() == 2 * kCalls && all_see_each_other(); }))
      << callers->connected_count(kEstablished) << " of " << 2 * kCalls << " are back";
  callers->begin_window();
  run_for(Duration::s(1));
  const WindowResult window = callers->end_window(kEstablished);
  EXPECT_GE(window.audio.due, 2 * kCalls * 40);
  EXPECT_LE(window.lost_share(), 0.001) << "calls are as they were";
}

}  // namespace
}  // namespace upcall::bench
