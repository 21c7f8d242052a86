// A camera in three sizes: which of them a receiver gets, and that a change of size is no seam in its stream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rtc/codec/vp8.hpp"
#include "sim/live_peers.hpp"
#include "wire/tap_record.hpp"

namespace upcall::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint32_t kTick = 3000;                 // 30 pictures a second
constexpr std::size_t kSize[] = {500, 1100, 1100};    // of a picture's packets, by layer
constexpr int kPackets[] = {1, 2, 5};                 // and how many it has

struct Simulcast : testing::Test {
  Simulcast() {
    live.publish_layers(a, 3);
    live.watch(b, a);
    live.watch(c, a);
  }
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }

  struct Layer {
    std::uint32_t ssrc;
    std::uint16_t sequence;
    std::uint32_t timestamp;     // of picture 0
    std::uint16_t picture_id;
    bool key = true, on = true, names_itself = true;
  };
  PlainRtp packet(std::size_t index, bool key, bool last, bool first) {
    Layer& l = layers[index];
    PlainRtp out;
    out.ssrc = l.ssrc;
    if (l.names_itself) out.rid = std::to_string(index);
    out.marker = last;
    out.sequence = l.sequence++;
    out.timestamp = l.timestamp + picture * kTick;
    const std::uint8_t start = first ? 0x90 : 0x80;
    out.payload = {start, 0xe0, static_cast<std::uint8_t>(0x80 | l.picture_id >> 8), static_cast<std::uint8_t>(l.picture_id), 0, 0x20};
    if (first) {
      const ByteVector head = {static_cast<std::uint8_t>(key ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, static_cast<std::uint8_t>(80 << index), 0, 60, 0};
      out.payload.insert(out.payload.end(), head.begin(), head.end());
    }
    out.payload.resize(kSize[index], static_cast<std::uint8_t>(index));
    return out;
  }
  // One picture of every layer that is on; key frames where one was asked for.
  void send_picture() {
    for (std::size_t i = 0; i < 3; ++i) {
      if (!layers[i].on) continue;
      const bool key = layers[i].key;
      layers[i].key = false;
      layers[i].picture_id = (layers[i].picture_id + 1) & 0x7fff;
      for (int n = 0; n < kPackets[i]; ++n) {
        PlainRtp p = packet(i, key, n + 1 == kPackets[i], n == 0);
        sent.push_back(p);
        live.send_video(a, std::move(p));
      }
    }
    ++picture;
  }
  void run(Duration time) {
    for (Duration at; at < time; at = at + Duration::us(33'333)) {
      if (picture % 30 == 0) report();
      send_picture();
      live.advance(Duration::us(33'333));
      for (const auto& pli : a.items<rtc::Pli>()) {
        for (Layer& l : layers) {
          if (l.ssrc != pli.media_ssrc) continue;
          l.key = true;
          ++asked[static_cast<std::size_t>(&l - layers)];
        }
      }
      a.rtcp.clear();
    }
  }
  // Sender reports of all layers: one wall clock, RTP clocks of their own.
  void report() {
    for (const Layer& l : layers) {
      std::uint8_t buffer[64];
      Writer w(buffer);
      const std::uint64_t ntp = (std::uint64_t(4'000'000'000) << 32) + static_cast<std::uint64_t>(picture) * (std::uint64_t(1) << 32) / 30;
      rtc::write_sender_report(w, {.ssrc = l.ssrc, .ntp = ntp, .timestamp = l.timestamp + picture * kTick, .packets = 1, .octets = 1, .report_blocks = {}}, {});
      live.send_rtcp(a, w.written());
    }
  }
  void remb(LivePeer& peer, std::uint64_t bps) {
    std::uint8_t buffer[64];
    Writer w(buffer);
    const std::uint32_t ssrcs[] = {live.section(peer, a).ssrc};
    ASSERT_TRUE(rtc::write_remb(w, 1, bps, ssrcs));
    live.send_rtcp(peer, w.written());
  }
  // With an estimate that is repeated.
  void run_at(LivePeer& peer, std::uint64_t bps, Duration time) {
    for (Duration at; at < time; at = at + Duration::s(1)) {
      remb(peer, bps);
      run(Duration::s(1));
    }
  }
  static int layer_of(const PlainRtp& rtp) { return rtp.payload.back(); }
  std::vector<PlainRtp> pictures(const LivePeer& peer) const {
    std::vector<PlainRtp> out;
    for (const PlainRtp& p : peer.rtp) {
      if (p.payload_type == LivePeers::kVp8) out.push_back(p);
    }
    return out;
  }
  std::vector<int> layers_seen(const LivePeer& peer) const {
    std::vector<int> out;
    for (const PlainRtp& p : pictures(peer)) {
      if (out.empty() || out.back() != layer_of(p)) out.push_back(layer_of(p));
    }
    return out;
  }
  // No seam: sequence and picture ids rise by one, time by what passed, each change of layer begins with a key frame.
  void expect_seamless(const LivePeer& peer) {
    const auto all = pictures(peer);
    for (std::size_t i = 1; i < all.size(); ++i) {
      ASSERT_EQ(all[i].sequence, static_cast<std::uint16_t>(all[i - 1].sequence + 1)) << i;
      const auto id = [](const PlainRtp& p) { return *rtc::parse_vp8_descriptor(p.payload)->picture_id; };
      const std::uint32_t step = all[i].timestamp - all[i - 1].timestamp;
      if (!all[i - 1].marker && layer_of(all[i]) == layer_of(all[i - 1])) {
        ASSERT_EQ(step, 0u) << i;
        continue;
      }
      ASSERT_EQ(id(all[i]), (id(all[i - 1]) + 1) & 0x7fff) << i;
      if (layer_of(all[i]) != layer_of(all[i - 1])) ASSERT_TRUE(rtc::is_vp8_key_frame(all[i].payload)) << i;
    }
  }

  void record() {
    ring = std::make_shared<ByteRing>(8 << 20);
    wire::SfuOpenTap tap;
    tap.meeting = wire::MeetingNo{1};
    tap.tap = wire::TapNo{1};
    tap.ring = ring;
    tap.recording_id = "r";
    tap.started = live.now();
    live.command(tap);
  }
  // Layers in the order in which they are recorded, judged on the way: one at a time, each from a key frame on.
  std::vector<int> recorded() {
    std::vector<int> out;
    ByteVector bytes;
    while (ring->pop(bytes)) {
      const auto record = wire::decode_tap_record(bytes).value();
      if (const auto* source = std::get_if<wire::TapSource>(&record); source != nullptr && source->kind == wire::TapKind::video) {
        EXPECT_TRUE(open.empty()) << "two at once";
        open[source->source] = *source;
        out.push_back(source->layer);
      } else if (const auto* ended = std::get_if<wire::TapSourceEnd>(&record)) {
        open.erase(ended->source);
      } else if (const auto* p = std::get_if<wire::TapPacket>(&record)) {
        const auto at = open.find(p->source);
        EXPECT_NE(at, open.end());
        if (at == open.end()) continue;
        EXPECT_EQ(p->payload.back(), at->second.layer);
        // What flowed when the recording began is taken from there on; its key frame was asked for.
        if (begun.insert(p->source).second && begun.size() > 1) EXPECT_TRUE(p->key_frame);
      }
    }
    return out;
  }

  std::shared_ptr<ByteRing> ring;
  std::map<std::uint32_t, wire::TapSource> open;
  std::set<std::uint32_t> begun;
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  LivePeer& c = live.join(1, "c");
  Layer layers[3] = {{501, 100, 7'000, 10}, {502, 30'000, 4'000'000'000u, 0x7ff0}, {503, 65'530, 90, 500}};
  int asked[3] = {};
  std::uint32_t picture = 0;
  std::vector<PlainRtp> sent;
};

TEST_F(Simulcast, WithoutAMeasuredLinkEverybodyGetsTheLargest) {
  run(Duration::s(3));
  EXPECT_EQ(layers_seen(b).back(), 2);
  EXPECT_EQ(layers_seen(c).back(), 2);
  expect_seamless(b);
  EXPECT_LE(layers_seen(b).size(), 2u) << "at most a small one while the large one begins";
}

TEST_F(Simulcast, ANarrowLinkGetsASmallerOneAndTheOthersLoseNothing) {
  run(Duration::s(3));
  for (auto& p : live.peers()) p.rtp.clear();
  run_at(b, 700'000, Duration::s(8));   // of 120, 528 and 1 320 kbit/s
  EXPECT_EQ(layers_seen(b).back(), 1);
  EXPECT_THAT(layers_seen(c), ElementsAre(2)) << "one bad link is nobody else's";
  EXPECT_TRUE(a.items<rtc::Remb>().empty()) << "no encoder is held back";
  run_at(b, 250'000, Duration::s(6));
  EXPECT_EQ(layers_seen(b).back(), 0);
  run_at(b, 4'000'000, Duration::s(10));
  EXPECT_EQ(layers_seen(b).back(), 2) << "and back";
  expect_seamless(b);
  // Up once and down twice: no flapping.
  EXPECT_THAT(layers_seen(b).size(), testing::Le(6u));
}

TEST_F(Simulcast, AChangeOfSizeKeepsThePaceOfTheSender) {
  run(Duration::s(3));
  for (auto& p : live.peers()) p.rtp.clear();
  run_at(b, 250'000, Duration::s(6));
  const auto all = pictures(b);
  std::uint32_t last = all.front().timestamp;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].timestamp == last) continue;
    EXPECT_EQ((all[i].timestamp - last) % kTick, 0u) << "by the reports of both layers, not by when it came: " << i;
    EXPECT_LE(all[i].timestamp - last, 2 * kTick) << i;
    last = all[i].timestamp;
  }
}

TEST_F(Simulcast, APacketOfTheLayerBeforeIsStillRepairedAfterTheChange) {
  run(Duration::s(3));
  remb(b, 700'000);
  std::optional<PlainRtp> last_large;
  for (int i = 0; i < 200 && (pictures(b).empty() || layer_of(pictures(b).back()) != 1); ++i) {
    if (!pictures(b).empty()) last_large = pictures(b).back();
    run(Duration::ms(33));
  }
  ASSERT_TRUE(last_large);
  ASSERT_EQ(layer_of(*last_large), 2);
  b.rtp.clear();
  std::uint8_t buffer[64];
  Writer w(buffer);
  const std::uint16_t lost[] = {last_large->sequence};
  ASSERT_TRUE(rtc::write_nack(w, 1, live.section(b, a).ssrc, lost));
  live.send_rtcp(b, w.written());
  live.advance(Duration::ms(20));
  const auto repair = std::find_if(b.rtp.begin(), b.rtp.end(), [](const PlainRtp& p) { return p.payload_type == LivePeers::kRtx; });
  ASSERT_NE(repair, b.rtp.end());
  EXPECT_EQ(repair->payload[0] << 8 | repair->payload[1], last_large->sequence);
  EXPECT_EQ(repair->timestamp, last_large->timestamp);
  EXPECT_EQ(ByteVector(repair->payload.begin() + 2, repair->payload.end()), last_large->payload) << "with the ids it had then";
}

TEST_F(Simulcast, AReceiverThatNamesALayerGetsNoLargerOne) {
  b.session.receives[0].layer_max = 0;
  live.set_session(b);
  c.session.receives[0].target_bps = 600'000;
  live.set_session(c);
  run(Duration::s(4));
  EXPECT_EQ(layers_seen(b).back(), 0);
  EXPECT_EQ(layers_seen(c).back(), 1) << "more is of no use to a small tile";
  live.command(wire::SfuPreferReceives{b.no, {{.mid = b.session.receives[0].mid, .layer_max = 1}}});
  run(Duration::s(4));
  EXPECT_EQ(layers_seen(b).back(), 1);
  expect_seamless(b);
}

TEST_F(Simulcast, ALayerThatIsTurnedOffIsLeftForTheNext) {
  run(Duration::s(3));
  layers[2].on = false;
  run(Duration::s(4));
  EXPECT_EQ(layers_seen(b).back(), 1);
  layers[2].on = layers[2].key = true;
  run(Duration::s(6));
  EXPECT_EQ(layers_seen(b).back(), 2);
  expect_seamless(b);
  std::size_t told = 0;
  for (const auto& event : live.events()) {
    if (const auto* state = std::get_if<wire::SfuVideoState>(&event)) told += !state->flowing;
  }
  EXPECT_EQ(told, 0u) << "the camera never stopped";
}

TEST_F(Simulcast, LayersAreFoundByTheirRidUntilTheirNumbersAreKnown) {
  send_picture();
  for (Layer& l : layers) l.names_itself = false;   // as browsers do once they were heard
  run(Duration::s(2));
  EXPECT_EQ(layers_seen(b).back(), 2);
  const auto before = live.connection(a).drops[static_cast<std::size_t>(sfu::Drop::unknown_ssrc)];
  EXPECT_EQ(before, 0u);
  PlainRtp stranger = packet(2, true, true, true);
  stranger.ssrc = 999;
  stranger.rid.clear();
  live.send_video(a, stranger);
  ++stranger.sequence;
  stranger.rid = "7";
  live.send_video(a, stranger);
  EXPECT_EQ(live.connection(a).drops[static_cast<std::size_t>(sfu::Drop::unknown_ssrc)], 2u);
  // A repair is found by what it repairs.
  b.rtp.clear();
  PlainRtp lost = packet(2, false, true, true);
  send_picture();
  lost.ssrc = 603;
  lost.rid = "2";
  lost.repaired = true;
  lost.payload_type = LivePeers::kRtx;
  const std::uint8_t original[2] = {static_cast<std::uint8_t>(lost.sequence >> 8), static_cast<std::uint8_t>(lost.sequence)};
  lost.payload.insert(lost.payload.begin(), original, original + 2);
  lost.sequence = 1;
  live.send_video(a, lost);
  EXPECT_THAT(pictures(b), SizeIs(6)) << "the picture after it and the repaired packet";
  EXPECT_EQ(live.connection(a).drops[static_cast<std::size_t>(sfu::Drop::unknown_ssrc)], 2u);
}

TEST_F(Simulcast, AnotherEncoderOfALayerGoesOnAtItsKeyFrame) {
  run(Duration::s(3));
  layers[2].ssrc = 703;
  layers[2].sequence = 5;
  layers[2].timestamp = 123'456;
  layers[2].key = true;
  run(Duration::s(3));
  EXPECT_EQ(layers_seen(b).back(), 2);
  expect_seamless(b);
}

TEST_F(Simulcast, ARecordingTakesTheLargestThatFlows) {
  record();
  layers[2].on = false;
  run(Duration::s(3));
  EXPECT_THAT(recorded(), ElementsAre(0, 1)) << "the first that came, until the larger one began";
  layers[2].on = layers[2].key = true;
  run(Duration::s(3));
  EXPECT_THAT(recorded(), ElementsAre(2));
  layers[2].on = false;
  run(Duration::s(4));
  EXPECT_THAT(recorded(), ElementsAre(1)) << "at its next key frame";
}

TEST_F(Simulcast, ARecordingThatBeginsInTheMiddleTakesTheLargest) {
  run(Duration::s(5));
  record();
  run(Duration::s(1));
  EXPECT_THAT(recorded(), ElementsAre(2));
}

TEST_F(Simulcast, KeyFramesAreAskedForOncePerLayerAndTwoSeconds) {
  run_at(b, 700'000, Duration::s(6));
  run_at(b, 4'000'000, Duration::s(6));
  for (const int times : asked) EXPECT_LE(times, 7);
}

}  // namespace
}  // namespace upcall::sim
