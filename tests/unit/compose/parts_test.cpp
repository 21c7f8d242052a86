// The smaller parts of composing: frames from packets, sound lanes, grid, layout and index.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numbers>

#include "base/rng.hpp"
#include "compose/audio_lane.hpp"
#include "compose/film_index.hpp"
#include "compose/frame_grid.hpp"
#include "compose/layout.hpp"
#include "compose/video_assembler.hpp"
#include "rtc/codec/vp8_packetizer.hpp"

namespace upcall::compose {
namespace {

// A VP8 frame's first bytes as far as the assembler looks (RFC 6386 §9.1: bit 0 clear = key frame).
ByteVector frame_bytes(bool key, std::size_t size, std::uint8_t fill) {
  ByteVector out(size, fill);
  out[0] = key ? 0x10 : 0x11;
  return out;
}

struct Stream {
  std::vector<std::vector<ByteVector>> frames;   // packets of each frame
  std::vector<ByteVector> whole;
  explicit Stream(int count, int key_every = 10) {
    for (int i = 0; i < count; ++i) {
      whole.push_back(frame_bytes(i % key_every == 0, 2500, static_cast<std::uint8_t>(i)));
      frames.emplace_back();
      rtc::packetize_vp8(whole.back(), static_cast<std::uint16_t>(i), 1000,
                         [&](Bytes payload, bool) { frames.back().emplace_back(payload.begin(), payload.end()); });
    }
  }
};

VideoPacket packet(const Stream& s, std::size_t frame, std::size_t part, std::int64_t arrival_us) {
  std::uint16_t sequence = 65530;
  for (std::size_t i = 0; i < frame; ++i) sequence = static_cast<std::uint16_t>(sequence + s.frames[i].size());
  VideoPacket p;
  p.sequence = static_cast<std::uint16_t>(sequence + part);
  p.timestamp = static_cast<std::int64_t>(frame) * 3000;
  p.marker = part + 1 == s.frames[frame].size();
  p.arrival_us = arrival_us;
  p.payload = s.frames[frame][part];
  return p;
}

TEST(VideoAssembler, FramesComeBackWholeAndInOrderFromShuffledPackets) {
  const Stream stream(20);
  SeededRandom random(5);
  std::vector<VideoPacket> packets;
  for (std::size_t f = 0; f < 20; ++f) {
    for (std::size_t p = 0; p < stream.frames[f].size(); ++p) packets.push_back(packet(stream, f, p, 0));
  }
  // Swap neighbours (reordering within a few packets) and repeat some; the first stays first.
  for (std::size_t i = 1; i + 3 < packets.size(); ++i) std::swap(packets[i], packets[i + random.below(3)]);
  VideoAssembler assembler;
  std::vector<ByteVector> got;
  for (const auto& p : packets) {
    assembler.push(p);
    if (random.chance(0.2)) assembler.push(p);
    while (auto f = assembler.next(1000)) got.push_back(f->data);
  }
  EXPECT_EQ(got, stream.whole);
  EXPECT_EQ(assembler.lost_packets(), 0u);
}

TEST(VideoAssembler, ALateRetransmissionIsWaitedForButNotForever) {
  const Stream stream(21);
  VideoAssembler assembler(800'000);
  const auto push_frame = [&](std::size_t f, std::int64_t at, std::size_t skip) {
    for (std::size_t p = 0; p < stream.frames[f].size(); ++p) {
      if (p != skip) assembler.push(packet(stream, f, p, at));
    }
  };
  push_frame(0, 0, 99);
  EXPECT_TRUE(assembler.next(0));
  push_frame(1, 33'000, 1);
  push_frame(2, 66'000, 99);
  EXPECT_FALSE(assembler.next(400'000));
  assembler.push(packet(stream, 1, 1, 450'000));   // in time
  EXPECT_TRUE(assembler.next(450'000));
  EXPECT_TRUE(assembler.next(450'000));
  push_frame(3, 500'000, 1);
  for (std::size_t f = 4; f < 12; ++f) push_frame(f, 500'000 + static_cast<std::int64_t>(f) * 33'000, 99);
  EXPECT_FALSE(assembler.next(1'290'000));
  const auto after = assembler.next(1'700'000);     // given up: the next key frame is frame 10
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->key_frame);
  EXPECT_EQ(after->timestamp, 10 * 3000);
  EXPECT_EQ(assembler.freezes(), 1u);
  EXPECT_EQ(assembler.lost_packets(), 1u);
}

TEST(VideoAssembler, StartsWithAKeyFrameAndSurvivesGarbage) {
  const Stream stream(12);
  VideoAssembler assembler;
  for (std::size_t f = 5; f < 12; ++f) {
    for (std::size_t p = 0; p < stream.frames[f].size(); ++p) assembler.push(packet(stream, f, p, 0));
  }
  const auto first = assembler.next(0);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->timestamp, 10 * 3000);
  SeededRandom random(9);
  VideoAssembler hostile;
  for (int i = 0; i < 20000; ++i) {
    ByteVector noise(random.below(30));
    random.fill(noise);
    VideoPacket p;
    p.sequence = static_cast<std::uint16_t>(random.u32());
    p.timestamp = static_cast<std::int64_t>(random.below(100)) * 3000;
    p.marker = random.chance(0.3);
    p.arrival_us = i * 1000;
    p.payload = noise;
    hostile.push(p);
    while (hostile.next(i * 1000)) {}
  }
}

// "Decodes" a packet to a ramp that names its place: byte 0 is the packet's number.
class RampDecoder final : public AudioDecoder {
 public:
  std::size_t decode(Bytes packet, std::vector<float>& out) override {
    for (std::size_t i = 0; i < kAudioBlock; ++i) {
      const float v = static_cast<float>(packet[0]) + static_cast<float>(i) / kAudioBlock;
      out.push_back(v);
      out.push_back(v);
    }
    return kAudioBlock;
  }
  void recover(Bytes, std::size_t samples, std::vector<float>& out) override { ++recovered; out.insert(out.end(), samples * 2, -1); }
  void conceal(std::size_t samples, std::vector<float>& out) override { out.insert(out.end(), samples * 2, -2); }
  int recovered = 0;
};

TEST(AudioLane, SoundLiesWhereTheTimelinePutsItAndALostPacketIsRecovered) {
  Timeline timeline;
  timeline.add_source(1, "a", 48000);
  auto decoder = std::make_unique<RampDecoder>();
  RampDecoder& d = *decoder;
  AudioLane lane(1, std::move(decoder));
  for (std::uint8_t i = 0; i < 20; ++i) {
    if (i == 7) continue;
    const std::int64_t ts = timeline.on_packet(1, 100'000 + i * 20'000, 5000u + i * 960u);
    const std::uint8_t payload[1] = {i};
    lane.push(static_cast<std::uint16_t>(65530 + i), ts, payload);
  }
  std::vector<float> out;
  for (std::int64_t at = 0; at < 600'000; at += 20'000) {
    std::vector<float> block(kAudioBlock * 2, 0);
    lane.render(at, timeline, block);
    for (std::size_t i = 0; i < kAudioBlock; ++i) out.push_back(block[i * 2]);
  }
  // 100 ms of silence, then packet 0, 1, …
  EXPECT_EQ(out[4000], 0);
  for (const int i : {0, 1, 6, 8, 18}) EXPECT_NEAR(out[static_cast<std::size_t>(4800 + i * 960 + 480)], i + 0.5f, 0.01) << i;
  EXPECT_EQ(d.recovered, 1);
  EXPECT_EQ(out[4800 + 7 * 960 + 480], -1);
  EXPECT_EQ(lane.concealed_samples(), 960u);
  EXPECT_EQ(out[4800 + 21 * 960], 0);
}

TEST(FrameGrid, ThirtyFramesStayThirtyWhateverThePhaseAndJitter) {
  SeededRandom random(2);
  for (int phase = 0; phase < 33; phase += 4) {
    FrameGrid grid(30);
    std::map<std::int64_t, int> ticks;
    for (int i = 0; i < 300; ++i) {
      const auto jitter = static_cast<std::int64_t>(random.below(9000)) - 4500;
      const std::int64_t time = 1'000'000 + phase * 1000 + i * 1'000'000ll / 30 + jitter;
      const std::int64_t tick = grid.place(time);
      ++ticks[tick];
      EXPECT_LE(std::abs(tick * 33'333.3 - static_cast<double>(time)), 34'000);
    }
    int doubled = 0;
    for (const auto& [tick, count] : ticks) doubled += count - 1;
    EXPECT_LE(doubled, 3) << phase;
  }
}

TEST(Layout, TilesNeverOverlapAndStayInside) {
  for (const bool title : {false, true}) {
    for (const bool content : {false, true}) {
      for (std::size_t people = 0; people <= 12; ++people) {
        const LayoutResult r = arrange({1920, 1080, title}, LayoutKind::automatic, people, content);
        std::vector<Box> all = r.cameras;
        if (content) all.push_back(r.content);
        if (title) all.push_back(r.title);
        EXPECT_EQ(r.cameras.size(), std::min<std::size_t>(people, content ? 5 : 9));
        for (std::size_t i = 0; i < all.size(); ++i) {
          const Box& a = all[i];
          EXPECT_TRUE(a.x >= 0 && a.y >= 0 && a.width > 0 && a.height > 0 && a.x + a.width <= 1920 && a.y + a.height <= 1080);
          EXPECT_TRUE(a.x % 2 == 0 && a.y % 2 == 0 && a.width % 2 == 0 && a.height % 2 == 0);
          for (std::size_t k = i + 1; k < all.size(); ++k) {
            const Box& b = all[k];
            EXPECT_FALSE(a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height);
          }
        }
      }
    }
  }
  EXPECT_EQ(arrange({1920, 1080, false}, LayoutKind::automatic, 1, false).cameras[0], (Box{0, 0, 1920, 1080}));
  EXPECT_EQ(arrange({1920, 1080, false}, LayoutKind::automatic, 2, false).cameras[1], (Box{960, 0, 960, 1080}));
  EXPECT_EQ(arrange({1920, 1080, false}, LayoutKind::automatic, 2, true).content, (Box{0, 0, 1536, 1080}));
}

TEST(Index, FillsItsPlaceExactlyForAnyNumberOfFragments) {
  for (const std::size_t count : {std::size_t{1}, std::size_t{30}, std::size_t{2700}, std::size_t{20'000}}) {
    const std::vector<IndexEntry> fragments(count, {100'000, 60});
    const ByteVector box = index_box(1, 30, 0, fragments);
    ASSERT_EQ(box.size(), kIndexReserve);
    Reader in{Bytes(box)};
    const std::uint32_t size = in.u32();
    EXPECT_EQ(as_text(in.bytes(4)), "sidx");
    in.skip(4 + 4 + 4 + 8);
    EXPECT_EQ(in.u64(), kIndexReserve - size);
    in.u16();
    std::uint64_t duration = 0, bytes = 0;
    for (std::uint16_t i = in.u16(); i > 0; --i) {
      bytes += in.u32() & 0x7fffffff;
      duration += in.u32();
      in.u32();
    }
    EXPECT_EQ(in.position(), size);
    EXPECT_EQ(duration, count * 60);
    EXPECT_EQ(bytes, count * 100'000);
    EXPECT_EQ(in.u32(), kIndexReserve - size);
    EXPECT_EQ(as_text(in.bytes(4)), "free");
  }
  EXPECT_EQ(reserved_box().size(), kIndexReserve);
}

}  // namespace
}  // namespace upcall::compose
