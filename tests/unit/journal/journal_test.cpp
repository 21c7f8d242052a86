// The journal from both sides: what was sealed comes back, a torn tail is a clean end, tampering is found.
#include <gtest/gtest.h>

#include <numeric>

#include "memory_journal.hpp"

namespace upcall::journal {
namespace {

constexpr std::uint64_t kMs = 1000;

// 3 segments of 4 blocks with 5 packets each, then the end.
struct Written {
  MemorySink sink;
  std::vector<std::uint16_t> sequences;
  JournalPosition position;
};

Written write_journal(bool finish = true) {
  Written out;
  JournalWriter writer(test_key(), {}, 1, {.segment_us = 1'000'000});
  EXPECT_TRUE(writer.add(encoded(wire::TapStart{1, "rec", "meeting", 1'700'000'000'000})));
  EXPECT_TRUE(writer.add(encoded(wire::TapSource{0, 1, "a", wire::TapKind::video, wire::TapCodec::vp8, 90000, 0, false})));
  std::uint16_t sequence = 0;
  for (std::uint64_t block = 0; block < 12; ++block) {
    for (int i = 0; i < 5; ++i) {
      out.sequences.push_back(sequence);
      EXPECT_TRUE(writer.add(packet(block * 250 * kMs + 10, sequence, sequence % 20 == 0)));
      ++sequence;
    }
    EXPECT_TRUE(writer.seal((block + 1) * 250 * kMs, out.sink));
  }
  if (finish) {
    EXPECT_TRUE(writer.add(encoded(wire::TapStop{3'000'000, wire::TapStopReason::requested})));
    EXPECT_TRUE(writer.close(3'000'000, true, out.sink));
  }
  out.position = writer.position();
  return out;
}

TEST(Journal, EverythingComesBackInOrderWhateverTheReadSize) {
  const Written w = write_journal();
  EXPECT_GE(w.sink.segments.size(), 3u);
  EXPECT_EQ(w.sink.closed, static_cast<int>(w.sink.segments.size()));
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    const Reading r = read_all(w.sink.segments, step);
    EXPECT_EQ(r.sequences, w.sequences);
    EXPECT_EQ(r.end, ReadStatus::journal_end);
    EXPECT_TRUE(r.position.complete);
    EXPECT_EQ(r.position.until_us, 3'000'000u);
    EXPECT_EQ(r.position.wall_unix_ms, 1'700'000'000'000);
    EXPECT_EQ(r.position.next_source, 2u);
  }
}

TEST(Journal, TheFooterPointsAtTheBlocksOfKeyFrames) {
  const Written w = write_journal();
  JournalReader reader(test_key());
  reader.begin_segment();
  reader.append(w.sink.segments.at(0));
  while (reader.next() == ReadStatus::record) {}
  ASSERT_FALSE(reader.index().key_frames.empty());
  EXPECT_EQ(reader.index().key_frames[0].source, 1u);
  EXPECT_EQ(reader.index().key_frames[0].block_offset, kHeaderSize);
  for (const auto& key : reader.index().key_frames) {
    // A block head stands there.
    EXPECT_TRUE(parse_block_head(Bytes(w.sink.segments.at(0)).subspan(key.block_offset)).has_value());
  }
}

TEST(Journal, ATailCutAnywhereIsACleanEndWithEverySealBeforeIt) {
  Written w = write_journal(false);
  // The last segment that has records.
  auto last = std::prev(w.sink.segments.end());
  const ByteVector whole = last->second;
  std::size_t before = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    last->second.assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const Reading r = read_all(w.sink.segments);
    ASSERT_NE(r.end, ReadStatus::corrupt) << "cut at " << size << ": " << (r.corruption ? r.corruption->what : "");
    ASSERT_GE(r.sequences.size(), before);
    before = r.sequences.size();
    ASSERT_TRUE(std::equal(r.sequences.begin(), r.sequences.end(), w.sequences.begin()));
  }
  EXPECT_EQ(before, w.sequences.size());
}

