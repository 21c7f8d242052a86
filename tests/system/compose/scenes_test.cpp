// What a film shows when things change during the call: pauses, speakers, shares, cameras, many people, other canvases.
#include "compose_fixture.hpp"

namespace upcall::test {
namespace {

const Place kLeft{0, 135, 480}, kRight{480, 135, 480};

class Scenes : public Compose {
 protected:
  SyntheticCall call(const std::string& name, std::uint32_t ms) { return scenario(name, run_number, ms).value(); }
  SyntheticPerson small(const std::string& id, std::uint8_t participant) const {
    SyntheticPerson p;
    p.id = id;
    p.name = "Person " + id;
    p.participant = participant;
    p.width = 320;
    p.height = 180;
    p.fps = 10;
    p.kbps = 120;
    return p;
  }
  float loudest(double from_s, double to_s) const {
    float out = 0;
    for (auto i = static_cast<std::size_t>(from_s * 48000); i < static_cast<std::size_t>(to_s * 48000); ++i) {
      out = std::max(out, std::abs(result.pcm.at(i)));
    }
    return out;
  }
};

TEST_F(Scenes, APauseIsACardAndSilence) {
  SyntheticCall c = call("camera", 9000);
  c.people[1].camera = {Span{}};
  c.pauses = {{1990, 5020}};
  // The bar of the pause sign, left of the middle: 540 high, a title of 24 above; and the title's own line.
  probes = {{470, 257, 2}, {30, 12, 8}};
  film(c, 960, 540, {kLeft, kRight}, "--title 'Call 4711'");
  if (HasFatalFailure()) return;
  for (std::size_t place = 0; place < 2; ++place) {
    // With a title the pictures stand 12 lower than without.
    EXPECT_TRUE(result.readings[place].empty());
  }
  ASSERT_TRUE(result.load(folder + "/film.mp4", {{0, 147, 480}, {480, 147, 480}}, probes));
  for (std::size_t place = 0; place < 2; ++place) {
    bool before = false, after = false;
    for (const auto& f : result.readings[place]) {
      EXPECT_FALSE(f.time_s > 2.0 + 1.0 / 30 && f.time_s < 5.0) << "a picture of somebody in the pause, at " << f.time_s;
      EXPECT_FALSE(f.clock_ms > 1990 && f.clock_ms < 5000) << "a picture from within the pause";
      before |= f.time_s < 1.9;
      after |= f.time_s > 5.5;
    }
    EXPECT_TRUE(before && after);
  }
  EXPECT_GT(result.shown(0, 3).y, 180);
  EXPECT_GT(result.shown(1, 3).y, 40) << "the title is kept";
  EXPECT_NEAR(result.shown(1, 3).y, result.shown(1, 1).y, 12);
  EXPECT_GT(loudest(1, 1.99), 0.1f);
  EXPECT_LT(loudest(2.03, 4.98), 0.002f) << "beeps of the seconds three and four";
  EXPECT_GT(loudest(5.9, 8), 0.1f);
  EXPECT_NE(text("out.json").find(R"("pauses":[{"from_ms":1990,"until_ms":5020}])"), std::string::npos) << text("out.json");
}

TEST_F(Scenes, TheBorderGoesToWhoSpeaks) {
  SyntheticCall c = call("rotation", 8000);
  c.people[1].rotation = 0;
  c.people[0].speaks = {{1000, 3000}};
  c.people[1].speaks = {{4500, 6500}};
  // Left edge of each tile, above the picture.
  probes = {{0, 60, 0}, {480, 60, 0}};
  film(c, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  const auto bordered = [&](std::size_t probe, double at) {
    const Probed p = result.shown(probe, at);
    return p.y > 110 && p.v < 110;
  };
  EXPECT_FALSE(bordered(0, 0.9));
  EXPECT_TRUE(bordered(0, 1.6));
  EXPECT_TRUE(bordered(0, 3.3));
  EXPECT_FALSE(bordered(1, 2.0));
  EXPECT_FALSE(bordered(0, 4.4));
  EXPECT_TRUE(bordered(1, 5.0));
  EXPECT_FALSE(bordered(0, 5.0));
  EXPECT_FALSE(bordered(1, 7.8));
  // The pictures go on beneath.
  EXPECT_GE(distinct(0, 1), 225u);
  EXPECT_GE(distinct(1, 2), 220u);
}

TEST_F(Scenes, AShareThatFitsIsShownPixelForPixelAndALargeOneIsMadeSmaller) {
  SyntheticCall c = call("share", 5000);
  c.people[0].screen = {{1000, UINT32_MAX}};
  film(c, 1920, 1080, {{128, 180, 1280}}, "");
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(0, 1), 45u);
  for (const auto& f : result.readings[0]) EXPECT_TRUE(f.screen);
  c.people[0].screen_width = 1920;
  c.people[0].screen_height = 1080;
  film(c, 1280, 720, {{0, 72, 1024}}, "");
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(0, 1), 45u);
}

TEST_F(Scenes, ACameraChangesItsSizeAndIsTurned) {
  SyntheticCall c = call("solo", 7500);
  c.people[0].shapes = {{2000, 320, 180, 0}, {4000, 640, 360, 1}, {6000, 640, 360, 0}};
  // Landscape fills the canvas; a portrait of 360 × 640 stands in its middle, 302 wide (see Compose.ATurnedPhone…).
  const double scale = 540.0 / 640, block = 8 * scale;
  const double left = (960 - 360 * scale) / 2 + 92 * scale - 9 * block, top = (640 - 22 * 8) / 2 * scale - 2 * block;
  film(c, 960, 540, {{0, 0, 960}, {left, top, block * 40}});
  if (HasFatalFailure()) return;
  std::size_t first = 0, second = 0, last = 0;
  for (const auto& f : result.readings[0]) {
    EXPECT_FALSE(f.time_s > 4.2 && f.time_s < 5.9) << f.time_s;
    first += f.time_s < 2.0;
    second += f.time_s > 2.2 && f.time_s < 4.0;
    last += f.time_s > 6.2;
  }
  EXPECT_GE(first, 50u);
  EXPECT_GE(second, 48u);
  EXPECT_GE(last, 30u);
  for (const auto& f : result.readings[1]) EXPECT_TRUE(f.time_s > 4.0 && f.time_s < 6.2) << f.time_s;
  EXPECT_GE(result.readings[1].size(), 45u);
}

TEST_F(Scenes, WhoComesLateGetsAPlaceAndACameraThatIsOffAName) {
  SyntheticCall c = call("camera", 6000);
  c.people[1].joins_ms = 2000;
  c.people[1].camera = {{4000, UINT32_MAX}};
  // The placeholder's disc and the card beside it.
  probes = {{720, 230, 3}, {500, 20, 3}};
  film(c, 960, 540, {{0, 0, 960}, kLeft, kRight});
  if (HasFatalFailure()) return;
  for (const auto& f : result.readings[0]) EXPECT_LT(f.time_s, 2.05);
  for (const auto& f : result.readings[1]) EXPECT_GT(f.time_s, 1.95);
  EXPECT_NEAR(seen(2).first, 4.1, 0.3);
  EXPECT_GE(distinct(0, 1), 55u);
  EXPECT_GE(distinct(1, 1), 110u);
  EXPECT_GE(distinct(2, 2), 50u);
  // Between: a card with a coloured disc.
  EXPECT_GT(result.shown(0, 3).y, result.shown(1, 3).y + 20);
  EXPECT_GT(result.shown(1, 3).y, 40);
  EXPECT_NE(text("out.json").find(R"("lead_in_ms":0)"), std::string::npos);
  EXPECT_NE(text("out.json").find(R"({"id":"ben","name":"Ben Customer","spans":[{"from_ms":2000,"until_ms":6000}]})"), std::string::npos) << text("out.json");
}

TEST_F(Scenes, NineHaveTilesAndWhoSpeaksNextGetsOne) {
  SyntheticCall c;
  c.run = run_number;
  c.duration_ms = 5000;
  for (int i = 0; i < 11; ++i) {
    c.people.push_back(small(std::to_string(i + 1), static_cast<std::uint8_t>(i + 1)));
    c.people.back().speaks = {};
  }
  c.people[10].speaks = {{2500, 5000}};
  std::vector<Place> places;
  for (int i = 0; i < 9; ++i) places.push_back({i % 3 * 320.0, i / 3 * 180.0, 320});
  // The chip "+2" at the bottom right of the last tile: a dark plate.
  probes = {{944, 536, 1}};
  film(c, 960, 540, places);
  if (HasFatalFailure()) return;
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_GE(distinct(i, static_cast<unsigned>(i + 1)), 40u) << i;
  }
  for (const auto& f : result.readings[8]) {
    EXPECT_TRUE(f.participant == 9u || f.participant == 11u);
    // 200 ms of speech after the levels begin, as they arrive.
    if (f.time_s < 2.65 || f.time_s > 2.95) {
      EXPECT_EQ(f.participant == 11, f.time_s > 2.8) << f.time_s;
    }
  }
  EXPECT_GE(distinct(8, 9), 18u);
  EXPECT_GE(distinct(8, 11), 15u);
}

