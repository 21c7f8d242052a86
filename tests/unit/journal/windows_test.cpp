// Journals of which something is forgotten: what it was cannot be read by anybody, what it was not can, and nothing else
// may pass for it.
#include <gtest/gtest.h>

#include "memory_journal.hpp"

namespace upcall::journal {
namespace {

constexpr std::uint64_t kMs = 1000;

// 24 blocks of 250 ms with 5 packets each, in segments of 2 s, not ended.
struct Recorded {
  Recorded() : writer(test_key(), {}, 1, {.segment_us = 2'000'000, .windows = &random}) {
    sink.places[0] = secrets.head({});
    EXPECT_TRUE(writer.add(encoded(wire::TapStart{1, "rec", "meeting", 1'700'000'000'000})));
    go_on(24);
  }
  void go_on(int blocks) {
    for (int block = 0; block < blocks; ++block) {
      for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(writer.add(packet(now_us + 10, sequence, sequence % 20 == 0)));
        ++sequence;
      }
      now_us += 250 * kMs;
      EXPECT_TRUE(writer.seal(now_us, sink));
    }
  }
  WindowRange since(std::uint64_t from_us) {
    MemoryPlaces places(sink.places);
    return windows_since(from_us, writer.last_window(), [&](std::uint32_t n, MutBytes out) { return places.read(n, out); }, begin_us);
  }
  // As io/journal/window_key_file does it.
  void forget(std::uint64_t from_us) {
    const WindowRange range = since(from_us);
    for (std::uint32_t n = range.first; n <= range.last; ++n) sink.places[n] = secrets.forgotten(n, parse_window_head(sink.places[n])->from_us);
    writer.forget(begin_us);
  }
  void end() {
    EXPECT_TRUE(writer.add(encoded(wire::TapStop{now_us, wire::TapStopReason::requested})));
    EXPECT_TRUE(writer.close(now_us, true, sink));
  }
  Reading read(std::size_t step = 1 << 20) {
    MemoryPlaces places(sink.places);
    return read_all(sink.segments, step, false, &places);
  }

  SeededRandom random{5};
  WindowSecrets secrets{test_key()};
  MemorySink sink;
  JournalWriter writer;
  std::uint64_t now_us = 0, begin_us = 0;
  std::uint16_t sequence = 0;
};

std::vector<std::uint16_t> numbers(std::uint16_t from, std::uint16_t to) {
  std::vector<std::uint16_t> out;
  for (; from < to; ++from) out.push_back(from);
  return out;
}

// Offsets of the blocks in a segment, and their heads.
std::vector<std::pair<std::size_t, BlockHead>> blocks_in(const ByteVector& segment) {
  std::vector<std::pair<std::size_t, BlockHead>> out;
  for (std::size_t at = kHeaderSize; at < segment.size();) {
    const auto head = parse_block_head(Bytes(segment).subspan(at), kWindowVersion);
    if (!head) break;
    out.emplace_back(at, *head);
    at += block_head_size(kWindowVersion) + head->size + kTagSize;
  }
  return out;
}

TEST(Windows, EverythingComesBackWhateverTheReadSize) {
  Recorded r;
  r.end();
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 20}) {
    const Reading all = r.read(step);
    EXPECT_EQ(all.end, ReadStatus::journal_end) << (all.corruption ? all.corruption->what : "");
    EXPECT_EQ(all.sequences, numbers(0, 120));
    EXPECT_TRUE(all.forgotten.empty());
    EXPECT_TRUE(all.position.complete);
    EXPECT_EQ(all.position.until_us, 6'000'000u);
  }
}

