// A customer's socket that sends far more than a client would: what reaches the others and the media worker stays small, the
// sender is closed with a code that lets it come back, and nobody else notices.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"
#include "signaling/answer.hpp"
#include "signaling/data_messages.hpp"
#include "signaling/session_limits.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;
using testing::IsEmpty;
using testing::SizeIs;

struct Flood : testing::Test {
  RoomBench bench;
  SessionNo camera = bench.enter("camera", true);
  SessionNo attacker = bench.enter("attacker");

  void SetUp() override { forget(); }
  void forget() {
    bench.out.sends.clear();
    bench.take_commands();
  }
  std::uint32_t stream() {
    for (const F& frame : frames_of_index) {
      if (frame.index().sources_size() > 0) return frame.index().sources(0).stream_id();
    }
    return 0;
  }
  // `per_second` of them for so long or until the socket is closed; how long it lived.
  Duration flood(int per_second, Duration limit, const std::function<F(int)>& frame) {
    const Instant begin = bench.now.mono;
    for (int i = 0; bench.now.mono - begin < limit; ++i) {
      if (closed_with(attacker)) break;
      bench.feed(attacker, frame(i));
      bench.run_for(Duration::us(1'000'000 / per_second));
    }
    return bench.now.mono - begin;
  }
  std::optional<std::uint16_t> closed_with(SessionNo session) {
    for (const auto& close : bench.out.closes) {
      if (close.session == session) return close.code;
    }
    return std::nullopt;
  }
  static F audio_control(bool muted) {
    F frame;
    frame.set_type(F::AUDIO_CONTROL);
    frame.mutable_audio_control()->set_muted(muted);
    return frame;
  }
  std::vector<F> frames_of_index = bench.take(camera);
};

TEST_F(Flood, MuteAndUnmuteAThousandTimesASecondIsToldToOthersAFewTimes) {
  const Duration lived = flood(1000, Duration::s(10), [](int i) { return audio_control(i % 2 == 0); });
  EXPECT_LE(lived, Duration::s(1));
  EXPECT_EQ(closed_with(attacker), 4503);
  EXPECT_LE(bench.take(camera).size(), 20u);
  EXPECT_LE(bench.take_commands().size(), 25u);
  EXPECT_FALSE(closed_with(camera));
}

TEST_F(Flood, TheLastWordAboutAMuteIsHeardWhenThereWereTooMany) {
  for (int i = 0; i < 31; ++i) bench.feed(attacker, audio_control(i % 2 == 0));
  bench.run_for(Duration::s(1));
  const auto told = bench.take(camera);
  ASSERT_FALSE(told.empty());
  EXPECT_LE(told.size(), 12u);
  EXPECT_TRUE(told.back().audio_stream_id_info().streams(0).muted());
  EXPECT_FALSE(closed_with(attacker));
  // A person with a nervous finger is told at once again.
  bench.run_for(Duration::s(3));
  bench.feed(attacker, audio_control(false));
  EXPECT_THAT(bench.take(camera), SizeIs(1));
}

TEST_F(Flood, SubscribingAHundredTimesASecondEndsSoon) {
  const std::string offer = captured("audio-only/01-offer.sdp");
  const Duration lived = flood(100, Duration::s(10), [&](int i) {
    F frame;
    frame.set_type(F::SUBSCRIBE);
    frame.mutable_sub()->set_duplex(i % 2 == 0 ? signal::DUPLEX : signal::RX);
    frame.mutable_sub()->set_sdp_offer(offer);
    return frame;
  });
  EXPECT_LE(lived, Duration::s(1));
  EXPECT_EQ(closed_with(attacker), 4503);
  EXPECT_LE(bench.take_commands().size(), 100u);
  EXPECT_FALSE(closed_with(camera));
}