TEST(Journal, AChangedByteIsFoundOrEndsTheJournalAsIncomplete) {
  const Written w = write_journal();
  for (const auto& [number, bytes] : w.sink.segments) {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      auto changed = w.sink.segments;
      changed[number][at] ^= 0x40;
      const Reading r = read_all(changed);
      ASSERT_FALSE(r.position.complete) << "segment " << number << " byte " << at;
      ASSERT_TRUE(std::equal(r.sequences.begin(), r.sequences.end(), w.sequences.begin()));
      // A length that grew in the last segment looks like a torn tail; anything else is corruption with a place.
      if (number + 1 != w.sink.segments.size()) {
        ASSERT_EQ(r.end, ReadStatus::corrupt) << "segment " << number << " byte " << at;
        ASSERT_TRUE(r.corruption);
      }
    }
  }
}

// Offsets of the blocks of a segment.
std::vector<std::pair<std::size_t, std::size_t>> blocks_of(const ByteVector& segment) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  std::size_t at = kHeaderSize;
  while (at < segment.size()) {
    const auto head = parse_block_head(Bytes(segment).subspan(at));
    const std::size_t size = block_head_size(kVersion) + head->size + kTagSize;
    out.emplace_back(at, size);
    at += size;
  }
  return out;
}

TEST(Journal, BlocksLeftOutSwappedOrRepeatedAreCorrupt) {
  const Written w = write_journal();
  const ByteVector& first = w.sink.segments.at(0);
  const auto blocks = blocks_of(first);
  ASSERT_GE(blocks.size(), 4u);
  const auto rebuilt = [&](const std::vector<std::size_t>& order) {
    ByteVector out(first.begin(), first.begin() + kHeaderSize);
    for (const std::size_t i : order) {
      out.insert(out.end(), first.begin() + static_cast<std::ptrdiff_t>(blocks[i].first),
                 first.begin() + static_cast<std::ptrdiff_t>(blocks[i].first + blocks[i].second));
    }
    return out;
  };
  std::vector<std::size_t> all(blocks.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  const auto read_with = [&](const ByteVector& segment) {
    auto changed = w.sink.segments;
    changed[0] = segment;
    return read_all(changed);
  };
  EXPECT_EQ(read_with(rebuilt(all)).end, ReadStatus::journal_end);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    auto without = all;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(read_with(rebuilt(without)).end, ReadStatus::corrupt) << i;
    auto twice = all;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), i);
    EXPECT_EQ(read_with(rebuilt(twice)).end, ReadStatus::corrupt) << i;
    if (i + 1 < blocks.size()) {
      auto swapped = all;
      std::swap(swapped[i], swapped[i + 1]);
      const Reading r = read_with(rebuilt(swapped));
      EXPECT_EQ(r.end, ReadStatus::corrupt) << i;
      EXPECT_EQ(r.corruption->segment, 0u);
      EXPECT_EQ(r.corruption->offset, blocks[i].first);
    }
  }
}

TEST(Journal, AMissingOrExchangedSegmentIsCorrupt) {
  const Written w = write_journal();
  auto without = w.sink.segments;
  without.erase(1);
  EXPECT_EQ(read_all(without).end, ReadStatus::corrupt);
  auto swapped = w.sink.segments;
  std::swap(swapped[0], swapped[1]);
  EXPECT_EQ(read_all(swapped).end, ReadStatus::corrupt);
  // Another recording's key opens nothing.
  JournalReader reader(ByteVector(kKeySize, 9));
  reader.begin_segment();
  reader.append(w.sink.segments.at(0));
  EXPECT_EQ(reader.next(), ReadStatus::corrupt);
}

TEST(Journal, ANewWriterGoesOnAfterATornTailAndVouchesForIt) {
  Written w = write_journal(false);
  auto last = std::prev(w.sink.segments.end());
  const std::uint32_t torn = last->first;
  // The crash tore the last block.
  last->second.resize(last->second.size() - 5);
  Reading before = read_all({*last}, 1 << 20, true);
  ASSERT_EQ(before.end, ReadStatus::more_needed);
  EXPECT_EQ(before.position.epoch, 1u);
  EXPECT_EQ(before.position.wall_unix_ms, 1'700'000'000'000);
  EXPECT_EQ(before.position.next_source, 2u);

  JournalWriter writer(test_key(), before.position, 2);
  writer.add(encoded(wire::TapGap{before.position.until_us, 9'000'000, wire::TapGapReason::server_restart, 0}));
  writer.add(packet(9'000'000, 500));
  ASSERT_TRUE(writer.close(9'100'000, true, w.sink));
  Reading r = read_all(w.sink.segments);
  EXPECT_EQ(r.end, ReadStatus::journal_end) << (r.corruption ? r.corruption->what : "");
  EXPECT_EQ(r.sequences.back(), 500);
  ASSERT_EQ(r.gaps.size(), 1u);
  EXPECT_EQ(r.gaps[0].reason, wire::TapGapReason::server_restart);

  // Cutting one more block of the old tail away is now noticed: the new writer named the last valid one.
  auto cut = w.sink.segments;
  const auto blocks = blocks_of(ByteVector(cut[torn].begin(), cut[torn].end()));
  cut[torn].resize(blocks[blocks.size() - 2].first);
  EXPECT_EQ(read_all(cut).end, ReadStatus::corrupt);
}

