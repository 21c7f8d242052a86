// The film spool's records without files: every truncation, every changed byte, order, writers.
#include <gtest/gtest.h>

#include <set>

#include "base/rng.hpp"
#include "io/film_spool/spool_format.hpp"

namespace upcall::film_spool {
namespace {

const ByteVector kKey(kKeySize, 3);
constexpr const char* kId = "recording-1";

Salt salt_of(std::uint8_t n) {
  Salt out;
  out.fill(n);
  return out;
}

struct Made {
  ByteVector bytes;
  std::vector<std::size_t> borders;   // after each record
  SpoolPosition position;
};

void add(Made& made, const ByteVector& record) {
  made.bytes.insert(made.bytes.end(), record.begin(), record.end());
  made.borders.push_back(made.bytes.size());
}

Made make(std::size_t fragments) {
  Made made;
  SpoolSealer sealer(kKey, kId, {}, salt_of(1));
  add(made, sealer.begin());
  add(made, sealer.seal(RecordKind::header, as_bytes("header"), as_bytes(" boxes")));
  for (std::size_t i = 0; i < fragments; ++i) {
    add(made, sealer.seal(RecordKind::fragment, as_bytes("fragment " + std::to_string(i))));
  }
  made.position = sealer.position();
  return made;
}

struct Read {
  std::vector<std::pair<RecordKind, std::string>> records;
  ScanStatus status = ScanStatus::more_needed;
  SpoolPosition position;
};

Read read(Bytes bytes, std::size_t step = SIZE_MAX, Bytes key = kKey, const char* id = kId) {
  Read out;
  SpoolScanner scanner(key, id);
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min(step, bytes.size() - at);
    scanner.append(bytes.subspan(at, n));
    at += n;
    while ((out.status = scanner.next()) == ScanStatus::record) {
      out.records.emplace_back(scanner.head().kind, as_text(scanner.plain()));
    }
  }
  out.position = scanner.position();
  return out;
}

TEST(SpoolFormat, IsReadAsItWasWrittenInAnyPieces) {
  const Made made = make(3);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100}, SIZE_MAX}) {
    const Read got = read(made.bytes, step);
    EXPECT_EQ(got.status, ScanStatus::more_needed);
    ASSERT_EQ(got.records.size(), 5u);
    EXPECT_EQ(got.records[1], std::pair(RecordKind::header, std::string("header boxes")));
    EXPECT_EQ(got.records[4].second, "fragment 2");
    EXPECT_EQ(got.position.offset, made.bytes.size());
    EXPECT_EQ(got.position.chain, made.position.chain);
  }
  EXPECT_EQ(as_text(made.bytes).find("fragment"), std::string_view::npos) << "it is encrypted";
}

TEST(SpoolFormat, ATornTailIsCutAtTheLastWholeRecord) {
  const Made made = make(3);
  for (std::size_t size = 0; size <= made.bytes.size(); ++size) {
    const Read got = read(Bytes(made.bytes).first(size));
    std::size_t whole = 0;
    while (whole < made.borders.size() && made.borders[whole] <= size) ++whole;
    EXPECT_EQ(got.records.size(), whole) << size;
    EXPECT_EQ(got.status, ScanStatus::more_needed) << size;
    if (whole > 0) {
      EXPECT_EQ(got.position.offset, made.borders[whole - 1]);
    }
  }
}

TEST(SpoolFormat, AChangedByteEndsItThere) {
  const Made made = make(2);
  for (std::size_t at = 0; at < made.bytes.size(); ++at) {
    ByteVector changed = made.bytes;
    changed[at] ^= 0x40;
    const Read got = read(changed);
    std::size_t before = 0;
    while (made.borders[before] <= at) ++before;
    EXPECT_LE(got.records.size(), before) << at;
    // A length that was made larger looks like a tail that has not come yet.
    if (got.status == ScanStatus::more_needed) EXPECT_LT(got.position.offset, changed.size()) << at;
  }
}

TEST(SpoolFormat, RecordsLeftOutSwappedRepeatedOrOfAnotherRecordingAreRefused) {
  const Made made = make(3);
  const auto part = [&](std::size_t i) {
    const std::size_t from = i == 0 ? 0 : made.borders[i - 1];
    return ByteVector(made.bytes.begin() + static_cast<std::ptrdiff_t>(from), made.bytes.begin() + static_cast<std::ptrdiff_t>(made.borders[i]));
  };
  for (const std::vector<std::size_t>& order : {std::vector<std::size_t>{0, 1, 3, 4}, {0, 1, 3, 2, 4}, {0, 1, 2, 2, 3}, {1, 2}, {0, 0}}) {
    ByteVector bytes;
    for (const std::size_t i : order) {
      const ByteVector p = part(i);
      bytes.insert(bytes.end(), p.begin(), p.end());
    }
    EXPECT_EQ(read(bytes).status, ScanStatus::corrupt) << testing::PrintToString(order);
  }
  EXPECT_EQ(read(made.bytes, SIZE_MAX, ByteVector(kKeySize, 4)).status, ScanStatus::corrupt) << "another key";
  EXPECT_EQ(read(made.bytes, SIZE_MAX, kKey, "recording-2").status, ScanStatus::corrupt) << "another recording";
  EXPECT_TRUE(read(made.bytes, SIZE_MAX, kKey, "recording-2").records.empty());
}

TEST(SpoolFormat, AnotherWriterGoesOnUnderAnotherKey) {
  Made made = make(2);
  // It died in the middle of its third fragment; another one cuts that off and writes the same record again.
  SpoolSealer first(kKey, kId, made.position, salt_of(2)), second(kKey, kId, made.position, salt_of(9));
  const ByteVector began = second.begin(), torn = first.begin();
  EXPECT_NE(began, torn) << "a salt of its own";
  add(made, began);
  const ByteVector a = first.seal(RecordKind::fragment, as_bytes("same words")), b = second.seal(RecordKind::fragment, as_bytes("same words"));
  EXPECT_NE(a, b) << "and with it another key: the nonce does not come twice";
  add(made, b);
  const Read got = read(made.bytes);
  EXPECT_EQ(got.records.size(), 6u);
  EXPECT_EQ(got.position.epoch, 2u);
  add(made, SpoolSealer(kKey, kId, got.position, salt_of(5)).begin());
  EXPECT_EQ(read(made.bytes).position.epoch, 3u);
  // What the first one wrote does not fit behind the second.
  ByteVector mixed = made.bytes;
  mixed.resize(made.borders[4]);
  mixed.insert(mixed.end(), a.begin(), a.end());
  EXPECT_EQ(read(mixed).status, ScanStatus::corrupt);
}

TEST(SpoolFormat, NothingFollowsTheEndButWriters) {
  Made made = make(1);
  SpoolSealer sealer(kKey, kId, made.position, salt_of(2));
  add(made, sealer.begin());
  add(made, sealer.seal(RecordKind::end, as_bytes("{}")));
  EXPECT_EQ(read(made.bytes).status, ScanStatus::more_needed);
  add(made, sealer.seal(RecordKind::fragment, as_bytes("more")));
  EXPECT_EQ(read(made.bytes).status, ScanStatus::corrupt);
}

}  // namespace
}  // namespace upcall::film_spool
