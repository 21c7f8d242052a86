// Video of the meeting core, packet by packet over live transports: what a receiver gets under which numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/codec/vp8.hpp"
#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

// One packet that is a whole frame: descriptor with a long picture id and TL0PICIDX, VP8 frame tag.
PlainRtp frame(std::uint16_t sequence, std::uint32_t timestamp, bool key, std::uint16_t picture_id, std::uint8_t tl0 = 0) {
  PlainRtp out;
  out.marker = true;
  out.sequence = sequence;
  out.timestamp = timestamp;
  out.payload = {0x90, 0xe0, static_cast<std::uint8_t>(0x80 | picture_id >> 8), static_cast<std::uint8_t>(picture_id), tl0, 0x20,
                 static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
  return out;
}

struct LiveVideo : testing::Test {
  LiveVideo() {
    live.publish(a);
    live.watch(b, a);
    live.watch(c, a);
    forget();
  }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }
  void forget() {
    for (LivePeer& p : live.peers()) {
      p.rtp.clear();
      p.rtcp.clear();
    }
  }
  void nack(LivePeer& peer, std::uint32_t ssrc, std::vector<std::uint16_t> sequences) {
    std::uint8_t buffer[256];
    Writer w(buffer);
    ASSERT_TRUE(rtc::write_nack(w, 1, ssrc, sequences));
    live.send_rtcp(peer, w.written());
  }
  void remb(LivePeer& peer, std::uint64_t bps) {
    std::uint8_t buffer[64];
    Writer w(buffer);
    const std::uint32_t ssrcs[] = {live.section(peer, a).ssrc};
    ASSERT_TRUE(rtc::write_remb(w, 1, bps, ssrcs));
    live.send_rtcp(peer, w.written());
  }
  std::vector<std::uint64_t> passed() const {
    std::vector<std::uint64_t> out;
    for (const auto& remb : a.items<rtc::Remb>()) out.push_back(remb.bitrate_bps);
    return out;
  }

  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  LivePeer& c = live.join(1, "c");
};

constexpr std::uint64_t kSound = sfu::Downlink::kAudioBps;   // of what a link carries, video gets the rest

std::uint16_t picture_id(const PlainRtp& rtp) { return rtc::parse_vp8_descriptor(rtp.payload)->picture_id.value_or(0xffff); }
std::uint8_t tl0(const PlainRtp& rtp) { return rtc::parse_vp8_descriptor(rtp.payload)->tl0_picture_index.value_or(0xff); }

