// Video on bad networks: what a receiver gets over links that lose, are narrow, or change. Bandwidth, queues, repairs and
// allocation of the media core against headless attendees, under a virtual clock. A failure prints its seed
// (UPCALL_SEED=n plays that one alone).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* one = std::getenv("UPCALL_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<std::uint64_t> out;
  for (std::uint64_t i = 1; i <= count; ++i) out.push_back(i);
  return out;
}

constexpr World::AddOptions kCamera{.camera = true, .frames_per_second = 25, .bits_per_second = 1'200'000};

// For docs/benchmarks.md: UPCALL_TRACE=1 shows them.
void figure(const char* what, double value) {
  if (std::getenv("UPCALL_TRACE") != nullptr) std::printf("%s %.4f\n", what, value);
}

struct Call {
  explicit Call(std::uint64_t seed) : world(seed, follow_clock) { world.open_meeting("m"); }
  Participant& add(const std::string& id, World::AddOptions options) { return world.add("m", id, options); }
  void connect() {
    const auto all = [&] {
      for (const auto& p : world.participants()) {
        if (!p->attendee.connected()) return false;
      }
      return true;
    };
    ASSERT_TRUE(world.run_until(all, Duration::s(10)));
  }
  const sfu::Connection& connection(const std::string& id) {
    for (const auto& c : world.server().worker().meeting(wire::MeetingNo{1})->connections()) {
      if (c->attendee_id == id) return *c;
    }
    std::abort();
  }
  // Runs on, looking each 10 ms.
  void watch(Duration time, const std::function<void()>& look) {
    for (const Instant end = now() + time; now() < end;) {
      world.run_for(Duration::ms(10));
      look();
    }
  }
  Instant now() { return world.queue().now().mono; }
  World world;
};

TEST(Network, FivePercentLossAtAHundredMillisecondsIsRepaired) {
  for (const std::uint64_t seed : seeds(8)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Call call(seed);
    Participant& a = call.add("a", kCamera);
    Participant& b = call.add("b", {});
    call.connect();
    call.world.run_for(Duration::s(5));
    const Weather clear{.delay = Duration::ms(50)};
    const auto settle = [&] {   // what is on its way arrives
      call.world.set_weather(b, clear);
      call.world.run_for(Duration::s(1));
    };
    settle();
    const auto before = b.picture_of(a.options.id);
    const std::uint64_t sent = a.totals().frames_sent, asked = a.totals().key_frames_wanted;
    call.world.set_weather(b, clear, {.loss = 0.05, .delay = Duration::ms(50), .jitter = Duration::ms(5), .in_order = true});
    call.world.run_for(Duration::s(60));
    settle();
    const auto after = b.picture_of(a.options.id);
    const double seen = static_cast<double>(after.frames - before.frames) / static_cast<double>(a.totals().frames_sent - sent);
    figure("frames missing, %", 100 * (1 - seen));
    figure("still, %", (after.still - before.still).seconds() / 60 * 100);
    figure("key frames asked for in 60 s", static_cast<double>(a.totals().key_frames_wanted - asked));
    EXPECT_GT(seen, 0.998);
    EXPECT_LT((after.still - before.still).seconds() / 60, 0.01);
    EXPECT_LE(a.totals().key_frames_wanted - asked, 30u);
    EXPECT_GT(call.connection("b").retransmitted, 100u);
    EXPECT_THAT(call.world.breaches(), IsEmpty());
  }
}

// 20 % lost, in bursts of two on average.
TEST(Network, AFifthLostInBurstsLeavesThePictureMovingNineTenthsOfTheTime) {
  for (const std::uint64_t seed : seeds(8)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Call call(seed);
    Participant& a = call.add("a", kCamera);
    Participant& b = call.add("b", {});
    call.connect();
    call.world.run_for(Duration::s(5));
    const Weather clear{.delay = Duration::ms(50)};
    call.world.set_weather(b, clear, {.burst_begin = 0.125, .burst_end = 0.5, .burst_loss = 1, .delay = Duration::ms(50), .jitter = Duration::ms(5), .in_order = true});
    call.world.run_for(Duration::s(5));
    const auto before = b.picture_of(a.options.id);
    const std::uint64_t asked = a.totals().key_frames_wanted;
    call.world.run_for(Duration::s(60));
    const auto after = b.picture_of(a.options.id);
    figure("still, %", (after.still - before.still).seconds() / 60 * 100);
    figure("key frames asked for in 60 s", static_cast<double>(a.totals().key_frames_wanted - asked));
    EXPECT_LT((after.still - before.still).seconds() / 60, 0.10);
    EXPECT_LE(a.totals().key_frames_wanted - asked, 30u);
    EXPECT_THAT(call.world.breaches(), IsEmpty());
  }
}

