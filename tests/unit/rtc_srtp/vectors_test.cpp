// Published vectors: RFC 3711 appendix B, RFC 7714 §16; index estimation and the replay window against plain models.
#include <gtest/gtest.h>

#include <set>

#include "base/rng.hpp"
#include "crypto/aead.hpp"
#include "crypto/aes_ctr.hpp"
#include "rtc/srtp/key_derivation.hpp"
#include "rtc/srtp/replay_window.hpp"

namespace upcall::srtp {
namespace {

ByteVector hex(std::string_view text) { return from_hex(text).value(); }

Salt salt_of(std::string_view text) {
  Salt salt{};
  const ByteVector raw = hex(text);
  std::copy(raw.begin(), raw.end(), salt.begin());
  return salt;
}

TEST(SrtpVectors, Rfc3711B2KeyStream) {
  crypto::AesCtr aes(hex("2b7e151628aed2a6abf7158809cf4f3c"));
  ByteVector stream(48, 0);
  aes.apply(cm_counter_block(salt_of("f0f1f2f3f4f5f6f7f8f9fafbfcfd"), 0, 0), stream);
  EXPECT_EQ(to_hex(stream), "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab41e95b3bb0a2e8dd477901e4fca894c0");
}

TEST(SrtpVectors, Rfc3711B3KeyDerivation) {
  MasterKey master;
  master.profile = Profile::aes128_cm_sha1_80;
  const ByteVector key = hex("e1f97a0d3e018be0d64fa32c06de4139"), salt = hex("0ec675ad498afeebb6960b3aabe6");
  std::copy(key.begin(), key.end(), master.key.value.begin());
  std::copy(salt.begin(), salt.end(), master.salt.value.begin());
  ByteVector out(16);
  derive(master, Label::rtp_encryption, out);
  EXPECT_EQ(to_hex(out), "c61e7a93744f39ee10734afe3ff7a087");
  out.resize(14);
  derive(master, Label::rtp_salt, out);
  EXPECT_EQ(to_hex(out), "30cbbc08863d8c85d49db34a9ae1");
  out.resize(94);
  derive(master, Label::rtp_authentication, out);
  EXPECT_EQ(to_hex(Bytes(out).first(20)), "cebe321f6ff7716b6fd4ab49af256a156d38baa4");
}

TEST(SrtpVectors, Rfc7714Section16Srtp) {
  const Salt salt = salt_of("517569642070726f2071756f");
  const ByteVector header = hex("8040f17b8041f8d35501a0b2");
  const ByteVector plain = hex("47616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573");
  const Nonce nonce = gcm_rtp_nonce(salt, 0x5501a0b2, 0xf17b);
  EXPECT_EQ(to_hex(nonce), "51753c6580c2726f20718414");
  ByteVector sealed = plain;
  sealed.resize(plain.size() + 16);
  crypto::Aead aes128(crypto::AeadAlgorithm::aes_128_gcm, hex("000102030405060708090a0b0c0d0e0f"));
  aes128.seal_appended(nonce, header, sealed, plain.size());
  EXPECT_EQ(to_hex(sealed),
            "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
            "899d7f27beb16a9152cf765ee4390cce");
}

TEST(SrtpVectors, RtcpNonceTakesSsrcAndIndex) {
  const Nonce nonce = gcm_rtcp_nonce(Salt{}, 0x01020304, 0x7a0b0c0d);
  EXPECT_EQ(to_hex(nonce), "000001020304" "0000" "7a0b0c0d");
}

TEST(IndexEstimation, FollowsWrapsBothWays) {
  EXPECT_EQ(estimate_index(false, 0, 65535), 65535u);
  EXPECT_EQ(estimate_index(true, 65535, 0), 65536u);
  EXPECT_EQ(estimate_index(true, 65536, 65535), 65535u);
  EXPECT_EQ(estimate_index(true, 65536 + 10, 32000), 65536u + 32000u);
  EXPECT_EQ(estimate_index(true, 5, 65535), std::nullopt) << "before the stream began";
  EXPECT_EQ(estimate_index(true, (std::uint64_t(1) << 48) - 1, 0), std::nullopt) << "the key is used up";
  std::uint64_t highest = 40000;
  for (std::uint64_t index = highest; index < 440000; index += 777) {
    ASSERT_EQ(estimate_index(true, highest, static_cast<std::uint16_t>(index)), index);
    highest = index;
  }
}

TEST(ReplayWindow, EqualsAPlainModel) {
  SeededRandom random(3);
  for (int run = 0; run < 50; ++run) {
    ReplayWindow<128> window;
    std::set<std::uint64_t> seen;
    std::uint64_t base = random.below(1 << 20) + 1000;
    for (int i = 0; i < 2000; ++i) {
      base += random.chance(0.02) ? random.below(400) : random.below(3);
      const std::uint64_t index = base + 100 - random.below(260);
      Freshness expected = Freshness::fresh;
      if (!seen.empty() && index <= *seen.rbegin()) {
        if (*seen.rbegin() - index >= 128) {
          expected = Freshness::too_old;
        } else if (seen.contains(index)) {
          expected = Freshness::repeated;
        }
      }
      ASSERT_EQ(window.check(index), expected);
      if (expected == Freshness::fresh) {
        window.set(index);
        seen.insert(index);
      }
    }
  }
}

}  // namespace
}  // namespace upcall::srtp
