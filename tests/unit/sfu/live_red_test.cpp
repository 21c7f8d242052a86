// Redundant audio in the meeting core: frames that were lost come beside later ones and are then as any other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/red/red.hpp"
#include "sim/live_peers.hpp"
#include "wire/tap_record.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint8_t kRed = 63;

ByteVector frame(int n) { return ByteVector(30, static_cast<std::uint8_t>(n)); }

struct LiveRed : testing::Test {
  LiveRed() {
    for (LivePeer* p : {&a, &listener}) {
      p->session.audio->red_payload_type = kRed;
      live.set_session(*p);
    }
  }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }
  // Frame `n` with those of `earlier` beside it.
  void speak(int n, std::initializer_list<int> earlier = {}) {
    std::vector<ByteVector> kept;
    std::vector<rtc::RedBlock> blocks;
    for (const int e : earlier) kept.push_back(frame(e));
    std::size_t i = 0;
    for (const int e : earlier) blocks.push_back({LivePeers::kOpus, static_cast<std::uint16_t>((n - e) * 960), kept[i++]});
    std::uint8_t payload[500];
    const std::size_t size = rtc::write_red(payload, blocks, LivePeers::kOpus, frame(n));
    send(n, ByteVector(payload, payload + size));
  }
  void send(int n, ByteVector payload) {
    PlainRtp packet;
    packet.payload_type = kRed;
    packet.sequence = static_cast<std::uint16_t>(n);
    packet.timestamp = static_cast<std::uint32_t>(n) * 960;
    packet.audio_level = 20;
    packet.payload = std::move(payload);
    live.send_audio(a, packet);
    live.advance(Duration::ms(20));
  }
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& listener = live.join(1, "listener");
};

TEST_F(LiveRed, ALostFrameIsSentUnderItsOwnNumbersAndOnceAndIsRecorded) {
  wire::SfuOpenTap open;
  open.meeting = wire::MeetingNo{1};
  open.tap = wire::TapNo{1};
  open.ring = std::make_shared<ByteRing>(1 << 18);
  open.recording_id = "r";
  open.started = live.now();
  live.command(open);
  speak(100);
  speak(101);
  speak(104, {102});        // 102 and 103 were lost
  speak(105, {101, 103});   // 101 has been heard
  speak(106, {102, 104});
  ASSERT_THAT(listener.rtp, SizeIs(7));
  const PlainRtp first = listener.rtp.front();
  const int order[] = {100, 101, 102, 104, 103, 105, 106};
  for (std::size_t i = 0; i < 7; ++i) {
    const PlainRtp& got = listener.rtp[i];
    EXPECT_EQ(got.payload_type, LivePeers::kOpus) << "nothing is lost on the way to the listener: nothing is repeated";
    EXPECT_EQ(got.sequence, static_cast<std::uint16_t>(first.sequence + order[i] - 100));
    EXPECT_EQ(got.timestamp, first.timestamp + static_cast<std::uint32_t>(order[i] - 100) * 960);
    EXPECT_EQ(got.payload, frame(order[i]));
  }
  std::vector<std::uint16_t> recorded;
  for (ByteVector bytes; open.ring->pop(bytes);) {
    const auto record = wire::decode_tap_record(bytes);
    ASSERT_TRUE(record);
    if (const auto* packet = std::get_if<wire::TapPacket>(&*record)) recorded.push_back(packet->sequence);
  }
  EXPECT_THAT(recorded, testing::ElementsAre(100, 101, 102, 104, 103, 105, 106)) << "the composer puts them in order";
}

TEST_F(LiveRed, WhatWasSentBeforeTheStreamBeganIsNotTaken) {
  speak(100, {96, 98});
  ASSERT_THAT(listener.rtp, SizeIs(1));
  EXPECT_EQ(listener.rtp[0].payload, frame(100));
}

TEST_F(LiveRed, AListenerThatDoesNotUnderstandItGetsPlainOpus) {
  LivePeer& plain = live.join(1, "plain");
  speak(100);
  speak(102, {101});
  ASSERT_THAT(plain.rtp, SizeIs(3));
  for (const PlainRtp& p : plain.rtp) EXPECT_EQ(p.payload_type, LivePeers::kOpus);
}

TEST_F(LiveRed, MalformedOnesAreCountedAndHarmNothing) {
  speak(100);
  send(101, {});
  send(102, {0x80 | LivePeers::kOpus, 1, 2});                              // cut off in its head
  send(103, {0x80 | LivePeers::kOpus, 0x0f, 0x00, 0xff, LivePeers::kOpus, 1}); // a length beyond the end
  send(104, {13, 1, 2, 3});                                                // a type that was not agreed on
  speak(105);
  ASSERT_THAT(listener.rtp, SizeIs(2));
  EXPECT_EQ(listener.rtp.back().payload, frame(105));
  EXPECT_EQ(live.connection(a).drops[static_cast<std::size_t>(sfu::Drop::rtp_malformed)], 3u);
}

TEST_F(LiveRed, AListenerThatToldOfLossGetsFramesTwice) {
  // 30 % by its reports, second by second.
  int n = 100;
  std::int32_t lost = 0;
  std::uint16_t highest = 0;
  const auto report = [&] {
    std::uint8_t buffer[100];
    Writer rtcp(buffer);
    rtc::ReportBlock block{.ssrc = listener.session.audio->send_ssrc, .cumulative_lost = lost, .extended_highest_sequence = highest};
    rtc::write_receiver_report(rtcp, 1, std::span(&block, 1));
    ASSERT_TRUE(live.send_rtcp(listener, rtcp.written()));
  };
  for (int second = 0; second < 6; ++second) {
    for (int i = 0; i < 50; ++i) speak(n++);
    highest = listener.rtp.back().sequence;
    lost += 15;
    report();
  }
  listener.rtp.clear();
  speak(n++);
  ASSERT_THAT(listener.rtp, SizeIs(1));
  ASSERT_EQ(listener.rtp[0].payload_type, kRed);
  const auto red = rtc::parse_red(listener.rtp[0].payload);
  ASSERT_TRUE(red);
  ASSERT_EQ(red->redundant_count, 2u);
  EXPECT_EQ(ByteVector(red->redundant[0].payload.begin(), red->redundant[0].payload.end()), frame(n - 5));
  EXPECT_EQ(red->redundant[0].timestamp_offset, 4 * 960);
  EXPECT_EQ(ByteVector(red->redundant[1].payload.begin(), red->redundant[1].payload.end()), frame(n - 3));
  EXPECT_EQ(ByteVector(red->primary.payload.begin(), red->primary.payload.end()), frame(n - 1));
}

}  // namespace
}  // namespace upcall::sim