TEST(Network, ANarrowLinkIsGivenWayToWithinASecondAndUsedAgainWithinTen) {
  for (const std::uint64_t seed : seeds(8)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Call call(seed);
    Participant& a = call.add("a", kCamera);
    Participant& b = call.add("b", {});
    a.talking = true;
    call.connect();
    Weather down{.delay = Duration::ms(40), .jitter = Duration::ms(4), .in_order = true, .rate_kbps = 3000, .queue = Duration::ms(1500)};
    call.world.set_weather(b, {.delay = Duration::ms(40)}, down);
    call.world.run_for(Duration::s(15));
    ASSERT_GT(call.connection("b").down.bps(call.now(), 0), 1'500'000u);

    down.rate_kbps = 500;
    call.world.set_weather(b, {.delay = Duration::ms(40)}, down);
    const Instant fell = call.now();
    ASSERT_TRUE(call.world.run_until([&] { return call.connection("b").down.bps(call.now(), 0) <= 500'000; }, Duration::s(5)));
    figure("gave way after, s", (call.now() - fell).seconds());
    EXPECT_LT(call.now() - fell, Duration::s(1)) << (call.now() - fell).ms() << " ms";
    call.world.run_for(Duration::ms(2500));   // what came in before it gave way drains at 30 % of what the link carries
    Duration longest;
    const auto quiet = b.picture_of(a.options.id);
    call.watch(Duration::s(20), [&] { longest = std::max(longest, b.down.queued(call.now())); });
    figure("longest queue on the narrow link, s", longest.seconds());
    EXPECT_LT(longest, Duration::ms(400)) << longest.ms() << " ms";
    const auto narrow = b.picture_of(a.options.id);
    figure("video on it, kbit/s", static_cast<double>(narrow.bytes - quiet.bytes) * 8 / 20 / 1000);
    figure("still on it, %", (narrow.still - quiet.still).seconds() / 20 * 100);
    EXPECT_GT(static_cast<double>(narrow.bytes - quiet.bytes) * 8 / 20, 200'000);
    EXPECT_LT((narrow.still - quiet.still).seconds() / 20, 0.01);

    down.rate_kbps = 3000;
    call.world.set_weather(b, {.delay = Duration::ms(40)}, down);
    const Instant rose = call.now();
    ASSERT_TRUE(call.world.run_until([&] { return a.allowed_bps().value_or(0) >= 1'200'000; }, Duration::s(30)));
    figure("back after, s", (call.now() - rose).seconds());
    EXPECT_LT(call.now() - rose, Duration::s(10)) << (call.now() - rose).ms() << " ms";
    // Sound gave way to nothing all the time.
    EXPECT_EQ(b.down.queue_drops(), 0u);
    EXPECT_GT(static_cast<double>(b.audio_received()), static_cast<double>(a.totals().audio_sent) * 0.98);
    EXPECT_THAT(call.world.breaches(), IsEmpty());
  }
}

// A camera that does not follow what it is allowed is held back where it does not fit, and comes back.
TEST(Network, CamerasGiveWayBeforeTheScreenAndComeBack) {
  for (const std::uint64_t seed : seeds(4)) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Call call(seed);
    World::AddOptions stubborn = kCamera;
    stubborn.bits_per_second = 0;
    stubborn.frame_bytes = 5000;   // a megabit, whatever it is told
    Participant& a = call.add("a", stubborn);
    World::AddOptions screen = kCamera;
    screen.bits_per_second = 600'000;
    Participant& share = call.add("a#content", screen);
    Participant& b = call.add("b", {});
    call.connect();
    call.world.run_for(Duration::s(10));
    const Weather narrow{.delay = Duration::ms(30), .rate_kbps = 900, .queue = Duration::ms(1500)};
    call.world.set_weather(b, {}, narrow);
    call.world.run_for(Duration::s(15));
    const auto camera = b.picture_of(a.options.id), content = b.picture_of(share.options.id);
    call.world.run_for(Duration::s(20));
    EXPECT_LT(b.picture_of(a.options.id).frames - camera.frames, 50u) << "of 500";
    EXPECT_GT(b.picture_of(share.options.id).frames - content.frames, 450u) << "of 500";
    call.world.set_weather(b, {}, {});
    call.world.run_for(Duration::s(15));
    const auto again = b.picture_of(a.options.id);
    call.world.run_for(Duration::s(10));
    EXPECT_GT(b.picture_of(a.options.id).frames - again.frames, 240u) << "of 250";
    EXPECT_THAT(call.world.breaches(), IsEmpty());
  }
}

// Who has room gets every packet in the turn in which it came.
TEST(Network, NothingWaitsForWhoHasRoom) {
  Call call(3);
  call.add("a", kCamera);
  call.add("b", {.weather = {.rate_kbps = 20'000}});
  call.connect();
  call.world.run_for(Duration::s(10));
  const std::uint64_t paced = call.connection("b").down.paced;
  call.world.run_for(Duration::s(60));
  EXPECT_EQ(call.connection("b").down.paced, paced);
  EXPECT_THAT(call.world.breaches(), IsEmpty());
}

}  // namespace
}  // namespace upcall::sim
