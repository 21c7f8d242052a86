// How long the server itself lets people wait when they join: measured in real processes, told to whoever asks.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

// The value of a sample of /metrics.
double sample(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(JoinTimes, EveryStepOfAJoinIsMeasuredAndTold) {
  World world;
  Call call = world.begin_call();
  const bj::object seen = world.admin("meeting.show", {{"meeting", call.meeting}}).as_object();
  const bj::array& connections = *json::array_at(seen, "connections");
  ASSERT_EQ(connections.size(), 2u);
  for (const bj::value& value : connections) {
    const bj::object& connection = value.as_object();
    EXPECT_EQ(json::text_or(connection, "signalStrength"), "good");
    EXPECT_TRUE(connection.contains("lossUpPercent"));
    EXPECT_TRUE(connection.contains("lossDownPercent"));
    const bj::object* join = json::object_at(connection, "join");
    ASSERT_NE(join, nullptr) << bj::serialize(seen);
    std::printf("join: %s\n", bj::serialize(*join).c_str());
    EXPECT_NEAR(number_at(*join, "socketOpenUnixMs"), static_cast<double>(system_now().wall.unix_ms()), 60'000);
    double before = 0;
    for (const char* moment : {"joinInMs", "joinAckOutMs", "subscribeInMs", "subscribeAckOutMs", "connectedMs", "keyFrameWantedMs", "keyFrameAskedMs", "firstVideoOutMs"}) {
      ASSERT_TRUE(join->contains(moment)) << moment << " " << bj::serialize(*join);
      EXPECT_GE(number_at(*join, moment), before) << moment;
      before = number_at(*join, moment);
    }
    EXPECT_GT(number_at(*join, "serverMs"), 0);
    EXPECT_LE(number_at(*join, "serverMs") + number_at(*join, "publisherMs"), number_at(*join, "firstVideoOutMs"));
    EXPECT_GE(number_at(*join, "videoSubscribeAckOutMs"), number_at(*join, "videoSubscribeInMs"));
  }
  net::HttpClient http;
  const std::string text = world.need(http.get(world.url() + "/metrics"), "metrics").body;
  for (const char* name : {"upcall_join_server_ms", "upcall_join_publisher_ms", "upcall_join_to_first_key_frame_ms"}) {
    EXPECT_EQ(sample(text, std::string(name) + "_count"), 2) << name;
  }
  for (const char* step : {"join", "subscribe", "key_frame_request"}) {
    EXPECT_EQ(sample(text, "upcall_join_step_ms_count{step=\"" + std::string(step) + "\"}"), 2) << step;
  }
  EXPECT_GT(sample(text, "upcall_join_to_first_key_frame_ms_sum"), sample(text, "upcall_join_server_ms_sum"));
}

}  // namespace
}  // namespace upcall::story
