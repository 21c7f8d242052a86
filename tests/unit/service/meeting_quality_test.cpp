// What a meeting says of its people, and when: changes at once, sameness seldom, and what is kept often enough for a crash.
#include <gtest/gtest.h>

#include "service/meetings/meeting_quality.hpp"

namespace upcall::service {
namespace {

using Kind = signaling::RoomEventKind;

struct Meeting {
  Meeting() : room(now, {}, random, [] { return wire::ConnectionNo{1}; }, out) {}
  void event(Kind kind, const std::string& id, bool content = false) { quality.on_event(now, {kind, id, content}, room); }
  // Two seconds with so much lost on the way from this person.
  void measure(const std::string& id, double loss = 0) {
    wire::SfuConnectionFigures& f = figures[id];
    f.connection = wire::ConnectionNo{static_cast<std::uint32_t>(id.front())};
    f.rtt_ms = 20;
    f.audio_expected += 100;
    f.audio_lost += static_cast<std::int64_t>(loss);
    quality.on_measured(now.mono, {id, f});
  }
  std::optional<QualityUpdate> pass() {
    now.mono = now.mono + Duration::s(2);
    now.wall = now.wall + Duration::s(2);
    return quality.tick(now);
  }
  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  SeededRandom random{3};
  signaling::RoomOutput out;
  signaling::Room room;
  MeetingQuality quality{"m"};
  std::map<std::string, wire::SfuConnectionFigures> figures;
};

TEST(MeetingQuality, AnEmptyMeetingWantsNothing) {
  Meeting m;
  EXPECT_TRUE(m.quality.next_tick().is_never());
  EXPECT_FALSE(m.pass());
  m.measure("nobody");
  EXPECT_FALSE(m.pass());
}

TEST(MeetingQuality, TellsWhatHasChangedAtOnceAndTheRestEveryTenSeconds) {
  Meeting m;
  m.event(Kind::attendee_joined, "a");
  EXPECT_FALSE(m.quality.next_tick().is_never());
  int told = 0;
  for (int i = 0; i < 15; ++i) {
    m.measure("a");
    const auto update = m.pass();
    ASSERT_TRUE(update);
    ASSERT_EQ(update->people.size(), 1u);
    told += update->news ? 1 : 0;
  }
  EXPECT_GE(told, 3);
  EXPECT_LE(told, 4) << "the first, then every ten seconds";
  bool worse = false;
  for (int i = 0; i < 3 && !worse; ++i) {
    m.measure("a", 30);
    const auto update = m.pass();
    worse = update->news && update->people[0].figures.reason == quality::Reason::loss_up;
  }
  EXPECT_TRUE(worse);
}

TEST(MeetingQuality, KeepsEveryTwentySecondsWhenSomebodyLeavesAndAtTheEnd) {
  Meeting m;
  m.event(Kind::attendee_joined, "a");
  m.event(Kind::attendee_joined, "b");
  std::vector<int> kept;
  for (int i = 1; i <= 30; ++i) {
    m.measure("a");
    m.measure("b");
    if (!m.pass()->records.empty()) kept.push_back(i * 2);
  }
  EXPECT_EQ(kept, (std::vector<int>{20, 40, 60}));
  m.event(Kind::attendee_dropped, "b");
  m.measure("a");
  const auto left = m.pass();
  ASSERT_EQ(left->records.size(), 1u);
  EXPECT_TRUE(left->news);
  EXPECT_EQ(left->records[0].attendee_id, "b");
  EXPECT_EQ(left->records[0].began, WallTime::from_unix_ms(1'800'000'000'000));
  EXPECT_EQ(left->records[0].series.moments().back().what, quality::Happening::dropped);
  EXPECT_EQ(left->people.size(), 1u);
  // Comes back: a stay of its own.
  m.event(Kind::attendee_joined, "b");
  m.measure("b");
  m.pass();
  const QualityUpdate last = m.quality.finish(m.now);
  ASSERT_EQ(last.records.size(), 2u);
  EXPECT_GT(last.records[1].began, left->records[0].began);
  EXPECT_EQ(last.records[1].series.points().size(), 1u);
  EXPECT_TRUE(m.quality.next_tick().is_never());
}

TEST(MeetingQuality, SharesAreTheirPersonsHappenings) {
  Meeting m;
  m.event(Kind::attendee_joined, "a");
  m.event(Kind::video_started, "a");
  m.event(Kind::attendee_joined, "a#content", true);
  m.event(Kind::video_started, "a#content", true);
  m.event(Kind::attendee_left, "a#content", true);
  m.event(Kind::attendee_joined, "stranger#content", true);   // whose person is not there
  const QualityUpdate last = m.quality.finish(m.now);
  ASSERT_EQ(last.records.size(), 1u);
  std::vector<quality::Happening> seen;
  for (const auto& moment : last.records[0].series.moments()) seen.push_back(moment.what);
  EXPECT_EQ(seen, (std::vector{quality::Happening::joined, quality::Happening::video_on, quality::Happening::share_on, quality::Happening::share_off}));
}

TEST(MeetingQuality, WhatOneSendsBrokenIsNotTheOthersFault) {
  Meeting m;
  m.event(Kind::attendee_joined, "a");
  m.event(Kind::attendee_joined, "b");
  wire::ClientMetrics hears;
  hears.sound_pps = 50;
  hears.sound_concealed_percent = 40;
  std::optional<QualityUpdate> update;
  for (int i = 0; i < 8; ++i) {
    m.measure("a", 40);
    m.measure("b");
    m.quality.on_measured(m.now.mono, {"b", hears});
    update = m.pass();
  }
  ASSERT_EQ(update->people.size(), 2u);
  EXPECT_LT(update->people[0].figures.score, 3);
  EXPECT_GT(update->people[1].figures.score, 4.5);
  EXPECT_EQ(update->people[1].client_frames, 8u);
  for (int i = 0; i < 10; ++i) {
    m.measure("a");
    m.measure("b");
    m.quality.on_measured(m.now.mono, {"b", hears});
    update = m.pass();
  }
  EXPECT_LT(update->people[1].figures.score, 3) << "now they are its own";
  EXPECT_EQ(m.quality.people(m.now.mono).size(), 2u);
}

}  // namespace
}  // namespace upcall::service
