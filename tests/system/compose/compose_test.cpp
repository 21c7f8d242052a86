// Journal → upcall-recorder compose → film, judged by an independent reader. Real codecs, real files, no network.
#include "compose_fixture.hpp"
#include "journal/format.hpp"

namespace upcall::test {
namespace {

// The places of pictures on a canvas 960 wide.
const Place kLeft{0, 135, 480}, kRight{480, 135, 480};

// acceptance: 53, 54
TEST_F(Compose, TwoPeopleInFullSizeKeepEveryFrameAndLipSync) {
  film("two", 5000, 1920, 1080, {{0, 270, 960}, {960, 270, 960}});
  if (HasFatalFailure()) return;
  for (std::size_t place = 0; place < 2; ++place) {
    // 150 frames were sent; the last tenth of a second may be cut by the stop.
    EXPECT_GE(distinct(place, static_cast<unsigned>(place + 1)), 143u);
    const auto offset = result.av_offset_ms(place);
    ASSERT_TRUE(offset);
    EXPECT_LT(std::abs(*offset), 40) << "place " << place;
    RecordProperty("av_offset_ms_" + std::to_string(place), std::to_string(*offset));
  }
}

// acceptance: 54
TEST_F(Compose, APresentedScreenIsLargeWithAStripBesideItAndGoesAgain) {
  // 960 wide: content 768 × 432 at the left, strip of 192 × 108.
  film("share", 6000, 960, 540, {kLeft, {0, 54, 768}, {768, 162, 192}, {768, 270, 192}});
  if (HasFatalFailure()) return;
  EXPECT_LT(seen(0).first, 0.5);
  const auto share = seen(1);
  EXPECT_NEAR(share.first, 2.0, 0.4);
  EXPECT_NEAR(share.second, 4.0, 0.4);
  for (const auto& f : result.readings[1]) EXPECT_TRUE(f.screen);
  EXPECT_GE(distinct(1, 1), 26u);  // 15 fps for 2 s
}

TEST_F(Compose, ACameraThatGoesOffLeavesAPlaceholderAndComesBack) {
  film("camera", 6000, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(0, 1), 170u);
  bool before = false, between = false, after = false;
  for (const auto& f : result.readings[1]) {
    before |= f.time_s < 1.8;
    between |= f.time_s > 2.3 && f.time_s < 3.8;
    after |= f.time_s > 4.5;
  }
  EXPECT_TRUE(before && after);
  EXPECT_FALSE(between);
}

TEST_F(Compose, ATurnedPhoneStandsUpright) {
  // 360 × 640 upright in the right half of 480 × 540: 302 wide (even), code centred as in a portrait picture.
  auto call = scenario("rotation", run_number, 3000);
  // Portrait: the code's top is (640 - 22 blocks) / 2 below the picture's, a block being 1/40 of 360 (8, even).
  // The judge looks at a landscape picture; describe the place where such a one would have the code.
  const double scale = 540.0 / 640, block = 8 * scale;
  const double width = block * 40, left = 480 + (480 - 360 * scale) / 2 + 92 * scale - 9 * block;
  const double top = (640 - 22 * 8) / 2 * scale - 2 * block;
  film(*call, 960, 540, {kLeft, {left, top, width}});
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(1, 2), 75u);
  EXPECT_GE(distinct(0, 1), 80u);
}

TEST_F(Compose, LossAndLatePacketsCostLittleAndNeverShowGarbage) {
  film("loss", 8000, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  // Late packets cost nothing; of the losses (no retransmission at all here) every one costs up to the next key frame.
  EXPECT_GE(distinct(0, 1), 230u);
  EXPECT_GE(distinct(1, 2), 20u);
  const auto offset = result.av_offset_ms(0);
  ASSERT_TRUE(offset);
  EXPECT_LT(std::abs(*offset), 40);
}

TEST_F(Compose, ClocksThatDriftStayTogether) {
  film("drift", 12000, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  for (std::size_t place = 0; place < 2; ++place) {
    const auto offset = result.av_offset_ms(place);
    ASSERT_TRUE(offset);
    EXPECT_LT(std::abs(*offset), 40) << place;
  }
  EXPECT_GE(distinct(0, 1), 345u);
}

TEST_F(Compose, AClockThatIsSetByAnHourDoesNotTearTheCallApart) {
  film("jump", 8000, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(1, 2), 225u);
  const auto offset = result.av_offset_ms(1);
  ASSERT_TRUE(offset);
  EXPECT_LT(std::abs(*offset), 40);
  EXPECT_NE(text("out.json").find("\"jump_ms\""), std::string::npos);
}

TEST_F(Compose, FourInAGridAndOneWithoutCamera) {
  film("four", 3000, 960, 540, {{0, 0, 480}, {480, 0, 480}, {0, 270, 480}, {480, 270, 480}});
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(0, 1), 80u);
  EXPECT_GE(distinct(1, 2), 75u);
  EXPECT_GE(distinct(2, 3), 40u);   // 15 fps
  EXPECT_TRUE(result.readings[3].empty());
}

// acceptance: 54
TEST_F(Compose, OneFillsTheCanvasBelowATitleLine) {
  // 540 high: a title of 22 pixels; the picture fits below: 518 high, 920 wide.
  film("solo", 2000, 960, 540, {{20, 22, 920}}, "--title 'Call 4711'");
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(0, 1), 50u);
}

TEST_F(Compose, AJournalWithoutEndGivesAFilmUpToTheLastSeal) {
  auto call = scenario("tiny", run_number, 3000);
  call->stop_record = false;
  const auto records = make_call(*call);
  ASSERT_TRUE(write_journal(*records, folder + "/journal", key, 1000, 2'000'000, false).has_value());
  ASSERT_EQ(compose(640, 360), 0);
  ASSERT_TRUE(result.load(folder + "/film.mp4", {}));
  EXPECT_NEAR(result.duration_s, 2.0, 0.15);
  EXPECT_NE(text("out.json").find("\"complete\":false"), std::string::npos);
}

TEST_F(Compose, DamageEndsTheFilmThereAndIsSaid) {
  auto call = scenario("tiny", run_number, 3000);
  ASSERT_TRUE(write_journal(*make_call(*call), folder + "/journal", key, 1000).has_value());
  const std::string victim = folder + "/journal/" + journal::segment_file_name(2);
  ASSERT_TRUE(fs::exists(victim));
  std::fstream file(victim, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(300);
  file.put('\x55');
  file.close();
  EXPECT_EQ(compose(640, 360), 3);
  EXPECT_NE(text("err.txt").find("damaged in segment 2"), std::string::npos);
  ASSERT_TRUE(result.load(folder + "/film.mp4", {}));
  EXPECT_GT(result.duration_s, 1.5);
  EXPECT_LT(result.duration_s, 2.6);
}

TEST_F(Compose, TheGoldenJournalOfVersionOneIsComposed) {
  ASSERT_EQ(run(kRecorder + " compose " UPCALL_TEST_DIR "/golden/journal-v1 --width 960 --height 540 -o " + folder +
                "/film.mp4 > /dev/null"),
            0);
  ASSERT_TRUE(result.load(folder + "/film.mp4", {kLeft, kRight}));
  EXPECT_NEAR(result.duration_s, 2.0, 0.1);
  for (std::size_t place = 0; place < 2; ++place) {
    ASSERT_GT(result.readings[place].size(), 20u);
    for (const auto& f : result.readings[place]) {
      EXPECT_EQ(f.run, 0x00c0ffee00c0ffeeull);
      EXPECT_EQ(f.participant, place + 1);
    }
  }
}

// The recorder's own inspection is what the demo prints: it must agree with the judge.
TEST_F(Compose, InspectAgreesWithTheJudge) {
  film("share", 4000, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  ASSERT_EQ(run(kRecorder + " inspect " + folder + "/film.mp4 --json > " + folder + "/inspect.json"), 0);
  const std::string json = text("inspect.json");
  char run_text[32];
  std::snprintf(run_text, sizeof run_text, "\"run\":\"%016llx\"", static_cast<unsigned long long>(run_number));
  for (const std::string& part : {std::string(run_text), std::string("\"width\":960"), std::string("\"fps\":30,"),
                                  std::string("\"share_text\":true"), std::string("\"front_index\":true"),
                                  std::string("\"clock_rising\":true"), std::string("\"video_codec\":\"h264\"")}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << " in " << json;
  }
  EXPECT_EQ(json.find("\"clock_rising\":false"), std::string::npos);
  EXPECT_EQ(run(kRecorder + " inspect " + folder + "/out.json --json > /dev/null 2>&1"), 1);
}

TEST_F(Compose, CheckSaysWhetherAFilmIsWell) {
  film("tiny", 4000, 640, 360, {});
  if (HasFatalFailure()) return;
  const std::string check = kRecorder + " check " + folder + "/film.mp4 --facts " + folder + "/out.json --json > " + folder + "/check.json";
  EXPECT_EQ(run(check), 0);
  EXPECT_NE(text("check.json").find("\"findings\":[]"), std::string::npos) << text("check.json");
  fs::resize_file(folder + "/film.mp4", fs::file_size(folder + "/film.mp4") * 3 / 4);
  EXPECT_EQ(run(check), 4);
  EXPECT_NE(text("check.json").find("\"kind\":\"truncated\""), std::string::npos) << text("check.json");
  EXPECT_EQ(run(kRecorder + " check " + folder + "/nothing.mp4 2> /dev/null"), 1);
  EXPECT_EQ(run(kRecorder + " check " + folder + "/film.mp4 --facts " + folder + "/err.txt 2> /dev/null"), 1);
  EXPECT_EQ(run(kRecorder + " check 2> /dev/null"), 2);
}

TEST_F(Compose, WrongKeyMissingJournalAndBadSizeAreClearErrors) {
  auto call = scenario("tiny", run_number, 1000);
  ASSERT_TRUE(write_journal(*make_call(*call), folder + "/journal", key, 1000).has_value());
  EXPECT_EQ(compose(641, 360), 1);
  EXPECT_FALSE(fs::exists(folder + "/film.mp4"));
  std::ofstream(folder + "/journal/key") << to_hex(ByteVector(32, 1));
  EXPECT_EQ(compose(640, 360), 1);
  EXPECT_NE(text("err.txt").find("wrong key"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder + "/film.mp4"));
  EXPECT_FALSE(fs::exists(folder + "/film.mp4.partial"));
  EXPECT_EQ(run(kRecorder + " compose " + folder + "/nothing -o " + folder + "/x.mp4 2> /dev/null"), 1);
  EXPECT_EQ(run(kRecorder + " compose > /dev/null 2>&1"), 2);
}

}  // namespace
}  // namespace upcall::test
