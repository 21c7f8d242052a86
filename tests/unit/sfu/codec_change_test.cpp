// A publisher that changes its codec in the middle of a call, and receivers of which some do not take it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/codec/video_payload.hpp"
#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using rtc::VideoCodec;

constexpr std::uint8_t kH264 = 102, kH264Rtx = 103, kVp9 = 98, kVp9Rtx = 99;

// One packet that is a whole picture, as far as anybody looks.
ByteVector payload(VideoCodec codec, bool key, std::uint16_t id) {
  ByteVector picture;
  switch (codec) {
    case VideoCodec::vp8: picture = key ? *from_hex("1000009d012a4001b400ff") : *from_hex("110000ff"); break;
    case VideoCodec::vp9: picture = key ? *from_hex("824983420013f00b36ff") : *from_hex("860040ff"); break;
    case VideoCodec::h264: picture = key ? *from_hex("000000016742c00ada1c9e2223011000000300100000030320f1226a") : *from_hex("00000001419a00ff"); break;
  }
  ByteVector out;
  rtc::packetize_video(codec, picture, id, 1000, [&](Bytes p, bool) { out.assign(p.begin(), p.end()); });
  return out;
}

struct CodecChange : testing::Test {
  CodecChange() {
    live.publish(a);
    a.session.camera->other_types = types;
    live.set_session(a);
    live.watch(all, a);
    all.session.receives[0].other_types = types;
    live.set_session(all);
    live.watch(few, a);
    forget();
  }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }
  void forget() {
    for (LivePeer& p : live.peers()) {
      p.rtp.clear();
      p.rtcp.clear();
    }
  }
  void send(VideoCodec codec, bool key) {
    PlainRtp packet;
    packet.marker = true;
    packet.payload_type = codec == VideoCodec::vp8 ? LivePeers::kVp8 : codec == VideoCodec::h264 ? kH264 : kVp9;
    packet.sequence = sequence++;
    packet.timestamp = timestamp += 3000;
    packet.payload = payload(codec, key, picture_id++);
    live.send_video(a, packet);
  }
  bool not_taken(const LivePeer& peer) { return live.connection(peer).report().videos_not_taken == 1; }

  const std::vector<wire::SfuVideoType> types = {{wire::TapCodec::h264, kH264, kH264Rtx}, {wire::TapCodec::vp9, kVp9, kVp9Rtx}};
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& all = live.join(1, "all");
  LivePeer& few = live.join(1, "few");
  std::uint16_t sequence = 100, picture_id = 500;
  std::uint32_t timestamp = 1000;
};

TEST_F(CodecChange, ReceiversGoOnAtItsKeyFrameUnderThePayloadTypeOfTheirOwn) {
  send(VideoCodec::vp8, true);
  send(VideoCodec::vp8, false);
  ASSERT_THAT(all.rtp, SizeIs(2));
  ASSERT_THAT(few.rtp, SizeIs(2));
  const PlainRtp before = all.rtp.back();
  live.advance(Duration::ms(2500));
  forget();
  // Its first packets may come without a picture to begin with.
  send(VideoCodec::vp9, false);
  EXPECT_THAT(all.rtp, IsEmpty());
  EXPECT_THAT(a.items<rtc::Pli>(), SizeIs(1));
  send(VideoCodec::vp9, true);
  send(VideoCodec::vp9, false);
  ASSERT_THAT(all.rtp, SizeIs(2));
  for (const PlainRtp& p : all.rtp) EXPECT_EQ(p.payload_type, kVp9);
  EXPECT_EQ(all.rtp[0].sequence, static_cast<std::uint16_t>(before.sequence + 1));
  EXPECT_TRUE(rtc::parse_video_payload(VideoCodec::vp9, all.rtp[0].payload)->key_frame);
  EXPECT_EQ(rtc::parse_video_payload(VideoCodec::vp9, all.rtp[0].payload)->picture_id,
            *rtc::parse_video_payload(VideoCodec::vp8, before.payload)->picture_id + 1);
  EXPECT_THAT(few.rtp, IsEmpty()) << "nothing rather than garbage";
  EXPECT_TRUE(not_taken(few));
  EXPECT_FALSE(not_taken(all));
  EXPECT_EQ(live.connection(a).report().video_codec, "VP9");
}

