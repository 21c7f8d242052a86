#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/rng.hpp"
#include "rtc/red/red.hpp"
#include "rtc/red/red_receiver.hpp"
#include "rtc/red/red_sender.hpp"

namespace upcall::rtc {
namespace {

constexpr std::uint8_t kOpus = 111;

ByteVector bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

// RFC 2198 §4: 1 bit F, 7 bits type, 14 bits offset, 10 bits length; the last header is one byte.
TEST(Red, ReadsWhatTheRfcWrites) {
  const ByteVector packet = {0x80 | 111, 0x3c, 0x00, 0x03, 0x80 | 111, 0x1e, 0x00, 0x02, 111, 'a', 'b', 'c', 'd', 'e', 'f', 'g'};
  const auto red = parse_red(packet);
  ASSERT_TRUE(red);
  ASSERT_EQ(red->redundant_count, 2u);
  EXPECT_EQ(red->redundant[0].timestamp_offset, 3840);
  EXPECT_EQ(red->redundant[1].timestamp_offset, 1920);
  EXPECT_THAT(red->redundant[0].payload, testing::ElementsAre('a', 'b', 'c'));
  EXPECT_THAT(red->redundant[1].payload, testing::ElementsAre('d', 'e'));
  EXPECT_EQ(red->primary.payload_type, kOpus);
  EXPECT_THAT(red->primary.payload, testing::ElementsAre('f', 'g'));
  std::uint8_t again[64];
  ASSERT_EQ(write_red(again, red->earlier(), kOpus, red->primary.payload), packet.size());
  EXPECT_TRUE(std::equal(packet.begin(), packet.end(), again));
}

TEST(Red, EveryTruncationOfTheHeadIsRefused) {
  const ByteVector packet = {0x80 | 111, 0x3c, 0x00, 0x03, 0x80 | 111, 0x1e, 0x00, 0x02, 111, 'a', 'b', 'c', 'd', 'e'};
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const auto red = parse_red(Bytes(packet).first(size));
    ASSERT_FALSE(red) << size;
    EXPECT_EQ(red.error(), ParseError::truncated);
  }
  EXPECT_TRUE(parse_red(packet)) << "its own frame may be empty";
}

TEST(Red, MoreBlocksThanAnybodySendsAreRefused) {
  ByteVector packet;
  for (int i = 0; i < 9; ++i) packet.insert(packet.end(), {0x80 | 111, 0, 4, 0});
  packet.push_back(111);
  EXPECT_EQ(parse_red(packet).error(), ParseError::unsupported);
}

TEST(Red, WritesNothingThatDoesNotFit) {
  std::uint8_t out[16];
  const ByteVector frame = bytes_of("0123456789");
  const RedBlock block{kOpus, 1920, frame};
  EXPECT_EQ(write_red(out, {}, kOpus, frame), 11u);
  EXPECT_EQ(write_red(out, std::span(&block, 1), kOpus, frame), 0u);
  ByteVector large(2048);
  const ByteVector over(kRedBlockMax + 1);
  const RedBlock too_long{kOpus, 1920, over};
  EXPECT_EQ(write_red(large, std::span(&too_long, 1), kOpus, frame), 0u);
  const RedBlock too_old{kOpus, kRedOffsetMax + 1, frame};
  EXPECT_EQ(write_red(large, std::span(&too_old, 1), kOpus, frame), 0u);
}

TEST(RedSender, RepeatsAsMuchAsTheLossAsksFor) {
  RedSender sender;
  Instant now;
  const auto told = [&](int percent) {
    for (int i = 0; i < 8; ++i) {
      now = now + Duration::s(1);
      sender.on_report(now, 50, percent / 2);
    }
    return sender.repeated();
  };
  EXPECT_EQ(told(0), 0u);
  EXPECT_EQ(told(6), 0u);
  EXPECT_EQ(told(14), 1u);
  EXPECT_EQ(told(30), 2u);
  EXPECT_EQ(told(4), 2u) << "ten calm seconds first";
  EXPECT_EQ(told(4), 0u);
  EXPECT_EQ(told(90), 0u) << "a link that loses nearly all is not helped by more";
  sender.on_report(now, 0, 0);
  sender.on_report(now, 50, -50);
  EXPECT_GE(sender.loss(), 0.0);
}

TEST(RedSender, ALongFrameIsSentAloneAndNotRepeated) {
  RedSender sender;
  sender.on_report(Instant() + Duration::s(1), 50, 20);
  ASSERT_EQ(sender.repeated(), 2u);
  std::uint8_t out[1200];
  const ByteVector large(700), small(40);
  EXPECT_EQ(sender.encode(0, 0, kOpus, large, out), 0u);
  EXPECT_EQ(sender.encode(1, 960, kOpus, small, out), 0u);
  EXPECT_EQ(sender.encode(2, 1920, kOpus, small, out), 0u) << "what stands two before was too long";
  EXPECT_EQ(sender.encode(3, 2880, kOpus, small, out), 1u + 4 + 40 + 40);
  const ByteVector nearly(990);
  EXPECT_EQ(sender.encode(5, 4800, kOpus, nearly, out), 0u) << "no packet grows over its limit";
}

struct Lossy {
  double enter, stay;
  bool bad = false;
  SeededRandom random;
  bool lose() {
    bad = random.unit() < (bad ? stay : enter);
    return bad;
  }
};

// The figure of the design: 20 % lost in bursts of two, what is left to conceal is under 5 %.
TEST(RedSender, BurstsOfTwoAtATwentyPercentLossLeaveUnderFivePercent) {
  RedSender sender;
  RedReceiver receiver;
  Lossy link{.enter = 0.125, .stay = 0.5, .random = SeededRandom(20261130)};
  constexpr int kPackets = 50'000;
  std::vector<bool> have(kPackets, false);
  std::int64_t expected = 0, lost = 0;
  std::size_t sent_bytes = 0;
  for (int i = 0; i < kPackets; ++i) {
    const ByteVector frame = {static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8), 7};
    const auto timestamp = static_cast<std::uint32_t>(i) * 960 + 0xfffff000;  // wraps at once
    std::uint8_t out[1200];
    const std::size_t size = sender.encode(i, timestamp, kOpus, frame, out);
    sent_bytes += size;
    ++expected;
    if (link.lose()) {
      ++lost;
    } else if (size == 0) {
      have[static_cast<std::size_t>(i)] = true;
    } else {
      const auto red = parse_red(Bytes(out).first(size));
      ASSERT_TRUE(red);
      for (const RedFrame& f : receiver.split(i, timestamp, kOpus, *red)) {
        have[static_cast<std::size_t>(f.sequence)] = true;
        ASSERT_EQ(f.payload[0], static_cast<std::uint8_t>(f.sequence));
        ASSERT_EQ(f.payload[1], static_cast<std::uint8_t>(f.sequence >> 8));
        ASSERT_EQ(f.timestamp, static_cast<std::uint32_t>(f.sequence) * 960 + 0xfffff000);
      }
    }
    if (expected == 250) {  // five seconds
      sender.on_report(Instant() + Duration::ms(20) * i, expected, lost);
      expected = lost = 0;
    }
  }
  const auto missing = std::count(have.begin() + 500, have.end(), false);
  EXPECT_LT(static_cast<double>(missing) / (kPackets - 500), 0.05);
  EXPECT_GT(missing, 0) << "the link loses something";
}

