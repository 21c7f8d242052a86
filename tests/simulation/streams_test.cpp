// Single properties of streams under a virtual network, each provoked on purpose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

struct Call {
  explicit Call(std::uint64_t seed) : world(seed, follow_clock) { world.open_meeting("m"); }
  Participant& add(const std::string& id, World::AddOptions options) { return world.add("m", id, options); }
  bool connect() {
    return world.run_until(
        [&] {
          for (const auto& p : world.participants()) {
            if (!p->attendee.connected()) return false;
          }
          return true;
        },
        Duration::s(10));
  }
  World world;
};

TEST(Streams, LostVideoPacketsAreRepairedRatherThanAskedForAnew) {
  Call call(1);
  Weather w;
  w.loss = 0.04;
  w.delay = Duration::ms(20);
  Participant& a = call.add("a", {.camera = true, .weather = w, .frames_per_second = 25, .frame_bytes = 4000});
  Participant& b = call.add("b", {.weather = w});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(30));
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  const auto seen = b.totals();
  EXPECT_GT(seen.lost, 50u);
  EXPECT_GT(seen.repaired, seen.lost * 8 / 10);   // sound is among what was lost, and is not repaired
  // 4 % up and 4 % down, 4 packets a frame: without repair a quarter of the frames would be missing.
  EXPECT_GT(seen.video_frames, a.totals().frames_sent * 97 / 100);
  EXPECT_LE(a.totals().key_frames_wanted, 5u);
}

TEST(Streams, KeyFramesAreAskedForAtMostOnceInTwoSeconds) {
  Call call(2);
  Weather storm;
  storm.loss = 0.35;
  Participant& a = call.add("a", {.camera = true, .frames_per_second = 25, .frame_bytes = 6000});
  for (const char* id : {"b", "c", "d"}) call.add(id, {});
  ASSERT_TRUE(call.connect());
  for (const auto& p : call.world.participants()) {
    if (p.get() != &a) call.world.set_weather(*p, storm);
  }
  const std::uint64_t before = a.totals().plis_over;
  call.world.run_for(Duration::s(20));
  const std::uint64_t asked = a.totals().key_frames_wanted;
  EXPECT_GE(asked, 3u);   // three receivers in a storm do need some
  EXPECT_LE(asked - before, 11u);
  EXPECT_THAT(call.world.breaches(), IsEmpty());
}

TEST(Streams, SequenceNumbersWrapWithoutASeam) {
  // SRTP has the numbers start below 2^15, so the wrap has to be reached on foot: 33 000 packets and more.
  Call call(3);
  Weather w;
  w.loss = 0.01;
  w.jitter = Duration::ms(5);
  Participant& a = call.add("a", {.camera = true, .weather = w, .frames_per_second = 50, .frame_bytes = 13'000});
  Participant& b = call.add("b", {.weather = w});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(110));
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_GT(a.attendee.media()->counters().packets_sent, 70'000u);
  const auto seen = b.totals();
  EXPECT_GT(seen.video_frames, a.totals().frames_sent * 97 / 100);
  EXPECT_LT(a.totals().key_frames_wanted, 12u);
}

TEST(Streams, EveryCounterOfASenderMayBeginNextToItsWrap) {
  // Also the sequence numbers: that is safe only while some packet before the wrap arrives, so the weather is fair until
  // all have wrapped. (A start at 65 535 itself is the one that a single loss makes impossible.)
  Call call(11);
  const client::FirstNumbers numbers{.audio_sequence = 65'500, .video_sequence = 65'500, .rtx_sequence = 65'530,
                                     .transport_sequence = 65'400, .picture_id = 0x7fff - 20};
  const std::uint32_t timestamp = static_cast<std::uint32_t>(0) - 90'000;
  Participant& a = call.add("a", {.camera = true, .first_timestamp = timestamp, .first_numbers = numbers, .frames_per_second = 25, .frame_bytes = 4000});
  Participant& b = call.add("b", {.camera = true, .first_timestamp = timestamp, .first_numbers = numbers, .frames_per_second = 25, .frame_bytes = 4000});
  a.talking = true;
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(3));
  Weather rain;
  rain.loss = 0.04;
  rain.jitter = Duration::ms(5);
  call.world.set_all_weather(rain);
  call.world.run_for(Duration::s(20));
  call.world.set_all_weather({});
  call.world.run_for(Duration::s(3));
  call.world.judge_agreement("m");
  call.world.judge_repaired("m");
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_GT(b.totals().video_frames, a.totals().frames_sent * 97 / 100);
  EXPECT_GT(b.totals().audio_forwarded, a.totals().audio_sent * 90 / 100);
  EXPECT_GT(a.totals().repaired, 20u);
  EXPECT_EQ(a.totals().auth_failures + b.totals().auth_failures, 0u);
}

TEST(Streams, AudioGoesOnOverTheWrapOfItsTimestamps) {
  Call call(4);
  const auto two_seconds_before = static_cast<std::uint32_t>(0) - 96'000;
  Participant& a = call.add("a", {.first_timestamp = two_seconds_before});
  Participant& b = call.add("b", {.first_timestamp = two_seconds_before});
  a.talking = true;
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(5));
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_GE(b.totals().audio_forwarded + 5, a.totals().audio_sent);
}

TEST(Streams, TwoWhoTalkAtOnceAreMixedForAThirdAndForwardedAgainAfterwards) {
  Call call(5);
  Participant& a = call.add("a", {});
  Participant& b = call.add("b", {});
  Participant& c = call.add("c", {});
  ASSERT_TRUE(call.connect());
  a.talking = true;
  call.world.run_for(Duration::s(2));
  EXPECT_EQ(c.totals().audio_mixed, 0u);
  b.talking = true;
  call.world.run_for(Duration::s(2));
  const std::uint64_t mixed = c.totals().audio_mixed;
  EXPECT_GE(mixed, 90u);                       // 2 s of 20 ms
  EXPECT_EQ(a.totals().audio_mixed, 0u);       // hears b alone
  b.talking = false;
  call.world.run_for(Duration::s(3));
  EXPECT_LE(c.totals().audio_mixed, mixed + 40);  // the hangover, then never again
  EXPECT_THAT(call.world.breaches(), IsEmpty());
}

TEST(Streams, ANewAddressCarriesTheCallOn) {
  Call call(6);
  Participant& a = call.add("a", {.camera = true});
  Participant& b = call.add("b", {.camera = true});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(3));
  const auto heard = a.totals().video_frames;
  call.world.rebind(a);
  // The server asks the stranger that sends a's media; a's own next check may be six seconds away.
  EXPECT_TRUE(call.world.run_until([&] { return a.totals().video_frames > heard + 2; }, Duration::ms(600)));
  const auto before = b.totals().video_frames;
  call.world.run_for(Duration::s(2));
  EXPECT_GE(b.totals().video_frames, before + 18);
  EXPECT_EQ(a.attendee.reconnects(), 0u);   // ICE did it, nobody joined again
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  call.world.judge_agreement("m");
  EXPECT_THAT(call.world.breaches(), IsEmpty());
}

