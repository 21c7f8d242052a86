// The recording's clock from RTP time, sender reports and arrival times.
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.hpp"
#include "compose/timeline.hpp"

namespace upcall::compose {
namespace {

// One sender with two sources whose true capture times are known; the network delays and reorders.
struct Sender {
  double ppm = 0;
  std::int64_t ntp_base_us = 3'900'000'000'000'000;
  std::int64_t clock(std::int64_t t) const {
    return ntp_base_us + static_cast<std::int64_t>(static_cast<double>(t) * (1 + ppm / 1e6));
  }
  std::uint64_t ntp(std::int64_t t) const {
    const auto us = static_cast<std::uint64_t>(clock(t) / 1000 * 1000);
    return us / 1'000'000 << 32 | (us % 1'000'000 << 32) / 1'000'000;
  }
  std::uint32_t rtp(std::int64_t t, double rate, std::uint32_t base) const {
    return base + static_cast<std::uint32_t>(static_cast<std::int64_t>(static_cast<double>(t) * (1 + ppm / 1e6) * rate / 1e6 + 0.5));
  }
};

constexpr std::uint32_t kVideoBase = 0xfffff000, kAudioBase = 0x80000000;

// Runs a call; answers (audio error, video error) in ms of the last packets against true capture time + shared delay.
std::pair<double, double> run(Timeline& timeline, Sender sender, std::int64_t seconds, std::int64_t video_extra_us,
                              std::int64_t step_at_s = -1, std::int64_t step_us = 0) {
  SeededRandom random(3);
  timeline.add_source(1, "anna", 48000);
  timeline.add_source(2, "anna", 90000);
  std::int64_t audio = 0, video = 0;
  for (std::int64_t t = 0; t < seconds * 1'000'000; t += 20'000) {
    if (step_at_s >= 0 && t == step_at_s * 1'000'000) sender.ntp_base_us += step_us;
    const std::int64_t jitter = static_cast<std::int64_t>(random.below(15'000));
    audio = timeline.on_packet(1, t + 40'000 + jitter, sender.rtp(t, 48000, kAudioBase));
    video = timeline.on_packet(2, t + 40'000 + video_extra_us + jitter, sender.rtp(t, 90000, kVideoBase));
    if (t % 1'000'000 == 300'000) timeline.on_sender_report(2, t + 40'000, sender.ntp(t), sender.rtp(t, 90000, kVideoBase));
    if (t % 2'500'000 == 500'000) timeline.on_sender_report(1, t + 40'000, sender.ntp(t), sender.rtp(t, 48000, kAudioBase));
    timeline.advance(t);
  }
  const auto last = static_cast<double>(seconds * 1'000'000 - 20'000);
  return {(static_cast<double>(timeline.time_of(1, audio)) - last) / 1000,
          (static_cast<double>(timeline.time_of(2, video)) - last) / 1000};
}

TEST(Timeline, ReportsAlignSourcesThatArriveWithDifferentDelays) {
  Timeline timeline;
  // Video comes 120 ms later than sound of the same moment; without reports that would be the lip-sync error.
  const auto [audio, video] = run(timeline, {}, 20, 120'000);
  EXPECT_NEAR(audio, 40, 3);
  EXPECT_NEAR(video, audio, 3);
  EXPECT_TRUE(timeline.markers().empty());
}

TEST(Timeline, ArrivalServesUntilTheFirstReport) {
  Timeline timeline;
  timeline.add_source(7, "x", 90000);
  EXPECT_FALSE(timeline.anchored(7));
  std::int64_t ts = 0;
  for (std::int64_t i = 0; i < 30; ++i) ts = timeline.on_packet(7, 5'000'000 + i * 33'333 + (i % 3) * 4000, static_cast<std::uint32_t>(1000 + i * 3000));
  timeline.advance(6'000'000);
  EXPECT_TRUE(timeline.anchored(7));
  EXPECT_NEAR(static_cast<double>(timeline.time_of(7, ts)), 5'000'000 + 29 * 33'333.3, 2000);
  EXPECT_NEAR(timeline.timestamp_at(7, timeline.time_of(7, ts)), static_cast<double>(ts), 1);
}

TEST(Timeline, DriftOf500PpmForAnHourStaysWithin40Ms) {
  for (const double ppm : {500.0, -500.0}) {
    Timeline timeline;
    Sender sender;
    sender.ppm = ppm;
    const auto [audio, video] = run(timeline, sender, 3600, 60'000);
    EXPECT_NEAR(audio, 40, 40) << ppm;
    EXPECT_NEAR(audio, video, 10) << ppm;
    EXPECT_TRUE(timeline.markers().empty());
  }
}

TEST(Timeline, AClockThatIsSetLeavesAMarkerAndKeepsLipSync) {
  for (const std::int64_t step : {3'600'000'000ll, -3'600'000'000ll, 700'000ll}) {
    Timeline timeline;
    const auto [audio, video] = run(timeline, {}, 30, 50'000, 15, step);
    EXPECT_NEAR(audio, 40, 5) << step;
    EXPECT_NEAR(video, 40, 5) << step;
    EXPECT_FALSE(timeline.markers().empty());
  }
}

TEST(Timeline, RtpTimeThatRestartsReanchors) {
  Timeline timeline;
  timeline.add_source(1, "a", 48000);
  std::int64_t at = 0, ts = 0;
  for (; at < 5'000'000; at += 20'000) ts = timeline.on_packet(1, at, static_cast<std::uint32_t>(at * 48 / 1000)), timeline.advance(at);
  // The sender jumps back by 40 s of RTP time and goes on.
  for (; at < 10'000'000; at += 20'000) ts = timeline.on_packet(1, at, static_cast<std::uint32_t>((at - 40'000'000) * 48 / 1000)), timeline.advance(at);
  EXPECT_NEAR(static_cast<double>(timeline.time_of(1, ts)), 9'980'000, 5000);
  ASSERT_FALSE(timeline.markers().empty());
  EXPECT_NEAR(static_cast<double>(timeline.markers().back().jump_us), 40e6, 1e6);
}

TEST(Timeline, TheMappingMovesAtMostFiveMillisecondsASecond) {
  Timeline timeline;
  timeline.add_source(1, "a", 48000);
  // The path gets 200 ms longer for good after 5 s: followed gently, never by a jump.
  std::int64_t before = 0;
  for (std::int64_t at = 0; at < 40'000'000; at += 20'000) {
    const std::int64_t ts = timeline.on_packet(1, at + (at > 5'000'000 ? 200'000 : 0), static_cast<std::uint32_t>(at * 48 / 1000));
    timeline.advance(at);
    const std::int64_t shift = timeline.time_of(1, ts) - at;
    EXPECT_LE(std::abs(shift - before), 20'000 * 5 / 1000 + 2);
    before = shift;
  }
  EXPECT_GT(before, 80'000);
  EXPECT_TRUE(timeline.markers().empty());
}

TEST(Timeline, HostileNumbersDoNoHarm) {
  Timeline timeline;
  SeededRandom random(11);
  timeline.add_source(1, "a", 0);
  timeline.add_source(2, "a", 90000);
  for (int i = 0; i < 20000; ++i) {
    const auto source = static_cast<std::uint32_t>(random.below(4));
    const auto at = static_cast<std::int64_t>(random.below(3'600'000'000ull));
    if (random.chance(0.5)) (void)timeline.on_packet(source, at, random.u32());
    else timeline.on_sender_report(source, at, random.u64(), random.u32());
    timeline.advance(at);
    EXPECT_TRUE(std::isfinite(timeline.timestamp_at(source, at)));
  }
  EXPECT_LE(timeline.markers().size(), 256u);
}

}  // namespace
}  // namespace upcall::compose
