// Data messages: to all others, to those who come later, and no faster than is documented.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "room_bench.hpp"
#include "signaling/data_messages.hpp"

namespace upcall::signaling {
namespace {

using F = wire::SignalFrame;

F message(const std::string& topic, const std::string& data, std::uint32_t lifetime_ms = 0) {
  F frame;
  frame.set_type(F::DATA_MESSAGE);
  auto* payload = frame.mutable_data_message()->add_messages();
  payload->set_topic(topic);
  payload->set_data(data);
  if (lifetime_ms != 0) payload->set_lifetime_ms(lifetime_ms);
  return frame;
}

std::vector<std::string> heard(const std::vector<F>& frames) {
  std::vector<std::string> out;
  for (const F& f : frames) {
    for (const auto& m : f.data_message().messages()) out.push_back(m.topic() + " " + m.data() + " " + m.sender_external_user_id() + (m.ingest_time_ns() == 0 ? " throttled" : ""));
  }
  return out;
}

TEST(DataMessage, GoesToEverybodyButItsSender) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", false), b = bench.enter("b", false), c = bench.enter("c", false);
  for (const SessionNo s : {a, b, c}) (void)bench.take(s);
  bench.feed(a, message("chat", "hello"));
  EXPECT_TRUE(heard(bench.take(a)).empty());
  const auto frames = bench.take(b);
  ASSERT_EQ(heard(frames).size(), 1u);
  const auto& m = frames[0].data_message().messages(0);
  EXPECT_EQ(m.topic(), "chat");
  EXPECT_EQ(m.data(), "hello");
  EXPECT_EQ(m.sender_attendee_id(), "a");
  EXPECT_GT(m.ingest_time_ns(), 0);
  EXPECT_EQ(heard(bench.take(c)).size(), 1u);
}

TEST(DataMessage, WhatLivesIsReplayedToWhoComesLaterAndOnceToWhoComesBack) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", false), b = bench.enter("b", false);
  bench.feed(a, message("t", "kept", 60'000));
  bench.feed(a, message("t", "gone"));
  bench.feed(a, message("t", "short", 1'000));
  bench.run_for(Duration::s(2));
  EXPECT_THAT(heard(bench.take(bench.enter("late", false))), testing::ElementsAre(testing::StartsWith("t kept")));
  EXPECT_EQ(heard(bench.take(b)).size(), 3u);
  bench.close(b);  // abruptly
  bench.feed(a, message("t", "while away", 60'000));
  const SessionNo again = bench.open("b");
  bench.join(again);
  EXPECT_THAT(heard(bench.take(again)), testing::ElementsAre(testing::StartsWith("t while away"))) << "not what it had";
  bench.run_for(Duration::s(60));
  EXPECT_THAT(heard(bench.take(bench.enter("last", false))), testing::IsEmpty());
}

TEST(DataMessage, BadOnesGoNowhereAndFastOnesComeBack) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", false), b = bench.enter("b", false);
  (void)bench.take(b);
  for (const char* topic : {"", "two words", "ünlaut", "0123456789012345678901234567890123456"}) bench.feed(a, message(topic, "x"));
  bench.feed(a, message("t", std::string(2049, 'x')));
  EXPECT_TRUE(heard(bench.take(b)).empty());
  EXPECT_EQ(bench.room->malformed_messages(), 5u);
  (void)bench.take(a);
  for (int i = 0; i < 210; ++i) bench.feed(a, message("t", std::to_string(i)));
  EXPECT_EQ(heard(bench.take(b)).size(), 200u) << "the burst of the meeting";
  const auto back = heard(bench.take(a));
  ASSERT_EQ(back.size(), 10u);
  EXPECT_THAT(back.front(), testing::EndsWith("throttled"));
  bench.run_for(Duration::s(1));
  bench.feed(a, message("t", "again"));
  EXPECT_EQ(heard(bench.take(b)).size(), 1u);
}

TEST(DataMessage, AFloodIsHungUpAndHarmsNobody) {
  RoomBench bench;
  const SessionNo a = bench.enter("a", false), b = bench.enter("b", false);
  for (int i = 0; i < 2100; ++i) bench.feed(a, message("t", "x"));
  std::uint16_t code = 0;
  for (const auto& c : bench.out.closes) {
    if (c.session == a) code = c.code;
    EXPECT_NE(c.session, b);
  }
  EXPECT_EQ(code, 4429);
  const auto frames = bench.take(a);
  EXPECT_EQ(frames.back().type(), F::AUDIO_STATUS) << "only then the client stops";
  EXPECT_EQ(frames.back().audio_status().audio_status(), 429u);
}

TEST(DataMessages, KeepsTheNewestThousandForFiveMinutesAtMost) {
  DataMessages messages;
  Now now{Instant::from_ms(1000), WallTime::from_unix_ms(1'700'000'000'000)};
  for (int i = 0; i < 1100; ++i) {
    DataMessage m{.topic = "t", .data = "x", .lifetime_ms = 900'000, .sender_attendee_id = std::to_string(i)};
    ASSERT_EQ(messages.take(now, m), DataVerdict::deliver);
    EXPECT_EQ(m.lifetime_ms, 300'000u);
    now.mono = now.mono + Duration::ms(10);
  }
  EXPECT_EQ(messages.kept(), DataMessages::kKeptMax);
  std::uint64_t first = 0;
  messages.for_each_kept(now.mono, 0, [&](const DataMessage& m) { first = first == 0 ? m.number : first; });
  EXPECT_EQ(first, 1100 - DataMessages::kKeptMax + 1);
  messages.for_each_kept(now.mono + Duration::s(301), 0, [&](const DataMessage&) { ADD_FAILURE() << "it has expired"; });
  EXPECT_EQ(messages.kept(), 0u);
}

}  // namespace
}  // namespace upcall::signaling
