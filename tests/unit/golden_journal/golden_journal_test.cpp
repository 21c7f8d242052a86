// The committed journals of both format versions stay readable, record by record.
#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "io/journal/journal_files.hpp"

namespace upcall::journal {
namespace {

const std::string kDirectory = UPCALL_TEST_DIR "/golden/journal-v1", kForgetful = UPCALL_TEST_DIR "/golden/journal-v2";

ByteVector key(const std::string& directory = kDirectory) {
  std::ifstream in(directory + "/key");
  std::string text;
  in >> text;
  const auto parsed = from_hex(text);
  EXPECT_TRUE(parsed.has_value());
  return *parsed;
}

TEST(GoldenJournal, VersionOneIsReadToItsEnd) {
  JournalReader reader(key());
  std::map<std::uint32_t, wire::TapSource> sources;
  std::map<std::uint32_t, std::size_t> packets, reports;
  std::vector<std::string> people;
  std::size_t key_frames = 0;
  bool started = false, stopped = false;
  ReadStatus status = ReadStatus::more_needed;
  for (const std::uint32_t segment : list_segments(kDirectory)) {
    std::ifstream in(kDirectory + "/" + segment_file_name(segment), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes(bytes));
    while ((status = reader.next()) == ReadStatus::record) {
      const wire::TapRecord& r = reader.record();
      if (const auto* s = std::get_if<wire::TapStart>(&r)) {
        started = true;
        EXPECT_EQ(s->version, 1);
        EXPECT_EQ(s->recording_id, "synthetic-recording");
        EXPECT_EQ(s->wall_unix_ms, 1'763'800'000'000);
      }
      if (const auto* a = std::get_if<wire::TapAttendee>(&r)) people.push_back(a->display_name);
      if (const auto* s = std::get_if<wire::TapSource>(&r)) sources[s->source] = *s;
      if (const auto* p = std::get_if<wire::TapPacket>(&r)) {
        ++packets[p->source];
        key_frames += p->key_frame;
        EXPECT_FALSE(p->payload.empty());
      }
      if (const auto* p = std::get_if<wire::TapSenderReport>(&r)) ++reports[p->source];
      if (const auto* s = std::get_if<wire::TapStop>(&r)) {
        stopped = true;
        EXPECT_EQ(s->at_us, 2'000'000u);
        EXPECT_EQ(s->reason, wire::TapStopReason::requested);
      }
    }
  }
  EXPECT_EQ(status, ReadStatus::journal_end) << (reader.corruption() ? reader.corruption()->what : "");
  EXPECT_TRUE(started && stopped);
  EXPECT_EQ(people, (std::vector<std::string>{"Anna Agent", "Ben Customer"}));
  ASSERT_EQ(sources.size(), 4u);
  EXPECT_EQ(key_frames, 2u);
  for (const auto& [number, source] : sources) {
    EXPECT_GE(packets[number], 18u);
    EXPECT_GE(reports[number], 1u);
    EXPECT_EQ(source.clock_rate, source.kind == wire::TapKind::video ? 90000u : 48000u);
  }
  EXPECT_EQ(reader.position().next_source, 5u);
}

TEST(GoldenJournal, RecoveryFindsItComplete) {
  const auto recovered = recover_journal(kDirectory, key());
  ASSERT_TRUE(recovered.has_value());
  EXPECT_TRUE(recovered->position.complete);
  EXPECT_EQ(recovered->position.until_us, 2'000'000u);
  EXPECT_FALSE(recovered->tail_discarded);
}

TEST(GoldenJournal, VersionTwoIsReadWithItsHole) {
  WindowKeyReader places(kForgetful);
  JournalReader reader(key(kForgetful), false, &places);
  std::map<std::uint32_t, std::size_t> packets;
  std::vector<JournalReader::Forgotten> unreadable;
  std::optional<wire::TapForgotten> told;
  bool stopped = false;
  ReadStatus status = ReadStatus::more_needed;
  for (const std::uint32_t segment : list_segments(kForgetful)) {
    std::ifstream in(kForgetful + "/" + segment_file_name(segment), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes(bytes));
    while ((status = reader.next()) == ReadStatus::record || status == ReadStatus::forgotten) {
      if (status == ReadStatus::forgotten) {
        unreadable.push_back(reader.forgotten());
        continue;
      }
      if (const auto* p = std::get_if<wire::TapPacket>(&reader.record())) {
        ++packets[p->source];
        EXPECT_TRUE(p->at_us < 1'000'000 || p->at_us >= 2'000'000) << p->at_us;
      }
      if (const auto* f = std::get_if<wire::TapForgotten>(&reader.record())) told = *f;
      if (std::holds_alternative<wire::TapStop>(reader.record())) stopped = true;
    }
  }
  EXPECT_EQ(status, ReadStatus::journal_end) << (reader.corruption() ? reader.corruption()->what : "");
  EXPECT_TRUE(stopped);
  ASSERT_EQ(unreadable.size(), 4u);
  EXPECT_EQ(unreadable.front().from_us, 1'000'000u);
  EXPECT_EQ(unreadable.back().until_us, 2'000'000u);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->at_us, 1'000'000u);
  EXPECT_EQ(told->until_us, 2'000'000u);
  ASSERT_EQ(packets.size(), 8u) << "four streams before, and four behind it";
  const auto recovered = recover_journal(kForgetful, key(kForgetful));
  ASSERT_TRUE(recovered.has_value());
  EXPECT_TRUE(recovered->position.complete);
  EXPECT_FALSE(recovered->tail_discarded);
}

}  // namespace
}  // namespace upcall::journal