TEST_F(Scenes, OtherSizesRatesAndLayouts) {
  struct Case {
    int width, height;
    std::string more;
    std::vector<Place> places;
    double fps;
  };
  const Case cases[] = {
      {1280, 720, "--fps 15", {{0, 180, 640}, {640, 180, 640}}, 15},
      {720, 1280, "--fps 25", {{0, 116, 720}, {0, 756, 720}}, 25},
      {854, 480, "--fps 30", {{0, 120, 426}, {426, 120, 426}}, 30},
      {960, 540, "--layout speaker", {{0, 54, 768}, {768, 216, 192}}, 30},
      {960, 540, "--layout grid", {kLeft, kRight}, 30},
      {960, 540, "--layout side-by-side", {kLeft, kRight}, 30},
      {960, 540, "--layout content", {kLeft, kRight}, 30},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::to_string(c.width) + " " + c.more);
    SyntheticCall two = call("rotation", 2500);
    two.people[1].rotation = 0;
    fs::remove_all(folder + "/journal");
    fps = c.fps;
    film(two, c.width, c.height, c.places, c.more);
    if (HasFatalFailure()) return;
    for (std::size_t place = 0; place < 2; ++place) {
      EXPECT_GE(distinct(place, static_cast<unsigned>(place + 1)), static_cast<std::size_t>(c.fps * 2.0)) << place;
    }
  }
  EXPECT_EQ(compose(640, 360, "--layout round"), 2);
}

TEST_F(Scenes, AConstantRateEncodesWhatStandsStill) {
  SyntheticCall c = call("solo", 3000);
  c.people[0].camera = {};
  film(c, 640, 360, {});
  if (HasFatalFailure()) return;
  EXPECT_LE(result.times.size(), 6u);
  film(c, 640, 360, {}, "--constant-rate");
  if (HasFatalFailure()) return;
  EXPECT_EQ(result.times.size(), 90u);
}

}  // namespace
}  // namespace upcall::test
