// Starts and stops that are sent again, and who may stop whose recording.
#include <gtest/gtest.h>

#include <future>

#include "harness.hpp"

namespace upcall::story {
namespace {

struct Answered {
  int status = 0;
  std::string recording, code;
};

Answered control(World& world, demo::ApiClient& who, const char* method, const std::string& meeting, const std::string& key = {}) {
  const bj::object body{{"externalMeetingId", meeting}};
  std::vector<std::pair<std::string, std::string>> headers;
  if (!key.empty()) headers.emplace_back("idempotency-key", key);
  const auto answer = world.need(who.call(method, "/api/recording/recording", &body, headers), method);
  return {answer.status, json::text_or(answer.data(), "recordingId"), json::text_or(answer.body, "code")};
}

// acceptance: 52
TEST(RecordingKeys, WhatIsSentAgainIsDoneOnce) {
  World world;
  Call call = world.begin_call(false);
  std::vector<std::future<Answered>> starts;
  for (int i = 0; i < 6; ++i) {
    starts.push_back(std::async(std::launch::async, [&] {
      demo::ApiClient agent = world.client();
      world.need(agent.log_in("alice@example.com", world.agent_password()), "log-in");
      return control(world, agent, "POST", call.meeting, "start-1");
    }));
  }
  std::string recording;
  for (auto& start : starts) {
    const Answered a = start.get();
    EXPECT_EQ(a.status, 200) << a.code;
    if (recording.empty()) recording = a.recording;
    EXPECT_EQ(a.recording, recording);
  }
  EXPECT_EQ(control(world, world.agent(), "POST", call.meeting).status, 409) << "without the key it is another start";
  EXPECT_EQ(control(world, world.agent(), "POST", call.meeting, std::string(129, 'k')).status, 400);
  EXPECT_EQ(control(world, world.agent(), "DELETE", call.meeting, "stop-1").status, 200);
  EXPECT_EQ(control(world, world.agent(), "DELETE", call.meeting, "stop-1").status, 200) << "the answer was lost";
  EXPECT_EQ(control(world, world.agent(), "DELETE", call.meeting).status, 409);
  world.wait_stored(call);
  // Also long after, and after a restart: nothing begins anew.
  world.kill_server();
  world.start_server();
  EXPECT_EQ(control(world, world.agent(), "POST", call.meeting, "start-1").recording, recording);
  EXPECT_EQ(control(world, world.agent(), "DELETE", call.meeting, "stop-1").status, 200);
  EXPECT_EQ(control(world, world.agent(), "DELETE", call.meeting, "stop-2").status, 409);
  const Answered second = control(world, world.agent(), "POST", call.meeting, "start-2");
  EXPECT_EQ(second.status, 200);
  EXPECT_NE(second.recording, recording);
  ASSERT_EQ(world.end_meeting(call), 200);
}

TEST(RecordingKeys, ASupervisorOfTheGroupStopsNobodyElseDoes) {
  World world;
  const auto person = [&](const char* name, const char* profile, const char* group) {
    const std::string login = std::string(name) + "@example.com";
    world.admin("user.add", {{"username", login}, {"email", login}, {"password", "a-password-of-theirs"}, {"name", name},
                             {"security-profile", bj::array{profile}}, {"hierarchy-group", group}});
    demo::ApiClient client = world.client();
    world.need(client.log_in(login, "a-password-of-theirs"), "log-in");
    return client;
  };
  demo::ApiClient above = person("above", "CallCenterManager", "Demo"), beside = person("beside", "CallCenterManager", "Other");
  demo::ApiClient colleague = person("colleague", "Agent", "Demo/Team");
  Call call = world.begin_call(false);
  EXPECT_EQ(control(world, above, "POST", call.meeting).status, 403) << "a supervisor stops, and starts nothing";
  ASSERT_EQ(world.start_recording(call), 200);
  EXPECT_EQ(control(world, beside, "DELETE", call.meeting).status, 403);
  EXPECT_EQ(control(world, colleague, "DELETE", call.meeting).status, 403);
  EXPECT_EQ(control(world, world.supervisor(), "DELETE", call.meeting).status, 403) << "watching is not controlling";
  EXPECT_EQ(control(world, above, "DELETE", call.meeting).status, 200);
  world.wait_stored(call);
  EXPECT_EQ(control(world, above, "DELETE", call.meeting).status, 403) << "nothing runs that would be theirs to stop";
}

}  // namespace
}  // namespace upcall::story
