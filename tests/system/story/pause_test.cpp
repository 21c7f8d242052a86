// Pausing a recording: nothing of that time is in the film, it goes on by itself, and survives a server.
#include <gtest/gtest.h>

#include <fstream>

#include "../../tools/film_judge.hpp"
#include "base/wall_text.hpp"
#include "harness.hpp"
#include "io/net/http_client.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/store.hpp"

namespace upcall::story {
namespace {

struct Answered {
  int status = 0;
  std::string code, resumes_at;
};

Answered control(World& world, demo::ApiClient& who, const std::string& what, const Call& call) {
  const bj::object body{{"externalMeetingId", call.meeting}};
  const auto answer = world.need(who.call("POST", "/api/recording/" + what, &body), what);
  return {answer.status, json::text_or(answer.body, "code"), json::text_or(answer.data(), "resumesAt")};
}

void records(World& world, const Call& call) {
  ASSERT_EQ(world.start_recording(call), 200);
  world.wait_recording(call, [](const bj::object& e) { return json::text_at(e, "status") == "recording"; }, Duration::s(20));
}

// The clocks that can be read in the film's pictures.
std::vector<std::int64_t> clocks(World& world, const bj::object& entry) {
  net::HttpClient player;
  const std::string file = world.data_dir() + "/film.mp4";
  std::ofstream(file, std::ios::binary) << world.need(player.get(json::text_or(entry, "recordingURL")), "the film").body;
  test::Film film;
  EXPECT_TRUE(film.load(file, {{0, 292, 960}, {960, 292, 960}}));
  EXPECT_EQ(film.decode_errors, 0u);
  std::vector<std::int64_t> out;
  for (const auto& readings : film.readings) {
    for (const auto& r : readings) out.push_back(r.clock_ms);
  }
  return out;
}

TEST(Pause, NothingOfItIsInTheFilm) {
  World world;
  Call call = world.begin_call();
  records(world, call);
  EXPECT_EQ(control(world, world.agent(), "pause", call).code, "pause_not_allowed");
  world.set_parameter("recordingPauseAllowed", "true");
  EXPECT_EQ(control(world, world.agent(), "resume", call).code, "not_paused");
  EXPECT_EQ(control(world, world.supervisor(), "pause", call).status, 403);
  world.expect_media(call, Duration::s(10), 20);
  const Answered paused = control(world, world.agent(), "pause", call);
  ASSERT_EQ(paused.status, 200) << paused.code;
  EXPECT_FALSE(paused.resumes_at.empty());
  const std::int64_t from_ms = world.clock_ms() + 300;   // what was sent before may still arrive
  EXPECT_EQ(control(world, world.agent(), "pause", call).code, "nothing_to_pause") << "already";
  EXPECT_EQ(json::text_or(*json::object_at(world.recording(call), "paused"), "resumesAt"), paused.resumes_at);
  world.expect_media(call, Duration::s(10), 30);
  const std::int64_t until_ms = world.clock_ms() - 100;
  ASSERT_EQ(control(world, world.agent(), "resume", call).status, 200);
  EXPECT_FALSE(world.recording(call).contains("paused"));
  world.expect_media(call, Duration::s(10), 45);
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object entry = world.wait_stored(call);
  // A pause is no fault of the film.
  const auto health = [](const bj::object& e) { return json::object_at(*json::object_at(e, "facts"), "health"); };
  const bj::object checked = world.wait_recording(call, [&](const bj::object& e) { return health(e) != nullptr; }, Duration::s(30));
  ASSERT_NE(json::array_at(*health(checked), "findings"), nullptr) << bj::serialize(*health(checked));
  EXPECT_TRUE(json::array_at(*health(checked), "findings")->empty()) << bj::serialize(*health(checked));
  const bj::array& pauses = *json::array_at(*json::object_at(entry, "facts"), "pauses");
  ASSERT_EQ(pauses.size(), 1u);
  EXPECT_TRUE(pauses[0].as_object().contains("until_unix_ms"));
  ASSERT_GT(until_ms, from_ms);
  int before = 0, after = 0;
  for (const std::int64_t clock : clocks(world, entry)) {
    EXPECT_FALSE(clock > from_ms && clock < until_ms) << clock << " of " << from_ms << " to " << until_ms;
    before += clock <= from_ms;
    after += clock >= until_ms;
  }
  EXPECT_GT(before, 5);
  EXPECT_GT(after, 5);
}

TEST(Pause, GoesOnByItselfAndOutlivesTheServer) {
  World world;
  world.set_parameter("recordingPauseAllowed", "true");
  world.set_parameter("recordingPauseMaxSeconds", "6");
  Call call = world.begin_call();
  records(world, call);
  ASSERT_EQ(control(world, world.agent(), "pause", call).status, 200);
  world.kill_server();
  world.start_server();
  EXPECT_TRUE(world.recording(call).contains("paused"));
  world.until("the end of the pause", Duration::s(20), [&] { return !world.recording(call).contains("paused"); });
  const bj::object facts = *json::object_at(world.recording(call), "facts");
  EXPECT_EQ(json::text_or(json::array_at(facts, "pauses")->at(0).as_object(), "ended_by"), "system");
  ASSERT_EQ(control(world, world.agent(), "pause", call).status, 200);
  ASSERT_EQ(world.end_meeting(call), 200);
  const bj::object entry = world.wait_stored(call);
  EXPECT_FALSE(entry.contains("paused"));
  EXPECT_TRUE(json::array_at(*json::object_at(entry, "facts"), "pauses")->at(1).as_object().contains("until_unix_ms")) << "ended with the call";
}

}  // namespace
}  // namespace upcall::story