TEST(Journal, AFailedWriteLosesItsRecordsOnlyAndLeavesAMarkedGap) {
  MemorySink sink;
  JournalWriter writer(test_key(), {}, 1);
  writer.add(packet(1, 1));
  ASSERT_TRUE(writer.seal(250 * kMs, sink));
  sink.fail_writes = true;
  writer.add(packet(300 * kMs, 2));
  writer.add(packet(310 * kMs, 3));
  EXPECT_FALSE(writer.seal(500 * kMs, sink));
  EXPECT_EQ(writer.lost_records(), 2u);
  EXPECT_FALSE(writer.seal(750 * kMs, sink));
  sink.fail_writes = false;
  writer.add(packet(800 * kMs, 4));
  ASSERT_TRUE(writer.close(1000 * kMs, true, sink));
  const Reading r = read_all(sink.segments);
  EXPECT_EQ(r.end, ReadStatus::journal_end);
  EXPECT_EQ(r.sequences, (std::vector<std::uint16_t>{1, 4}));
  ASSERT_EQ(r.gaps.size(), 1u);
  EXPECT_EQ(r.gaps[0].at_us, 250 * kMs);
  EXPECT_EQ(r.gaps[0].until_us, 1000 * kMs);
  EXPECT_EQ(r.gaps[0].dropped, 2u);
}

TEST(Journal, QuietTimeIsSealedToo) {
  MemorySink sink;
  JournalWriter writer(test_key(), {}, 1);
  ASSERT_TRUE(writer.seal(5'000'000, sink));
  EXPECT_EQ(read_all(sink.segments).position.until_us, 5'000'000u);
}

TEST(JournalFormat, EveryTruncationOfHeadersAndFootersIsRefused) {
  const auto header = encode(SegmentHeader{3, 7, 9, 11, 13, {}});
  for (std::size_t n = 0; n < header.size(); ++n) {
    const auto parsed = parse_segment_header(Bytes(header).first(n));
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error(), ParseError::truncated);
  }
  EXPECT_EQ(parse_segment_header(header)->segment, 7u);
  SegmentIndex index;
  index.records = 300;
  index.key_frames = {{1, 1000, 50}, {2, 200000, 70000}};
  const ByteVector footer = encode(index);
  for (std::size_t n = 0; n < footer.size(); ++n) {
    EXPECT_FALSE(parse_segment_index(Bytes(footer).first(n)).has_value()) << n;
  }
  EXPECT_EQ(parse_segment_index(footer)->key_frames, index.key_frames);
  EXPECT_EQ(parse_segment_file_name(segment_file_name(42)), 42u);
  EXPECT_FALSE(parse_segment_file_name("segment-00004x.upj").has_value());
  EXPECT_FALSE(parse_segment_file_name("segment-1.upj").has_value());
}

TEST(TapPeek, AgreesWithTheWholeDecoder) {
  EXPECT_EQ(wire::peek_tap_record(packet(77, 1, true))->key_frame_of, 1u);
  EXPECT_FALSE(wire::peek_tap_record(packet(77, 1, false))->key_frame_of);
  EXPECT_EQ(wire::peek_tap_record(packet(77, 1))->at_us, 77u);
  EXPECT_TRUE(wire::peek_tap_record(encoded(wire::TapStop{5, wire::TapStopReason::requested}))->stop);
  EXPECT_EQ(*wire::peek_tap_record(encoded(wire::TapStart{1, "r", "m", 99}))->start_wall_ms, 99);
  EXPECT_FALSE(wire::peek_tap_record({}));
}

}  // namespace
}  // namespace upcall::journal
