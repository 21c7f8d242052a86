// When films are made: after the call, or when somebody asks for the first time, also after a restart.
#include <gtest/gtest.h>

#include "harness.hpp"

namespace upcall::story {
namespace {

// As an administrator sees it: nobody who wants to watch has asked.
std::string status(World& world, const Call& call) {
  const auto list = world.admin("recording.list", {{"meeting", call.meeting}}).as_object();
  return json::text_or(json::array_at(list, "recordings")->at(0).as_object(), "status");
}

void record_for_a_while(World& world, Call& call) {
  ASSERT_EQ(world.start_recording(call), 200);
  world.until("recording", Duration::s(20), [&] { return status(world, call) == "recording"; });
  world.expect_media(call, Duration::s(20), 60);
}

TEST(ComposePolicy, AfterTheCall) {
  World world;
  world.set_parameter("recordingCompose", "after");
  Call call = world.begin_call();
  record_for_a_while(world, call);
  EXPECT_EQ(world.metric("upcall_composer_slots_in_use"), 0);
  EXPECT_FALSE(world.recording(call).contains("liveURL")) << "asking changes nothing";
  EXPECT_EQ(world.metric("upcall_composer_slots_in_use"), 0);
  ASSERT_EQ(world.stop_recording(call), 200);
  const auto film = world.film(world.wait_stored(call));
  world.people_in(film);
}

TEST(ComposePolicy, WhenSomebodyWantsToWatchAlsoAfterARestart) {
  World world;
  world.set_parameter("recordingCompose", "on-demand");
  Call call = world.begin_call();
  record_for_a_while(world, call);
  ASSERT_EQ(world.stop_recording(call), 200);
  world.until("the end of the journal", Duration::s(20), [&] { return status(world, call) == "composing"; });
  world.kill_server();
  world.start_server();
  EXPECT_EQ(status(world, call), "composing");
  EXPECT_EQ(world.metric("upcall_composer_slots_in_use"), 0);
  // The agent may not watch: his asking starts nothing.
  EXPECT_EQ(world.need(world.agent().call("GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting), "summary").status, 403);
  EXPECT_EQ(world.metric("upcall_composer_slots_in_use"), 0);
  const auto film = world.film(world.wait_stored(call));
  world.people_in(film);
}

TEST(ComposePolicy, WhoWatchesDuringTheCallIsShownItFromItsBeginning) {
  World world;
  world.set_parameter("recordingCompose", "on-demand");
  Call call = world.begin_call();
  record_for_a_while(world, call);
  EXPECT_EQ(world.metric("upcall_composer_slots_in_use"), 0);
  world.until("something to watch", Duration::s(30), [&] { return world.recording(call).contains("liveURL"); });
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_GT(number_at(entry, "durationMs"), 1500);
}

}  // namespace
}  // namespace upcall::story