TEST(Windows, AWindowIsASecondAndALongBlockHasItsOwn) {
  Recorded r;
  r.now_us += 3'000'000;   // a disk that was slow
  r.go_on(2);
  std::map<std::uint32_t, std::pair<std::uint64_t, std::uint64_t>> spans;
  std::uint64_t before = 0;
  for (const auto& [number, segment] : r.sink.segments) {
    for (const auto& [at, head] : blocks_in(segment)) {
      if (head.kind != BlockKind::records) continue;
      auto& span = spans.try_emplace(head.window, before, before).first->second;
      span.second = before = head.until_us;
    }
  }
  ASSERT_EQ(spans.size(), 8u);
  for (const auto& [window, span] : spans) {
    EXPECT_EQ(parse_window_head(r.sink.places.at(window))->from_us, span.first);
    if (window == 7) EXPECT_EQ(span.second - span.first, 3'250 * kMs);
    else EXPECT_LE(span.second - span.first, kWindowUs);
  }
}

TEST(Windows, WhatWasForgottenIsToldAndTheRestIsRead) {
  Recorded r;
  EXPECT_TRUE(r.writer.add(packet(r.now_us + 1, 999)));   // not sealed yet
  r.forget(3'600'000);
  EXPECT_EQ(r.begin_us, 3'000'000u) << "whole windows";
  r.go_on(8);
  r.end();
  const Reading all = r.read();
  ASSERT_EQ(all.end, ReadStatus::journal_end) << (all.corruption ? all.corruption->what : "");
  auto expected = numbers(0, 60);
  for (const auto n : numbers(120, 160)) expected.push_back(n);
  EXPECT_EQ(all.sequences, expected);
  ASSERT_FALSE(all.forgotten.empty());
  EXPECT_EQ(all.forgotten.front().from_us, 3'000'000u);
  EXPECT_EQ(all.forgotten.back().until_us, 6'000'000u);
  for (std::size_t i = 1; i < all.forgotten.size(); ++i) EXPECT_EQ(all.forgotten[i].from_us, all.forgotten[i - 1].until_us);
  EXPECT_TRUE(all.gaps.empty());
  EXPECT_EQ(r.writer.lost_records(), 0u);
}

TEST(Windows, AWindowThatEndsWhereForgettingBeginsGoesToo) {
  Recorded r;
  // A packet that came at this very moment lies in a block that ends then or later.
  EXPECT_EQ(r.since(3'000'000), (WindowRange{3, 6}));
  EXPECT_EQ(r.since(3'000'001), (WindowRange{4, 6}));
  EXPECT_EQ(r.since(0), (WindowRange{1, 6}));
  EXPECT_EQ(r.since(60'000'000), (WindowRange{6, 6})) << "the open one";
  r.sink.places.erase(5);   // a key that could not be written
  EXPECT_EQ(r.since(3'000'001), (WindowRange{4, 6}));
}

TEST(Windows, NoKeyThatIsLeftOpensAForgottenBlock) {
  Recorded r;
  const auto before = r.sink.places;
  r.forget(3'600'000);
  r.go_on(4);
  std::vector<std::pair<ByteVector, std::uint32_t>> keys = {{test_key(), 0}};
  for (const auto& [window, place] : r.sink.places) {
    ByteVector key(kKeySize);
    if (window != 0 && r.secrets.open(window, place, key) == WindowState::key) keys.emplace_back(key, window);
  }
  int opened = 0, shut = 0, with_old_keys = 0;
  for (const auto& [number, segment] : r.sink.segments) {
    Tag chain = chain_start(Bytes(segment).first(kHeaderSize));
    for (const auto& [at, head] : blocks_in(segment)) {
      const std::size_t head_size = block_head_size(kWindowVersion);
      const Bytes raw_head = Bytes(segment).subspan(at, head_size), tag = Bytes(segment).subspan(at + head_size + head.size, kTagSize);
      ByteVector aad(chain.begin(), chain.end()), plain(head.size);
      aad.insert(aad.end(), raw_head.begin(), raw_head.end());
      const auto opens = [&](crypto::Aead cipher) {
        return cipher.open(block_nonce(head.counter), aad, Bytes(segment).subspan(at + head_size, head.size), tag, plain);
      };
      bool any = opens(epoch_cipher(test_key(), 1, crypto::AeadUse::open_only));
      for (const auto& [key, window] : keys) any = any || opens(window_cipher(test_key(), key, 1, head.window, crypto::AeadUse::open_only));
      const bool gone = head.window >= 4 && head.window <= 6;
      EXPECT_EQ(any, !gone) << "window " << head.window;
      ++(any ? opened : shut);
      if (gone) {
        ByteVector key(kKeySize);
        WindowSecrets secrets(test_key());
        ASSERT_EQ(secrets.open(head.window, before.at(head.window), key), WindowState::key);
        with_old_keys += opens(window_cipher(test_key(), key, 1, head.window, crypto::AeadUse::open_only));
      }
      chain = chain_after(kWindowVersion, chain, raw_head, tag);
    }
  }
  EXPECT_GT(opened, 12);
  EXPECT_GE(shut, 12);
  EXPECT_EQ(with_old_keys, shut) << "the key was what was missing";
}

TEST(Windows, TheFooterNamesNoKeyFrameOfWhatWasForgotten) {
  Recorded r;
  r.go_on(2);              // the segment that begins at 6 s is open
  r.forget(6'100'000);
  r.go_on(12);
  MemoryPlaces places(r.sink.places);
  JournalReader reader(test_key(), false, &places);
  std::vector<std::uint64_t> after;
  for (const auto& [number, bytes] : r.sink.segments) {
    reader.begin_segment();
    reader.append(bytes);
    for (ReadStatus status = reader.next(); status != ReadStatus::more_needed; status = reader.next()) {
      ASSERT_NE(status, ReadStatus::corrupt) << reader.corruption()->what;
      if (status != ReadStatus::segment_end) continue;
      for (const auto& key : reader.index().key_frames) {
        if (key.at_us >= 6'000'000) after.push_back(key.at_us);
      }
      break;
    }
  }
  ASSERT_FALSE(after.empty());
  EXPECT_GE(after.front(), 6'500'000u);
}

TEST(Windows, WhatIsLeftOfAForgottenBlockIsVouchedFor) {
  Recorded r;
  r.forget(3'600'000);
  r.go_on(8);
  r.end();
  int checked = 0;
  for (auto& [number, segment] : r.sink.segments) {
    for (const auto& [at, head] : blocks_in(segment)) {
      if (head.window < 4 || head.window > 6) continue;
      ++checked;
      const std::size_t whole = block_head_size(kWindowVersion) + head.size + kTagSize;
      for (const std::size_t bit : {at + 11, at + 20, at + whole - 1}) {   // counter, time, tag
        segment[bit] ^= 1;
        const Reading read = r.read();
        EXPECT_EQ(read.end, ReadStatus::corrupt) << "byte " << bit - at;
        segment[bit] ^= 1;
      }
      const ByteVector kept = segment;
      segment.erase(segment.begin() + static_cast<std::ptrdiff_t>(at), segment.begin() + static_cast<std::ptrdiff_t>(at + whole));
      EXPECT_EQ(r.read().end, ReadStatus::corrupt) << "a block that was taken out";
      segment = kept;
    }
  }
  EXPECT_GE(checked, 12);
  EXPECT_EQ(r.read().end, ReadStatus::journal_end);
}

TEST(Windows, DamageDoesNotPassForForgetting) {
  Recorded r;
  r.end();
  const WindowPlace good = r.sink.places.at(3);
  r.sink.places[3][40] ^= 1;
  EXPECT_EQ(r.read().end, ReadStatus::corrupt);
  r.sink.places[3] = r.secrets.forgotten(3, 2'000'000);
  EXPECT_EQ(r.read().end, ReadStatus::journal_end);
  r.sink.places[3][20] ^= 1;
  EXPECT_EQ(r.read().end, ReadStatus::corrupt) << "a mark that is not this recording's";
  r.sink.places[3] = WindowSecrets(ByteVector(kKeySize, 9)).forgotten(3, 2'000'000);
  EXPECT_EQ(r.read().end, ReadStatus::corrupt);
  r.sink.places[3] = r.sink.places.at(2);
  EXPECT_EQ(r.read().end, ReadStatus::corrupt) << "another window's key";
  r.sink.places[3] = good;
  EXPECT_EQ(r.read().end, ReadStatus::journal_end);
  r.sink.places.erase(3);
  EXPECT_NE(r.read().end, ReadStatus::journal_end);
  r.sink.places[3] = r.secrets.forgotten(3, 2'000'000);
  r.sink.places[r.writer.last_window()] = r.secrets.forgotten(r.writer.last_window(), 5'000'000);
  EXPECT_EQ(r.read().end, ReadStatus::journal_end) << "no forgetting takes the end of a journal away";
  r.sink.places.clear();
  MemoryPlaces none(r.sink.places);
  EXPECT_EQ(read_all({*r.sink.segments.begin()}, 1 << 20, false, &none).end, ReadStatus::more_needed) << "no key file yet";
  EXPECT_EQ(read_all(r.sink.segments).end, ReadStatus::corrupt) << "nobody gave one";
}

// A server that dies between any two writes of a forgetting: with the mark alone everything is forgotten.
TEST(Windows, TheMarkCountsFromItsFirstByte) {
  Recorded r;
  const WindowRange range = r.since(3'600'000);
  r.sink.places[0] = r.secrets.head(range);
  for (std::uint32_t done = 0; done <= range.last - range.first + 1; ++done) {
    const Reading read = r.read();
    EXPECT_NE(read.end, ReadStatus::corrupt) << read.corruption->what;
    EXPECT_EQ(read.sequences, numbers(0, 60)) << done << " places overwritten";
    ASSERT_FALSE(read.forgotten.empty());
    EXPECT_EQ(read.forgotten.front().from_us, 3'000'000u);
    const std::uint32_t next = range.first + done;
    if (next <= range.last) r.sink.places[next] = r.secrets.forgotten(next, parse_window_head(r.sink.places[next])->from_us);
  }
  r.sink.places[0] = r.secrets.head({});
  EXPECT_EQ(r.read().sequences, numbers(0, 60));
}

TEST(Windows, AMarkThatWasTornIsNone) {
  const WindowSecrets secrets(test_key());
  const WindowPlace whole = secrets.head({2, 5}), none = secrets.head({});
  EXPECT_EQ(*secrets.parse_head(whole), (WindowRange{2, 5}));
  for (std::size_t torn = 0; torn < whole.size(); ++torn) {
    WindowPlace mixed = none;
    std::copy_n(whole.begin(), torn, mixed.begin());
    const auto parsed = secrets.parse_head(mixed);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, mixed == whole ? (WindowRange{2, 5}) : WindowRange{}) << torn;
    const auto cut = secrets.parse_head(Bytes(whole).first(torn));
    EXPECT_EQ(cut.has_value(), torn >= 52) << torn;
  }
  WindowPlace other = whole;
  other[3] ^= 1;
  EXPECT_EQ(secrets.parse_head(other).error(), ParseError::malformed);
  other = whole;
  other[9] = 7;
  EXPECT_EQ(secrets.parse_head(other).error(), ParseError::unsupported);
}