TEST_F(CodecChange, AndBackAgain) {
  send(VideoCodec::h264, true);
  send(VideoCodec::h264, false);
  ASSERT_THAT(all.rtp, SizeIs(2));
  EXPECT_EQ(all.rtp[0].payload_type, kH264);
  EXPECT_THAT(few.rtp, IsEmpty());
  live.advance(Duration::ms(1500));
  forget();
  send(VideoCodec::vp8, true);
  ASSERT_THAT(all.rtp, SizeIs(1));
  ASSERT_THAT(few.rtp, SizeIs(1));
  EXPECT_EQ(all.rtp[0].payload_type, LivePeers::kVp8);
  EXPECT_FALSE(not_taken(few));
  // A late packet of the codec before is nobody's any more.
  PlainRtp late;
  late.payload_type = kH264;
  late.sequence = static_cast<std::uint16_t>(sequence - 3);
  late.timestamp = timestamp - 9000;
  late.payload = payload(VideoCodec::h264, false, 0);
  live.send_video(a, late);
  EXPECT_THAT(all.rtp, SizeIs(1));
}

TEST_F(CodecChange, ARepairComesUnderTheCodecsOwnRepairType) {
  send(VideoCodec::h264, true);
  send(VideoCodec::h264, false);
  ASSERT_THAT(all.rtp, SizeIs(2));
  const auto& section = live.section(all, a);
  std::uint8_t buffer[64];
  Writer w(buffer);
  const std::vector<std::uint16_t> lost = {all.rtp[1].sequence};
  ASSERT_TRUE(rtc::write_nack(w, 1, section.ssrc, lost));
  forget();
  live.send_rtcp(all, w.written());
  ASSERT_THAT(all.rtp, SizeIs(1));
  EXPECT_EQ(all.rtp[0].payload_type, kH264Rtx);
  EXPECT_EQ(all.rtp[0].ssrc, section.rtx_ssrc);
}

TEST_F(CodecChange, WhoChangesWithEveryPacketIsNotFollowed) {
  send(VideoCodec::vp8, true);
  live.advance(Duration::s(2));
  forget();
  for (int i = 0; i < 50; ++i) send(i % 2 == 0 ? VideoCodec::vp9 : VideoCodec::h264, true);
  for (const PlainRtp& p : all.rtp) EXPECT_EQ(p.payload_type, kVp9);
  EXPECT_THAT(all.rtp, SizeIs(25));
  const auto report = live.connection(a).report();
  EXPECT_THAT(report.drops, testing::Contains(std::pair<std::string, std::uint64_t>("other_codec", 25)));
}

TEST_F(CodecChange, ARecordingHasAnotherSourceFromThereOn) {
  auto ring = std::make_shared<ByteRing>(1 << 20);
  wire::SfuOpenTap open;
  open.meeting = wire::MeetingNo{1};
  open.tap = wire::TapNo{7};
  open.ring = ring;
  open.recording_id = "r";
  open.started = live.now();
  live.command(open);
  send(VideoCodec::vp8, true);
  send(VideoCodec::vp8, false);
  live.advance(Duration::ms(1500));
  send(VideoCodec::h264, true);
  send(VideoCodec::h264, false);
  std::vector<wire::TapSource> begun;
  std::vector<std::uint32_t> ended;
  std::map<std::uint32_t, int> packets;
  bool key_first = true;
  ByteVector bytes;
  while (ring->pop(bytes)) {
    const auto record = wire::decode_tap_record(bytes);
    ASSERT_TRUE(record);
    if (const auto* s = std::get_if<wire::TapSource>(&*record)) begun.push_back(*s);
    if (const auto* e = std::get_if<wire::TapSourceEnd>(&*record)) ended.push_back(e->source);
    if (const auto* p = std::get_if<wire::TapPacket>(&*record)) {
      if (packets[p->source]++ == 0) key_first = key_first && p->key_frame;
    }
  }
  ASSERT_THAT(begun, SizeIs(2));
  EXPECT_EQ(begun[0].codec, wire::TapCodec::vp8);
  EXPECT_EQ(begun[1].codec, wire::TapCodec::h264);
  EXPECT_EQ(ended, std::vector<std::uint32_t>{begun[0].source});
  EXPECT_EQ(packets[begun[0].source], 2);
  EXPECT_EQ(packets[begun[1].source], 2);
  EXPECT_TRUE(key_first);
}

}  // namespace
}  // namespace upcall::sim
