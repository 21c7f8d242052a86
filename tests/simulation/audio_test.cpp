// Sound over bad links: frames that were lost come beside later ones (RFC 2198), both ways.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

// 20 % lost, in bursts of two on average: a datagram after a lost one is lost with 1/2.
Weather bursts() {
  Weather w;
  w.burst_begin = 0.125;
  w.burst_end = 0.5;
  w.burst_loss = 1;
  w.delay = Duration::ms(50);
  return w;
}

struct Talk : testing::TestWithParam<std::uint64_t> {
  Talk() : world(GetParam(), follow_clock) { world.open_meeting("m"); }
  // The share of what `from` says that `to` does not hear in a minute.
  double unheard(Participant& from, Participant& to) {
    const auto before_sent = from.totals().audio_sent, before_heard = to.totals().audio_forwarded;
    world.run_for(Duration::s(60));
    const auto sent = static_cast<double>(from.totals().audio_sent - before_sent);
    return 1 - static_cast<double>(to.totals().audio_forwarded - before_heard) / sent;
  }
  void connect() {
    ASSERT_TRUE(world.run_until([&] {
      return std::all_of(world.participants().begin(), world.participants().end(), [](const auto& p) { return p->attendee.connected(); });
    }, Duration::s(10)));
  }
  World world;
};

TEST_P(Talk, AListenerBehindABurstyLinkMissesUnderFivePercent) {
  Participant& a = world.add("m", "a", {.camera = true});
  Participant& b = world.add("m", "b", {});
  a.talking = true;
  connect();
  world.set_weather(b, {.delay = Duration::ms(50)}, bursts());
  world.run_for(Duration::s(10));  // until its reports have told
  const double share = unheard(a, b);
  std::printf("heard over 20 %% loss in bursts of 2, downwards: %.2f %% of the frames are missing\n", share * 100);
  EXPECT_LT(share, 0.05);
  EXPECT_GT(b.attendee.media()->counters().audio_recovered, 100u);
  EXPECT_THAT(world.breaches(), IsEmpty());
}

TEST_P(Talk, ATalkerBehindABurstyLinkIsHeardAllButFivePercent) {
  Participant& a = world.add("m", "a", {});
  Participant& b = world.add("m", "b", {});
  a.talking = true;
  connect();
  world.set_weather(a, bursts(), {.delay = Duration::ms(50)});
  world.run_for(Duration::s(10));
  const double share = unheard(a, b);
  std::printf("heard over 20 %% loss in bursts of 2, upwards: %.2f %% of the frames are missing\n", share * 100);
  EXPECT_LT(share, 0.05);
  EXPECT_THAT(world.breaches(), IsEmpty());
}

TEST_P(Talk, ALinkThatLosesNothingRepeatsNothing) {
  Participant& a = world.add("m", "a", {});
  Participant& b = world.add("m", "b", {});
  a.talking = true;
  connect();
  EXPECT_NEAR(unheard(a, b), 0, 0.005);
  EXPECT_EQ(b.attendee.media()->counters().audio_recovered, 0u);
  EXPECT_THAT(world.breaches(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, Talk, testing::Values(1, 2, 3), [](const auto& info) { return "Seed" + std::to_string(info.param); });

}  // namespace
}  // namespace upcall::sim
