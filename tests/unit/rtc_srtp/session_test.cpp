// Our SRTP against libsrtp2, both ways, and against an enemy.
#include <gtest/gtest.h>

#include <srtp2/srtp.h>

#include <deque>

#include "base/rng.hpp"
#include "rtc/srtp/session.hpp"

namespace upcall::srtp {
namespace {

MasterKey make_key(Profile profile, std::uint64_t seed) {
  SeededRandom random(seed);
  MasterKey key;
  key.profile = profile;
  random.fill(key.key.bytes().first(key_size(profile)));
  random.fill(key.salt.bytes().first(salt_size(profile)));
  return key;
}

class Oracle {
 public:
  Oracle(const MasterKey& master, bool outbound) {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    EXPECT_TRUE(ready);
    key_.assign(master.key_bytes().begin(), master.key_bytes().end());
    key_.insert(key_.end(), master.salt_bytes().begin(), master.salt_bytes().end());
    srtp_policy_t policy{};
    for (srtp_crypto_policy_t* p : {&policy.rtp, &policy.rtcp}) {
      if (master.profile == Profile::aead_aes_128_gcm) srtp_crypto_policy_set_aes_gcm_128_16_auth(p);
      if (master.profile == Profile::aead_aes_256_gcm) srtp_crypto_policy_set_aes_gcm_256_16_auth(p);
      if (master.profile == Profile::aes128_cm_sha1_80) srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(p);
    }
    policy.ssrc.type = outbound ? ssrc_any_outbound : ssrc_any_inbound;
    policy.key = key_.data();
    policy.window_size = 1024;
    EXPECT_EQ(srtp_create(&session_, &policy), srtp_err_status_ok);
  }
  ~Oracle() { srtp_dealloc(session_); }