TEST(RedReceiver, LearnsTheLengthOfFrames) {
  RedReceiver receiver;
  const ByteVector frame = {1, 2, 3};
  RedPayload packet;
  packet.primary = {kOpus, 0, frame};
  for (int i = 0; i < 5; ++i) (void)receiver.split(10 + i, static_cast<std::uint32_t>(1000 + 1920 * i), kOpus, packet);  // 40 ms each
  packet.redundant[0] = {kOpus, 3840, frame};
  packet.redundant_count = 1;
  const auto frames = receiver.split(15, 1000 + 5 * 1920, kOpus, packet);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].sequence, 13);
  packet.redundant[0].timestamp_offset = 1000;  // between two frames
  EXPECT_EQ(receiver.split(16, 1000 + 6 * 1920, kOpus, packet).size(), 1u);
  packet.redundant[0] = {13, 1920, frame};      // comfort noise
  EXPECT_EQ(receiver.split(17, 1000 + 7 * 1920, kOpus, packet).size(), 1u);
}

TEST(RedReceiver, OneJumpInTimeIsNoOtherLength) {
  RedReceiver receiver;
  const ByteVector frame = {1, 2, 3};
  RedPayload packet;
  packet.primary = {kOpus, 0, frame};
  std::uint32_t timestamp = 0;
  for (int i = 0; i < 8; ++i) (void)receiver.split(10 + i, timestamp += 960, kOpus, packet);
  (void)receiver.split(18, timestamp += 1920, kOpus, packet);
  packet.redundant[0] = {kOpus, 1920, frame};
  packet.redundant_count = 1;
  EXPECT_EQ(receiver.split(19, timestamp += 960, kOpus, packet)[0].sequence, 17);
}

// What stands on the other side of a jump would be taken for another frame by its time.
TEST(RedSender, NothingIsRepeatedOverAJumpInTime) {
  RedSender sender;
  sender.on_report(Instant() + Duration::s(1), 50, 20);
  std::uint8_t out[1200];
  const ByteVector frame(40);
  for (int i = 0; i < 6; ++i) (void)sender.encode(i, static_cast<std::uint32_t>(960 * i), kOpus, frame, out);
  constexpr std::uint32_t kJumped = 960 * 5 + 1111;
  EXPECT_EQ(sender.encode(6, kJumped, kOpus, frame, out), 0u);
  EXPECT_EQ(sender.encode(7, kJumped + 960, kOpus, frame, out), 0u);
  EXPECT_GT(sender.encode(8, kJumped + 1920, kOpus, frame, out), 0u) << "two before stands on this side";
}

}  // namespace
}  // namespace upcall::rtc
