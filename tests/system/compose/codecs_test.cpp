// Cameras of every codec in one film, and a camera that changes its codec in the middle of a call.
#include "compose_fixture.hpp"

namespace upcall::test {
namespace {

const Place kLeft{0, 135, 480}, kRight{480, 135, 480};

class ComposeCodecs : public Compose, public testing::WithParamInterface<rtc::VideoCodec> {};

TEST_P(ComposeCodecs, KeepsEveryFrameAndLipSync) {
  auto call = scenario("loss", run_number, 5000);
  ASSERT_TRUE(call.has_value());
  call->seed = 5;                // late by the same chance each time
  for (SyntheticPerson& p : call->people) {
    p.codec = GetParam();
    p.kbps = 1500;
  }
  call->people[1].loss = 0;      // late packets only
  film(*call, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  for (std::size_t place = 0; place < 2; ++place) {
    // 150 were sent; what is late at the end, nobody waits for.
    EXPECT_GE(distinct(place, static_cast<unsigned>(place + 1)), 138u) << place;
    const auto offset = result.av_offset_ms(place);
    ASSERT_TRUE(offset);
    EXPECT_LT(std::abs(*offset), 40) << place;
  }
}

TEST_P(ComposeCodecs, LossAndFramesThatTheDecoderRefusesCostNoMoreThanTheWayToTheNextKeyFrame) {
  auto call = scenario("damage", run_number, 9000);
  ASSERT_TRUE(call.has_value());
  call->seed = 5;
  for (SyntheticPerson& p : call->people) p.codec = GetParam();
  call->people[1].loss = 0.002;
  film(*call, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  // Key frames stand at 0, 4 and 8 seconds, and some of the frames in between are lost with all that follow.
  for (std::size_t place = 0; place < 2; ++place) {
    EXPECT_GE(distinct(place, static_cast<unsigned>(place + 1)), 30u) << place;
    EXPECT_LT(distinct(place, static_cast<unsigned>(place + 1)), 268u) << place;
    EXPECT_GT(seen(place).second, 7.9) << place;
  }
}

TEST_P(ComposeCodecs, ACameraThatChangesToItLosesNoFrame) {
  auto call = scenario("two", run_number, 6000);
  ASSERT_TRUE(call.has_value());
  for (SyntheticPerson& p : call->people) {
    p.width = 640;
    p.height = 360;
    p.jitter_ms = 0;
    p.kbps = 1500;
  }
  const rtc::VideoCodec other = GetParam() == rtc::VideoCodec::vp8 ? rtc::VideoCodec::h264 : rtc::VideoCodec::vp8;
  call->people[1].codec = other;
  call->people[1].codec_changes = {{2000, GetParam()}, {4000, other}};
  film(*call, 960, 540, {kLeft, kRight});
  if (HasFatalFailure()) return;
  EXPECT_GE(distinct(1, 2), 172u);
  // No placeholder stands in between: the picture is there in every film frame from the first one on.
  double last = seen(1).first;
  for (const auto& f : result.readings[1]) {
    EXPECT_LT(f.time_s - last, 0.11) << "at " << last;
    last = f.time_s;
  }
  EXPECT_NE(text("out.json").find("\"complete\":true"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, ComposeCodecs, testing::ValuesIn(rtc::kVideoCodecs), [](const auto& i) { return std::string(to_string(i.param)); });

}  // namespace
}  // namespace upcall::test
