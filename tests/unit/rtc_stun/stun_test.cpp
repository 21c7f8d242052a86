#include <gtest/gtest.h>

#include "rtc/stun/builder.hpp"
#include "rtc/stun/message.hpp"

namespace upcall::stun {
namespace {

ByteVector hex(std::string_view text) { return from_hex(text).value(); }

// RFC 5769 §2.1-2.3
const char kRequest[] =
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf";
const char kAnswerV4[] =
    "0101003c2112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000080001a147e112a643"
    "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96";
const char kAnswerV6[] =
    "010100482112a442b7e7a701bc34d686fa87dfae"
    "8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9"
    "00080014a382954e4be67bf11784c97c8292c275bfe3ed41"
    "80280004c8fb0b4c";
const char kPassword[] = "VOkJxbRl1RmTxUk/WvJxBt";

TEST(Stun, Rfc5769Request) {
  const ByteVector raw = hex(kRequest);
  const auto m = parse(raw);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->cls, Class::request);
  EXPECT_EQ(m->method, kBindingMethod);
  EXPECT_EQ(m->username, "evtj:h6vY");
  EXPECT_EQ(receiver_ufrag(*m), "evtj");
  EXPECT_EQ(m->priority, 0x6e0001ffu);
  EXPECT_EQ(m->ice_controlled, 0x932ff9b151263b36u);
  EXPECT_FALSE(m->ice_controlling);
  EXPECT_TRUE(m->has_fingerprint);
  EXPECT_TRUE(integrity_ok(*m, crypto::HmacSha1(as_bytes(kPassword))));
  EXPECT_FALSE(integrity_ok(*m, crypto::HmacSha1(as_bytes("VOkJxbRl1RmTxUk/WvJxBT"))));
}

TEST(Stun, Rfc5769Answers) {
  const ByteVector v4 = hex(kAnswerV4), v6 = hex(kAnswerV6);
  const crypto::HmacSha1 key(as_bytes(kPassword));
  const auto m4 = parse(v4);
  ASSERT_TRUE(m4);
  EXPECT_EQ(m4->cls, Class::success);
  EXPECT_EQ(m4->xor_mapped_address, NetAddress::v4(192, 0, 2, 1, 32853));
  EXPECT_TRUE(integrity_ok(*m4, key));
  const auto m6 = parse(v6);
  ASSERT_TRUE(m6);
  EXPECT_EQ(m6->xor_mapped_address, parse_ip("2001:db8:1234:5678:11:2233:4455:6677", 32853).value());
  EXPECT_TRUE(integrity_ok(*m6, key));
}

TEST(Stun, TruncationAtEveryLengthIsRefused) {
  for (const char* text : {kRequest, kAnswerV4, kAnswerV6}) {
    const ByteVector raw = hex(text);
    for (std::size_t n = 0; n < raw.size(); ++n) {
      const ByteVector cut(raw.begin(), raw.begin() + static_cast<std::ptrdiff_t>(n));
      EXPECT_FALSE(parse(cut)) << n;
    }
  }
}

TEST(Stun, EveryFlippedBitBreaksTheFingerprintOrTheFrame) {
  const ByteVector raw = hex(kRequest);
  const crypto::HmacSha1 key(as_bytes(kPassword));
  for (std::size_t bit = 0; bit < raw.size() * 8; ++bit) {
    ByteVector bad = raw;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1u << bit % 8));
    const auto m = parse(bad);
    // What still parses must have lost its FINGERPRINT attribute (its type was hit), never carry a wrong one.
    if (m) {
      EXPECT_FALSE(m->has_fingerprint) << bit;
    }
  }
}

