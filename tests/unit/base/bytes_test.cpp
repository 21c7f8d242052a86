#include "base/bytes.hpp"

#include <gtest/gtest.h>

#include <memory>

#include "base/ids.hpp"
#include "base/rng.hpp"
#include "base/seq.hpp"
#include "base/spsc_ring.hpp"
#include "base/wall_text.hpp"

namespace upcall {
namespace {

TEST(Reader, ShortInputFailsForGoodAndAnswersZero) {
  const std::uint8_t raw[] = {1, 2, 3};
  Reader reader(raw);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_EQ(reader.u32(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0) << "a failed reader must not go on reading";
  EXPECT_EQ(reader.remaining(), 0u);
}

TEST(Reader, SizedBytesBeyondTheEndFail) {
  const std::uint8_t raw[] = {0xff, 0xff, 0xff, 0xff, 0x0f, 1};
  Reader reader(raw);
  EXPECT_TRUE(reader.sized_bytes().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Writer, OverflowWritesNothing) {
  std::uint8_t raw[3] = {9, 9, 9};
  Writer writer(raw);
  writer.u16(0x0102);
  writer.u16(0x0304);
  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.size(), 2u);
  EXPECT_EQ(raw[2], 9);
}

TEST(Varint, RoundTripsEdges) {
  for (const std::uint64_t v : {std::uint64_t(0), std::uint64_t(127), std::uint64_t(128), ~std::uint64_t(0)}) {
    std::uint8_t raw[10];
    Writer writer(raw);
    writer.varint(v);
    ASSERT_TRUE(writer.ok());
    Reader reader(writer.written());
    EXPECT_EQ(reader.varint(), v);
    EXPECT_TRUE(reader.ok());
  }
  const std::uint8_t eleven[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
  Reader reader(eleven);
  reader.varint();
  EXPECT_FALSE(reader.ok()) << "more than 64 bits";
}

TEST(Base64, RoundTripsEveryLengthAndRefusesJunk) {
  SeededRandom random(1);
  for (std::size_t n = 0; n < 40; ++n) {
    ByteVector raw(n);
    random.fill(raw);
    EXPECT_EQ(from_base64url(to_base64url(raw)).value(), raw);
    EXPECT_EQ(from_base64(to_base64(raw)).value(), raw);
    EXPECT_EQ(from_hex(to_hex(raw)).value(), raw);
  }
  EXPECT_EQ(to_base64(as_bytes("any carnal pleas")), "YW55IGNhcm5hbCBwbGVhcw==");
  EXPECT_FALSE(from_base64url("a"));
  EXPECT_FALSE(from_base64url("ab=="));
  EXPECT_FALSE(from_base64url("ab+/"));
  EXPECT_FALSE(from_base64url("YW55IGNhcm5hbCBwbGVhcx")) << "left-over bits set: a second text for one value";
}

TEST(Uuid, HasVersionAndVariant) {
  SeededRandom random(7);
  const std::string id = make_uuid(random);
  EXPECT_TRUE(is_uuid(id));
  EXPECT_EQ(id[14], '4');
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
  EXPECT_NE(make_uuid(random), id);
}

TEST(Unwrapper, FollowsWrapsAndReorderBothWays) {
  Unwrapper<std::uint16_t> unwrap;
  const std::int64_t first = unwrap.unwrap(65534);
  EXPECT_EQ(unwrap.unwrap(65535), first + 1);
  EXPECT_EQ(unwrap.unwrap(1), first + 3);
  EXPECT_EQ(unwrap.unwrap(0), first + 2) << "late packet across the wrap";
  EXPECT_EQ(unwrap.unwrap(65533), first - 1);
  EXPECT_TRUE(seq_newer<std::uint16_t>(0, 65535));
  EXPECT_FALSE(seq_newer<std::uint16_t>(65535, 0));
}

TEST(ByteRing, KeepsOrderAcrossTheWrapAndRefusesWhenFull) {
  // On the heap, as in production: gcc 12 misaligns over-aligned objects on the stack under ASan's fake frames.
  const auto owned = std::make_unique<ByteRing>(4096);
  ByteRing& ring = *owned;
  SeededRandom random(3);
  ByteVector out;
  std::uint32_t pushed = 0, popped = 0;
  for (int round = 0; round < 200; ++round) {
    for (;;) {
      ByteVector record(4 + random.below(700));
      Writer(record).u32(pushed);
      if (!ring.push(record)) break;
      ++pushed;
    }
    EXPECT_TRUE(ring.publish());
    EXPECT_FALSE(ring.publish()) << "nothing new";
    const std::uint32_t keep = static_cast<std::uint32_t>(random.below(3));
    while (pushed - popped > keep) {
      ASSERT_TRUE(ring.pop(out));
      EXPECT_EQ(Reader(out).u32(), popped);
      ++popped;
    }
  }
}

TEST(ByteRing, UnpublishedRecordsAreInvisible) {
  // On the heap, as in production: gcc 12 misaligns over-aligned objects on the stack under ASan's fake frames.
  const auto owned = std::make_unique<ByteRing>(4096);
  ByteRing& ring = *owned;
  ByteVector out;
  ring.push(as_bytes("abc"));
  EXPECT_FALSE(ring.pop(out));
  ring.publish();
  ASSERT_TRUE(ring.pop(out));
  EXPECT_EQ(as_text(out), "abc");
}

TEST(WallText, RoundTripsAndRefuses) {
  const WallTime t = WallTime::from_unix_ms(1795335326352);
  EXPECT_EQ(parse_iso8601(to_iso8601(t)).value(), t);
  EXPECT_EQ(to_iso8601(WallTime::from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_FALSE(parse_iso8601("2026-02-30T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601("2026-02-03T00:00:00"));
  EXPECT_FALSE(parse_iso8601("2026-02-03T00:00:00.Z"));
}

TEST(Random, BelowIsInRangeAndSeedRepeats) {
  SeededRandom a(42), b(42);
  for (int i = 0; i < 1000; ++i) {
    const auto v = a.below(7);
    EXPECT_LT(v, 7u);
    EXPECT_EQ(v, b.below(7));
  }
}

}  // namespace
}  // namespace upcall