  ByteVector protect(ByteVector packet, bool rtcp) {
    int size = static_cast<int>(packet.size());
    packet.resize(packet.size() + SRTP_MAX_TRAILER_LEN + 4);
    const auto status = rtcp ? srtp_protect_rtcp(session_, packet.data(), &size) : srtp_protect(session_, packet.data(), &size);
    EXPECT_EQ(status, srtp_err_status_ok);
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }
  std::optional<ByteVector> unprotect(ByteVector packet, bool rtcp) {
    int size = static_cast<int>(packet.size());
    const auto status = rtcp ? srtp_unprotect_rtcp(session_, packet.data(), &size) : srtp_unprotect(session_, packet.data(), &size);
    if (status != srtp_err_status_ok) return std::nullopt;
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

 private:
  ByteVector key_;
  srtp_t session_ = nullptr;
};

ByteVector rtp_packet(std::uint32_t ssrc, std::uint16_t seq, std::size_t payload, SeededRandom& random,
                      unsigned csrcs = 0, bool extension = false) {
  const std::size_t ext = extension ? 4 + 4 * (1 + random.below(4)) : 0;
  ByteVector out(12 + 4 * csrcs + ext + payload);
  random.fill(out);
  Writer w(out);
  w.u8(static_cast<std::uint8_t>(0x80 | (extension ? 0x10 : 0) | csrcs));
  w.u8(96);
  w.u16(seq);
  w.u32(seq * 3000u);
  w.u32(ssrc);
  for (unsigned i = 0; i < csrcs; ++i) w.u32(i);
  if (extension) {
    w.u16(0xbede);
    w.u16(static_cast<std::uint16_t>(ext / 4 - 1));
  }
  return out;
}

ByteVector rtcp_packet(std::uint32_t ssrc, std::size_t words, SeededRandom& random) {
  ByteVector out(8 + 4 * words);
  random.fill(out);
  Writer w(out);
  w.u8(0x81);
  w.u8(201);
  w.u16(static_cast<std::uint16_t>(out.size() / 4 - 1));
  w.u32(ssrc);
  return out;
}

ByteVector protect(SrtpSession& session, ByteVector packet, bool rtcp = false) {
  const std::size_t size = packet.size();
  packet.resize(size + kMaxExpansion);
  const SrtpResult result = rtcp ? session.protect_rtcp(packet, size) : session.protect_rtp(packet, size);
  EXPECT_TRUE(result) << (result ? "" : to_string(result.error()));
  packet.resize(result.value_or(0));
  return packet;
}

tl::expected<ByteVector, SrtpError> unprotect(SrtpSession& session, ByteVector packet, bool rtcp = false) {
  const SrtpResult result = rtcp ? session.unprotect_rtcp(packet) : session.unprotect_rtp(packet);
  if (!result) return tl::unexpected<SrtpError>(result.error());
  packet.resize(*result);
  return packet;
}

class Srtp : public testing::TestWithParam<Profile> {
 protected:
  MasterKey key = make_key(GetParam(), 42);
  SeededRandom random{11};
  SrtpSession sender{key, Direction::protect};
  SrtpSession receiver{key, Direction::unprotect};
};

INSTANTIATE_TEST_SUITE_P(Profiles, Srtp,
                         testing::Values(Profile::aead_aes_128_gcm, Profile::aead_aes_256_gcm,
                                         Profile::aes128_cm_sha1_80),
                         [](const auto& instance) {
                           return std::string(instance.param == Profile::aead_aes_128_gcm   ? "Gcm128"
                                              : instance.param == Profile::aead_aes_256_gcm ? "Gcm256"
                                                                                        : "CmSha1");
                         });

TEST_P(Srtp, SameBytesAsLibsrtpAndBackAgain) {
  Oracle out(key, true), in(key, false);
  for (int i = 0; i < 3000; ++i) {
    const std::uint32_t ssrc = 1000 + static_cast<std::uint32_t>(random.below(40));
    const bool rtcp = random.chance(0.2);
    // Sequence numbers run over two wraps; each SSRC meets every 50th of them or so.
    const auto seq = static_cast<std::uint16_t>(20000 + i * 40);
    const ByteVector plain = rtcp ? rtcp_packet(ssrc, random.below(20), random)
                                  : rtp_packet(ssrc, seq, random.below(1200), random,
                                               static_cast<unsigned>(random.below(16)), random.chance(0.5));
    const ByteVector ours = protect(sender, plain, rtcp);
    ASSERT_EQ(ours, out.protect(plain, rtcp)) << i;
    ASSERT_EQ(in.unprotect(ours, rtcp), plain);
    const auto back = unprotect(receiver, ours, rtcp);
    ASSERT_TRUE(back);
    ASSERT_EQ(*back, plain);
  }
}

TEST_P(Srtp, ReorderLossDuplicationOverManyWrapsAgreesWithLibsrtp) {
  Oracle in(key, false);
  std::deque<ByteVector> air;
  std::size_t delivered = 0, refused = 0;
  for (std::uint32_t i = 0; i < 200000; i += 1 + static_cast<std::uint32_t>(random.below(60))) {
    ByteVector packet = protect(sender, rtp_packet(7, static_cast<std::uint16_t>(30000 + i), 20, random));
    if (random.chance(0.1)) continue;
    if (random.chance(0.1)) air.push_back(packet);
    air.push_back(std::move(packet));
    while (air.size() > 8) {
      const std::size_t at = random.below(air.size());
      const ByteVector taken = air[at];
      air.erase(air.begin() + static_cast<std::ptrdiff_t>(at));
      const auto ours = unprotect(receiver, taken);
      const auto theirs = in.unprotect(taken, false);
      ASSERT_EQ(ours.has_value(), theirs.has_value());
      if (ours) {
        ASSERT_EQ(*ours, *theirs);
        ++delivered;
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(delivered, 4000u);
  EXPECT_GT(refused, 100u);
}

TEST_P(Srtp, RepeatsAreRefusedBothWays) {
  const ByteVector plain = rtp_packet(9, 500, 100, random);
  const ByteVector sealed = protect(sender, plain);
  ByteVector again = plain;
  again.resize(plain.size() + kMaxExpansion);
  EXPECT_EQ(sender.protect_rtp(again, plain.size()).error(), SrtpError::replayed) << "a nonce is used once";
  EXPECT_TRUE(unprotect(receiver, sealed));
  EXPECT_EQ(unprotect(receiver, sealed).error(), SrtpError::replayed);
  // 1023 later it is still remembered, 1024 later it is too old.
  EXPECT_TRUE(unprotect(receiver, protect(sender, rtp_packet(9, 1523, 1, random))));
  EXPECT_EQ(unprotect(receiver, sealed).error(), SrtpError::replayed);
  EXPECT_TRUE(unprotect(receiver, protect(sender, rtp_packet(9, 1524, 1, random))));
  EXPECT_EQ(unprotect(receiver, sealed).error(), SrtpError::too_old);
  EXPECT_EQ(sender.protect_rtp(again, plain.size()).error(), SrtpError::too_old);

  const ByteVector report = protect(sender, rtcp_packet(9, 5, random), true);
  EXPECT_TRUE(unprotect(receiver, report, true));
  EXPECT_EQ(unprotect(receiver, report, true).error(), SrtpError::replayed);
}

TEST_P(Srtp, EveryFlippedBitIsRefusedAndLeavesNoTrace) {
  const ByteVector rtp = protect(sender, rtp_packet(5, 700, 40, random, 2, true));
  const ByteVector rtcp = protect(sender, rtcp_packet(5, 6, random), true);
  for (const bool is_rtcp : {false, true}) {
    const ByteVector& good = is_rtcp ? rtcp : rtp;
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      ByteVector bad = good;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
      ASSERT_FALSE(unprotect(receiver, bad, is_rtcp)) << bit;
    }
  }
  EXPECT_EQ(receiver.ssrc_count(), 0u);
  EXPECT_TRUE(unprotect(receiver, rtp));
  EXPECT_TRUE(unprotect(receiver, rtcp, true));
}

TEST_P(Srtp, EveryTruncationIsRefused) {
  const ByteVector rtp = protect(sender, rtp_packet(5, 700, 60, random, 3, true));
  const ByteVector rtcp = protect(sender, rtcp_packet(5, 6, random), true);
  for (std::size_t n = 0; n < rtp.size(); ++n) {
    ASSERT_FALSE(unprotect(receiver, ByteVector(rtp.begin(), rtp.begin() + static_cast<std::ptrdiff_t>(n)))) << n;
  }
  for (std::size_t n = 0; n < rtcp.size(); ++n) {
    ASSERT_FALSE(unprotect(receiver, ByteVector(rtcp.begin(), rtcp.begin() + static_cast<std::ptrdiff_t>(n)), true));
  }
}

// CVE-2015-6360: CSRC count and extension length that reach beyond the packet.
TEST_P(Srtp, HeaderThatReachesBeyondThePacketIsMalformed) {
  for (std::size_t size = 0; size < 120; ++size) {
    for (unsigned cc = 0; cc < 16; ++cc) {
      for (const unsigned ext_words : {0u, 1u, 20u, 65535u}) {
        ByteVector packet(size, 0);
        Writer w(packet);
        w.u8(static_cast<std::uint8_t>(0x90 | cc));
        w.zeros(11 + 4 * cc);
        w.u16(0xbede);
        w.u16(static_cast<std::uint16_t>(ext_words));
        const std::size_t header = 12 + 4 * cc + 4 + 4 * ext_words;
        const auto result = receiver.unprotect_rtp(packet);
        ASSERT_FALSE(result);
        ASSERT_EQ(result.error(), size < header + tag_size(GetParam()) ? SrtpError::malformed : SrtpError::auth_failed)
            << size << " " << cc << " " << ext_words;
        packet.resize(size + kMaxExpansion);
        SrtpSession fresh(key, Direction::protect);
        ASSERT_EQ(fresh.protect_rtp(packet, size).has_value(), size >= header);
      }
    }
  }
}

TEST_P(Srtp, RoomTableAndEBitLimits) {
  SrtpSession small(key, Direction::protect, 2);
  ByteVector packet = rtp_packet(1, 1, 30, random);
  EXPECT_EQ(small.protect_rtp(packet, packet.size()).error(), SrtpError::no_room);
  EXPECT_EQ(small.protect_rtp(packet, packet.size() + 1).error(), SrtpError::malformed);
  protect(small, rtp_packet(1, 1, 30, random));
  protect(small, rtp_packet(2, 1, 30, random));
  small.forget(1);
  EXPECT_EQ(small.ssrc_count(), 1u);
  protect(small, rtp_packet(3, 1, 30, random));
  EXPECT_EQ(small.ssrc_count(), 2u);

  ByteVector clear = protect(sender, rtcp_packet(1, 4, random), true);
  const std::size_t word = clear.size() - 4 - (is_aead(GetParam()) ? 0 : tag_size(GetParam()));
  clear[word] &= 0x7f;
  EXPECT_EQ(unprotect(receiver, clear, true).error(), SrtpError::not_encrypted);
}

TEST_P(Srtp, AnotherKeyOpensNothing) {
  SrtpSession stranger(make_key(GetParam(), 43), Direction::unprotect);
  EXPECT_EQ(unprotect(stranger, protect(sender, rtp_packet(1, 1, 30, random))).error(), SrtpError::auth_failed);
  EXPECT_EQ(unprotect(stranger, protect(sender, rtcp_packet(1, 3, random), true), true).error(),
            SrtpError::auth_failed);
}

// CVE-2021-41105: a hundred errors ended a call there.
TEST_P(Srtp, AFloodOfJunkChangesNothing) {
  ASSERT_TRUE(unprotect(receiver, protect(sender, rtp_packet(1, 1, 30, random))));
  for (int i = 0; i < 20000; ++i) {
    ByteVector junk = rtp_packet(static_cast<std::uint32_t>(random.below(3)), static_cast<std::uint16_t>(random.u32()),
                                 random.below(60), random);
    ASSERT_FALSE(receiver.unprotect_rtp(junk));
  }
  EXPECT_EQ(receiver.ssrc_count(), 1u);
  EXPECT_TRUE(unprotect(receiver, protect(sender, rtp_packet(1, 2, 30, random))));
}

}  // namespace
}  // namespace upcall::srtp
