// The table of a session's SSRCs: a peer may change them for as long as a call lasts, is never locked out by it, and
// nothing that was ever taken is taken again.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "rtc/srtp/session.hpp"

namespace upcall::srtp {
namespace {

constexpr std::size_t kTable = 8;

struct SrtpTable : testing::Test {
  static MasterKey key() {
    MasterKey out;
    out.profile = Profile::aead_aes_128_gcm;
    out.key.value.fill(7);
    out.salt.value.fill(8);
    return out;
  }
  ByteVector rtp(std::uint32_t ssrc, std::uint16_t sequence) {
    ByteVector out(12 + 20);
    Writer w(out);
    w.u8(0x80);
    w.u8(96);
    w.u16(sequence);
    w.u32(0);
    w.u32(ssrc);
    return seal(std::move(out), false);
  }
  ByteVector rtcp(std::uint32_t ssrc) {
    ByteVector out(8);
    Writer w(out);
    w.u8(0x80);
    w.u8(201);
    w.u16(1);
    w.u32(ssrc);
    return seal(std::move(out), true);
  }
  ByteVector seal(ByteVector packet, bool is_rtcp) {
    const std::size_t size = packet.size();
    packet.resize(size + kMaxExpansion);
    const SrtpResult sealed = is_rtcp ? sender.protect_rtcp(packet, size) : sender.protect_rtp(packet, size);
    EXPECT_TRUE(sealed);
    packet.resize(sealed.value_or(0));
    return packet;
  }
  std::optional<SrtpError> take(ByteVector packet, bool is_rtcp = false) {
    const SrtpResult result = is_rtcp ? receiver.unprotect_rtcp(packet) : receiver.unprotect_rtp(packet);
    return result ? std::nullopt : std::optional(result.error());
  }
  // More new SSRCs than the table holds.
  void crowd(std::uint32_t first, std::uint32_t count = kTable) {
    for (std::uint32_t i = 0; i < count; ++i) EXPECT_EQ(take(rtp(first + i, 1)), std::nullopt) << first + i;
  }

