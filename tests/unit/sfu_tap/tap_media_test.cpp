// The tap with whole calls in virtual time: what a reader of the journal can still show after the ring lost a while.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../support/openssl_clock.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// As the journal thread does.
void drain_for(World& world, Recording& r, Duration time) {
  for (Duration at; at < time; at = at + Duration::ms(20)) {
    world.run_for(Duration::ms(20));
    r.drain();
  }
}

TEST(TapMedia, AfterALossEverybodyIsSeenAgainAtOnce) {
  World world(11, test::set_openssl_clock);
  world.open_meeting("m");
  world.add("m", "a", {.camera = true}).talking = true;
  Participant& b = world.add("m", "b", {.camera = true});
  ASSERT_TRUE(world.run_until([&] { return b.attendee.connected(); }, Duration::s(10)));
  Recording& r = world.server().start_recording("m", 64 << 10);
  drain_for(world, r, Duration::s(4));
  const auto before = r.records.size();
  // Nobody drains: the ring overflows, b leaves, another one comes.
  world.run_for(Duration::s(3));
  world.leave(b);
  Participant& late = world.add("m", "late", {.camera = true});
  ASSERT_TRUE(world.run_until([&] { return late.attendee.connected(); }, Duration::s(10)));
  world.run_for(Duration::s(2));
  drain_for(world, r, Duration::s(3));
  world.server().stop_recording(r);
  world.run_for(Duration::ms(200));
  r.drain();
  world.judge_recording(r);
  EXPECT_THAT(world.breaches(), IsEmpty());

  std::size_t refreshes = 0;
  std::uint64_t refreshed_us = 0;
  std::vector<std::string> people;
  std::map<std::uint32_t, wire::TapSource> sources;
  std::map<std::string, std::uint64_t> picture_us, sound_us;   // of the first of each after the refresh
  bool after_gap = false;
  for (std::size_t i = before; i < r.records.size(); ++i) {
    const auto record = wire::decode_tap_record(r.records[i]);
    ASSERT_TRUE(record);
    if (const auto* fresh = std::get_if<wire::TapRefresh>(&*record)) {
      ++refreshes;
      EXPECT_TRUE(after_gap) << "the gap stands before it";
      refreshed_us = fresh->at_us;
      EXPECT_GE(fresh->first_source, 4u) << "sound and pictures of two had numbers";
    }
    after_gap = std::holds_alternative<wire::TapGap>(*record);
    if (refreshes == 0) continue;
    if (const auto* a = std::get_if<wire::TapAttendee>(&*record)) people.push_back(a->attendee_id);
    if (const auto* s = std::get_if<wire::TapSource>(&*record)) sources[s->source] = *s;
    if (const auto* p = std::get_if<wire::TapPacket>(&*record)) {
      const auto at = sources.find(p->source);
      ASSERT_NE(at, sources.end()) << "a packet of a source from before";
      if (at->second.kind == wire::TapKind::audio) sound_us.try_emplace(at->second.attendee_id, p->at_us);
      else if (p->key_frame) picture_us.try_emplace(at->second.attendee_id, p->at_us);
    }
  }
  EXPECT_EQ(refreshes, 1u);
  EXPECT_THAT(people, ElementsAre("a", "late"));
  ASSERT_TRUE(picture_us.contains("a") && picture_us.contains("late"));
  for (const char* who : {"a", "late"}) {
    // The throttle of key frames asks at most once a second.
    EXPECT_LE(picture_us[who], refreshed_us + 1'200'000) << who;
  }
  EXPECT_LE(sound_us["a"], refreshed_us + 100'000);
}

}  // namespace
}  // namespace upcall::sim
