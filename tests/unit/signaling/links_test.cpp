// Signal strength per person as the room tells it: which AUDIO_METADATA frames, to whom, when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;
using Strength = wire::SfuLinkStrength;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct RoomLinks : testing::Test {
  // Names of the roster's ids, as this socket knows them, and the strengths of each frame it got since.
  using Told = std::vector<std::pair<std::string, std::uint32_t>>;
  std::vector<Told> take(SessionNo session) {
    std::vector<Told> out;
    for (const F& f : bench.take(session)) {
      if (f.type() == F::AUDIO_STREAM_ID_INFO) {
        for (const auto& s : f.audio_stream_id_info().streams()) {
          if (s.has_attendee_id()) names[session][s.audio_stream_id()] = s.attendee_id();
        }
      }
      if (f.type() != F::AUDIO_METADATA) continue;
      Told& told = out.emplace_back();
      for (const auto& s : f.audio_metadata().attendee_states()) {
        EXPECT_TRUE(s.has_signal_strength());
        EXPECT_FALSE(s.has_volume()) << "all others would be silent";
        EXPECT_TRUE(names[session].contains(s.audio_stream_id())) << "an id that the client has not heard of";
        told.emplace_back(names[session][s.audio_stream_id()], s.signal_strength());
      }
      EXPECT_FALSE(told.empty()) << "a frame about nobody says that all are good";
    }
    return out;
  }
  SessionNo enter(const std::string& id) {
    const SessionNo session = bench.enter(id);
    for (const auto& [other, known] : names) std::ignore = take(other);
    return session;
  }
  void link(SessionNo session, Strength strength) { bench.sfu(wire::SfuLinkQuality{bench.connection_of(session), strength}); }

  RoomBench bench;
  std::map<SessionNo, std::map<std::uint32_t, std::string>> names;
};

TEST_F(RoomLinks, EveryChangeNamesAllBadLinksAndWhoHasRecovered) {
  const SessionNo a = enter("a"), b = enter("b"), c = enter("c");
  for (const SessionNo s : {a, b, c}) take(s);
  link(a, Strength::weak);
  for (const SessionNo s : {a, b, c}) EXPECT_THAT(take(s), ElementsAre(ElementsAre(Pair("a", 1u)))) << "also the person itself";
  link(a, Strength::weak);
  EXPECT_THAT(take(b), IsEmpty());
  link(c, Strength::none);
  EXPECT_THAT(take(b), ElementsAre(UnorderedElementsAre(Pair("a", 1u), Pair("c", 0u))));
  link(a, Strength::good);
  EXPECT_THAT(take(b), ElementsAre(UnorderedElementsAre(Pair("a", 2u), Pair("c", 0u))));
  link(c, Strength::good);
  EXPECT_THAT(take(b), ElementsAre(ElementsAre(Pair("c", 2u)))) << "the last one too is said, not left out";
}

TEST_F(RoomLinks, LevelsSayNothingOfLinks) {
  const SessionNo a = enter("a"), b = enter("b");
  link(a, Strength::weak);
  take(b);
  bench.sfu(wire::SfuAudioLevels{wire::MeetingNo{1}, {{bench.connection_of(a), 20}}});
  const auto frames = bench.take(b);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_FALSE(frames[0].audio_metadata().attendee_states(0).has_signal_strength());
}

TEST_F(RoomLinks, ALatecomerIsToldOfTheBadOnes) {
  const SessionNo a = enter("a");
  enter("b");
  link(a, Strength::weak);
  const SessionNo late = enter("late");
  EXPECT_THAT(take(late), ElementsAre(UnorderedElementsAre(Pair("a", 1u), Pair("late", 2u))));
}

TEST_F(RoomLinks, WhoLeavesOrIsDroppedIsForgotten) {
  const SessionNo a = enter("a"), b = enter("b"), c = enter("c"), d = enter("d");
  link(a, Strength::weak);
  link(b, Strength::weak);
  link(c, Strength::none);
  F leave;
  leave.set_type(F::LEAVE);
  bench.feed(a, leave);
  bench.sfu(wire::SfuFailed{bench.connection_of(b), wire::SfuFailure::consent_lost});
  take(d);
  link(d, Strength::weak);
  EXPECT_THAT(take(d), ElementsAre(UnorderedElementsAre(Pair("c", 0u), Pair("d", 1u))));
  bench.sfu(wire::SfuLinkQuality{bench.connection_of(a), Strength::good});   // was on its way when it left
  EXPECT_THAT(take(d), IsEmpty());
}

TEST_F(RoomLinks, AReconnectClearsWhatWasToldOfTheLostConnection) {
  const SessionNo a = enter("a"), b = enter("b");
  take(b);
  link(a, Strength::none);
  bench.close(a);
  take(b);
  const SessionNo again = bench.enter("a");
  EXPECT_THAT(take(b), ElementsAre(ElementsAre(Pair("a", 2u))));
  EXPECT_THAT(take(again), ElementsAre(ElementsAre(Pair("a", 2u))));
}

TEST_F(RoomLinks, AContentShareCountsForNobody) {
  const SessionNo a = enter("a"), b = enter("b");
  const SessionNo share = bench.enter("a#content", true);
  for (const SessionNo s : {a, b, share}) take(s);
  link(share, Strength::none);
  EXPECT_THAT(take(b), IsEmpty());
  link(b, Strength::weak);
  EXPECT_THAT(take(a), ElementsAre(ElementsAre(Pair("b", 1u))));
}

}  // namespace
}  // namespace upcall::signaling
