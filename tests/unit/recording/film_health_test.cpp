// The judge of films: each fault by its name, and no word about a good film.
#include "recording/film_health.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace upcall::recording {
namespace {

// A minute in which one person moves and speaks.
struct Minute {
  FilmFacts facts;
  FilmExpectation expected;
  Minute() {
    facts.header = facts.index = facts.whole = true;
    facts.bytes = 1'000'000;
    facts.fragments = 30;
    facts.index_ms = 60'000;
    facts.video = {0, 60'000, 1800, {0, 40}};
    facts.audio = {0, 60'010, 2813, {0, 0}};
    facts.pictures = 100;
    facts.sound.assign(60, {80, 10});
    expected.composed_ms = 60'000;
    expected.session_ms = 60'200;
    for (int s = 0; s < 60; ++s) *expected.log.at(s * 1'000'000) = {false, false, 29, 1, 40, 81, 10};
  }
  std::vector<HealthFinding> found() const { return judge(facts, expected); }
  // The only finding's name.
  std::string name() const {
    const auto f = found();
    std::string out;
    for (const HealthFinding& finding : f) out += (out.empty() ? "" : " ") + std::string(to_string(finding.kind));
    return out;
  }
};

TEST(FilmHealth, AGoodFilmIsNotSpokenOf) {
  EXPECT_EQ(Minute().name(), "");
  Minute alone;
  alone.expected = {};   // nothing is known of the call
  EXPECT_EQ(alone.name(), "");
}

TEST(FilmHealth, CutFilmsAreTruncated) {
  Minute m;
  m.facts.whole = false;
  EXPECT_EQ(m.name(), "truncated");
  m = {};
  m.facts.index = false;
  EXPECT_EQ(m.name(), "truncated");
  m = {};
  m.facts.header = false;
  m.facts.undecodable = 3;
  EXPECT_EQ(m.name(), "truncated") << "nothing else is said of what cannot be read";
  m = {};
  m.facts.whole = false;
  m.facts.video.end_ms = m.facts.audio.end_ms = 40'000;
  ASSERT_EQ(m.name(), "truncated") << "that it is short is no news";
  EXPECT_EQ(m.found()[0].at_ms, 40'000);
}

TEST(FilmHealth, WhatADecoderRefusesIsDamaged) {
  Minute m;
  m.facts.undecodable = 2;
  ASSERT_EQ(m.name(), "damaged");
  EXPECT_EQ(m.found()[0].value, 2);
}

TEST(FilmHealth, LengthIsComparedWithTheComposerTheOtherTrackAndTheSession) {
  Minute m;
  m.expected.composed_ms = 61'000;
  EXPECT_EQ(m.name(), "length");
  m = {};
  m.facts.audio.end_ms = 59'000;
  EXPECT_EQ(m.name(), "length");
  m = {};
  m.expected.session_ms = 66'000;
  ASSERT_EQ(m.name(), "length");
  EXPECT_EQ(m.found()[0].value, 60'010 - 66'000);
  m.expected.session_ms = 64'000;
  EXPECT_EQ(m.name(), "");
}

TEST(FilmHealth, ShiftedTracksAreFoundByTimestampsAndByEar) {
  Minute m;
  m.facts.skew_ms = -41;
  EXPECT_EQ(m.name(), "av_offset");
  m.facts.skew_ms = 40;
  EXPECT_EQ(m.name(), "");
  m = {};
  for (auto& s : m.facts.sound) s.onset = 20;
  ASSERT_EQ(m.name(), "av_offset");
  EXPECT_EQ(m.found()[0].value, 200);
  for (auto& s : m.facts.sound) s.onset = 48;   // 240 ms early, over the border of the second
  EXPECT_EQ(m.found().at(0).value, -240);
  EXPECT_EQ(heard_offset_ms(m.facts, m.expected), -240);
  for (auto& s : m.facts.sound) s.onset = kNoOnset;
  EXPECT_FALSE(heard_offset_ms(m.facts, m.expected)) << "nothing to go by";
  // One second in which something else was louder says nothing.
  m = {};
  m.facts.sound[5].onset = m.facts.sound[9].onset = 40;
  EXPECT_EQ(m.name(), "");
}

TEST(FilmHealth, BlackIsAnAlarmWhenSomebodyWasThere) {
  Minute m;
  m.facts.black = {{20'000, 30'000}};
  ASSERT_EQ(m.name(), "black");
  EXPECT_NEAR(m.found()[0].value, 1 / 6.0, 0.01);
  EXPECT_EQ(m.found()[0].at_ms, 20'000);
  for (int s = 20; s < 30; ++s) m.expected.log.at(s * 1'000'000)->people = 0;
  EXPECT_EQ(m.name(), "");
}

TEST(FilmHealth, StandingStillIsAnAlarmWhenPicturesCame) {
  Minute m;
  m.facts.still = {{30'000, 42'000}};
  ASSERT_EQ(m.name(), "frozen");
  EXPECT_NEAR(m.found()[0].value, 0.2, 0.01);
  const auto still_with = [&](auto change) {
    Minute out = m;
    for (int s = 30; s < 42; ++s) change(*out.expected.log.at(s * 1'000'000));
    return out.name();
  };
  EXPECT_EQ(still_with([](SessionSecond& s) { s.pictures = 0; }), "") << "camera off, or a picture that does not change";
  EXPECT_EQ(still_with([](SessionSecond& s) { s.gap = true; }), "");
  EXPECT_EQ(still_with([](SessionSecond& s) { s.unknown = true; }), "");
}

TEST(FilmHealth, SilenceIsAnAlarmWhenVoicesOrTheMixWereHeard) {
  Minute m;
  for (std::size_t s = 10; s < 20; ++s) m.facts.sound[s] = {};
  EXPECT_EQ(m.name(), "silent");
  const auto silent_with = [&](auto change) {
    Minute out = m;
    for (int s = 10; s < 20; ++s) change(*out.expected.log.at(s * 1'000'000));
    return out.name();
  };
  EXPECT_EQ(silent_with([](SessionSecond& s) { s.voices = 0; }), "silent");
  EXPECT_EQ(silent_with([](SessionSecond& s) { s.peak = 0; }), "silent");
  EXPECT_EQ(silent_with([](SessionSecond& s) { s.voices = 0, s.peak = 0; }), "") << "nobody spoke";
  EXPECT_EQ(silent_with([](SessionSecond& s) { s.gap = true; }), "");
}

TEST(FilmHealth, GapsBetweenSamples) {
  Minute m;
  m.facts.video.longest_gap = {10'000, 12'600};
  EXPECT_EQ(m.name(), "gap");
  m = {};
  m.facts.audio.longest_gap = {10'000, 10'150};
  ASSERT_EQ(m.name(), "gap");
  EXPECT_EQ(m.found()[0].severity, HealthSeverity::warning);
}

TEST(FilmHealth, NamesAreRead) {
  for (std::size_t i = 0; i < kHealthKinds; ++i) EXPECT_EQ(health_kind(to_string(static_cast<HealthKind>(i))), static_cast<HealthKind>(i));
  EXPECT_EQ(health_kind("unwell"), std::nullopt);
}

TEST(SessionLog, IsReadAsItWasWritten) {
  SessionLog log;
  *log.at(2'500'000) = {true, false, 1, 2, 3, 4, 5};
  log.mark_gap(3'900'000, 5'000'000);
  ASSERT_EQ(log.seconds().size(), 6u);
  EXPECT_TRUE(log.seconds()[3].gap && log.seconds()[4].gap && log.seconds()[5].gap);
  const auto again = SessionLog::parse(log.encode());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->seconds(), log.seconds());
  ByteVector bytes = log.encode();
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_EQ(SessionLog::parse(Bytes(bytes).first(cut)).has_value(), cut > 0 && (cut - 1) % 6 == 0) << cut;
  }
  bytes[6] = 50;
  EXPECT_FALSE(SessionLog::parse(bytes)) << "a second has 50 blocks";
  EXPECT_EQ(log.at(-1), nullptr);
  EXPECT_EQ(log.at(std::int64_t{86400} * 1'000'000), nullptr);
}

TEST(SoundMeter, NamesPeakAndOnset) {
  SoundMeter meter;
  std::vector<float> beep(4800);
  for (std::size_t i = 0; i < beep.size(); ++i) beep[i] = 0.1f * std::sin(static_cast<float>(i) * 0.13f);
  meter.add(48000 + 960 * 7, beep.data(), beep.data(), 1, beep.size());
  const auto seconds = meter.seconds();
  ASSERT_EQ(seconds.size(), 2u);
  EXPECT_EQ(seconds[0].peak, 0);
  EXPECT_EQ(seconds[0].onset, kNoOnset);
  EXPECT_EQ(seconds[1].peak, 80);
  EXPECT_EQ(seconds[1].onset, 7);
}

TEST(PictureSketch, NoiseOfACodecIsNoDifference) {
  std::vector<std::uint8_t> a(640 * 360, 100);
  std::vector<std::uint8_t> noisy = a, moved = a;
  for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] = static_cast<std::uint8_t>(96 + i % 9);
  for (int y = 100; y < 140; ++y) {
    for (int x = 200; x < 260; ++x) moved[static_cast<std::size_t>(y * 640 + x)] = 180;
  }
  const auto sketch = [](const std::vector<std::uint8_t>& luma) { return PictureSketch(luma.data(), 640, 640, 360); };
  EXPECT_TRUE(sketch(a).same(sketch(noisy)));
  EXPECT_FALSE(sketch(a).plainly_differs(sketch(noisy)));
  EXPECT_FALSE(sketch(a).same(sketch(moved)));
  EXPECT_TRUE(sketch(a).plainly_differs(sketch(moved)));
  EXPECT_DOUBLE_EQ(sketch(a).mean(), 100);
  EXPECT_DOUBLE_EQ(sketch(a).deviation(), 0);
}

}  // namespace
}  // namespace upcall::recording
