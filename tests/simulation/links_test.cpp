// How good a person's link is, as everybody is told, under a virtual network: the meeting core judges, the room tells.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

constexpr std::uint32_t kNone = 0, kWeak = 1, kGood = 2;

struct Links : testing::Test {
  Links() { world.open_meeting("m"); }
  void TearDown() override { EXPECT_THAT(world.breaches(), IsEmpty()); }   // nobody who is fine was called bad

  Participant& add(const std::string& id, World::AddOptions options = {}) { return world.add("m", id, options); }
  void connect() {
    const auto all = [&] {
      for (Participant* p : world.present("m")) {
        if (!p->attendee.connected()) return false;
      }
      return true;
    };
    ASSERT_TRUE(world.run_until(all, Duration::s(10)));
    world.run_for(Duration::s(3));
  }
  // Everybody, `of` included, takes its link for this strength.
  bool all_say(const Participant& of, std::uint32_t strength) {
    for (const Participant* p : world.present("m")) {
      if (p->attendee.connected() && p->attendee.signal_strength(of.options.attendee_id) != strength) return false;
    }
    return true;
  }
  bool becomes(const Participant& of, std::uint32_t strength, Duration limit) {
    return world.run_until([&] { return all_say(of, strength); }, limit);
  }
  static Weather loses(double share) { return {.loss = share}; }

  World world{21, follow_clock};
};

TEST_F(Links, ALossyUplinkIsWeakToEverybodyAndGoodAgainAfterwards) {
  Participant& a = add("a");
  add("b");
  add("c", {.camera = true});
  connect();
  world.set_weather(a, loses(0.12), {});
  EXPECT_TRUE(becomes(a, kWeak, Duration::s(8)));
  world.run_for(Duration::s(30));
  EXPECT_TRUE(all_say(a, kWeak)) << "as long as it lasts";
  world.set_weather(a, {});
  EXPECT_TRUE(becomes(a, kGood, Duration::s(12)));
}

TEST_F(Links, ALossyDownlinkIsToldByItsOwnReports) {
  Participant& a = add("a", {.camera = true});
  Participant& b = add("b");
  a.talking = true;
  connect();
  world.set_weather(b, {}, loses(0.12));
  EXPECT_TRUE(becomes(b, kWeak, Duration::s(12)));
  world.set_weather(b, {});
  EXPECT_TRUE(becomes(b, kGood, Duration::s(20)));
}

// What a sender loses is missing in what its listeners get: it must not be held against them. The judge is TearDown.
TEST_F(Links, WhoListensToABadLinkHasNone) {
  Participant& a = add("a", {.camera = true, .frames_per_second = 25, .frame_bytes = 3000});
  add("b", {.camera = true});
  add("c");
  a.talking = true;
  connect();
  world.set_weather(a, loses(0.2), {});
  world.run_for(Duration::s(40));
  EXPECT_TRUE(all_say(a, kWeak));
}

TEST_F(Links, ALongWayIsWeak) {
  Participant& a = add("a", {.camera = true});
  Participant& b = add("b", {.camera = true});
  connect();
  world.set_weather(b, {.delay = Duration::ms(400)});
  EXPECT_TRUE(becomes(b, kWeak, Duration::s(20)));
  EXPECT_TRUE(all_say(a, kGood)) << "its own way is short";
  world.set_weather(b, {});
  EXPECT_TRUE(becomes(b, kGood, Duration::s(30)));
}

TEST_F(Links, SilenceIsNoneAndWhoComesBackHasToProveItself) {
  Participant& a = add("a");
  Participant& b = add("b");
  connect();
  world.set_weather(a, loses(1));
  const auto told = [&](std::uint32_t strength) { return [&, strength] { return b.attendee.signal_strength("a") == strength; }; };
  EXPECT_TRUE(world.run_until(told(kNone), Duration::ms(4500)));
  world.run_for(Duration::s(3));
  world.set_weather(a, {});
  EXPECT_TRUE(world.run_until(told(kWeak), Duration::ms(1500)));
  EXPECT_FALSE(world.run_until(told(kGood), Duration::s(2)));
  EXPECT_TRUE(becomes(a, kGood, Duration::s(12)));
}

TEST_F(Links, OneLostPacketAndOneHoleOfASecondAreNothing) {
  Participant& a = add("a");
  Participant& b = add("b");
  connect();
  for (int i = 0; i < 5; ++i) {
    world.set_weather(a, loses(1));
    world.run_for(i < 4 ? Duration::ms(25) : Duration::ms(900));
    world.set_weather(a, {});
    EXPECT_FALSE(world.run_until([&] { return b.attendee.signal_strength("a") != kGood; }, Duration::s(10))) << i;
  }
}

TEST_F(Links, ALinkAtTheLimitDoesNotFlap) {
  Participant& a = add("a");
  Participant& b = add("b");
  connect();
  world.set_weather(a, loses(0.05), {});
  int changes = 0;
  std::uint32_t last = kGood;
  world.run_until(
      [&] {
        const std::uint32_t now = b.attendee.signal_strength("a");
        changes += now != last;
        last = now;
        return false;
      },
      Duration::s(120));
  EXPECT_LE(changes, 12);
}

TEST_F(Links, ALatecomerIsToldAndAReconnectBeginsAnew) {
  Participant& a = add("a");
  add("b");
  connect();
  world.set_weather(a, loses(0.12), {});
  ASSERT_TRUE(becomes(a, kWeak, Duration::s(8)));
  Participant& late = add("late");
  ASSERT_TRUE(world.run_until([&] { return late.attendee.connected(); }, Duration::s(10)));
  EXPECT_TRUE(world.run_until([&] { return late.attendee.signal_strength("a") == kWeak; }, Duration::ms(500)));
  world.set_weather(a, {});
  world.cut_socket(a, Duration::ms(10));
  ASSERT_TRUE(world.run_until([&] { return a.attendee.reconnects() == 1; }, Duration::s(10)));
  EXPECT_TRUE(becomes(a, kGood, Duration::ms(500)));
}

}  // namespace
}  // namespace upcall::sim