  SrtpSession sender{key(), Direction::protect, 100'000};
  SrtpSession receiver{key(), Direction::unprotect, kTable};
};

TEST_F(SrtpTable, APeerThatChangesItsSsrcAgainAndAgainIsHeard) {
  for (std::uint32_t restart = 0; restart < 1000; ++restart) {
    const std::uint32_t media = 10'000 + 2 * restart, repair = media + 1;
    ASSERT_EQ(take(rtp(1, static_cast<std::uint16_t>(restart))), std::nullopt) << "its sound goes on";
    ASSERT_EQ(take(rtp(media, 500)), std::nullopt) << restart;
    ASSERT_EQ(take(rtp(repair, 900)), std::nullopt) << restart;
    ASSERT_EQ(take(rtcp(media), true), std::nullopt) << restart;
  }
  EXPECT_EQ(receiver.ssrc_count(), kTable);
}

TEST_F(SrtpTable, WhatWasTakenOfAForgottenOneIsNotTakenAgain) {
  const ByteVector first = rtp(1, 100), second = rtp(1, 101), report = rtcp(1);
  ASSERT_EQ(take(first), std::nullopt);
  ASSERT_EQ(take(second), std::nullopt);
  ASSERT_EQ(take(report, true), std::nullopt);
  crowd(100);
  EXPECT_EQ(take(first), SrtpError::replayed);
  EXPECT_EQ(take(second), SrtpError::replayed);
  EXPECT_EQ(take(report, true), SrtpError::replayed);
  EXPECT_EQ(receiver.ssrc_count(), kTable) << "a replay brings nothing back";
}

TEST_F(SrtpTable, WhoComesBackGoesOnWhereItStopped) {
  const ByteVector late = rtp(1, 65'530);
  ByteVector last;
  for (std::uint32_t i = 65'531; i < 65'536 + 40; ++i) {
    last = rtp(1, static_cast<std::uint16_t>(i));
    ASSERT_EQ(take(last), std::nullopt);   // over the wrap: roll-over counter 1
  }
  const ByteVector report = rtcp(1);
  ASSERT_EQ(take(report, true), std::nullopt);
  crowd(100);
  EXPECT_EQ(take(rtp(1, 41)), std::nullopt) << "under the roll-over counter it had";
  EXPECT_EQ(take(last), SrtpError::replayed);
  EXPECT_EQ(take(late), SrtpError::replayed) << "never taken, but nobody knows that any more";
  EXPECT_EQ(take(report, true), SrtpError::replayed);
  EXPECT_EQ(take(rtcp(1), true), std::nullopt);
  EXPECT_EQ(take(rtp(1, 42)), std::nullopt);
}

TEST_F(SrtpTable, TheLongestUnusedMakesRoom) {
  for (std::uint32_t ssrc = 1; ssrc <= kTable; ++ssrc) ASSERT_EQ(take(rtp(ssrc, 1000)), std::nullopt);
  const ByteVector late = rtp(1, 999), gone = rtp(2, 999);
  ASSERT_EQ(take(rtp(1, 1001)), std::nullopt);
  crowd(100, 1);
  EXPECT_EQ(take(late), std::nullopt) << "in use: its window is still there";
  EXPECT_EQ(take(gone), SrtpError::replayed) << "unused for longest";
}

TEST_F(SrtpTable, OnlyWhatIsAuthenticMakesRoomForItself) {
  for (std::uint32_t ssrc = 1; ssrc <= kTable; ++ssrc) ASSERT_EQ(take(rtp(ssrc, 1000)), std::nullopt);
  std::vector<ByteVector> late;
  for (std::uint32_t ssrc = 1; ssrc <= kTable; ++ssrc) late.push_back(rtp(ssrc, 999));
  for (std::uint32_t i = 0; i < 200; ++i) {
    ByteVector forged = rtp(5000 + i, 1);
    forged.back() ^= 1;
    ASSERT_EQ(take(forged), SrtpError::auth_failed);
    ByteVector report = rtcp(6000 + i);
    report[9] ^= 1;
    ASSERT_EQ(take(report, true), SrtpError::auth_failed);
  }
  for (const ByteVector& packet : late) EXPECT_EQ(take(packet), std::nullopt);
}

TEST_F(SrtpTable, TheMemoryOfForgottenOnesHasItsEndAndThenNothingNewComesIn) {
  const ByteVector first = rtp(1, 100);
  ASSERT_EQ(take(first), std::nullopt);
  crowd(100, SrtpSession::kRetiredMax + kTable - 1);
  EXPECT_EQ(take(rtp(99, 1)), SrtpError::table_full);
  EXPECT_EQ(take(first), SrtpError::replayed);
  EXPECT_EQ(take(rtp(100 + SrtpSession::kRetiredMax + kTable - 2, 2)), std::nullopt) << "who is known goes on";
  receiver.forget(1);
  EXPECT_EQ(take(rtp(99, 2)), std::nullopt);
}

// The same for what is sent: an index never meets a second packet.
TEST_F(SrtpTable, ASenderGoesOnWhereItStoppedToo) {
  SrtpSession small(key(), Direction::protect, 2);
  const auto protect = [&](std::uint32_t ssrc, std::uint16_t sequence) {
    ByteVector packet(12 + 20 + kMaxExpansion);
    Writer w(packet);
    w.u8(0x80);
    w.u8(96);
    w.u16(sequence);
    w.u32(0);
    w.u32(ssrc);
    const SrtpResult result = small.protect_rtp(packet, 32);
    return result ? std::nullopt : std::optional(result.error());
  };
  EXPECT_EQ(protect(1, 10), std::nullopt);
  EXPECT_EQ(protect(2, 10), std::nullopt);
  EXPECT_EQ(protect(3, 10), std::nullopt);
  EXPECT_EQ(protect(1, 10), SrtpError::replayed);
  EXPECT_EQ(protect(1, 9), SrtpError::replayed);
  EXPECT_EQ(protect(1, 11), std::nullopt);
}

}  // namespace
}  // namespace upcall::srtp
