// The tap of a recording: what a full ring loses, what follows it, and that the end always arrives. The roster behind a
// loss is judged through a worker, without media; streams and key frames in tests/unit/sfu_tap.
#include <gtest/gtest.h>

#include "base/rng.hpp"
#include "sfu/tap.hpp"
#include "sfu/worker.hpp"

namespace upcall::sfu {
namespace {

constexpr Instant kStart = Instant::from_ms(1'000'000);
constexpr WallTime kWall = WallTime::from_unix_ms(1'800'000'000'000);

std::vector<wire::TapRecord> drain(ByteRing& ring) {
  std::vector<wire::TapRecord> out;
  ByteVector bytes;
  while (ring.pop(bytes)) out.push_back(wire::decode_tap_record(bytes).value());
  return out;
}

template <class T>
std::vector<T> all_of(const std::vector<wire::TapRecord>& records) {
  std::vector<T> out;
  for (const auto& r : records) {
    if (const auto* one = std::get_if<T>(&r)) out.push_back(*one);
  }
  return out;
}

struct TapBench {
  explicit TapBench(std::size_t bytes) : ring(std::make_shared<ByteRing>(bytes)) {
    wire::SfuOpenTap open;
    open.tap = wire::TapNo{1};
    open.ring = ring;
    open.recording_id = "r";
    open.started = kStart;
    tap = std::make_unique<Tap>(Now{kStart, kWall}, open);
  }
  bool packet(Instant now, std::size_t size = 1000) {
    wire::TapPacket p;
    p.at_us = tap->at_us(now);
    p.source = 1;
    p.payload = Bytes(payload).first(size);
    return tap->write(now, p);
  }
  std::vector<wire::TapRecord> drained() {
    tap->publish();
    return drain(*ring);
  }
  std::shared_ptr<ByteRing> ring;
  std::unique_ptr<Tap> tap;
  ByteVector payload = ByteVector(1400, 7);
};

TEST(Tap, WhatAFullRingLosesIsMarkedOnceAndVoidsWhatWasKnown) {
  TapBench bench(4096);
  EXPECT_EQ(bench.tap->next_source(), 1u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(bench.packet(kStart + Duration::ms(i)), i < 3) << i;
  EXPECT_TRUE(bench.tap->behind());
  EXPECT_FALSE(bench.packet(kStart + Duration::ms(10), 1)) << "it would fit, but nobody could make sense of it";
  EXPECT_FALSE(bench.tap->recover(kStart + Duration::ms(11))) << "no room yet";
  const auto first = bench.drained();
  ASSERT_EQ(first.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<wire::TapStart>(first[0]));
  EXPECT_FALSE(bench.packet(kStart + Duration::ms(20)));

  ASSERT_TRUE(bench.tap->recover(kStart + Duration::ms(30)));
  EXPECT_FALSE(bench.tap->behind());
  EXPECT_TRUE(bench.packet(kStart + Duration::ms(31)));
  const auto second = bench.drained();
  ASSERT_EQ(second.size(), 3u);
  const auto& gap = std::get<wire::TapGap>(second[0]);
  EXPECT_EQ(gap.reason, wire::TapGapReason::ring_full);
  EXPECT_EQ(gap.at_us, 3'000u);
  EXPECT_EQ(gap.until_us, 30'000u);
  EXPECT_EQ(gap.dropped, 9u);
  EXPECT_EQ(bench.tap->dropped(), 9u);
  const auto& fresh = std::get<wire::TapRefresh>(second[1]);
  EXPECT_EQ(fresh.at_us, 30'000u);
  EXPECT_EQ(fresh.first_source, 2u) << "source 1 was given out before";
  EXPECT_FALSE(bench.tap->recover(kStart + Duration::ms(40))) << "a gap is told once";
  EXPECT_TRUE(bench.drained().empty());
  EXPECT_EQ(bench.tap->records(), 7u);
}

TEST(Tap, TheEndArrivesInAnyRing) {
  // Every size leaves another rest at the ring's end; with and without something lost before.
  for (std::size_t size = 1; size <= 1400; ++size) {
    for (const bool lossy : {false, true}) {
      TapBench bench(4096);
      while (bench.ring->fits(size + 200)) ASSERT_TRUE(bench.packet(kStart, size));
      const bool lost = lossy && [&] {
        while (bench.packet(kStart, size)) {}
        return bench.tap->behind();
      }();
      ASSERT_EQ(lost, lossy);
      bench.tap->stop(kStart + Duration::s(1'000'000), wire::TapStopReason::meeting_ended);
      const auto records = bench.drained();
      ASSERT_EQ(records.size(), bench.tap->records());
      const auto* stop = std::get_if<wire::TapStop>(&records.back());
      ASSERT_NE(stop, nullptr) << size;
      EXPECT_EQ(stop->reason, wire::TapStopReason::meeting_ended);
      const auto gaps = all_of<wire::TapGap>(records);
      ASSERT_EQ(gaps.size(), lossy ? 1u : 0u) << size;
      EXPECT_EQ(gaps.empty() ? 0 : gaps[0].dropped, bench.tap->dropped());
    }
  }
}

TEST(Tap, ARecordThatNoRingTakesIsCountedAndLeavesNoGap) {
  TapBench bench(1 << 16);
  EXPECT_TRUE(bench.tap->write(kStart, wire::TapRecord(wire::TapAttendee{0, "a", std::string(5000, 'x'), false})));
  EXPECT_FALSE(bench.tap->behind());
  EXPECT_EQ(bench.tap->dropped(), 1u);
  EXPECT_EQ(bench.drained().size(), 1u);
}

TEST(Tap, APauseIsMarkedAndNothingOfItIsWritten) {
  TapBench bench(1 << 16);
  EXPECT_TRUE(bench.packet(kStart));
  bench.tap->pause(kStart + Duration::s(1), true);
  bench.tap->pause(kStart + Duration::s(2), true);   // again: nothing new
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(bench.packet(kStart + Duration::s(2)));
  EXPECT_TRUE(bench.tap->write(kStart + Duration::s(2), wire::TapRecord(wire::TapSenderReport{2'000'000, 1, 1, 1})));
  EXPECT_TRUE(bench.tap->write(kStart + Duration::s(2), wire::TapRecord(wire::TapMute{2'000'000, "a", true}))) << "who is there is known all the time";
  bench.tap->pause(kStart + Duration::s(3), false);
  EXPECT_TRUE(bench.tap->refresh(kStart + Duration::s(3)));
  EXPECT_TRUE(bench.packet(kStart + Duration::s(3)));
  const auto records = bench.drained();
  ASSERT_EQ(records.size(), 7u);
  EXPECT_TRUE(std::get<wire::TapPause>(records[2]).paused);
  EXPECT_EQ(std::get<wire::TapPause>(records[2]).at_us, 1'000'000u);
  EXPECT_TRUE(std::holds_alternative<wire::TapMute>(records[3]));
  EXPECT_FALSE(std::get<wire::TapPause>(records[4]).paused);
  EXPECT_TRUE(std::holds_alternative<wire::TapRefresh>(records[5]));
  EXPECT_TRUE(std::holds_alternative<wire::TapPacket>(records[6]));
  EXPECT_EQ(bench.tap->dropped(), 0u) << "what a pause leaves out is not lost";
}

TEST(Tap, APauseThatFindsNoRoomStopsTheMediaAllTheSameAndIsMarkedBehindTheGap) {
  TapBench bench(4096);
  while (bench.packet(kStart)) {}
  bench.tap->pause(kStart + Duration::s(1), true);
  const auto dropped = bench.tap->dropped();
  EXPECT_TRUE(bench.packet(kStart + Duration::s(2)));
  EXPECT_EQ(bench.tap->dropped(), dropped);
  bench.drained();
  ASSERT_TRUE(bench.tap->recover(kStart + Duration::s(3)));
  EXPECT_TRUE(bench.packet(kStart + Duration::s(4)));
  const auto records = bench.drained();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<wire::TapGap>(records[0]));
  EXPECT_TRUE(std::get<wire::TapPause>(records[1]).paused);
  EXPECT_TRUE(std::holds_alternative<wire::TapRefresh>(records[2]));
}

TEST(TapRecord, APauseSurvivesTheWireAndItsTruncationsDoNot) {
  std::uint8_t buffer[32];
  Writer out(buffer);
  ASSERT_TRUE(wire::encode(wire::TapRecord(wire::TapPause{123'456'789, true}), out));
  const Bytes whole = out.written();
  const auto read = wire::decode_tap_record(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<wire::TapPause>(*read).at_us, 123'456'789u);
  EXPECT_TRUE(std::get<wire::TapPause>(*read).paused);
  EXPECT_EQ(wire::peek_tap_record(whole)->at_us, 123'456'789u);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(wire::decode_tap_record(whole.first(size))) << size;
  buffer[whole.size() - 1] = 2;
  EXPECT_FALSE(wire::decode_tap_record(whole));
}

TEST(TapRecord, WhatWasForgottenSurvivesTheWireAndItsTruncationsDoNot) {
  std::uint8_t buffer[32];
  Writer out(buffer);
  ASSERT_TRUE(wire::encode(wire::TapRecord(wire::TapForgotten{123'456, 5'123'456}), out));
  const Bytes whole = out.written();
  const auto read = wire::decode_tap_record(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<wire::TapForgotten>(*read).at_us, 123'456u);
  EXPECT_EQ(std::get<wire::TapForgotten>(*read).until_us, 5'123'456u);
  EXPECT_EQ(wire::peek_tap_record(whole)->at_us, 123'456u);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(wire::decode_tap_record(whole.first(size))) << size;
  Writer backwards(buffer);
  ASSERT_TRUE(wire::encode(wire::TapRecord(wire::TapForgotten{5, 4}), backwards));
  EXPECT_FALSE(wire::decode_tap_record(backwards.written()));
}

TEST(TapRecord, ARefreshSurvivesTheWireAndItsTruncationsDoNot) {
  std::uint8_t buffer[32];
  Writer out(buffer);
  ASSERT_TRUE(wire::encode(wire::TapRecord(wire::TapRefresh{123'456'789, 77}), out));
  const Bytes whole = out.written();
  const auto read = wire::decode_tap_record(whole);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<wire::TapRefresh>(*read).at_us, 123'456'789u);
  EXPECT_EQ(std::get<wire::TapRefresh>(*read).first_source, 77u);
  EXPECT_EQ(wire::peek_tap_record(whole)->at_us, 123'456'789u);
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(wire::decode_tap_record(whole.first(size))) << size;
}

// A worker with one meeting whose people never connect: enough for a roster.
class RosterBench : public TransmitSink {
 public:
  RosterBench() {
    command(wire::SfuCreateMeeting{kMeeting});
  }
  void transmit(std::span<const Transmit>) override {}
  void command(const wire::SfuCommand& c) {
    worker.command({now, kWall}, c, outbox);
    worker.end_turn();
  }
  void add(std::uint32_t no, const std::string& id) {
    wire::SfuAddConnection c;
    c.meeting = kMeeting;
    c.connection = wire::ConnectionNo{no};
    c.attendee_id = c.owner_attendee_id = id;
    c.display_name = "Name of " + id;
    c.local_ufrag = "ufrag-" + id;
    c.local_pwd = "a password of twenty-four";
    command(c);
  }
  void open_tap(std::size_t ring_bytes) {
    ring = std::make_shared<ByteRing>(ring_bytes);
    wire::SfuOpenTap open;
    open.meeting = kMeeting;
    open.tap = wire::TapNo{7};
    open.ring = ring;
    open.recording_id = "r";
    open.started = now;
    command(open);
  }
  // Lets the worker's timers run as its thread would.
  void run_for(Duration time) {
    const Instant end = now + time;
    while (worker.next_deadline() <= end) {
      now = std::max(now, worker.next_deadline());
      worker.handle_timeout(now, outbox);
      worker.end_turn();
    }
    now = end;
  }
  void fill_ring() {
    for (int i = 0; i < 400; ++i) command(wire::SfuSetMuted{wire::ConnectionNo{1}, i % 2 == 0});
  }

  static constexpr wire::MeetingNo kMeeting{3};
  Instant now = kStart;
  SeededRandom random{1};
  dtls::DtlsContext context = dtls::DtlsContext::make(dtls::DtlsCertificate::make(kWall).value()).value();
  Worker worker{Now{kStart, kWall}, context, nullptr, random};
  Outbox outbox{*this};
  std::shared_ptr<ByteRing> ring;
};

std::vector<std::string> names_after(const std::vector<wire::TapRecord>& records, std::size_t begin) {
  std::vector<std::string> out;
  for (std::size_t i = begin; i < records.size(); ++i) {
    if (const auto* a = std::get_if<wire::TapAttendee>(&records[i])) out.push_back(a->attendee_id + (a->muted ? " muted" : ""));
  }
  return out;
}

TEST(MeetingTap, ALossIsFollowedByTheRosterAsItIsThen) {
  RosterBench bench;
  bench.add(1, "anna");
  bench.add(2, "ben");
  bench.open_tap(4096);
  bench.fill_ring();
  bench.add(3, "late");
  bench.command(wire::SfuRemoveConnection{wire::ConnectionNo{2}, false});
  bench.command(wire::SfuSetMuted{wire::ConnectionNo{3}, true});
  bench.command(wire::SfuRefreshTap{wire::TapNo{7}});   // at the wrong moment: harmless
  bench.run_for(Duration::ms(500));
  const auto before = drain(*bench.ring);
  EXPECT_EQ(names_after(before, 0), (std::vector<std::string>{"anna", "ben"}));
  EXPECT_TRUE(all_of<wire::TapGap>(before).empty());

  bench.run_for(Meeting::kTapRecoverPeriod);
  const auto after = drain(*bench.ring);
  ASSERT_GE(after.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<wire::TapGap>(after[0]));
  EXPECT_TRUE(std::holds_alternative<wire::TapRefresh>(after[1]));
  EXPECT_EQ(names_after(after, 2), (std::vector<std::string>{"anna", "late muted"}));
  bench.run_for(Duration::s(1));
  EXPECT_TRUE(drain(*bench.ring).empty()) << "once";
}

TEST(MeetingTap, ARefreshTellsTheRosterAnew) {
  RosterBench bench;
  bench.add(1, "anna");
  bench.open_tap(1 << 16);
  EXPECT_EQ(drain(*bench.ring).size(), 2u);
  bench.add(2, "ben");
  drain(*bench.ring);   // what a full disk does
  bench.command(wire::SfuRefreshTap{wire::TapNo{99}});
  EXPECT_TRUE(drain(*bench.ring).empty()) << "another tap's";
  bench.now = bench.now + Duration::s(3);
  bench.command(wire::SfuRefreshTap{wire::TapNo{7}});
  const auto records = drain(*bench.ring);
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(std::get<wire::TapRefresh>(records[0]).at_us, 3'000'000u);
  EXPECT_EQ(std::get<wire::TapRefresh>(records[0]).first_source, 1u);
  EXPECT_EQ(names_after(records, 1), (std::vector<std::string>{"anna", "ben"}));
}

TEST(MeetingTap, APauseEndsWithEverybodyAnnounced) {
  RosterBench bench;
  bench.add(1, "anna");
  bench.open_tap(1 << 16);
  drain(*bench.ring);
  bench.command(wire::SfuPauseTap{wire::TapNo{7}, true});
  bench.command(wire::SfuPauseTap{wire::TapNo{99}, true});
  bench.add(2, "ben");
  bench.now = bench.now + Duration::s(3);
  bench.command(wire::SfuPauseTap{wire::TapNo{7}, false});
  const auto records = drain(*bench.ring);
  ASSERT_EQ(records.size(), 6u);
  EXPECT_TRUE(std::get<wire::TapPause>(records[0]).paused);
  EXPECT_EQ(names_after(records, 1), (std::vector<std::string>{"ben", "anna", "ben"}));
  EXPECT_FALSE(std::get<wire::TapPause>(records[2]).paused);
  EXPECT_EQ(std::get<wire::TapPause>(records[2]).at_us, 3'000'000u);
  EXPECT_TRUE(std::holds_alternative<wire::TapRefresh>(records[3]));
}

TEST(MeetingTap, TheEndOfAMeetingArrivesInAFullRing) {
  for (const bool by_command : {true, false}) {
    RosterBench bench;
    bench.add(1, "anna");
    bench.open_tap(4096);
    bench.fill_ring();
    if (by_command) bench.command(wire::SfuCloseTap{wire::TapNo{7}, wire::TapStopReason::spool_full});
    else bench.command(wire::SfuEndMeeting{RosterBench::kMeeting});
    const auto records = drain(*bench.ring);
    ASSERT_TRUE(std::holds_alternative<wire::TapStop>(records.back()));
    EXPECT_EQ(std::get<wire::TapStop>(records.back()).reason,
              by_command ? wire::TapStopReason::spool_full : wire::TapStopReason::meeting_ended);
    const auto gaps = all_of<wire::TapGap>(records);
    ASSERT_EQ(gaps.size(), 1u);
    bool told = false;
    for (const auto& event : bench.outbox.events()) {
      if (const auto* closed = std::get_if<wire::SfuTapClosed>(&event)) {
        told = true;
        EXPECT_EQ(closed->records, records.size());
        EXPECT_EQ(closed->dropped, gaps[0].dropped);
      }
    }
    EXPECT_TRUE(told);
  }
}

}  // namespace
}  // namespace upcall::sfu
