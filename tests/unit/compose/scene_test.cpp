// What a film shows of pauses, of who speaks, of more people than there are places.
#include "note_studio.hpp"

namespace upcall::compose {
namespace {

bool silent(const std::vector<float>& pcm, double from_s, double to_s) {
  const auto from = pcm.begin() + static_cast<std::ptrdiff_t>(from_s * 48000), to = pcm.begin() + static_cast<std::ptrdiff_t>(to_s * 48000);
  return std::all_of(from, to, [](float v) { return v == 0.0f; });
}

// Anna speaks and shows herself from begin_us on, as streams of these numbers.
void anna(Call& c, std::uint64_t begin_us, std::uint64_t end_us, std::uint32_t number, bool announce = true) {
  if (announce) {
    c.feed(wire::TapAttendee{begin_us, "a", "Anna", false});
    c.feed(source(begin_us, number, "a"));
    c.feed(wire::TapSource{begin_us, number + 1, "a", wire::TapKind::audio, wire::TapCodec::opus, 48000, 0, false});
  }
  const std::uint8_t payload[3] = {1, 2, 3};
  std::uint64_t next_frame = begin_us;
  for (std::uint64_t at = begin_us; at < end_us; at += 20'000) {
    wire::TapPacket p;
    p.at_us = at;
    p.source = number + 1;
    p.sequence = c.sequence[number + 1]++;
    p.timestamp = static_cast<std::uint32_t>(at * 48 / 1000);
    p.audio_level = 30;
    p.payload = payload;
    c.feed(p);
    if (at >= next_frame) {
      c.frame(number, at, at - begin_us < 40'000);
      next_frame += 40'000;
    }
  }
}

TEST(Pause, ACardAndSilenceWhileItLastsAndNothingElseOfIt) {
  Call c({.title = "m"});
  c.feed(wire::TapStart{1, "r", "m", 0});
  anna(c, 0, 2'000'000, 1);
  c.feed(wire::TapPause{2'005'000, true});
  c.feed(wire::TapMute{2'500'000, "a", true});   // the roster goes on
  c.feed(wire::TapPause{4'010'000, false});
  c.feed(wire::TapRefresh{4'010'000, 3});
  anna(c, 4'010'000, 6'000'000, 3);
  c.feed(wire::TapStop{6'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.composer.facts().pauses, (std::vector<Span>{{2'005'000, 4'010'000}}));
  for (const auto& s : c.studio.shown) {
    const std::int64_t at = s.tick * 1'000'000 / 30;
    SCOPED_TRACE(at);
    const bool paused = at >= 2'005'000 && at < 4'010'000;
    EXPECT_EQ(s.scene.card, paused ? Card::paused : Card::none);
    EXPECT_EQ(s.scene.tiles.size(), paused ? 0u : 1u);
    EXPECT_EQ(s.scene.title, "m") << "the title stays";
    EXPECT_GT(s.scene.title_box.height, 0);
    if (paused) {
      EXPECT_EQ(s.scene.card_box.y, s.scene.title_box.height);
    }
  }
  // The first card stands on the first tick of the pause, and an unchanged card is not encoded but for once a second.
  const auto cards = std::count_if(c.studio.shown.begin(), c.studio.shown.end(), [](const auto& s) { return s.scene.card == Card::paused; });
  EXPECT_GE(cards, 2);
  EXPECT_LE(cards, 4);
  EXPECT_EQ(c.studio.scene_at(2.04).card, Card::paused);
  // To the sample, on both sides.
  EXPECT_FALSE(silent(c.studio.heard, 1.95, 1.99));
  EXPECT_TRUE(silent(c.studio.heard, 2.005, 4.010));
  EXPECT_FALSE(silent(c.studio.heard, 4.03, 4.1));
  EXPECT_EQ(c.studio.heard.size(), 6u * 48000);
  EXPECT_EQ(c.composer.facts().duration_us, 6'000'000);
}

TEST(Forgotten, ACardAndSilenceAndTheRestAsItWas) {
  Call c({.title = "m"});
  c.feed(wire::TapStart{1, "r", "m", 0});
  anna(c, 0, 2'000'000, 1);
  // Three blocks that cannot be read, then what the journal says of the rest, up to where the tap begins anew.
  for (const std::int64_t at : {2'000'000, 2'250'000, 2'500'000}) {
    c.composer.forgotten(at, at + 250'000);
    ASSERT_TRUE(c.composer.advance(at + 250'000).has_value());
  }
  c.feed(wire::TapForgotten{2'000'000, 2'900'000});
  c.feed(wire::TapPause{2'900'000, false});
  c.feed(wire::TapForgotten{2'900'000, 3'010'000});
  c.feed(wire::TapRefresh{3'010'000, 3});
  anna(c, 3'010'000, 5'000'000, 3);
  c.feed(wire::TapStop{5'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.composer.facts().forgotten, (std::vector<Span>{{2'000'000, 3'010'000}}));
  EXPECT_TRUE(c.composer.facts().pauses.empty());
  EXPECT_EQ(c.composer.facts().gaps, 0u);
  for (const auto& s : c.studio.shown) {
    const std::int64_t at = s.tick * 1'000'000 / 30;
    const bool gone = at >= 2'000'000 && at < 3'010'000;
    EXPECT_EQ(s.scene.card, gone ? Card::forgotten : Card::none) << at;
    EXPECT_EQ(s.scene.tiles.size(), gone ? 0u : 1u) << at;
  }
  EXPECT_FALSE(silent(c.studio.heard, 1.9, 1.98));
  EXPECT_TRUE(silent(c.studio.heard, 2.0, 3.01));
  EXPECT_FALSE(silent(c.studio.heard, 3.03, 3.2));
  EXPECT_EQ(c.studio.heard.size(), 5u * 48000);
  for (const int second : {2, 3}) EXPECT_TRUE(c.composer.facts().log.seconds().at(static_cast<std::size_t>(second)).gap);
  EXPECT_FALSE(c.composer.facts().log.seconds().at(1).gap);
}

TEST(Forgotten, SaysMoreThanAPauseThatItMeets) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  anna(c, 0, 1'000'000, 1);
  c.feed(wire::TapPause{1'000'000, true});
  c.composer.forgotten(2'000'000, 3'000'000);
  c.feed(wire::TapForgotten{2'000'000, 3'000'000});
  c.feed(wire::TapPause{3'000'000, true});   // told again: it still pauses
  c.feed(wire::TapPause{4'000'000, false});
  c.feed(wire::TapRefresh{4'000'000, 3});
  anna(c, 4'000'000, 5'000'000, 3);
  c.feed(wire::TapStop{5'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.studio.scene_at(1.5).card, Card::paused);
  EXPECT_EQ(c.studio.scene_at(2.5).card, Card::forgotten);
  EXPECT_EQ(c.studio.scene_at(3.5).card, Card::paused);
  EXPECT_EQ(c.studio.scene_at(4.5).card, Card::none);
  EXPECT_EQ(c.composer.facts().pauses, (std::vector<Span>{{1'000'000, 4'000'000}}));
  EXPECT_EQ(c.composer.facts().forgotten, (std::vector<Span>{{2'000'000, 3'000'000}}));
}

TEST(SpanList, GrowsTogetherWithWhatItTouches) {
  SpanList list;
  list.add(10, 20);
  list.add(30, 40);
  list.add(40, 40);
  list.add(40, 50);
  list.add(15, 17);
  EXPECT_EQ(list.until(100), (std::vector<Span>{{10, 50}}));
  list.add(60, 70);
  EXPECT_EQ(list.until(65), (std::vector<Span>{{10, 50}, {60, 65}}));
  EXPECT_TRUE(list.covers(10) && list.covers(69));
  EXPECT_FALSE(list.covers(50) || list.covers(70));
}

TEST(Pause, AtTheStartToTheEndAndToldAgainAfterARestart) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapPause{0, true});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(wire::TapGap{1'000'000, 1'500'000, wire::TapGapReason::server_restart, 0});
  c.feed(wire::TapPause{1'500'000, true});
  c.feed(wire::TapAttendee{1'600'000, "a", "Anna", false});
  c.feed(wire::TapPause{2'000'000, false});
  c.feed(wire::TapRefresh{2'000'000, 3});
  anna(c, 2'000'000, 3'000'000, 3);
  c.feed(wire::TapPause{3'000'000, true});
  c.feed(wire::TapStop{5'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.composer.facts().pauses, (std::vector<Span>{{0, 2'000'000}, {3'000'000, 5'000'000}}));
  EXPECT_EQ(c.studio.shown.front().scene.card, Card::paused);
  EXPECT_EQ(c.studio.scene_at(1.7).card, Card::paused);
  EXPECT_EQ(c.studio.scene_at(2.5).card, Card::none);
  EXPECT_EQ(c.studio.shown.back().scene.card, Card::paused);
  EXPECT_TRUE(silent(c.studio.heard, 0, 2));
  EXPECT_TRUE(silent(c.studio.heard, 3, 5));
  EXPECT_FALSE(silent(c.studio.heard, 2.1, 2.9));
}

TEST(Pause, AServerThatComesBackWithoutItHasEndedIt) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  anna(c, 0, 1'000'000, 1);
  c.feed(wire::TapPause{1'000'000, true});
  c.feed(wire::TapGap{2'000'000, 3'000'000, wire::TapGapReason::server_restart, 0});
  anna(c, 3'000'000, 4'000'000, 3);
  c.feed(wire::TapStop{4'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.composer.facts().pauses, (std::vector<Span>{{1'000'000, 3'000'000}}));
  EXPECT_EQ(c.studio.shown.back().scene.tiles.size(), 1u);
}

TEST(SpeakerMark, FollowsTheVoicesWithoutDrawingTheCanvasAnew) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  Voices v(c);
  v.join("a");
  v.join("b");
  v.run_ms(1000);
  v.voice["a"].level = 30;
  v.run_ms(2000);
  v.voice["a"].level = 90;
  v.voice["b"].level = 30;
  v.run_ms(2000);
  v.voice["b"].level = 90;
  v.run_ms(2000);
  v.finish();
  EXPECT_EQ(v.marked_at(1.1), "");
  EXPECT_EQ(v.marked_at(1.3), "a");
  EXPECT_EQ(v.marked_at(2.9), "a");
  EXPECT_EQ(v.marked_at(4.0), "b");
  EXPECT_EQ(v.marked_at(6.0), "");
  // Three changes, the once-a-second ones, and not one redrawn canvas behind the first.
  for (std::size_t i = 1; i < c.studio.shown.size(); ++i) EXPECT_FALSE(c.studio.shown[i].relaid) << c.studio.shown[i].tick;
  EXPECT_LE(c.studio.shown.size(), 8u + 3u);
}

TEST(SpeakerMark, NobodyWhoIsMuted) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  Voices v(c);
  v.join("a");
  v.voice["a"].level = 20;
  v.run_ms(1000);
  c.feed(wire::TapMute{v.at_us, "a", true});
  v.run_ms(1000);                      // a client that goes on sending
  c.feed(wire::TapMute{v.at_us, "a", false});
  v.run_ms(1000);
  v.finish();
  EXPECT_EQ(v.marked_at(0.9), "a");
  EXPECT_EQ(v.marked_at(1.05), "");
  EXPECT_EQ(v.marked_at(1.95), "");
  EXPECT_EQ(v.marked_at(2.9), "a");
}

TEST(ManyPeople, TheLastSpeakersHaveTilesTheRestIsCounted) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  Voices v(c);
  for (int i = 0; i < 12; ++i) v.join(std::string(1, static_cast<char>('a' + i)));
  v.run_ms(3000);
  v.voice["l"].level = 30;
  v.run_ms(2000);
  v.finish();
  const auto names = [](const Scene& s) {
    std::string out;
    for (const Tile& t : s.tiles) out += t.name.substr(8);
    return out;
  };
  const Scene before = c.studio.scene_at(2.5), after = c.studio.scene_at(4.9);
  EXPECT_EQ(names(before), "abcdefghi");
  EXPECT_EQ(names(after), "abcdefghl");
  for (const Scene* s : {&before, &after}) {
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(s->tiles[i].more, i == 8 ? 3 : 0);
  }
  EXPECT_TRUE(after.tiles[8].speaking);
}

TEST(SpeakerLayout, WhoSpeaksIsLargeAndTheOthersAreAStrip) {
  Call c({.layout = LayoutKind::speaker});
  c.feed(wire::TapStart{1, "r", "m", 0});
  Voices v(c);
  for (const char* who : {"a", "b", "c"}) v.join(who);
  v.run_ms(1000);
  v.voice["b"].level = 30;
  v.run_ms(2000);
  v.finish();
  EXPECT_EQ(c.studio.scene_at(0.5).tiles[0].name, "Name of a");
  const Scene s = c.studio.scene_at(2);
  ASSERT_EQ(s.tiles.size(), 3u);
  EXPECT_EQ(s.tiles[0].name, "Name of b");
  EXPECT_EQ(s.tiles[0].box, (Box{0, 0, 1536, 1080}));
  EXPECT_EQ(s.tiles[1].name, "Name of a");
  EXPECT_EQ(s.tiles[2].box.width, 384);
}

TEST(Composer, AConstantRateEncodesEveryTick) {
  Call c({.fps = 15, .constant_rate = true});
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{0, "a", "Anna", false});
  c.feed(wire::TapStop{2'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  EXPECT_EQ(c.studio.shown.size(), 30u);
}

TEST(Facts, SayWhoWasThereWhenAndWhatIsMissing) {
  Call c;
  c.feed(wire::TapStart{1, "r", "m", 0});
  c.feed(wire::TapAttendee{1'000'000, "a", "Anna", false});
  c.feed(wire::TapAttendee{1'500'000, "b", "Ben", false});
  c.feed(wire::TapAttendee{1'600'000, "b#content", "Ben", false});
  c.feed(wire::TapAttendeeLeft{2'000'000, "b", false});
  c.feed(wire::TapAttendee{3'000'000, "b", "Benjamin", false});
  c.feed(wire::TapGap{4'000'000, 4'500'000, wire::TapGapReason::disk_full, 7});
  c.feed(wire::TapRefresh{4'500'000, 1});
  c.feed(wire::TapAttendee{4'500'000, "a", "Anna", false});
  c.feed(wire::TapGap{5'000'000, 6'000'000, wire::TapGapReason::server_restart, 0});
  c.feed(wire::TapStop{30'000'000, wire::TapStopReason::requested});
  ASSERT_TRUE(c.composer.finish().has_value());
  const ComposerFacts f = c.composer.facts();
  EXPECT_EQ(f.lead_in_us, 1'000'000);
  ASSERT_EQ(f.people.size(), 2u);
  EXPECT_EQ(f.people[0].id, "a");
  EXPECT_EQ(f.people[0].spans, (std::vector<Span>{{1'000'000, 5'000'000}})) << "a refresh is no coming and going";
  EXPECT_EQ(f.people[1].name, "Benjamin");
  EXPECT_EQ(f.people[1].spans, (std::vector<Span>{{1'500'000, 2'000'000}, {3'000'000, 4'500'000}}));
  ASSERT_EQ(f.gap_spans.size(), 2u);
  EXPECT_EQ(f.gap_spans[0].span, (Span{4'000'000, 4'500'000}));
  EXPECT_EQ(f.gap_spans[0].dropped, 7u);
  EXPECT_EQ(f.gap_spans[1].reason, wire::TapGapReason::server_restart);
}

}  // namespace
}  // namespace upcall::compose
