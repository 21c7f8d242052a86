// Starts and stops that cross each other, and ends that nobody asked for.
#include <array>
#include <future>

#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

bool finished(const bj::object& e) { return json::text_at(e, "status") == "stored" || json::text_at(e, "status") == "failed"; }

// A client of its own: ApiClient is for one thread.
demo::ApiClient same_agent(World& world) {
  demo::ApiClient out = world.client();
  out.set_bearer(world.agent().token());
  return out;
}

int call_recording(demo::ApiClient& client, const char* method, const std::string& meeting) {
  const bj::object body{{"externalMeetingId", meeting}};
  const auto answer = client.call(method, "/api/recording/recording", &body);
  return answer ? answer->status : -1;
}

// acceptance: 49
TEST(StartStop, StopDuringStart) {
  World world;
  Call call = world.begin_call();
  // At once after the start; then in parallel with it, which may come before, between or after.
  ASSERT_EQ(world.start_recording(call), 200);
  ASSERT_EQ(world.stop_recording(call), 200);
  EXPECT_EQ(world.stop_recording(call), 409);
  EXPECT_EQ(json::text_or(world.wait_recording(call, finished, Duration::s(60)), "status"), "stored");
  for (int round = 0; round < 3; ++round) {
    demo::ApiClient a = same_agent(world), b = same_agent(world);
    auto started = std::async(std::launch::async, [&] { return call_recording(a, "POST", call.meeting); });
    auto stopped = std::async(std::launch::async, [&] {
      int status = 409;
      const Instant deadline = system_now().mono + Duration::s(20);
      while (status == 409 && system_now().mono < deadline) status = call_recording(b, "DELETE", call.meeting);
      return status;
    });
    EXPECT_EQ(started.get(), 200);
    EXPECT_EQ(stopped.get(), 200);
    EXPECT_EQ(json::text_or(world.wait_recording(call, finished, Duration::s(60)), "status"), "stored");
  }
  world.expect_media(call, Duration::s(10));
}

// acceptance: 52
TEST(StartStop, TwoConcurrentStartsGiveOneRecording) {
  World world;
  Call call = world.begin_call(false);
  std::array<std::future<int>, 6> starts;
  for (auto& s : starts) {
    s = std::async(std::launch::async, [&] {
      demo::ApiClient client = same_agent(world);
      return call_recording(client, "POST", call.meeting);
    });
  }
  int good = 0, conflicts = 0;
  for (auto& s : starts) {
    const int status = s.get();
    good += status == 200;
    conflicts += status == 409;
  }
  EXPECT_EQ(good, 1);
  EXPECT_EQ(conflicts, 5);
  // By somebody else, logged in or not.
  const bj::object body{{"externalMeetingId", call.meeting}};
  const auto other = world.supervisor().call("POST", "/api/recording/recording", &body);
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->status, 403);
  const auto other_stop = world.supervisor().call("DELETE", "/api/recording/recording", &body);
  ASSERT_TRUE(other_stop.has_value());
  EXPECT_EQ(other_stop->status, 403);
  EXPECT_EQ(world.stop_recording(call), 200);
  EXPECT_EQ(world.stop_recording(call), 409);
  // A meeting that nobody joined ends like any other; it has no picture of anybody.
  EXPECT_TRUE(finished(world.wait_recording(call, finished, Duration::s(60))));
}

// acceptance: 56, 57
TEST(StartStop, MeetingThatEndsWithoutStopIsStored) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  const auto from = world.clock_ms();
  while (world.clock_ms() < from + 2000) world.expect_media(call, Duration::s(10));
  const auto ended_ms = world.clock_ms();
  ASSERT_EQ(world.end_meeting(call), 200);
  for (auto* d : {&*call.agent_device, &*call.customer_device}) {
    const auto told = world.need(d->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "ended"; }, Duration::s(10)), "the end");
    EXPECT_EQ(number_at(told, "status"), 410);
  }
  EXPECT_EQ(world.end_meeting(call), 200) << "ending twice is fine";
  EXPECT_EQ(world.start_recording(call), 409);
  const bj::object film = world.film(world.wait_stored(call));
  const auto [agent, customer] = world.people_in(film);
  EXPECT_GE(number_at(agent, "last_clock_ms"), static_cast<double>(ended_ms) - 1500);
  EXPECT_GE(number_at(customer, "last_clock_ms"), static_cast<double>(ended_ms) - 1500);
  EXPECT_EQ(world.stop_recording(call), 409);
}

}  // namespace
}  // namespace upcall::story
