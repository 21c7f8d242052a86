// A flood of media that is none, from the very address of a connected attendee: what anybody may send who writes that address
// on his packets. No count of errors ends a call; listeners and recording get what they would have got without it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::IsEmpty;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kJunkEach = 500;
#else
constexpr int kJunkEach = 5000;
#endif
constexpr int kRealPackets = 200;   // together a million

struct Call {
  Call() {
    live.publish(a);
    live.watch(b, a);
    wire::SfuOpenTap open;
    open.meeting = wire::MeetingNo{1};
    open.tap = wire::TapNo{1};
    open.ring = ring;
    open.recording_id = "r";
    open.started = live.now();
    live.command(open);
    b.rtp.clear();
  }
  void real_packet(int i) {
    PlainRtp sound{.payload_type = 0, .marker = false, .sequence = static_cast<std::uint16_t>(i), .timestamp = 960u * static_cast<std::uint32_t>(i),
                   .ssrc = 0, .rotation = {}, .audio_level = std::uint8_t(20), .transport_sequence = {}, .mid = {},
                   .payload = ByteVector(60, static_cast<std::uint8_t>(i))};
    live.send_audio(a, sound);
    if (i % 10 != 0) return;
    PlainRtp picture;
    picture.marker = true;
    picture.sequence = static_cast<std::uint16_t>(i);
    picture.timestamp = 1800u * static_cast<std::uint32_t>(i);
    picture.payload = {0x90, 0xe0, 0x80, static_cast<std::uint8_t>(i), 1, 0x20, static_cast<std::uint8_t>(i == 0 ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
    live.send_video(a, picture);
  }
  std::vector<ByteVector> records() {
    std::vector<ByteVector> out;
    ByteVector record;
    while (ring->pop(record)) out.push_back(record);
    return out;
  }
  std::vector<std::pair<std::uint32_t, ByteVector>> heard() const {
    std::vector<std::pair<std::uint32_t, ByteVector>> out;
    for (const PlainRtp& rtp : b.rtp) out.emplace_back(rtp.timestamp, rtp.payload);
    return out;
  }

  LivePeers live{7};
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  std::shared_ptr<ByteRing> ring = std::make_shared<ByteRing>(1 << 20);
};

// One of each kind in turn: no tag that holds, under the streams' own numbers and under others; a packet that was taken
// already; one sealed with another key; control packets; scraps.
class Junk {
 public:
  explicit Junk(const LivePeer& a) : a_(a) {
    srtp::MasterKey key;
    key.profile = srtp::Profile::aead_aes_128_gcm;
    key.key.value.fill(0x77);
    other_.emplace(key, srtp::Direction::protect);
  }
  ByteVector next(std::uint32_t ssrc_of_sound, std::uint32_t ssrc_of_picture) {
    const int kind = number_++ % 6;
    if (kind == 0) return a_.last_sent;
    if (kind == 1) return ByteVector(1 + random_.below(11), 0x80);
    ByteVector out(40 + random_.below(900), 0);
    random_.fill(out);
    out[0] = kind == 2 ? static_cast<std::uint8_t>(0x80 | random_.below(64)) : 0x80;
    out[1] = kind == 3 ? 200 : random_.below(2) != 0 ? LivePeers::kOpus : LivePeers::kVp8;
    const std::uint32_t ssrc = kind == 4 ? random_.u32() : random_.below(2) != 0 ? ssrc_of_sound : ssrc_of_picture;
    for (int i = 0; i < 4; ++i) out[8 + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ssrc >> (24 - 8 * i));
    if (kind == 5) {
      const std::size_t plain = out.size();
      out.resize(plain + srtp::kMaxExpansion);
      if (const auto size = other_->protect_rtp(out, plain)) out.resize(*size);
    }
    return out;
  }

 private:
  const LivePeer& a_;
  std::optional<srtp::SrtpSession> other_;
  SeededRandom random_{99};
  unsigned number_ = 0;
};

TEST(JunkMedia, AMillionPacketsChangeNothingForListenersAndRecording) {
  Call clean, flooded;
  Junk junk(flooded.a);
  const std::uint32_t sound = flooded.a.session.audio->receive_ssrc, picture = flooded.a.session.camera->ssrc;
  for (int i = 0; i < kRealPackets; ++i) {
    for (Call* call : {&clean, &flooded}) {
      call->live.advance(Duration::ms(20));
      call->real_packet(i);
    }
    for (int j = 0; j < kJunkEach; ++j) flooded.live.send_from(flooded.a.path, junk.next(sound, picture));
  }
  for (Call* call : {&clean, &flooded}) {
    for (const auto& event : call->live.events()) {
      EXPECT_FALSE(std::holds_alternative<wire::SfuFailed>(event));
      EXPECT_FALSE(std::holds_alternative<wire::SfuDropped>(event));
    }
    EXPECT_THAT(call->live.breaches(), IsEmpty());
  }
  EXPECT_GE(clean.heard().size(), static_cast<std::size_t>(kRealPackets));
  EXPECT_EQ(flooded.heard(), clean.heard());
  const auto recorded = clean.records();
  EXPECT_GE(recorded.size(), static_cast<std::size_t>(kRealPackets));
  EXPECT_EQ(flooded.records(), recorded);
  // The table of streams is not full of those that never were: a camera that begins anew is taken.
  flooded.live.publish(flooded.a, true);
  flooded.b.rtp.clear();
  PlainRtp first;
  first.marker = true;
  first.payload = {0x90, 0xe0, 0x80, 1, 1, 0x20, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1, 'x'};
  flooded.live.send_video(flooded.a, first);
  EXPECT_EQ(flooded.b.rtp.size(), 1u);
}

}  // namespace
}  // namespace upcall::sim