TEST(Streams, AReconnectIsSeenByNobody) {
  Call call(7);
  Participant& a = call.add("a", {.camera = true});
  call.add("b", {.camera = true});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(2));
  const auto left = call.world.server().room_events(signaling::RoomEventKind::attendee_left);
  call.world.cut_socket(a, Duration::s(3));
  call.world.run_for(Duration::s(12));
  call.world.judge_agreement("m");
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_EQ(a.attendee.reconnects(), 1u);
  EXPECT_EQ(call.world.server().room_events(signaling::RoomEventKind::attendee_left), left);
  EXPECT_EQ(call.world.server().room_events(signaling::RoomEventKind::attendee_dropped), 0u);
  EXPECT_EQ(call.world.server().room_events(signaling::RoomEventKind::attendee_joined), 2u);
}

TEST(Streams, ARemovedAttendeeIsToldAndGone) {
  Call call(8);
  Participant& a = call.add("a", {.camera = true});
  Participant& b = call.add("b", {});
  Participant& share = call.add("a#content", {.camera = true});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(2));
  call.world.server().remove_attendee("m", "a");
  call.world.run_for(Duration::s(2));
  EXPECT_EQ(a.end_status(), 411u);
  EXPECT_EQ(share.end_status(), 411u);
  EXPECT_FALSE(b.attendee.ended());
  call.world.judge_agreement("m");
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_EQ(call.world.server().worker().connection_count(), 1u);
}

TEST(Streams, ARingTooSmallLosesPacketsButNeverWhoIsWho) {
  Call call(9);
  call.add("a", {.camera = true}).talking = true;
  call.add("b", {.camera = true});
  ASSERT_TRUE(call.connect());
  Recording& r = call.world.server().start_recording("m", 16 << 10);
  for (int i = 0; i < 12; ++i) {
    call.world.run_for(Duration::ms(700));   // fills within a part of it, so that each drain ends a gap
    if (i == 5) call.add("late", {.camera = true});
    r.drain();
  }
  call.world.server().stop_recording(r);
  call.world.run_for(Duration::ms(200));
  r.drain();
  call.world.judge_recording(r);
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_GT(r.reported_dropped, 100u);
  std::set<std::string> named;
  std::uint64_t gaps = 0;
  for (const auto& bytes : r.records) {
    const auto record = wire::decode_tap_record(bytes);
    ASSERT_TRUE(record);
    if (const auto* a = std::get_if<wire::TapAttendee>(&*record)) named.insert(a->attendee_id);
    if (std::holds_alternative<wire::TapGap>(*record)) ++gaps;
  }
  EXPECT_EQ(named, (std::set<std::string>{"a", "b", "late"}));
  EXPECT_GE(gaps, 5u);
}

TEST(Streams, AProcessThatDiesIsDroppedForTheOthers) {
  Call call(10);
  Participant& a = call.add("a", {.camera = true});
  call.add("b", {});
  ASSERT_TRUE(call.connect());
  call.world.run_for(Duration::s(2));
  call.world.vanish(a);
  call.world.run_for(Duration::s(20));
  call.world.judge_agreement("m");
  EXPECT_THAT(call.world.breaches(), IsEmpty());
  EXPECT_EQ(call.world.server().room_events(signaling::RoomEventKind::attendee_dropped), 1u);
}

}  // namespace
}  // namespace upcall::sim