// 327 000 numbers fit into a message of 320 KiB.
TEST_F(Flood, AFrameWithAHundredThousandStreamsIsNoHundredThousandCommands) {
  for (const F::Type type : {F::PAUSE, F::RESUME}) {
    F frame;
    frame.set_type(type);
    for (std::uint32_t i = 0; i < 100'000; ++i) frame.mutable_pause()->add_stream_ids(i % 100);
    bench.feed(attacker, frame);
    EXPECT_THAT(bench.take_commands(), SizeIs(testing::Le(2u)));
  }
  EXPECT_EQ(closed_with(attacker), 4503);
}

TEST_F(Flood, OnlyStreamsThatOneReceivesCanBePaused) {
  bench.subscribe(attacker, captured("remote/03-offer.sdp"), {0, stream()});
  bench.take_commands();
  F frame;
  frame.set_type(F::PAUSE);
  for (std::uint32_t i = 0; i < 200; ++i) frame.mutable_pause()->add_stream_ids(i % 100);
  bench.feed(attacker, frame);
  EXPECT_THAT(bench.take_commands(), SizeIs(testing::Le(1u)));
}

TEST_F(Flood, PingsAThousandTimesASecondEndSoon) {
  const Duration lived = flood(1000, Duration::s(5), [](int i) {
    F ping;
    ping.set_type(F::PING_PONG);
    ping.mutable_ping_pong()->set_type(signal::PING);
    ping.mutable_ping_pong()->set_ping_id(static_cast<std::uint32_t>(i));
    return ping;
  });
  EXPECT_LE(lived, Duration::s(1));
  EXPECT_EQ(closed_with(attacker), 4503);
}

TEST_F(Flood, SocketsOfOneTokenThatNeverJoinLeaveRoomForOthers) {
  std::size_t refused = 0;
  for (int i = 0; i < 600; ++i) {
    const SessionNo idle = bench.open("attacker");
    if (!closed_with(idle)) continue;
    ++refused;
    bench.close(idle);
  }
  EXPECT_GE(refused, 590u);
  EXPECT_EQ(bench.room->floods(), refused) << "each is counted";
  const SessionNo other = bench.open("other");
  EXPECT_FALSE(closed_with(other));
  bench.join(other, 5);
  EXPECT_FALSE(bench.take(other).empty());
}

// What one who joins late gets at once: a roster of 250, 25 cameras, and every data message that is kept. The queue of a
// socket has to hold it (net::HttpServerOptions::max_queued_bytes), and hardly more.
TEST(Burst, WhoJoinsTheFullestMeetingIsSentLessThanASocketsQueue) {
  RoomBench bench({}, 600);
  const SessionNo talker = bench.enter("talker");
  for (int i = 0; i < 248; ++i) {
    bench.enter("somebody-with-an-id-of-36-characters-" + std::to_string(i), i < 25);
    bench.out.sends.clear();
  }
  F frame;
  frame.set_type(F::DATA_MESSAGE);
  for (int i = 0; i < 10; ++i) {
    auto* one = frame.mutable_data_message()->add_messages();
    one->set_topic(std::string(DataMessages::kTopicMax, 't'));
    one->set_data(std::string(DataMessages::kDataMax, 'd'));
    one->set_lifetime_ms(300'000);
  }
  for (int i = 0; i < 110; ++i) {
    bench.feed(talker, frame);
    bench.run_for(Duration::ms(110));
    bench.out.sends.clear();
  }
  const SessionNo late = bench.enter("late");
  std::size_t bytes = 0, messages = 0;
  for (const auto& send : bench.out.sends) {
    if (send.session != late) continue;
    bytes += send.message.size();
    ++messages;
  }
  std::printf("a late one is sent %zu bytes in %zu messages\n", bytes, messages);
  EXPECT_GT(bytes, 2000u << 10);
  EXPECT_LT(bytes, 2560u << 10);
  EXPECT_LT(messages, 2048u);
}

// ---- what one offer may ask for ----

std::string offer_of(int receive_sections) {
  const std::string head =
      "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
      "a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n"
      "a=setup:actpass\r\n";
  std::string out = head;
  for (int i = 0; i < receive_sections; ++i) {
    out += "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:" + std::to_string(i) + "\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";
  }
  return out;
}

struct Sections : testing::Test {
  AnswerInput input;
  std::uint32_t next = 1;
  Sections() {
    input.transport = {.ice_ufrag = "u", .ice_pwd = "p", .fingerprint = "AA", .setup = "passive", .ice_lite = true, .candidates = {}};
    input.is_published = [](std::uint32_t) { return true; };
    input.ssrcs_for = [this](const std::string&, std::uint32_t) {
      const std::uint32_t ssrc = next++;
      return std::pair(ssrc, next++);
    };
  }
};

TEST_F(Sections, NoMoreVideosAreReceivedThanWasAnnounced) {
  for (std::uint32_t i = 0; i < 63; ++i) input.receive_stream_ids.push_back(100 + i);
  const auto answer = build_answer(offer_of(63), input);
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->session.receives, SizeIs(input.receives_max));
  EXPECT_EQ(input.receives_max, 25u);
}

TEST_F(Sections, OneStreamIsReceivedInOneSection) {
  input.receive_stream_ids.assign(20, 7);
  const auto answer = build_answer(offer_of(20), input);
  ASSERT_TRUE(answer);
  EXPECT_THAT(answer->session.receives, SizeIs(1));
}

// A section that is refused repeats one of its formats, which may have no name: payload type 0 is PCMU by itself.
TEST_F(Sections, ARefusedSectionWithAStaticPayloadTypeIsAnsweredInValidSdp) {
  const auto answer = build_answer(offer_of(1) + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:a\r\na=recvonly\r\n", input);
  ASSERT_TRUE(answer);
  const auto back = rtc::parse_sdp(answer->sdp);
  ASSERT_TRUE(back) << answer->sdp;
  EXPECT_EQ(back->media.at(1).port, 0);
}

}  // namespace
}  // namespace upcall::signaling
