// Who is marked as the speaker: levels in virtual time.
#include <gtest/gtest.h>

#include "compose/speakers.hpp"
#include "compose/stage.hpp"

namespace upcall::compose {
namespace {

// Feeds levels every 20 ms and notes when who was active.
struct Room {
  Speakers speakers;
  std::int64_t now_us = 0;
  std::map<std::string, int> level;   // -dBov; absent: sends nothing
  std::vector<std::pair<std::int64_t, std::string>> changes;

  void run_ms(int ms) {
    for (const std::int64_t end = now_us + ms * 1000; now_us < end; now_us += 20'000) {
      for (const auto& [who, v] : level) speakers.level(who, now_us, static_cast<std::uint8_t>(v));
      if (speakers.advance(now_us)) changes.emplace_back(now_us / 1000, speakers.active());
    }
  }
};

TEST(Speakers, BeginsAfter200MsAndEndsAfter800MsOfSilence) {
  Room room;
  room.level = {{"a", 80}, {"b", 80}};
  room.run_ms(1000);
  EXPECT_TRUE(room.changes.empty());
  room.level["a"] = 30;
  room.run_ms(1000);
  ASSERT_EQ(room.changes.size(), 1u);
  EXPECT_EQ(room.changes[0].second, "a");
  EXPECT_NEAR(static_cast<double>(room.changes[0].first), 1200, 25);
  room.level["a"] = 80;
  room.run_ms(2000);
  ASSERT_EQ(room.changes.size(), 2u);
  EXPECT_EQ(room.changes[1].second, "");
  EXPECT_NEAR(static_cast<double>(room.changes[1].first), 2800, 45);
  EXPECT_NEAR(static_cast<double>(room.speakers.spoke_us("a")), 1'980'000, 21'000);
  EXPECT_EQ(room.speakers.spoke_us("b"), -1);
}

TEST(Speakers, ACoughAndPausesBetweenWordsMoveNothing) {
  Room room;
  room.level = {{"a", 30}, {"b", 80}};
  room.run_ms(1000);
  ASSERT_EQ(room.changes.size(), 1u);
  for (int i = 0; i < 20; ++i) {
    room.level = {{"a", 90}, {"b", i % 4 == 0 ? 10 : 80}};   // 160 ms of something loud
    room.run_ms(160);
    room.level = {{"a", 30}, {"b", 80}};
    room.run_ms(440);
    room.level = {{"b", 80}};                                // DTX: no packets at all
    room.run_ms(500);
  }
  EXPECT_EQ(room.changes.size(), 1u);
  EXPECT_EQ(room.speakers.active(), "a");
}

TEST(Speakers, WhoTalksOverTakesOverOnlyWhenLouderForASecond) {
  Room room;
  room.level = {{"a", 30}};
  room.run_ms(1000);
  room.level["b"] = 30;              // as loud: stays
  room.run_ms(3000);
  EXPECT_EQ(room.speakers.active(), "a");
  room.level["b"] = 18;
  room.run_ms(800);
  EXPECT_EQ(room.speakers.active(), "a");
  room.level["b"] = 45;              // falls back before the second is over
  room.run_ms(1000);
  room.level["b"] = 18;
  const std::int64_t from = room.now_us / 1000;
  room.run_ms(2000);
  ASSERT_EQ(room.changes.size(), 2u);
  EXPECT_EQ(room.changes[1].second, "b");
  EXPECT_NEAR(static_cast<double>(room.changes[1].first - from), 1100, 150);
  // When the loud one ends, the one who still speaks follows at once.
  room.level["b"] = 90;
  room.run_ms(2500);
  EXPECT_EQ(room.speakers.active(), "a");
  EXPECT_EQ(room.changes.size(), 3u);
}

TEST(Speakers, SilenceEndsItAtOnce) {
  Room room;
  room.level = {{"a", 30}};
  room.run_ms(500);
  room.level.clear();
  room.speakers.silence("a");
  room.run_ms(20);
  EXPECT_EQ(room.speakers.active(), "");
}

std::vector<Roster::Person> people(int count) {
  std::vector<Roster::Person> out;
  for (int i = 0; i < count; ++i) out.push_back({std::string(1, static_cast<char>('a' + i)), "", false, false, -1, -1});
  return out;
}

TEST(Stage, RosterOrderWhileThereIsRoomAndRecentSpeakersWhenThereIsNot) {
  Room room;
  Stage stage;
  stage.update(0, people(3), 3, room.speakers);
  EXPECT_EQ(stage.on(), (std::vector<std::string>{"a", "b", "c"}));
  // Five for three places: c speaks, then e, who takes the place of the last one that never spoke.
  room.level = {{"c", 30}};
  room.run_ms(3000);
  stage.update(room.now_us, people(5), 3, room.speakers);
  EXPECT_EQ(stage.on(), (std::vector<std::string>{"a", "b", "c"}));
  room.level = {{"e", 30}};
  room.run_ms(2000);
  stage.update(room.now_us, people(5), 3, room.speakers);
  EXPECT_EQ(stage.on(), (std::vector<std::string>{"a", "e", "c"}));
  // d after that: a never spoke. Then b: nobody has been there or has spoken for two seconds but c.
  room.level = {{"d", 30}};
  room.run_ms(1200);
  stage.update(room.now_us, people(5), 3, room.speakers);
  EXPECT_EQ(stage.on(), (std::vector<std::string>{"d", "e", "c"}));
  room.level = {{"b", 30}};
  room.run_ms(1200);
  stage.update(room.now_us, people(5), 3, room.speakers);
  EXPECT_EQ(stage.on(), (std::vector<std::string>{"d", "e", "b"}));
  // Everybody on stage is too fresh for another: waits, and is let in later.
  room.level = {{"a", 30}};
  room.run_ms(1100);
  stage.update(room.now_us, people(5), 2, room.speakers);
  const auto narrow = stage.on();
  EXPECT_EQ(narrow.size(), 2u) << "a smaller stage keeps who spoke last";
  room.run_ms(2500);
  stage.update(room.now_us, people(5), 2, room.speakers);
  EXPECT_TRUE(stage.shows("a"));
  EXPECT_FALSE(stage.waiting());
  // Who is gone makes room.
  auto fewer = people(5);
  fewer.erase(fewer.begin());
  stage.update(room.now_us, fewer, 2, room.speakers);
  EXPECT_FALSE(stage.shows("a"));
  EXPECT_EQ(stage.on().size(), 2u);
}

TEST(Stage, TheLargePlaceFollowsTheSpeakerWithoutHurry) {
  Room room;
  Stage stage;
  EXPECT_EQ(stage.large(0, people(3), room.speakers), "a");
  room.level = {{"b", 30}};
  room.run_ms(300);
  EXPECT_EQ(stage.large(room.now_us, people(3), room.speakers), "b") << "a was there for want of a speaker";
  room.level = {{"c", 30}};
  room.run_ms(1200);
  EXPECT_EQ(room.speakers.active(), "c");
  EXPECT_EQ(stage.large(room.now_us, people(3), room.speakers), "b");
  EXPECT_TRUE(stage.waiting());
  room.run_ms(1000);
  EXPECT_EQ(stage.large(room.now_us, people(3), room.speakers), "c");
  room.level.clear();
  room.run_ms(5000);
  EXPECT_EQ(stage.large(room.now_us, people(3), room.speakers), "c") << "in silence the last one stays";
  EXPECT_EQ(stage.large(room.now_us, people(2), room.speakers), "a") << "c is gone";
}

}  // namespace
}  // namespace upcall::compose