TEST(Windows, APlaceThatIsCutIsNotThereYet) {
  Recorded r;
  r.end();
  MemoryPlaces places(r.sink.places);
  for (places.cut = 0; places.cut < kWindowPlaceSize; ++places.cut) {
    EXPECT_EQ(read_all({*r.sink.segments.begin()}, 1 << 20, false, &places).end, ReadStatus::more_needed) << places.cut;
  }
  ByteVector key(kKeySize);
  const WindowPlace& place = r.sink.places.at(1);
  for (std::size_t n = 0; n < place.size(); ++n) {
    EXPECT_EQ(parse_window_head(Bytes(place).first(n)).error(), ParseError::truncated);
    EXPECT_EQ(r.secrets.open(1, Bytes(place).first(n), key), WindowState::absent);
  }
  EXPECT_EQ(r.secrets.open(1, place, key), WindowState::key);
  EXPECT_EQ(r.secrets.open(2, place, key), WindowState::damaged);
}

TEST(Windows, BlocksThatMayBeForgottenAreHeld) {
  Recorded r;
  MemoryPlaces places(r.sink.places);
  for (const std::uint64_t until_us : {0ull, 1'000'000ull, 2'999'999ull, 5'000'000ull}) {
    const Reading read = read_all(r.sink.segments, 1 << 20, false, &places, until_us);
    EXPECT_EQ(read.end, ReadStatus::held);
    EXPECT_EQ(read.sequences.size(), until_us / (250 * kMs) * 5);
  }
}

