// The server's share of a join: what is counted, what is left to the client and to the publisher.
#include <gtest/gtest.h>

#include "service/meetings/join_log.hpp"

namespace upcall::service {
namespace {

Instant at(std::int64_t ms) { return Instant::from_ms(1'000'000 + ms); }

// As the vendor's client joins: video is asked for by a second SUBSCRIBE, once it is connected.
JoinTimes a_join() {
  JoinTimes t;
  t.socket_open = {at(0), WallTime::from_unix_ms(1'800'000'000'000)};
  t.join_in = at(30);
  t.join_ack_out = at(31);
  t.subscribe_in = at(200);
  t.subscribe_ack_out = at(204);
  t.connected = at(260);
  t.video_subscribe_in = at(300);
  t.video_subscribe_ack_out = at(302);
  t.key_frame_wanted = at(303);
  t.key_frame_asked = at(310);
  t.first_video_out = at(370);
  return t;
}

TEST(JoinTimes, SumsTheServersOwnStepsOnly) {
  const JoinTimes t = a_join();
  EXPECT_EQ(t.join_step()->ms(), 1);
  EXPECT_EQ(t.subscribe_step()->ms(), 4);
  EXPECT_EQ(t.key_frame_request_step()->ms(), 8);
  EXPECT_EQ(t.server()->ms(), 1 + 4 + 2 + 8);
  EXPECT_EQ(t.publisher()->ms(), 60);
  EXPECT_EQ(t.to_first_key_frame()->ms(), 370);
}

TEST(JoinTimes, OneSubscribeForAllIsCountedOnceAndTheTransportIsNotOurs) {
  JoinTimes t = a_join();
  t.video_subscribe_in = t.subscribe_in;
  t.video_subscribe_ack_out = t.subscribe_ack_out;
  t.key_frame_wanted = t.connected;
  t.key_frame_asked = at(261);
  EXPECT_EQ(t.key_frame_request_step()->ms(), 1) << "from connected on";
  EXPECT_EQ(t.server()->ms(), 1 + 4 + 1);
  // The worker may have asked before the acknowledgement was handed to the socket.
  t = a_join();
  t.key_frame_asked = at(301);
  EXPECT_EQ(t.server()->ms(), 1 + 4 + 2);
}

TEST(JoinTimes, SayNothingBeforeItIsOver) {
  for (auto missing : {&JoinTimes::join_in, &JoinTimes::subscribe_ack_out, &JoinTimes::connected, &JoinTimes::video_subscribe_ack_out,
                       &JoinTimes::key_frame_asked, &JoinTimes::first_video_out}) {
    JoinTimes t = a_join();
    (t.*missing).reset();
    EXPECT_FALSE(t.server());
  }
  JoinTimes t = a_join();
  t.first_video_out.reset();
  EXPECT_FALSE(t.to_first_key_frame());
  EXPECT_TRUE(t.join_step());
}

TEST(JoinLog, GathersAJoinMeasuresItOnceAndForgetsWhoIsGone) {
  metrics::Registry registry;
  JoinMetrics metrics(&registry);
  JoinLog log;
  const wire::ConnectionNo first{1}, second{2};
  const auto answered = [&](wire::ConnectionNo connection, bool subscribe, bool video, std::int64_t in_ms, std::vector<wire::ConnectionNo> live) {
    log.on_answered({signaling::SessionNo{1}, connection, subscribe, video}, {at(0), {}}, at(in_ms), at(in_ms + 2), live, metrics);
  };
  answered(first, false, false, 10, {first});
  answered(first, true, false, 100, {first});
  answered(first, true, true, 200, {first});
  answered(first, true, true, 900, {first});   // another camera came on: no step of the join
  log.on_media(wire::SfuConnected{first, 0, 0, at(150)}, metrics);
  log.on_media(wire::SfuFirstVideo{first, at(203), at(204), at(260)}, metrics);
  const JoinTimes& times = log.joins().at(first);
  EXPECT_EQ(times.subscribe_in, at(100));
  EXPECT_EQ(times.video_subscribe_in, at(200));
  EXPECT_EQ(times.server()->ms(), 2 + 2 + 2 + 2);
  const std::string text = registry.text();
  for (const char* line : {"upcall_join_server_ms_sum 8\n", "upcall_join_server_ms_count 1\n", "upcall_join_publisher_ms_sum 56\n",
                           "upcall_join_to_first_key_frame_ms_sum 260\n", "upcall_join_step_ms_count{step=\"subscribe\"} 1\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
  // Events of a connection that is not known (it joined before a restart of this log) are nothing.
  log.on_media(wire::SfuFirstVideo{second, at(1), at(1), at(1)}, metrics);
  answered(second, true, true, 1, {second});
  answered(second, false, false, 1, {second});
  EXPECT_EQ(log.joins().size(), 1u);
  JoinMetrics nowhere(nullptr);
  nowhere.whole(a_join());
}

}  // namespace
}  // namespace upcall::service
