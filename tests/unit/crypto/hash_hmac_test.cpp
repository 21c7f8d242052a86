#include <gtest/gtest.h>

#include <string>

#include "crypto/hash.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/hmac.hpp"
#include "crypto/random.hpp"
#include "crypto/secret.hpp"

namespace upcall::crypto {
namespace {

ByteVector hex(std::string_view text) { return from_hex(text).value(); }
ByteVector repeat(std::uint8_t byte, std::size_t n) { return ByteVector(n, byte); }

TEST(Hash, Fips180Vectors) {
  EXPECT_EQ(to_hex(sha1(as_bytes("abc"))), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(to_hex(sha256(as_bytes("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hash, IncrementalEqualsOneShotAtEverySplitAndIsReusable) {
  ByteVector data(200);
  for (std::size_t i = 0; i < data.size(); ++i) data[i] = static_cast<std::uint8_t>(i * 7);
  const Sha256Digest whole = sha256(data);
  Sha256 hash;
  for (std::size_t split = 0; split <= data.size(); ++split) {
    hash.update(Bytes(data).first(split));
    Sha256 fork = hash;
    EXPECT_EQ(hash.update(Bytes(data).subspan(split)).finish(), whole);
    EXPECT_EQ(fork.update(Bytes(data).subspan(split)).finish(), whole);
  }
}

TEST(Hash, ConstantTimeEqual) {
  EXPECT_TRUE(constant_time_equal({}, {}));
  EXPECT_TRUE(constant_time_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("ab")));
}

TEST(Hmac, Rfc2202Sha1) {
  EXPECT_EQ(to_hex(hmac_sha1(repeat(0x0b, 20), as_bytes("Hi There"))), "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(to_hex(hmac_sha1(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(to_hex(hmac_sha1(repeat(0xaa, 20), repeat(0xdd, 50))), "125d7342b9ac11cd91a39af48aa17b4f63f175d3");
  EXPECT_EQ(to_hex(hmac_sha1(repeat(0xaa, 80), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(Hmac, Rfc4231Sha256) {
  EXPECT_EQ(to_hex(hmac_sha256(repeat(0x0b, 20), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(repeat(0xaa, 20), repeat(0xdd, 50))),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(to_hex(hmac_sha256(repeat(0xaa, 131), as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, KeyedIsReusableAndJoinsParts) {
  const HmacSha1 keyed(as_bytes("Jefe"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(keyed.mac(as_bytes("what do ya "), as_bytes("want "), as_bytes("for nothing?")),
              hmac_sha1(as_bytes("Jefe"), as_bytes("what do ya want for nothing?")));
  }
}

TEST(Hkdf, Rfc5869) {
  ByteVector out(42);
  hkdf_sha256(repeat(0x0b, 22), hex("000102030405060708090a0b0c"), hex("f0f1f2f3f4f5f6f7f8f9"), out);
  EXPECT_EQ(to_hex(out), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");

  hkdf_sha256(repeat(0x0b, 22), {}, {}, out);
  EXPECT_EQ(to_hex(out), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");

  ByteVector ikm(80), salt(80), info(80), longer(82);
  for (std::size_t i = 0; i < 80; ++i) {
    ikm[i] = static_cast<std::uint8_t>(i);
    salt[i] = static_cast<std::uint8_t>(0x60 + i);
    info[i] = static_cast<std::uint8_t>(0xb0 + i);
  }
  hkdf_sha256(ikm, salt, info, longer);
  EXPECT_EQ(to_hex(longer),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09"
            "b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
}

TEST(Random, FillsAllOfItAndDiffers) {
  SystemRandom random;
  ByteVector a(64), b(64);
  random.fill(a);
  random.fill(b);
  EXPECT_NE(a, b);
  EXPECT_NE(Bytes(a).last(16)[0] | Bytes(a).last(16)[7] | Bytes(a).last(16)[15], 0);
}

TEST(Secret, WipeZeroes) {
  ByteVector secret = repeat(0x5a, 33);
  wipe(secret);
  EXPECT_EQ(secret, repeat(0, 33));
}

}  // namespace
}  // namespace upcall::crypto
