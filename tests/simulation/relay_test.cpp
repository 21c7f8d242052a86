// Who is given a TURN server when it comes back, with real checks and handshakes: what the media worker learns of the way in
// must reach the room.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::Each;
using testing::IsEmpty;
using testing::SizeIs;

struct Relay : testing::Test {
  Relay() {
    world.server().relay = {{"turn:turn.example.com:3478?transport=udp"}, "the secret"};
    world.open_meeting("m");
  }
  void TearDown() override { EXPECT_THAT(world.breaches(), IsEmpty()); }
  bool connects(const Participant& p, std::size_t joins) {
    return world.run_until([&] { return p.relays_offered.size() == joins && p.attendee.connected(); }, Duration::s(20));
  }

  World world{5, follow_clock};
};

TEST_F(Relay, WhoWasReachedDirectlyComesBackDirectlyEachTime) {
  Participant& a = world.add("m", "a", {});
  world.add("m", "b", {});
  for (std::size_t joins = 1; joins <= 4; ++joins) {
    ASSERT_TRUE(connects(a, joins));
    world.run_for(Duration::s(8));   // longer than an attempt must last to say something about the network
    if (joins < 4) world.cut_socket(a, Duration::ms(10));
  }
  EXPECT_THAT(a.relays_offered, SizeIs(4));
  EXPECT_THAT(a.relays_offered, Each(false)) << "its client would use nothing but the relay";
}

}  // namespace
}  // namespace upcall::sim
