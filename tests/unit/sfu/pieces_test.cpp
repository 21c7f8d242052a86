// The parts of the meeting core that decide without a transport: numbers of outgoing streams, repeats, history, clocks.
// What they do together is judged by the simulation (tests/simulation).
#include <gtest/gtest.h>

#include <set>

#include "base/rng.hpp"
#include "client/frame_assembler.hpp"
#include "rtc/codec/vp8_packetizer.hpp"
#include "sfu/handshake_queue.hpp"
#include "sfu/ntp_clock.hpp"
#include "sfu/packet_history.hpp"
#include "sfu/seen_window.hpp"
#include "sfu/stream_rewriter.hpp"

namespace upcall::sfu {
namespace {

constexpr Instant kStart = Instant::from_ms(1'000'000);
constexpr Now kNow{kStart, WallTime::from_unix_ms(1'800'000'000'000)};

TEST(HandshakeQueue, KeepsOrderAndNobodyFillsIt) {
  const auto path = [](std::uint16_t port) { return ice::Path{0, NetAddress::v4(192, 0, 2, 1, port)}; };
  HandshakeQueue queue;
  const auto bytes = [](std::uint8_t n) { return ByteVector{22, n}; };
  for (std::uint8_t n = 0; n < HandshakeQueue::kMaxOfPath; ++n) EXPECT_TRUE(queue.push(path(1), bytes(n)));
  EXPECT_FALSE(queue.push(path(1), bytes(99))) << "one peer has its share";
  EXPECT_TRUE(queue.push(path(2), bytes(7))) << "another one has its own";
  for (std::uint8_t n = 0; n < HandshakeQueue::kMaxOfPath; ++n) EXPECT_EQ(queue.pop().datagram, bytes(n));
  EXPECT_EQ(queue.pop().path, path(2));
  EXPECT_TRUE(queue.empty());
  for (std::size_t n = 0; n < HandshakeQueue::kMax; ++n) EXPECT_TRUE(queue.push(path(static_cast<std::uint16_t>(n)), bytes(1)));
  EXPECT_FALSE(queue.push(path(60'000), bytes(1)));
}

TEST(StreamRewriter, GoesOnWithoutASeamWhenTheSourceChanges) {
  StreamRewriter r(90000, 100, 0xfffffff0u);
  r.begin_epoch(70'000, 5000, kStart);
  auto out = r.map(70'000, 5000);
  ASSERT_TRUE(out);
  EXPECT_EQ(static_cast<std::uint16_t>(out->sequence), 100);
  EXPECT_EQ(out->timestamp, 0xfffffff0u);
  r.sent(*out, kStart);
  out = r.map(70'001, 8000);
  r.sent(*out, kStart + Duration::ms(33));
  EXPECT_EQ(out->timestamp, 0xfffffff0u + 3000);   // over the wrap
  r.begin_epoch(12, 77, kStart + Duration::ms(1033));
  EXPECT_FALSE(r.map(11, 70)) << "from before the change: of no use any more";
  const auto next = r.map(12, 77);
  EXPECT_EQ(next->sequence, out->sequence + 1);
  EXPECT_EQ(next->timestamp, out->timestamp + 90'000);   // the second that passed
  EXPECT_EQ(r.epoch_of(next->sequence), nullptr) << "not sent yet";
  r.sent(*next, kStart + Duration::ms(1033));
  ASSERT_NE(r.epoch_of(next->sequence), nullptr);
  EXPECT_EQ(next->sequence - r.epoch_of(next->sequence)->sequence_offset, 12);
  EXPECT_EQ(r.epoch_of(out->sequence), nullptr) << "of the source before, which began anew";
  r.begin_epoch(500, 1, kStart + Duration::ms(1066), 3, 2970).anew = false;
  const auto third = r.map(500, 1);
  EXPECT_EQ(third->timestamp, next->timestamp + 2970) << "by their clocks";
  r.sent(*third, kStart + Duration::ms(1066));
  ASSERT_NE(r.epoch_of(next->sequence), nullptr) << "of the layer before";
  EXPECT_EQ(next->sequence - r.epoch_of(next->sequence)->sequence_offset, 12);
  EXPECT_EQ(third->sequence - r.epoch_of(third->sequence)->sequence_offset, 500);
  EXPECT_EQ(r.epoch_of(out->sequence), nullptr);
}

TEST(StreamRewriter, ALatePacketDoesNotMoveTheEnd) {
  StreamRewriter r(48000, 0, 0);
  r.begin_epoch(10, 0, kStart);
  for (const std::int64_t s : {10, 12, 11}) r.sent(*r.map(s, static_cast<std::uint32_t>(s * 960)), kStart);
  const auto last = r.map(12, 12 * 960);
  EXPECT_EQ(r.last_sequence(), last->sequence);
  EXPECT_EQ(r.last_timestamp(), last->timestamp);
}

TEST(SeenWindow, TakesEachOnceInAnyOrder) {
  SeenWindow seen;
  SeededRandom random(4);
  std::set<std::int64_t> model;
  std::int64_t highest = 65536;
  for (int i = 0; i < 20'000; ++i) {
    const auto s = static_cast<std::int64_t>(std::max<std::int64_t>(0, highest + static_cast<std::int64_t>(random.below(60)) - 50));
    const bool fresh = seen.insert(s);
    EXPECT_EQ(fresh, model.insert(s).second) << s;
    highest = std::max(highest, s);
  }
  EXPECT_TRUE(seen.insert(highest + 5000));
  EXPECT_FALSE(seen.insert(highest)) << "older than the window";
}

TEST(PacketHistory, FindsWhatItStillHasAndNothingElse) {
  PacketHistory history;
  EXPECT_FALSE(history.find(1));
  SeededRandom random(5);
  std::map<std::int64_t, ByteVector> all;
  for (std::int64_t s = 65'000; s < 70'000; ++s) {
    ByteVector payload(1 + random.below(1200));
    random.fill(payload);
    history.put(s, static_cast<std::uint32_t>(s), s % 3 == 0, std::nullopt, payload);
    all[s] = payload;
  }
  int found = 0;
  for (const auto& [s, payload] : all) {
    const auto stored = history.find(s);
    if (!stored) continue;
    ++found;
    EXPECT_EQ(ByteVector(stored->payload.begin(), stored->payload.end()), payload) << s;
    EXPECT_EQ(stored->timestamp, static_cast<std::uint32_t>(s));
    EXPECT_EQ(stored->marker, s % 3 == 0);
  }
  EXPECT_GT(found, 300);
  EXPECT_LE(found, static_cast<int>(PacketHistory::kSlots));
  EXPECT_TRUE(history.find(69'999));
  history.clear();
  EXPECT_FALSE(history.find(69'999));
}

TEST(PacketHistory, TakesAsMuchMemoryAsTheStreamNeeds) {
  // Packets of 1 100 bytes at so many a second, for ten seconds.
  const auto stream = [](PacketHistory& history, std::int64_t per_second) {
    ByteVector payload(1100);
    for (std::int64_t s = 0; s < 10 * per_second; ++s) {
      payload[0] = static_cast<std::uint8_t>(s);
      payload[1099] = static_cast<std::uint8_t>(s >> 8);
      history.put(s, static_cast<std::uint32_t>(s * 90'000 / per_second), false, std::nullopt, payload);
      // All of the last half second is there at any time, also while the ring grows.
      for (std::int64_t back = std::max<std::int64_t>(0, s - std::min<std::int64_t>(per_second / 2, 180)); back <= s && s > 25; back += 7) {
        const auto stored = history.find(back);
        if (!stored) {
          EXPECT_LT(s, per_second / 2 + 200) << "only before it has grown";
          continue;
        }
        ASSERT_EQ(stored->payload[0], static_cast<std::uint8_t>(back));
        ASSERT_EQ(stored->payload[1099], static_cast<std::uint8_t>(back >> 8));
      }
    }
  };
  PacketHistory small, medium, large;
  stream(small, 20);     // 176 kbit/s
  EXPECT_EQ(small.capacity(), PacketHistory::kLeastBytes);
  stream(medium, 47);    // 414 kbit/s: 52 KB a second
  EXPECT_EQ(medium.capacity(), 2 * PacketHistory::kLeastBytes);
  stream(large, 400);    // 3.5 Mbit/s
  EXPECT_EQ(large.capacity(), PacketHistory::kMostBytes);
}

TEST(SenderClock, TakesTheFastestPathOfTheLastReports) {
  SenderClock clock;
  const std::uint64_t second = std::uint64_t(1) << 32;
  const std::uint64_t offset = 100 * second;      // their clock is 100 s behind
  clock.on_report(5 * second, 5 * second + offset + second / 10);
  clock.on_report(6 * second, 6 * second + offset + second / 100);   // the quickest: 10 ms
  clock.on_report(7 * second, 7 * second + offset + second / 2);
  EXPECT_EQ(clock.to_ours(8 * second), 8 * second + offset + second / 100);
}

TEST(NtpClock, CountsFrom1900) {
  const NtpClock clock(kNow);
  EXPECT_EQ(clock.at(kStart) >> 32, 1'800'000'000u + 2'208'988'800u);
  EXPECT_EQ(clock.at(kStart + Duration::ms(500)) - clock.at(kStart), std::uint64_t(1) << 31);
}

}  // namespace
}  // namespace upcall::sfu

namespace upcall::client {
namespace {

ByteVector frame_of(std::size_t size, bool key, std::uint8_t fill) {
  ByteVector out(size, fill);
  out[0] = key ? 0x10 : 0x11;
  return out;
}

struct Feed {
  void send(std::int64_t first, Bytes frame, std::vector<int> order, Instant now) {
    std::vector<ByteVector> packets;
    rtc::packetize_vp8(frame, 1, 500, [&](Bytes payload, bool) { packets.emplace_back(payload.begin(), payload.end()); });
    for (const int i : order) {
      const auto at = static_cast<std::size_t>(i);
      assembler.push(first + i, static_cast<std::uint32_t>(first), at + 1 == packets.size(), std::nullopt, packets.at(at), now, out);
    }
  }
  FrameAssembler assembler;
  std::vector<AssembledFrame> out;
};

TEST(FrameAssembler, PutsPacketsBackInAnyOrderAndWaitsForAKeyFrame) {
  Feed feed;
  const Instant now = Instant::from_ms(1000);
  feed.send(100, frame_of(1200, false, 1), {0, 1, 2}, now);
  EXPECT_TRUE(feed.out.empty());
  EXPECT_TRUE(feed.assembler.take_key_frame_wanted());
  EXPECT_FALSE(feed.assembler.take_key_frame_wanted());
  const ByteVector key = frame_of(1200, true, 2), next = frame_of(1200, false, 3);
  feed.send(103, key, {2, 0, 1}, now);
  feed.send(106, next, {1, 2, 0}, now);
  ASSERT_EQ(feed.out.size(), 2u);
  EXPECT_TRUE(feed.out[0].key_frame);
  EXPECT_EQ(feed.out[0].data, key);
  EXPECT_EQ(feed.out[1].data, next);
}

TEST(FrameAssembler, GivesUpOnAGapThatIsNotFilledAndGoesOnAtAKeyFrame) {
  Feed feed;
  const Instant now = Instant::from_ms(1000);
  feed.send(0, frame_of(1200, true, 1), {0, 1, 2}, now);
  feed.send(3, frame_of(1200, false, 2), {0, 2}, now);   // one is missing
  feed.send(6, frame_of(1200, false, 3), {0, 1, 2}, now + Duration::ms(100));
  EXPECT_EQ(feed.out.size(), 1u);
  feed.send(9, frame_of(1200, false, 4), {0, 1, 2}, now + Duration::ms(800));
  EXPECT_TRUE(feed.assembler.take_key_frame_wanted());
  feed.send(12, frame_of(1200, true, 5), {0, 1, 2}, now + Duration::ms(900));
  ASSERT_EQ(feed.out.size(), 2u);
  EXPECT_TRUE(feed.out[1].key_frame);
}

TEST(FrameAssembler, ARetransmissionFillsTheGapInTime) {
  Feed feed;
  const Instant now = Instant::from_ms(1000);
  feed.send(0, frame_of(1200, true, 1), {0, 1, 2}, now);
  feed.send(3, frame_of(1200, false, 2), {0, 2}, now);
  feed.send(6, frame_of(1200, false, 3), {0, 1, 2}, now);
  feed.send(3, frame_of(1200, false, 2), {1}, now + Duration::ms(90));
  EXPECT_EQ(feed.out.size(), 3u);
}

}  // namespace
}  // namespace upcall::client
