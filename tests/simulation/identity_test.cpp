// Somebody whose certificate is not the one that his description names (CVE-2021-28681), through room, media worker and
// network: no packet of his goes to anybody, nobody's to him, and he is never among the attendees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

TEST(Identity, AnothersFingerprintGivesNoMediaAndNoPlaceInTheRoster) {
  World world(31, [](Instant now) { follow_clock(now); });
  world.open_meeting("m");
  Participant& b = world.add("m", "b", {.camera = true});
  b.talking = true;
  ASSERT_TRUE(world.run_until([&] { return b.attendee.connected(); }, Duration::s(10)));
  world.server().forged = "a";
  Participant& a = world.add("m", "a", {.camera = true});
  a.talking = true;
  const auto& failures = world.server().failures;
  bool listed = false;
  const auto look = [&] {
    for (const auto& entry : b.attendee.roster()) listed = listed || entry.first == "a";
    return failures.contains("a");
  };
  ASSERT_TRUE(world.run_until(look, Duration::s(3))) << "at the end of the handshake, not after a time";
  EXPECT_EQ(failures.at("a"), wire::SfuFailure::wrong_fingerprint);
  for (int i = 0; i < 50; ++i) {
    world.run_for(Duration::ms(100));
    look();
  }
  EXPECT_FALSE(listed);
  EXPECT_FALSE(a.attendee.connected());
  EXPECT_EQ(a.audio_received(), 0u);
  EXPECT_EQ(a.totals().video_frames, 0u);
  EXPECT_EQ(b.audio_received(), 0u);
  EXPECT_EQ(b.totals().video_frames, 0u);
  EXPECT_TRUE(b.attendee.connected());
  EXPECT_THAT(world.breaches(), IsEmpty());
}

}  // namespace
}  // namespace upcall::sim