TEST_F(LiveVideo, APausedTileGetsNothingAndGoesOnAtAKeyFrameWithoutASeam) {
  const std::uint32_t stream = a.session.camera->stream_id;
  live.send_video(a, frame(10, 1000, true, 0x7ffe, 254));
  live.send_video(a, frame(11, 4000, false, 0x7fff, 255));
  ASSERT_THAT(b.rtp, SizeIs(2));
  const PlainRtp before = b.rtp.back();
  forget();
  live.command(wire::SfuPauseReceive{b.no, stream, true});
  for (std::uint16_t i = 0; i < 5; ++i) live.send_video(a, frame(static_cast<std::uint16_t>(12 + i), 7000 + 3000u * i, false, i, static_cast<std::uint8_t>(i)));
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, SizeIs(5)) << "the others see on";
  live.advance(Duration::ms(2500));
  forget();
  live.command(wire::SfuPauseReceive{b.no, stream, false});
  EXPECT_THAT(a.items<rtc::Pli>(), SizeIs(1)) << "it asks for the picture to begin with";
  live.send_video(a, frame(17, 60'000, false, 5, 5));
  EXPECT_THAT(b.rtp, IsEmpty()) << "a picture that refers to what it has not seen";
  live.send_video(a, frame(18, 63'000, true, 6, 6));
  live.send_video(a, frame(19, 66'000, false, 7, 7));
  ASSERT_THAT(b.rtp, SizeIs(2));
  EXPECT_EQ(b.rtp[0].sequence, static_cast<std::uint16_t>(before.sequence + 1));
  EXPECT_EQ(b.rtp[1].sequence, static_cast<std::uint16_t>(before.sequence + 2));
  EXPECT_EQ(b.rtp[0].timestamp - before.timestamp, 225'000u) << "the two seconds and a half that passed";
  EXPECT_EQ(b.rtp[1].timestamp - b.rtp[0].timestamp, 3000u);
  EXPECT_EQ(picture_id(before), 0x7fff);
  EXPECT_EQ(picture_id(b.rtp[0]), 0) << "the next of 15 bits";
  EXPECT_EQ(picture_id(b.rtp[1]), 1);
  EXPECT_EQ(tl0(b.rtp[0]), static_cast<std::uint8_t>(tl0(before) + 1));
}

// A packet of Ethernet's size can name six thousand numbers, a slow link makes each of them wait.
TEST_F(LiveVideo, AnEndlessListOfRepairsIsLittleWork) {
  live.send_video(a, frame(10, 1000, true, 1));
  remb(b, 1000);
  ByteVector nack(12 + 364 * 4, 0xff);
  const std::uint32_t ssrc = live.section(b, a).ssrc;
  nack[0] = 0x81;
  nack[1] = 205;
  nack[2] = static_cast<std::uint8_t>((nack.size() / 4 - 1) >> 8);
  nack[3] = static_cast<std::uint8_t>(nack.size() / 4 - 1);
  for (std::size_t i = 0; i < 4; ++i) nack[8 + i] = static_cast<std::uint8_t>(ssrc >> (24 - 8 * i));
  for (std::size_t i = 0; i < 364; ++i) {
    nack[12 + 4 * i] = static_cast<std::uint8_t>(i * 17 >> 8);
    nack[13 + 4 * i] = static_cast<std::uint8_t>(i * 17);
  }
  for (int packet = 1; packet <= 4; ++packet) {
    ASSERT_TRUE(live.send_rtcp(b, nack));
    EXPECT_LE(live.connection(b).repairs_looked_up, 256u * static_cast<unsigned>(packet));
  }
  EXPECT_EQ(live.connection(b).nacks_received, 4u);
  // The others' pictures go on.
  forget();
  live.send_video(a, frame(11, 4000, false, 2));
  EXPECT_THAT(c.rtp, SizeIs(1));
}

TEST_F(LiveVideo, ThePublisherHearsTheSmallestEstimateOfThoseWhoWatch) {
  live.send_video(a, frame(10, 1000, true, 1));
  forget();
  remb(b, 900'000);
  remb(c, 2'000'000);
  EXPECT_THAT(passed(), ElementsAre(900'000u - kSound)) << "the larger one changes nothing within a second";
  remb(c, 500'000);
  EXPECT_THAT(passed(), ElementsAre(900'000u - kSound, 500'000u - kSound)) << "a fall is told at once";
  for (const auto& one : a.items<rtc::Remb>()) EXPECT_EQ(Reader(one.ssrcs).u32(), a.session.camera->ssrc);
  // Who pauses the tile holds nobody back.
  live.command(wire::SfuPauseReceive{c.no, a.session.camera->stream_id, true});
  remb(b, 1'000'000);
  forget();
  live.advance(Duration::ms(1300));
  EXPECT_THAT(passed(), ElementsAre(1'000'000u - kSound)) << "a rise once a second";
  // An estimate that is not repeated is none.
  live.command(wire::SfuPauseReceive{c.no, a.session.camera->stream_id, false});
  live.advance(Duration::ms(4000));
  live.send_video(a, frame(11, 400'000, true, 2));
  live.advance(Duration::ms(1100));
  remb(b, 1'500'000);
  forget();
  live.advance(Duration::ms(1300));
  EXPECT_THAT(passed(), ElementsAre(1'500'000u - kSound));
  EXPECT_THAT(b.items<rtc::Remb>(), IsEmpty()) << "it is for publishers";
}

// Video, repairs and sound of one link count with one counter; what the receiver tells of them is its link's estimate.
TEST_F(LiveVideo, EveryPacketCarriesTheNextTransportWideNumberAndArrivalsAreTheEstimate) {
  PlainRtp sound;
  sound.sequence = 7;
  sound.audio_level = 30;
  sound.payload = ByteVector(30, 1);
  live.send_audio(a, sound);
  for (std::uint16_t i = 0; i < 5; ++i) live.send_video(a, frame(static_cast<std::uint16_t>(10 + i), 1000 + 3000u * i, i == 0, i));
  nack(b, live.section(b, a).ssrc, {b.rtp.back().sequence});
  ASSERT_THAT(b.rtp, SizeIs(7));
  rtc::TransportFeedbackRecorder arrivals;
  for (std::size_t i = 0; i < b.rtp.size(); ++i) {
    ASSERT_TRUE(b.rtp[i].transport_sequence);
    EXPECT_EQ(*b.rtp[i].transport_sequence, static_cast<std::uint16_t>(*b.rtp[0].transport_sequence + i));
    arrivals.on_packet(*b.rtp[i].transport_sequence, live.now());
  }
  EXPECT_FALSE(live.connection(b).down.known_bps(live.now())) << "nothing was told yet";
  std::uint8_t buffer[256];
  Writer w(buffer);
  ASSERT_TRUE(arrivals.write(w, 1, live.section(b, a).ssrc));
  live.send_rtcp(b, w.written());
  EXPECT_TRUE(live.connection(b).down.estimator->heard());
  EXPECT_TRUE(live.connection(b).down.known_bps(live.now()));
  EXPECT_FALSE(live.connection(c).down.known_bps(live.now())) << "each link by itself";
}

TEST_F(LiveVideo, ThePreferredOfTwoCamerasIsHeldLast) {
  LivePeer& d = live.join(1, "d");
  live.publish(d);
  live.watch(b, d);
  live.watch(c, d);
  live.command(wire::SfuPreferReceives{b.no, {{live.section(b, a).mid, 5}, {live.section(b, d).mid, 9}}});
  remb(b, 5'000'000);
  for (std::uint16_t n = 0; n < 160; ++n) {
    for (LivePeer* publisher : {&a, &d}) {
      PlainRtp packet = frame(static_cast<std::uint16_t>(100 + n), n * 1800u, n % 50 == 0, n);
      packet.payload.resize(1000, 7);
      live.send_video(*publisher, packet);
    }
    if (n == 100) remb(b, 500'000);   // enough for one: c watches both, so neither is taken below 400 kbit/s
    live.advance(Duration::ms(20));
  }
  const auto& subscriptions = live.connection(b).subscriptions;
  ASSERT_EQ(subscriptions.size(), 2u);
  EXPECT_TRUE(subscriptions[0]->held);
  EXPECT_FALSE(subscriptions[1]->held);
}

// Two watch, and what the one can take would spoil the picture for the other: it goes without, and is told so.
TEST_F(LiveVideo, ACameraThatAReceiversLinkDoesNotCarryIsHeldForItAlone) {
  std::uint16_t n = 100;
  const auto film = [&](Duration time) {
    for (const Instant end = live.now() + time; live.now() < end; live.advance(Duration::ms(20))) {
      PlainRtp packet = frame(n, n * 1800u, n % 100 == 0, n);
      packet.payload.resize(1000, 7);
      live.send_video(a, packet);
      ++n;
    }
  };
  const auto held = [&] {
    std::vector<bool> out;
    for (const auto& event : live.events()) {
      const auto* one = std::get_if<wire::SfuVideoHeld>(&event);
      if (one == nullptr) continue;
      EXPECT_EQ(one->connection, b.no);
      EXPECT_EQ(one->stream_id, a.session.camera->stream_id);
      out.push_back(one->held);
    }
    live.events().clear();
    return out;
  };
  remb(c, 5'000'000);
  film(Duration::s(2));
  remb(b, 200'000);
  remb(c, 5'000'000);
  film(Duration::s(2));
  EXPECT_THAT(held(), ElementsAre(true));
  forget();
  film(Duration::ms(500));
  EXPECT_THAT(b.rtp, IsEmpty());
  EXPECT_THAT(c.rtp, SizeIs(25));
  forget();
  remb(b, 5'000'000);
  film(Duration::s(1));
  EXPECT_THAT(held(), ElementsAre(false));
  EXPECT_THAT(a.items<rtc::Pli>(), SizeIs(1)) << "it goes on at a key frame";
  film(Duration::s(2));
  EXPECT_FALSE(b.rtp.empty());
  EXPECT_TRUE(rtc::is_vp8_key_frame(b.rtp.front().payload));
}

TEST_F(LiveVideo, ACompoundOfManyEstimatesIsOneEstimate) {
  live.send_video(a, frame(10, 1000, true, 1));
  forget();
  std::uint8_t buffer[1400];
  Writer w(buffer);
  const std::uint32_t ssrcs[] = {live.section(b, a).ssrc};
  for (std::uint64_t bps = 4'000'000; bps > 400'000; bps = bps * 9 / 10) rtc::write_remb(w, 1, bps, ssrcs);
  live.send_rtcp(b, w.written());
  EXPECT_THAT(passed(), SizeIs(1));
}

TEST_F(LiveVideo, ASenderReportKeepsItsTimeAndGetsTheReceiversTimestamps) {
  live.send_video(a, frame(10, 1000, true, 1));
  ASSERT_THAT(b.rtp, SizeIs(1));
  const std::uint32_t offset = b.rtp[0].timestamp - 1000;
  const std::uint64_t second = std::uint64_t(1) << 32;
  std::uint8_t buffer[64];
  const auto report = [&](std::uint64_t ntp, std::uint32_t timestamp) {
    Writer w(buffer);
    rtc::write_sender_report(w, {.ssrc = a.session.camera->ssrc, .ntp = ntp, .timestamp = timestamp, .packets = 1, .octets = 17,
                                 .report_blocks = {}}, {});
    live.send_rtcp(a, w.written());
  };
  forget();
  report(100 * second, 91'000);
  live.advance(Duration::s(1));
  report(101 * second, 181'000);
  for (LivePeer* to : {&b, &c}) {
    const auto reports = to->items<rtc::SenderReport>();
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_EQ(reports[0].ssrc, live.section(*to, a).ssrc);
    // Of the sender's clock the differences stay; both streams of a sender are moved alike, so lips stay with sound.
    EXPECT_EQ(reports[1].ntp - reports[0].ntp, second);
    EXPECT_EQ(reports[1].timestamp - reports[0].timestamp, 90'000u);
    EXPECT_EQ(reports[1].packets, 1u);
  }
  EXPECT_EQ(b.items<rtc::SenderReport>()[0].timestamp, 91'000u + offset);
  EXPECT_THAT(a.items<rtc::SenderReport>(), IsEmpty());
}

TEST_F(LiveVideo, AFloodOfSenderReportsIsNotPassedOn) {
  live.send_video(a, frame(10, 1000, true, 1));
  forget();
  std::uint8_t buffer[1400];
  Writer w(buffer);
  for (std::uint32_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(rtc::write_sender_report(w, {.ssrc = a.session.camera->ssrc, .ntp = i + 1, .timestamp = i, .packets = 1, .octets = 1,
                                             .report_blocks = {}}, {}));
  }
  live.send_rtcp(a, w.written());
  EXPECT_THAT(b.items<rtc::SenderReport>(), SizeIs(1));
}

TEST_F(LiveVideo, TheOrientationGoesOutUnderTheReceiversOwnId) {
  ASSERT_NE(a.session.extensions.orientation, b.session.extensions.orientation);
  PlainRtp first = frame(10, 1000, true, 1);
  first.rotation = 3;
  live.send_video(a, first);
  live.send_video(a, frame(11, 4000, false, 2));
  for (const LivePeer* to : {&b, &c}) {
    ASSERT_THAT(to->rtp, SizeIs(2));
    EXPECT_EQ(to->rtp[0].rotation, 3);
    EXPECT_EQ(to->rtp[1].rotation, std::nullopt) << "it is said when the sender says it";
    EXPECT_EQ(to->rtp[0].mid, live.section(*to, a).mid);
  }
  // Also in what is sent again, and not to who did not ask for it.
  const std::uint32_t ssrc = live.section(b, a).ssrc;
  const std::uint16_t sequence = b.rtp[0].sequence;
  forget();
  nack(b, ssrc, {sequence});
  ASSERT_THAT(b.rtp, SizeIs(1));
  EXPECT_EQ(b.rtp[0].rotation, 3);
  b.session.extensions.orientation = 0;
  live.set_session(b);
  PlainRtp turned = frame(12, 7000, false, 3);
  turned.rotation = 1;
  live.send_video(a, turned);
  EXPECT_EQ(b.rtp.back().rotation, std::nullopt);
  EXPECT_EQ(c.rtp.back().rotation, 1);
}

TEST_F(LiveVideo, AnotherEncoderOfThePublisherIsTheSameStreamToItsReceivers) {
  live.send_video(a, frame(30'000, 5000, true, 100, 10));
  live.send_video(a, frame(30'001, 8000, false, 101, 11));
  const PlainRtp before = b.rtp.back();
  const std::uint32_t old_ssrc = a.session.camera->ssrc;
  forget();
  live.publish(a, true);
  ASSERT_NE(a.session.camera->ssrc, old_ssrc);
  live.advance(Duration::ms(1000));
  PlainRtp late = frame(30'002, 11'000, false, 102, 12);
  late.ssrc = old_ssrc;
  live.send_video(a, late);
  live.send_video(a, frame(70, 900, false, 7, 7));
  EXPECT_THAT(b.rtp, IsEmpty()) << "neither the old encoder nor the new one without a key frame";
  live.send_video(a, frame(71, 3900, true, 8, 8));
  live.send_video(a, frame(72, 6900, false, 9, 9));
  ASSERT_THAT(b.rtp, SizeIs(2));
  EXPECT_EQ(b.rtp[0].ssrc, before.ssrc);
  EXPECT_EQ(b.rtp[0].sequence, static_cast<std::uint16_t>(before.sequence + 1));
  EXPECT_EQ(b.rtp[1].sequence, static_cast<std::uint16_t>(before.sequence + 2));
  EXPECT_EQ(b.rtp[0].timestamp - before.timestamp, 90'000u);
  EXPECT_EQ(picture_id(b.rtp[0]), picture_id(before) + 1);
  EXPECT_EQ(tl0(b.rtp[0]), tl0(before) + 1);
  // What was sent of the old encoder is not sent again under the new one's numbers.
  forget();
  nack(b, before.ssrc, {before.sequence});
  EXPECT_THAT(b.rtp, IsEmpty());
}

TEST_F(LiveVideo, ARetransmissionIsTheSamePacketUnderTheSameNumbers) {
  live.send_video(a, frame(10, 1000, true, 50, 5));
  live.advance(Duration::ms(500));
  live.publish(a, true);                                     // offsets that are not zero
  live.send_video(a, frame(65'000 % 32'768, 77, true, 3, 3));
  for (std::uint16_t i = 1; i < 20; ++i) {
    live.send_video(a, frame(static_cast<std::uint16_t>(65'000 % 32'768 + i), 77 + 3000u * i, false, static_cast<std::uint16_t>(3 + i), static_cast<std::uint8_t>(3 + i)));
  }
  ASSERT_THAT(b.rtp, SizeIs(21));
  const std::vector<PlainRtp> sent(b.rtp.begin() + 1, b.rtp.end());
  const wire::SfuReceive section = live.section(b, a);
  forget();
  nack(b, section.ssrc, {sent[0].sequence, sent[7].sequence, sent[19].sequence});
  EXPECT_THAT(c.rtp, IsEmpty());
  ASSERT_THAT(b.rtp, SizeIs(3));
  std::size_t i = 0;
  for (const std::size_t n : {0u, 7u, 19u}) {
    const PlainRtp& rtx = b.rtp[i++];
    EXPECT_EQ(rtx.ssrc, section.rtx_ssrc);
    EXPECT_EQ(rtx.payload_type, section.rtx_payload_type);
    EXPECT_EQ(rtx.timestamp, sent[n].timestamp);
    EXPECT_EQ(rtx.marker, sent[n].marker);
    EXPECT_EQ(Reader(rtx.payload).u16(), sent[n].sequence);
    EXPECT_EQ(ByteVector(rtx.payload.begin() + 2, rtx.payload.end()), sent[n].payload) << "picture ids as they were sent";
  }
  EXPECT_EQ(b.rtp[1].sequence, static_cast<std::uint16_t>(b.rtp[0].sequence + 1));
  forget();
  nack(b, section.ssrc, {static_cast<std::uint16_t>(sent[19].sequence + 1)});
  EXPECT_THAT(b.rtp, IsEmpty()) << "never sent yet";
  EXPECT_EQ(live.connection(b).retransmitted, 3u);
}

TEST_F(LiveVideo, ALeapOfTheSendersNumbersIsNoLeapForItsReceivers) {
  live.send_video(a, frame(10, 1000, true, 1));
  const PlainRtp before = b.rtp.back();
  forget();
  live.advance(Duration::ms(2100));
  live.send_video(a, frame(30'000, 4000, false, 2));
  EXPECT_THAT(b.rtp, IsEmpty()) << "what lies between cannot be repaired: it goes on at a key frame";
  EXPECT_THAT(a.items<rtc::Pli>(), testing::Not(IsEmpty()));
  live.send_video(a, frame(30'001, 7000, true, 3));
  ASSERT_THAT(b.rtp, SizeIs(1));
  EXPECT_EQ(b.rtp[0].sequence, static_cast<std::uint16_t>(before.sequence + 1));
}

TEST_F(LiveVideo, WhatWouldNotFitAFrameIsDroppedAndCounted) {
  for (const std::size_t size : {1300u, 1405u, 1415u, 1425u, 1450u}) {
    PlainRtp packet = frame(static_cast<std::uint16_t>(size), 1000, true, 1);
    packet.payload.resize(size, 7);
    live.send_video(a, packet);     // a datagram that is too large would be a breach
  }
  EXPECT_FALSE(b.rtp.empty());
  EXPECT_GT(live.connection(b).drops[static_cast<std::size_t>(sfu::Drop::oversize)], 0u);
}

}  // namespace
}  // namespace upcall::sim
