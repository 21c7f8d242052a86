// Processes killed with -9 in mid-call: nothing of the call is lost, and the film is whole.
#include <csignal>

#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

// Lets the call go on for a while; what counts is the pictures' own clock, so no test depends on how long this takes.
void talk(World& world, Call& call, Duration at_least) {
  const std::int64_t until_ms = world.clock_ms() + at_least.ms();
  while (world.clock_ms() < until_ms) world.expect_media(call, Duration::s(20), 3);
}

TEST(Crash, KilledComposerLosesNothing) {
  World world;
  Call call = world.begin_call();
  const auto started = world.clock_ms();
  ASSERT_EQ(world.start_recording(call), 200);
  std::vector<pid_t> first;
  world.until("a composer at work", Duration::s(20), [&] { return !(first = world.composers()).empty(); });
  talk(world, call, Duration::s(4));
  world.until("a film that has begun", Duration::s(20), [&] { return world.recording(call).contains("liveURL"); });
  for (const pid_t pid : first) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  world.until("another composer", Duration::s(20), [&] {
    const auto now = world.composers();
    return !now.empty() && now != first;
  });
  talk(world, call, Duration::s(3));
  const auto stopped = world.clock_ms();
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_GE(number_at(*json::object_at(entry, "facts"), "composer_attempts"), 2);
  EXPECT_GE(number_at(*json::object_at(entry, "facts"), "composer_restarts"), 1) << "it went on with the film that was there";
  EXPECT_GE(number_at(*json::object_at(entry, "facts"), "resumed_from_ms"), 1000);
  const bj::object film = world.film(entry);
  EXPECT_GE(number_at(film, "duration_s"), static_cast<double>(stopped - started) / 1000 - 1.5);
  EXPECT_LE(number_at(film, "longest_hold_s"), 1.0);
  const auto [agent, customer] = world.people_in(film);
  for (const bj::object* person : {&agent, &customer}) {
    EXPECT_LE(number_at(*person, "first_clock_ms"), static_cast<double>(started) + 1500);
    EXPECT_GE(number_at(*person, "last_clock_ms"), static_cast<double>(stopped) - 1500);
  }
}

TEST(Crash, KilledServerComesBackAndTheSameRecordingGoesOn) {
  World world;
  Call call = world.begin_call();
  const std::string token = world.agent().token();
  ASSERT_EQ(world.start_recording(call), 200);
  const bj::object before = world.wait_recording(call, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
  talk(world, call, Duration::s(4));
  world.until("a film that has begun", Duration::s(20), [&] { return world.recording(call).contains("liveURL"); });
  const auto killed_ms = world.clock_ms();
  world.kill_server();
  world.start_server();
  const Instant back = system_now().mono;
  const auto back_ms = world.clock_ms();
  world.expect_media(call, Duration::s(10) - (system_now().mono - back));
  EXPECT_GE(number_at(world.device_facts(*call.agent_device), "reconnects"), 1);
  EXPECT_GE(number_at(world.device_facts(*call.customer_device), "reconnects"), 1);
  // The log-in of before still counts, and nobody logged in again.
  EXPECT_EQ(world.agent().token(), token);
  const auto state = world.agent().call("GET", "/api/agent/state");
  ASSERT_TRUE(state.has_value());
  EXPECT_EQ(state->status, 200);
  const bj::object during = world.recording(call);
  EXPECT_EQ(json::text_or(during, "recordingId"), json::text_or(before, "recordingId"));
  EXPECT_EQ(json::text_or(during, "status"), "recording");
  EXPECT_EQ(world.start_recording(call), 409);
  talk(world, call, Duration::s(4));
  const auto stopped_ms = world.clock_ms();
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_EQ(json::text_or(entry, "recordingId"), json::text_or(before, "recordingId"));
  EXPECT_GE(number_at(*json::object_at(entry, "facts"), "composer_restarts"), 1) << "composed from the beginning again";
  const bj::object film = world.film(entry);
  const auto [agent, customer] = world.people_in(film);
  for (const bj::object* person : {&agent, &customer}) {
    EXPECT_LE(number_at(*person, "first_clock_ms"), static_cast<double>(killed_ms)) << "nothing of before the kill";
    EXPECT_GE(number_at(*person, "last_clock_ms"), static_cast<double>(stopped_ms) - 1500) << "nothing of after the restart";
  }
  // The gap lies where the server was away, as long as it was away: the film's time goes on.
  EXPECT_GE(number_at(film, "duration_s") * 1000, static_cast<double>(stopped_ms - killed_ms) + 2500);
  EXPECT_GE(number_at(film, "longest_hold_s") * 1000, 0.5 * static_cast<double>(back_ms - killed_ms));
}

TEST(Crash, TerminatedServerTakesItsRecordingUpAgain) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  talk(world, call, Duration::s(2));
  EXPECT_EQ(world.terminate_server(Duration::s(20)), 0);
  world.start_server();
  world.expect_media(call, Duration::s(15));
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object film = world.film(world.wait_stored(call));
  world.people_in(film);
}

TEST(Crash, ServerKilledWhileComposingStoresAfterTheRestart) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);
  talk(world, call, Duration::s(2));
  const auto stopped_ms = world.clock_ms();
  ASSERT_EQ(world.stop_recording(call), 200);
  world.kill_server();
  world.start_server();
  const bj::object film = world.film(world.wait_stored(call));
  const auto [agent, customer] = world.people_in(film);
  EXPECT_GE(number_at(agent, "last_clock_ms"), static_cast<double>(stopped_ms) - 1500);
  EXPECT_GE(number_at(customer, "last_clock_ms"), static_cast<double>(stopped_ms) - 1500);
  EXPECT_EQ(world.stop_recording(call), 409);
}

}  // namespace
}  // namespace upcall::story
