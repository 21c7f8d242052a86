// The judge of a link by itself, what receivers' reports say of a stream, and that a meeting asks both each second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "sfu/delivery.hpp"
#include "sfu/link_quality.hpp"
#include "sim/live_peers.hpp"

namespace upcall::sfu {
namespace {

using Strength = LinkQuality::Strength;

struct Judge : testing::Test {
  // One second of audio and, with `video`, of a camera; a share of it lost, each packet by chance.
  void second(double share_up, double share_down = 0, std::optional<Duration> rtt = Duration::ms(40)) {
    const auto lost = [&](double share) {
      std::int64_t n = 0;
      for (int i = 0; i < packets; ++i) n += random.chance(share);
      return n;
    };
    link.count_up(packets, lost(share_up));
    link.count_down(packets, lost(share_down));
    changes += link.judge(Duration::ms(20), rtt);
  }
  void seconds(int n, double share_up, double share_down = 0, std::optional<Duration> rtt = Duration::ms(40)) {
    for (int i = 0; i < n; ++i) second(share_up, share_down, rtt);
  }
  LinkQuality link;
  SeededRandom random{5};
  int packets = 50;
  int changes = 0;
};

TEST_F(Judge, BeginsAsGoodAndStaysSoWithoutAWord) {
  EXPECT_FALSE(link.judge(Duration::ms(10), std::nullopt));
  seconds(600, 0.01, 0.01);
  EXPECT_EQ(link.strength(), Strength::good);
  EXPECT_EQ(changes, 0);
}

TEST_F(Judge, LossEitherWayIsWeakWithinSecondsAndGoodSecondsAfterIt) {
  for (const bool up : {true, false}) {
    int waited = 0;
    for (; link.strength() == Strength::good && waited < 20; ++waited) second(up ? 0.1 : 0, up ? 0 : 0.1);
    EXPECT_EQ(link.strength(), Strength::weak);
    EXPECT_GE(waited, LinkQuality::kTroubleSeconds);
    EXPECT_LE(waited, 8);
    EXPECT_GT(up ? link.loss_up() : link.loss_down(), LinkQuality::kWeakLoss);
    seconds(60, up ? 0.1 : 0, up ? 0 : 0.1);
    EXPECT_EQ(link.strength(), Strength::weak);
    for (waited = 0; link.strength() == Strength::weak && waited < 30; ++waited) second(0);
    EXPECT_GE(waited, LinkQuality::kCalmSeconds);
    EXPECT_LE(waited, 9);
  }
  EXPECT_EQ(changes, 4);
}

TEST_F(Judge, ABitBelowTheLimitIsGoodAndWhatIsWeakNeedsHalfOfIt) {
  packets = 200;
  seconds(300, 0.03);
  EXPECT_EQ(changes, 0);
  seconds(10, 0.2);
  EXPECT_EQ(link.strength(), Strength::weak);
  seconds(300, 0.04);
  EXPECT_EQ(link.strength(), Strength::weak) << "between the limits nothing changes";
  seconds(20, 0.005);
  EXPECT_EQ(link.strength(), Strength::good);
}

TEST_F(Judge, OneHoleOfASecondIsNothingAndSeveralInARowAreWeak) {
  seconds(10, 0);
  second(1);
  EXPECT_EQ(link.strength(), Strength::good);
  seconds(10, 0);
  // Over the border of two seconds.
  seconds(2, 0.5);
  EXPECT_EQ(link.strength(), Strength::good);
  seconds(10, 0);
  seconds(5, 1);
  EXPECT_EQ(link.strength(), Strength::weak);
  // However bad it was, it is not held against anybody for long.
  seconds(9, 0);
  EXPECT_EQ(link.strength(), Strength::good);
}

TEST_F(Judge, TooFewPacketsTellNothing) {
  packets = 2;   // a shared screen that stands still
  for (int i = 0; i < 100; ++i) {
    link.count_up(2, i % 4 == 0);
    changes += link.judge(Duration::ms(300), std::nullopt);
  }
  EXPECT_EQ(changes, 0);
}

TEST_F(Judge, LatePacketsAndLeapsOfNumbersAreNoLoss) {
  for (int i = 0; i < 100; ++i) {
    link.count_up(50, i % 2 == 0 ? 5 : -5);   // come a moment after the second ended
    changes += link.judge(Duration::ms(20), std::nullopt);
  }
  link.count_up(32'000, 31'990);              // another encoder
  changes += link.judge(Duration::ms(20), std::nullopt);
  EXPECT_EQ(changes, 0);
}

TEST_F(Judge, ALongRoundTripIsWeakUntilItIsShort) {
  seconds(3, 0, 0, Duration::ms(450));
  EXPECT_EQ(changes, 0);
  seconds(LinkQuality::kTroubleSeconds - 1, 0, 0, Duration::ms(501));
  EXPECT_EQ(changes, 0);
  second(0, 0, Duration::ms(501));
  EXPECT_EQ(link.strength(), Strength::weak);
  seconds(20, 0, 0, Duration::ms(300));
  EXPECT_EQ(link.strength(), Strength::weak);
  seconds(LinkQuality::kCalmSeconds, 0, 0, Duration::ms(249));
  EXPECT_EQ(link.strength(), Strength::good);
}

TEST_F(Judge, SilenceIsNoneSoonerFromWhoSendsMedia) {
  seconds(5, 0);
  EXPECT_FALSE(link.judge(Duration::ms(2900), std::nullopt));
  EXPECT_TRUE(link.judge(Duration::ms(3000), std::nullopt));
  EXPECT_EQ(link.strength(), Strength::none);
  for (int i = 4; i < 12; ++i) EXPECT_FALSE(link.judge(Duration::s(i), std::nullopt)) << "none until something comes";
  second(0.9);
  EXPECT_EQ(link.strength(), Strength::weak) << "back, but not yet trusted";
  seconds(LinkQuality::kCalmSeconds - 1, 0);
  EXPECT_EQ(link.strength(), Strength::weak);
  second(0);
  EXPECT_EQ(link.strength(), Strength::good) << "what was lost in the silence is not held against it";
  LinkQuality quiet;   // checks alone, seconds apart
  for (int i = 1; i < 10; ++i) EXPECT_FALSE(quiet.judge(Duration::s(i), std::nullopt)) << i;
  EXPECT_TRUE(quiet.judge(Duration::s(10), std::nullopt));
}

TEST_F(Judge, ReportsThatAreSecondsApartHoldUntilTheNextAndNotForEver) {
  for (int i = 0; i < 60; ++i) {
    if (i % 6 == 0) link.count_down(300, 24);
    changes += link.judge(Duration::ms(20), std::nullopt);
  }
  EXPECT_EQ(link.strength(), Strength::weak);
  EXPECT_EQ(changes, 1);
  for (int i = 0; i < 15; ++i) link.judge(Duration::ms(20), std::nullopt);   // nobody is left to listen to
  EXPECT_EQ(link.strength(), Strength::good);
}

rtc::ReportBlock block(std::uint16_t highest, std::int32_t lost, std::uint32_t last_sr = 0, std::uint32_t held = 0) {
  return {.ssrc = 1, .fraction_lost = 0, .cumulative_lost = lost, .extended_highest_sequence = highest, .jitter = 0,
          .last_sr = last_sr, .delay_since_last_sr = held};
}

TEST(Delivery, CountsWhatWasSentAndDidNotArrive) {
  Delivery d;
  const std::int64_t first = 65'536 + 65'500;                      // wraps on the way
  EXPECT_FALSE(d.on_block(block(65'509, 0), first + 9, 10));       // 10 sent, all there: where it begins
  const auto all = d.on_block(block(static_cast<std::uint16_t>(first + 99), 0), first + 99, 100);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->expected, 90);
  EXPECT_EQ(all->lost, 0);
  // 100 more numbers, of which 10 were holes already and 5 got lost behind us; 7 are on their way.
  const auto some = d.on_block(block(static_cast<std::uint16_t>(first + 192), 15), first + 199, 190);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->expected, 83);
  EXPECT_EQ(some->lost, 5);
  EXPECT_FALSE(d.on_block(block(static_cast<std::uint16_t>(first + 192), 15), first + 250, 240)) << "nothing new";
}

TEST(Delivery, TheRoundTripIsThatOfTheReportThatIsAnswered) {
  Delivery d;
  const Instant start = Instant::from_ms(1'000'000);
  const std::uint64_t second = std::uint64_t(1) << 32;
  for (int i = 0; i < 6; ++i) d.report_sent((100 + static_cast<std::uint64_t>(i)) * second, start + Duration::s(i));
  const auto compact = [](std::uint32_t s) { return s << 16; };
  const auto at = start + Duration::ms(5600);
  EXPECT_EQ(d.round_trip(at, block(1, 0, compact(105), 65536 / 2))->ms(), 100);
  EXPECT_EQ(d.round_trip(at, block(1, 0, compact(104), 65536 / 2))->ms(), 1100);
  EXPECT_FALSE(d.round_trip(at, block(1, 0, compact(101), 0))) << "forgotten";
  EXPECT_FALSE(d.round_trip(at, block(1, 0, compact(77), 0))) << "never sent";
  EXPECT_FALSE(d.round_trip(at, block(1, 0, 0, 0)));
  EXPECT_FALSE(d.round_trip(at, block(1, 0, compact(105), 65536 * 3))) << "held for longer than it exists";
}

TEST(LinkOfAConnection, IsJudgedEachSecondAndToldWhenItChanges) {
  sim::LivePeers live;
  sim::LivePeer& a = live.join(1, "a");
  sim::LivePeer& b = live.join(1, "b");
  std::uint16_t sequence = 0;
  const auto talk = [&](int seconds, int every_nth_lost) {
    for (int i = 0; i < 50 * seconds; ++i) {
      live.advance(Duration::ms(20));
      ++sequence;
      if (every_nth_lost == 0 || i % every_nth_lost != 0) {
        live.send_audio(a, {.sequence = sequence, .timestamp = sequence * 960u, .payload = ByteVector(40, 'o')});
      }
      live.send_audio(b, {.sequence = sequence, .timestamp = sequence * 960u, .payload = ByteVector(40, 'o')});
    }
  };
  const auto told = [&] {
    std::vector<std::pair<std::uint32_t, Strength>> out;
    for (const auto& event : live.events()) {
      if (const auto* e = std::get_if<wire::SfuLinkQuality>(&event)) out.emplace_back(e->connection.value, e->strength);
    }
    live.events().clear();
    return out;
  };
  talk(5, 0);
  EXPECT_TRUE(told().empty());
  talk(6, 10);
  EXPECT_THAT(told(), testing::ElementsAre(std::pair(a.no.value, Strength::weak)));
  const auto report = live.connection(a).report();
  EXPECT_EQ(report.strength, Strength::weak);
  EXPECT_NEAR(report.loss_up_percent, 10, 3);
  EXPECT_EQ(report.loss_down_percent, 0);
  talk(9, 0);
  EXPECT_THAT(told(), testing::ElementsAre(std::pair(a.no.value, Strength::good)));
  live.advance(Duration::s(5));   // of both there is a check alone, each 5 s
  EXPECT_THAT(told(), testing::IsSupersetOf({std::pair(a.no.value, Strength::none), std::pair(b.no.value, Strength::none)}));
  EXPECT_THAT(live.breaches(), testing::IsEmpty());
}

}  // namespace
}  // namespace upcall::sfu