TEST(Windows, AnotherWriterGoesOnBehindWhatWasForgotten) {
  Recorded r;
  r.forget(4'500'000);
  MemoryPlaces places(r.sink.places);
  const auto last = *r.sink.segments.rbegin();
  const Reading before = read_all({last}, 1 << 20, true, &places);
  EXPECT_EQ(before.position.epoch, 1u);
  EXPECT_EQ(before.position.until_us, 6'000'000u);
  JournalPosition position = before.position;
  position.next_segment = last.first + 1;
  JournalWriter writer(test_key(), position, 2, {.windows = &r.random, .next_window = r.writer.last_window() + 1});
  writer.add(packet(9'000'000, 500));
  ASSERT_TRUE(writer.close(9'100'000, true, r.sink));
  const Reading all = r.read();
  EXPECT_EQ(all.end, ReadStatus::journal_end) << (all.corruption ? all.corruption->what : "");
  auto expected = numbers(0, 80);
  expected.push_back(500);
  EXPECT_EQ(all.sequences, expected);
}

TEST(Windows, AKeyThatCannotBeWrittenIsNeverUsed) {
  Recorded r;
  r.sink.fail_windows = true;
  r.writer.add(packet(r.now_us + 900 * kMs, 900));
  EXPECT_FALSE(r.writer.seal(r.now_us + kWindowUs + 1, r.sink));
  r.sink.fail_windows = false;
  r.now_us += 2 * kWindowUs;
  r.go_on(1);
  r.end();
  const Reading all = r.read();
  EXPECT_EQ(all.end, ReadStatus::journal_end) << (all.corruption ? all.corruption->what : "");
  EXPECT_EQ(all.sequences, numbers(0, 125));
  ASSERT_EQ(all.gaps.size(), 1u);
}

}  // namespace
}  // namespace upcall::journal