// Every known attribute with every length from 0 to 40 (CVE-2026-54909 was a zero-length XOR-MAPPED-ADDRESS).
TEST(Stun, EveryAttributeAtEveryLength) {
  for (const std::uint16_t type : {0x0001, 0x0006, 0x0008, 0x0009, 0x000a, 0x0020, 0x0024, 0x0025, 0x8022, 0x8028,
                                   0x8029, 0x802a, 0x0002}) {
    for (std::size_t size = 0; size <= 40; ++size) {
      ByteVector raw(20 + 4 + (size + 3) / 4 * 4);
      Writer w(raw);
      w.u16(1);
      w.u16(static_cast<std::uint16_t>(raw.size() - 20));
      w.u32(kMagicCookie);
      w.zeros(12);
      w.u16(type);
      w.u16(static_cast<std::uint16_t>(size));
      w.zeros(raw.size() - w.size());
      const auto m = parse(raw);
      if (type == 0x0020) {
        EXPECT_FALSE(m) << "family 0";
      }
      if (type == 0x0024) {
        EXPECT_EQ(m.has_value(), size == 4);
      }
      if (type == 0x0008) {
        EXPECT_EQ(m.has_value(), size == 20);
      }
      if (type == 0x0025) {
        EXPECT_EQ(m.has_value(), size == 0);
      }
      if (type == 0x0002) {
        ASSERT_TRUE(m);
        EXPECT_EQ(m->unknown_count, 1u);
      }
    }
  }
}

TEST(Stun, LimitsHold) {
  ByteVector raw(20 + 4 * (kMaxAttributes + 1));
  Writer w(raw);
  w.u16(1);
  w.u16(static_cast<std::uint16_t>(raw.size() - 20));
  w.u32(kMagicCookie);
  w.zeros(12);
  for (std::size_t i = 0; i <= kMaxAttributes; ++i) w.u32(0x80220000);
  EXPECT_EQ(parse(raw).error(), ParseError::too_long);
  EXPECT_EQ(parse(ByteVector(kMaxMessageSize + 1)).error(), ParseError::too_long);
}

TEST(Stun, AttributesAfterIntegrityAreIgnored) {
  // Built by hand: integrity first, then USE-CANDIDATE, which nobody authenticated.
  std::array<std::uint8_t, kBuildBufferSize> buffer;
  const crypto::HmacSha1 key(as_bytes(kPassword));
  const Bytes raw = Builder(buffer, Class::request, kBindingMethod, {})
                        .username("a", "b")
                        .integrity(key)
                        .use_candidate()
                        .fingerprint()
                        .finish();
  const auto m = parse(raw);
  ASSERT_TRUE(m);
  EXPECT_FALSE(m->use_candidate);
  EXPECT_TRUE(integrity_ok(*m, key));
  EXPECT_EQ(m->username, "a:b");
}

TEST(Stun, BuildParseRoundTripAtEveryUsernameLength) {
  const crypto::HmacSha1 key(as_bytes(kPassword));
  const TransactionId id{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  for (std::size_t n = 1; n <= 256; ++n) {
    std::array<std::uint8_t, kBuildBufferSize> buffer;
    buffer.fill(0xee);
    const std::string ufrag(n, 'u');
    const Bytes raw = Builder(buffer, Class::request, kBindingMethod, id)
                          .username(ufrag, "x")
                          .priority(7)
                          .ice_controlling(99)
                          .use_candidate()
                          .integrity(key)
                          .fingerprint()
                          .finish();
    ASSERT_FALSE(raw.empty());
    const auto m = parse(raw);
    ASSERT_TRUE(m) << n;
    EXPECT_EQ(receiver_ufrag(*m), ufrag);
    EXPECT_EQ(m->priority, 7u);
    EXPECT_EQ(m->ice_controlling, 99u);
    EXPECT_TRUE(m->use_candidate);
    EXPECT_EQ(m->transaction_id, id);
    EXPECT_TRUE(m->has_fingerprint);
    EXPECT_TRUE(integrity_ok(*m, key));
    // CVE-2020-4067: padding must not carry what lay in the buffer before.
    for (std::size_t i = 24 + n + 2; i % 4 != 0; ++i) EXPECT_EQ(raw[i], 0);
  }
}

TEST(Stun, ErrorAnswerAndOverflow) {
  std::array<std::uint8_t, kBuildBufferSize> buffer;
  const std::uint16_t unknown[] = {0x0002, 0x7fff, 0x0003};
  const Bytes raw = Builder(buffer, Class::error, kBindingMethod, {})
                        .error_code(487)
                        .unknown_attributes(unknown)
                        .fingerprint()
                        .finish();
  const auto m = parse(raw);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->cls, Class::error);
  EXPECT_EQ(m->error_code, 487);
  std::array<std::uint8_t, 30> small;
  EXPECT_TRUE(Builder(small, Class::request, kBindingMethod, {}).username("abcdefgh", "x").finish().empty());
}

}  // namespace
}  // namespace upcall::stun
