// Audio of the meeting core over live transports: one stream to each listener, whoever feeds it and however badly.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/live_peers.hpp"

namespace upcall::sim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::uint32_t> mixed_sources(Bytes payload) {
  const auto heard = read_audio_packet(payload);
  return heard ? heard->mixed : std::vector<std::uint32_t>{};
}

struct LiveAudio : testing::Test {
  void TearDown() override { EXPECT_THAT(live.breaches(), IsEmpty()); }
  void speak(LivePeer& peer, std::uint16_t sequence, std::uint32_t timestamp, std::uint8_t minus_dbov = 20) {
    PlainRtp packet;
    packet.sequence = sequence;
    packet.timestamp = timestamp;
    packet.audio_level = minus_dbov;
    packet.payload = ByteVector(40, 'o');
    live.send_audio(peer, packet);
  }
  std::uint16_t n = 0;
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  LivePeer& listener = live.join(1, "listener");
};

TEST_F(LiveAudio, OneWhoLeapsInItsNumbersLocksNobodyOutOfTheSharedStream) {
  speak(a, 100, 0);
  const PlainRtp first = listener.rtp.back();
  std::uint16_t sequence = 100;
  for (int i = 0; i < 50; ++i) {
    live.advance(Duration::ms(20));
    sequence = static_cast<std::uint16_t>(sequence + 32'000);
    speak(a, sequence, static_cast<std::uint32_t>(i) * 123'456'789u);
  }
  ASSERT_THAT(listener.rtp, SizeIs(51));
  for (std::size_t i = 1; i < listener.rtp.size(); ++i) {
    EXPECT_EQ(listener.rtp[i].sequence, static_cast<std::uint16_t>(first.sequence + i));
    EXPECT_EQ(listener.rtp[i].timestamp - listener.rtp[i - 1].timestamp, 960u);
  }
  // The next one is heard under the next numbers, also by a listener whose network lost all of the above.
  live.advance(Duration::s(1));
  speak(b, 5, 77);
  EXPECT_EQ(listener.rtp.back().sequence, static_cast<std::uint16_t>(first.sequence + 51));
}

TEST_F(LiveAudio, LossOfTheSenderStaysVisibleAsLoss) {
  speak(a, 65'530, 0);
  const PlainRtp first = listener.rtp.back();
  for (const int step : {1, 4, 9, 12, 40}) {
    live.advance(Duration::ms(20 * step));
    speak(a, static_cast<std::uint16_t>(65'530 + step), static_cast<std::uint32_t>(960 * step));
    EXPECT_EQ(listener.rtp.back().sequence, static_cast<std::uint16_t>(first.sequence + step));
    EXPECT_EQ(listener.rtp.back().timestamp, first.timestamp + static_cast<std::uint32_t>(960 * step));
  }
}

TEST_F(LiveAudio, ASenderReportGoesToWhoHearsThatSenderOnly) {
  speak(a, 100, 5000);
  const std::uint32_t offset = listener.rtp.back().timestamp - 5000;
  std::uint8_t buffer[64];
  for (LivePeer* from : {&a, &b}) {
    Writer w(buffer);
    rtc::write_sender_report(w, {.ssrc = from->session.audio->receive_ssrc, .ntp = std::uint64_t(7) << 32, .timestamp = 9000,
                                 .packets = 1, .octets = 1, .report_blocks = {}}, {});
    live.send_rtcp(*from, w.written());
  }
  const auto reports = listener.items<rtc::SenderReport>();
  ASSERT_THAT(reports, SizeIs(1));
  EXPECT_EQ(reports[0].ssrc, listener.session.audio->send_ssrc);
  EXPECT_EQ(reports[0].timestamp, 9000 + offset);
  EXPECT_THAT(a.items<rtc::SenderReport>(), IsEmpty());
}

// Two speak and twenty listen, who all send their silence.
TEST_F(LiveAudio, ACrowdHearsTheMixAndItsOwnSilenceIsNeitherDecodedNorSent) {
  std::vector<LivePeer*> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(&live.join(1, "silent" + std::to_string(i)));
  const auto second = [&](bool b_speaks) {
    for (LivePeer& peer : live.peers()) peer.rtp.clear();
    for (int i = 0; i < 50; ++i) {
      ++n;
      for (LivePeer& peer : live.peers()) speak(peer, n, n * 960u, &peer == &a || (b_speaks && &peer == &b) ? 20 : 127);
      live.advance(Duration::ms(20));
    }
  };
  second(true);
  second(true);
  const std::uint64_t decoded = live.mixers().pushes();
  second(true);
  EXPECT_EQ(live.mixers().pushes() - decoded, 100u) << "the two who speak";
  for (const LivePeer* silent : crowd) {
    EXPECT_NEAR(static_cast<double>(silent->rtp.size()), 50, 1);
    EXPECT_THAT(mixed_sources(silent->rtp.back().payload), ElementsAre(a.no.value, b.no.value));
  }
  EXPECT_THAT(a.rtp, SizeIs(50)) << "hears the other one";
  EXPECT_THAT(b.rtp, SizeIs(50));
  // One falls silent: the other is forwarded, and hears whoever of the silent it hears, one stream's worth.
  second(false);
  second(false);
  for (const LivePeer* silent : crowd) {
    EXPECT_THAT(silent->rtp, SizeIs(50));
    EXPECT_EQ(silent->rtp.back().payload, ByteVector(40, 'o'));
  }
  EXPECT_THAT(b.rtp, SizeIs(50));
  EXPECT_THAT(a.rtp, SizeIs(50));
  // Long after, its decoder rests, and it is heard all the same when it begins again.
  for (int i = 0; i < 5; ++i) second(false);
  second(true);
  EXPECT_THAT(mixed_sources(crowd.front()->rtp.back().payload), ElementsAre(a.no.value, b.no.value));
}

TEST_F(LiveAudio, TwoMeetingsOfOneWorkerHearNothingOfEachOther) {
  LivePeer& next_door = live.join(2, "a");
  LivePeer& alone = live.join(2, "b");
  speak(a, 1, 0);
  EXPECT_THAT(alone.rtp, IsEmpty());
  speak(next_door, 1, 0);
  EXPECT_THAT(alone.rtp, SizeIs(1));
  EXPECT_THAT(listener.rtp, SizeIs(1));
}

}  // namespace
}  // namespace upcall::sim
