#include <gtest/gtest.h>

#include "crypto/aead.hpp"
#include "crypto/aes_ctr.hpp"

namespace upcall::crypto {
namespace {

ByteVector hex(std::string_view text) { return from_hex(text).value(); }

struct GcmVector {
  const char* key;
  const char* nonce;
  const char* aad;
  const char* plain;
  const char* cipher;
  const char* tag;
};

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 1, 2, 4, 13, 14, 16 (96-bit IV).
const GcmVector kVectors[] = {
    {"00000000000000000000000000000000", "000000000000000000000000", "", "", "", "58e2fccefa7e3061367f1d57a4e7455a"},
    {"00000000000000000000000000000000", "000000000000000000000000", "", "00000000000000000000000000000000",
     "0388dace60b6a392f328c2b971b2fe78", "ab6e47d42cec13bdf53a67b21257bddf"},
    {"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac97"
     "3d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "530f8afbc74536b9a963b4f1c4cb738b"},
    {"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

AeadAlgorithm algorithm_for(Bytes key) {
  return key.size() == 16 ? AeadAlgorithm::aes_128_gcm : AeadAlgorithm::aes_256_gcm;
}

TEST(Aead, PublishedVectorsBothWaysInPlaceAndAside) {
  for (const GcmVector& v : kVectors) {
    const ByteVector key = hex(v.key), nonce = hex(v.nonce), aad = hex(v.aad), plain = hex(v.plain);
    Aead aead(algorithm_for(key), key);
    ByteVector aside(plain.size()), tag(kAeadTagSize);
    aead.seal(nonce, aad, plain, aside, tag);
    EXPECT_EQ(to_hex(aside), v.cipher);
    EXPECT_EQ(to_hex(tag), v.tag);

    ByteVector appended = plain;
    appended.resize(plain.size() + kAeadTagSize);
    aead.seal_appended(nonce, aad, appended, plain.size());
    EXPECT_EQ(to_hex(appended), std::string(v.cipher) + v.tag);
    ASSERT_TRUE(aead.open_appended(nonce, aad, appended));
    appended.resize(plain.size());
    EXPECT_EQ(appended, plain);
  }
}

TEST(Aead, EveryFlippedByteIsRefusedAndGivesNoPlainText) {
  const GcmVector& v = kVectors[2];
  const ByteVector nonce = hex(v.nonce), aad = hex(v.aad);
  const ByteVector sealed = hex(std::string(v.cipher) + v.tag);
  Aead aead(AeadAlgorithm::aes_128_gcm, hex(v.key), AeadUse::open_only);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    ByteVector bad = sealed;
    bad[i] ^= 1;
    ASSERT_FALSE(aead.open_appended(nonce, aad, bad)) << i;
    for (std::size_t k = 0; k < sealed.size() - kAeadTagSize; ++k) ASSERT_EQ(bad[k], 0);
  }
  for (std::size_t i = 0; i < aad.size(); ++i) {
    ByteVector bad_aad = aad, text = sealed;
    bad_aad[i] ^= 0x80;
    ASSERT_FALSE(aead.open_appended(nonce, bad_aad, text));
  }
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    ByteVector cut(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(n));
    ASSERT_FALSE(aead.open_appended(nonce, aad, cut)) << n;
  }
  ByteVector good = sealed;
  EXPECT_TRUE(aead.open_appended(nonce, aad, good)) << "a refused text must not spoil the context";
}

// NIST SP 800-38A F.5.1 and F.5.5.
TEST(AesCtr, Sp80038aVectors) {
  const ByteVector iv = hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
  const ByteVector plain = hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51");
  AesCtr aes128(hex("2b7e151628aed2a6abf7158809cf4f3c"));
  ByteVector text = plain;
  aes128.apply(iv, text);
  EXPECT_EQ(to_hex(text), "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
  aes128.apply(iv, text);
  EXPECT_EQ(text, plain);
  AesCtr aes256(hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"));
  aes256.apply(iv, text);
  EXPECT_EQ(to_hex(text), "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5");
}

}  // namespace
}  // namespace upcall::crypto
