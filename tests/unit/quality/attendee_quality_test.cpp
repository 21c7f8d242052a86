// Whole situations of a call, as they come from the media worker and the client, and what is told of them.
#include <gtest/gtest.h>

#include "quality/attendee_quality.hpp"

namespace upcall::quality {
namespace {

// Seconds of a call of two with cameras; what is changed from a good one is in the fields.
struct Call {
  Instant now = Instant::from_ms(5'000'000);
  AttendeeQuality quality{now};
  wire::SfuConnectionFigures f;
  double loss_up = 0, loss_down = 0;      // percent
  double up_kbps = 1200, down_kbps = 1200;
  bool client = true;
  wire::ClientMetrics m;
  bool others_send_well = true;

  Call() {
    f.connection = wire::ConnectionNo{7};
    f.rtt_ms = 30;
    f.jitter_ms = 3;
    f.repairs_video = f.camera_published = f.video_flows = true;
    f.cameras_sent = 1;
    f.estimate_bps = 3'000'000;
    m.rtt_ms = 30;
    m.available_send_kbps = 3000;
    m.sound_pps = 50;
    m.sound_concealed_percent = 0;
    m.jitter_buffer_ms = 60;
    m.encode_fps = 25;
    m.cameras = 1;
    m.decode_fps = 25;
    m.freeze_ms = 0;
    m.received_kbps = 1200;
    m.cpu_pressure = 0;
    quality.on_happening(now, Happening::joined);
  }
  Figures run(int seconds) {
    std::optional<Figures> last;
    for (int i = 0; i < seconds; ++i) {
      now = now + Duration::s(1);
      const auto packets = [](std::int64_t& expected, std::int64_t& lost, double count, double percent) {
        expected += static_cast<std::int64_t>(count);
        lost += static_cast<std::int64_t>(count * percent / 100);
      };
      packets(f.audio_expected, f.audio_lost, 100, loss_up);
      if (f.video_flows) packets(f.video_expected, f.video_lost, 200, loss_up);
      packets(f.down_expected, f.down_lost, 300, loss_down);
      f.bytes_in += static_cast<std::uint64_t>(up_kbps * 125);
      f.bytes_out += static_cast<std::uint64_t>(down_kbps * 125);
      f.video_bps = f.video_flows ? static_cast<std::uint64_t>((up_kbps - 50) * 1000) : 0;
      if (client) quality.on_client(now, m);
      if (i % 2 == 1) {
        quality.on_server(now, f);
        if (auto judged = quality.tick(now, others_send_well)) last = judged;
      }
    }
    return last.value_or(Figures{.score = 0});
  }
};

TEST(AttendeeQuality, AGoodCallIsNearlyAFiveAndHasNoReason) {
  Call call;
  const Figures f = call.run(20);
  EXPECT_GT(f.score, 4.5);
  EXPECT_EQ(f.reason, Reason::none);
  EXPECT_TRUE(f.client_tells);
  EXPECT_NEAR(f.sent_kbps, 1200, 5);
  EXPECT_NEAR(*f.rtt_ms, 30, 0.1);
  EXPECT_EQ(*f.loss_up_percent, 0);
  EXPECT_EQ(*f.cpu_pressure, 0);
}

TEST(AttendeeQuality, AClientThatTellsNothingIsJudgedByWhatComesAndGoes) {
  Call call;
  call.client = false;
  const Figures good = call.run(20);
  EXPECT_GT(good.score, 4.5);
  EXPECT_FALSE(good.client_tells);
  call.loss_down = 10;
  const Figures bad = call.run(20);
  EXPECT_LT(bad.score, 3.5);
  EXPECT_EQ(bad.reason, Reason::loss_down);
}

TEST(AttendeeQuality, LossFromThePerson) {
  Call call;
  call.loss_up = 10;
  const Figures f = call.run(20);
  EXPECT_LT(f.score, 3.5);
  EXPECT_EQ(f.reason, Reason::loss_up);
  EXPECT_NEAR(f.reason_value, 10, 0.5);
}

TEST(AttendeeQuality, SoundThatWasRepairedIsNotLost) {
  Call lost, repaired;
  lost.f.camera_published = repaired.f.camera_published = lost.f.video_flows = repaired.f.video_flows = false;
  lost.loss_up = repaired.loss_up = 20;
  const double bare = lost.run(20).score;
  for (int i = 0; i < 20; ++i) {
    repaired.f.audio_recovered = repaired.f.audio_lost * 9 / 10;
    repaired.run(2);
  }
  EXPECT_LT(bare, 3.2);
  EXPECT_GT(repaired.run(2).score, bare + 1);
}

TEST(AttendeeQuality, ANarrowWayFromThePersonIsToldWithItsWidth) {
  Call call;
  call.up_kbps = 290;
  call.m.available_send_kbps = 320;
  call.m.sent_kbps = 240;
  const Figures f = call.run(20);
  EXPECT_LT(f.score, 4);
  EXPECT_EQ(f.reason, Reason::narrow_up);
  EXPECT_DOUBLE_EQ(f.reason_value, 320);
}

TEST(AttendeeQuality, AQuietPictureOnAWideWayIsNotNarrow) {
  Call call;
  call.up_kbps = 150;   // nothing moves in front of the camera
  call.down_kbps = 150;
  call.m.received_kbps = 100;
  const Figures f = call.run(20);
  EXPECT_GT(f.score, 4.5);
}

TEST(AttendeeQuality, WhoSendsLittleForTheSakeOfAnotherIsNotNarrow) {
  Call call;
  call.up_kbps = 250;
  call.m.available_send_kbps = 260;
  call.f.allowed_bps = 260'000;   // what the receiver's way carries
  EXPECT_EQ(call.run(20).reason, Reason::none);
}

TEST(AttendeeQuality, ANarrowWayToThePerson) {
  Call call;
  call.down_kbps = 200;
  call.f.estimate_bps = 220'000;
  call.m.received_kbps = 150;
  const Figures f = call.run(20);
  EXPECT_LT(f.score, 4);
  EXPECT_EQ(f.reason, Reason::narrow_down);
  EXPECT_DOUBLE_EQ(f.reason_value, 220);
}

TEST(AttendeeQuality, APictureThatIsHeldBackIsNoPicture) {
  Call call;
  call.down_kbps = 60;
  call.f.estimate_bps = 90'000;
  call.f.cameras_sent = 0;
  call.f.cameras_held = 1;
  call.m.cameras = 0;
  const Figures f = call.run(20);
  EXPECT_DOUBLE_EQ(f.score, 1);
  EXPECT_EQ(f.reason, Reason::narrow_down);
}

TEST(AttendeeQuality, MuchLossIsLossEvenWhereTheEstimateFellWithIt) {
  Call call;
  call.loss_up = 12;
  call.up_kbps = 200;
  call.m.available_send_kbps = 210;
  EXPECT_EQ(call.run(20).reason, Reason::loss_up);
}

TEST(AttendeeQuality, DelayGapsFreezesAndTheDevice) {
  Call late;
  late.f.rtt_ms = 900;
  EXPECT_EQ(late.run(20).reason, Reason::delay);

  Call gaps;
  gaps.m.sound_concealed_percent = 25;
  EXPECT_EQ(gaps.run(20).reason, Reason::sound_gaps);

  Call quiet;
  quiet.m.sound_concealed_percent = 90;   // nobody sends: its own doing
  quiet.m.sound_pps = 3;
  EXPECT_EQ(quiet.run(20).reason, Reason::none);

  Call freezes;
  freezes.m.freeze_ms = 400;
  const Figures f = freezes.run(20);
  EXPECT_EQ(f.reason, Reason::picture_freezes);
  EXPECT_NEAR(f.frozen_percent, 40, 1);

  Call busy;
  busy.m.decode_fps = 3;
  busy.m.cpu_pressure = 3;
  EXPECT_EQ(busy.run(20).reason, Reason::busy_device);

  Call still;
  still.m.decode_fps = 0;
  EXPECT_LT(still.run(20).score, 1.5);
}

TEST(AttendeeQuality, ACameraThatIsOnAndSendsNothingStandsStill) {
  Call call;
  call.run(10);
  call.f.video_flows = false;
  const Figures f = call.run(10);
  EXPECT_DOUBLE_EQ(f.score, 1);
  EXPECT_EQ(f.reason, Reason::camera_still);
  EXPECT_GE(f.reason_value, 4);
  call.f.camera_published = false;   // turned off
  EXPECT_GT(call.run(10).score, 4.5);
}

TEST(AttendeeQuality, WhatAnotherHasBrokenIsNotThisPersonsFault) {
  Call call;
  call.m.freeze_ms = 500;
  call.m.sound_concealed_percent = 30;
  call.m.decode_fps = 4;
  call.others_send_well = false;
  EXPECT_GT(call.run(20).score, 4.5);
  call.others_send_well = true;
  EXPECT_LT(call.run(2).score, 3.5);
}

TEST(AttendeeQuality, WhoSendsBadlyIsKnownToTheOthersJudgement) {
  Call good, lossy, silent;
  good.run(10);
  lossy.loss_up = 15;
  lossy.run(10);
  silent.run(6);
  silent.up_kbps = 50;   // sound alone: the camera is said to flow for some seconds more
  silent.run(2);
  EXPECT_TRUE(good.quality.sends_well(good.now));
  EXPECT_FALSE(lossy.quality.sends_well(lossy.now));
  EXPECT_FALSE(silent.quality.sends_well(silent.now));
  lossy.loss_up = 0;
  lossy.run(10);
  EXPECT_FALSE(lossy.quality.sends_well(lossy.now)) << "what the others saw is in their judgement still";
  lossy.run(12);
  EXPECT_TRUE(lossy.quality.sends_well(lossy.now));
}

// The others see it at once, the counters tell of it two seconds later.
TEST(AttendeeQuality, ASymptomWaitsUntilItsCauseCanBeKnown) {
  Call sender, receiver;
  sender.run(10);
  receiver.run(10);
  sender.loss_up = 25;
  receiver.m.freeze_ms = 600;
  receiver.m.sound_concealed_percent = 30;
  for (int i = 0; i < 8; ++i) {
    sender.run(2);
    receiver.others_send_well = sender.quality.sends_well(sender.now);
    EXPECT_GT(receiver.run(2).score, 4) << i;
  }
}

TEST(AttendeeQuality, SilenceIsToldAsGone) {
  Call call;
  call.run(10);
  call.f.silence_ms = 6000;
  const Figures f = call.run(2);
  EXPECT_DOUBLE_EQ(f.score, 1);
  EXPECT_EQ(f.reason, Reason::gone);
}

TEST(AttendeeQuality, GetsBetterWithinTheWindow) {
  Call call;
  call.loss_up = 15;
  EXPECT_LT(call.run(20).score, 3);
  call.loss_up = 0;
  EXPECT_GT(call.run(14).score, 4.5);
}

TEST(AttendeeQuality, MoreLossNeverScoresHigher) {
  for (const bool up : {true, false}) {
    double before = 5.1;
    for (double loss = 0; loss <= 60; loss += 2) {
      Call call;
      (up ? call.loss_up : call.loss_down) = loss;
      call.m.sound_concealed_percent = up ? 0 : loss;
      const double score = call.run(14).score;
      ASSERT_LE(score, before) << loss << (up ? " up" : " down");
      before = score;
    }
    EXPECT_LT(before, 2);
  }
}

TEST(AttendeeQuality, AnotherConnectionBeginsAnewAndNobodyIsJudgedWhoIsAway) {
  Call call;
  call.loss_up = 30;
  call.run(20);
  call.f = wire::SfuConnectionFigures{.connection = wire::ConnectionNo{8}, .rtt_ms = 20};
  call.loss_up = 0;
  call.m.cameras = 0;
  EXPECT_GT(call.run(2).score, 4.5);
  call.quality.on_happening(call.now, Happening::dropped);
  EXPECT_EQ(call.run(10).score, 0) << "not told";
  EXPECT_EQ(call.quality.series().moments().back().what, Happening::dropped);
}

}  // namespace
}  // namespace upcall::quality
