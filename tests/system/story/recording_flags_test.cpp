// Who begins a recording: the contact's flow says, the server obeys, whatever a page or an agent asks for.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/net/http_client.hpp"

namespace upcall::story {
namespace {

// The default flow with these flags, as an administrator changes and imports it again.
void set_flags(World& world, bool automatic, bool agent) {
  const std::string id = json::text_or(world.admin("instance.show", {}).as_object(), "defaultContactFlowId");
  auto flow = json::parse_object(json::text_or(world.admin("flow.export", {{"flow", id}}).as_object(), "content")).value();
  int changed = 0;
  for (bj::value& module : flow["modules"].as_array()) {
    bj::array* parameters = module.as_object().contains("parameters") ? module.as_object()["parameters"].if_array() : nullptr;
    if (parameters == nullptr) continue;
    for (bj::value& value : *parameters) {
      bj::object& parameter = value.as_object();
      const std::string key = json::text_or(parameter, "key");
      if (key != "videoRecordingAutoStartEnabled" && key != "videoRecordingStartStopEnabled") continue;
      parameter["value"] = (key == "videoRecordingAutoStartEnabled" ? automatic : agent) ? "true" : "false";
      ++changed;
    }
  }
  ASSERT_EQ(changed, 2);
  world.admin("flow.import", {{"content", bj::serialize(flow)}});
}

int summary_status(World& world, const Call& call) {
  return world.need(world.supervisor().call("GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting), "summary").status;
}

std::string link_of(World& world, const Call& call) {
  const auto state = world.need(world.agent().expect(200, "GET", "/api/agent/state"), "state");
  const bj::object data = state.data();
  for (const bj::value& contact : *json::array_at(data, "contacts")) {
    if (json::text_at(contact.as_object(), "contactId") != call.contact) continue;
    return json::text_or(*json::object_at(contact.as_object(), "attributes"), "videoRecordingPlaybackURL");
  }
  return "no such contact";
}

void clear(World& world, const Call& call) {
  EXPECT_EQ(world.end_meeting(call), 200);
  for (const char* step : {"/end", "/clear"}) {
    world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + call.contact + step), step);
  }
}

// acceptance: 18, 48, 49, 60
TEST(RecordingFlags, FourCombinations) {
  World world;
  for (const bool automatic : {false, true}) {
    for (const bool agent : {false, true}) {
      SCOPED_TRACE(std::string("automatic ") + (automatic ? "on" : "off") + ", agent's toggle " + (agent ? "on" : "off"));
      set_flags(world, automatic, agent);
      Call call = world.begin_call(false);
      // Before anybody has joined.
      EXPECT_EQ(summary_status(world, call), automatic ? 200 : 404);
      const std::string link = world.url() + "/recording/" + call.meeting;
      EXPECT_EQ(link_of(world, call), automatic ? link : "") << "the link stands on the contact, whoever began";

      // The agent cannot give himself what the flow does not.
      const bj::object attributes{{"attributes", {{"videoRecordingStartStopEnabled", "true"}}}};
      EXPECT_EQ(world.need(world.agent().call("PUT", "/api/agent/contacts/" + call.contact + "/attributes", &attributes), "attributes").status, 400);
      if (!agent) {
        EXPECT_EQ(world.start_recording(call), 403);
        EXPECT_EQ(world.stop_recording(call), 403);
      } else {
        EXPECT_EQ(world.start_recording(call), automatic ? 409 : 200);
        EXPECT_EQ(link_of(world, call), link);
        EXPECT_EQ(world.stop_recording(call), 200);
        EXPECT_EQ(world.stop_recording(call), 409);
        // Any number of times, as soon as the one before is out of the way.
        world.until("a second recording", Duration::s(10), [&] { return world.start_recording(call) == 200; });
      }
      clear(world, call);
      if (automatic || agent) {
        const auto over = [](const bj::object& e) { return json::text_at(e, "status") == "stored" || json::text_at(e, "status") == "failed"; };
        world.wait_recording(call, over, Duration::s(60));
      } else {
        EXPECT_EQ(summary_status(world, call), 404);
      }
    }
  }
}

// acceptance: 47
TEST(RecordingFlags, TheWholeCanBeSwitchedOffAndOnWithoutARestart) {
  World world;
  set_flags(world, true, true);
  Call call = world.begin_call();
  world.expect_media(call, Duration::s(20), 30);
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object stored = world.wait_stored(call);
  world.set_parameter("deployRecordingStack", "false");
  EXPECT_EQ(world.start_recording(call), 404);
  EXPECT_EQ(world.stop_recording(call), 404);
  net::HttpClient http;
  EXPECT_NE(world.need(http.get(world.url() + "/frontend-config.js"), "config").body.find("\"deployRecordingStack\": \"false\""), std::string::npos) << "no button";
  // What was recorded stays to be watched, by an address of before and by a new one.
  EXPECT_EQ(world.need(http.send({"GET", json::text_or(stored, "recordingURL"), {{"range", "bytes=0-99"}}, {}}), "film").status, 206);
  EXPECT_EQ(world.need(http.send({"GET", json::text_or(world.recording(call), "recordingURL"), {{"range", "bytes=0-99"}}, {}}), "film").status, 206);
  clear(world, call);
  // No automatic start either, whatever the flow says.
  Call other = world.begin_call(false);
  EXPECT_EQ(summary_status(world, other), 404);
  world.set_parameter("deployRecordingStack", "true");
  EXPECT_EQ(world.start_recording(other), 200);
  clear(world, other);
}

}  // namespace
}  // namespace upcall::story
