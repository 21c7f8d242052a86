// An agent sends somebody out of the call: who may, what the person sees, what its token still opens, and how it is
// invited again.
#include <gtest/gtest.h>

#include "cli/admin_call.hpp"
#include "harness.hpp"
#include "io/net/websocket_client.hpp"

namespace upcall::story {
namespace {

std::string member(const bj::object& join_info, const char* object, const char* name) {
  return json::text_or(*json::object_at(join_info, object), name);
}

struct Refusal {
  int status;
  std::string code;
  bool operator==(const Refusal&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Refusal& r) { return out << r.status << " " << r.code; }

Refusal remove(World& world, demo::ApiClient& who, const std::string& meeting, const std::string& user) {
  const bj::object body{{"externalMeetingId", meeting}, {"attendeeExternalUserId", user}};
  const auto answer = world.need(who.call("DELETE", "/api/chime/attendee", &body), "DELETE attendee");
  return {answer.status, json::text_or(answer.body, "code")};
}

std::optional<std::uint16_t> close_code(World& world, const bj::object& join_info) {
  net::WebSocketClientOptions options;
  options.url = member(*json::object_at(join_info, "Meeting"), "MediaPlacement", "SignalingUrl");
  options.subprotocols = {"_aws_wt_session", member(join_info, "Attendee", "JoinToken")};
  auto socket = world.need(net::WebSocketClient::connect(std::move(options)), "a signalling socket");
  return socket->wait_closed(Duration::s(10));
}

net::HttpClientResponse join_data(World& world, const Call& call) {
  net::HttpClient http;
  return world.need(http.send({"GET", world.url() + "/api/meeting/attendee-join-data?externalMeetingId=" + call.meeting + "&attendeeExternalUserId=" + call.customer_user,
                               {{"authorization", "Bearer " + call.participant_token}}, {}}),
                    "join data");
}

int invitations(World& world, const Call& call) {
  const auto chat = world.need(world.agent().expect(200, "GET", "/api/agent/contacts/" + call.contact + "/items"), "the chat");
  int out = 0;
  for (const bj::value& item : *json::array_at(chat.data(), "items")) out += json::text_at(item.as_object(), "ContentType") == "application/vnd.upcall.event.video.invitation";
  return out;
}

TEST(Removal, WhoIsRemovedIsToldAndStaysOutUntilItIsInvitedAgain) {
  World world;
  Call call = world.begin_call();
  ASSERT_EQ(invitations(world, call), 1);
  ASSERT_EQ(remove(world, world.agent(), call.meeting, call.customer_user), (Refusal{200, ""}));
  const auto told = world.need(call.customer_device->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "ended"; }, Duration::s(10)), "the end");
  EXPECT_EQ(number_at(told, "status"), 411);
  world.need(call.agent_device->wait_for(
                 [&](const bj::object& o) { return json::text_at(o, "event") == "roster_left" && json::text_at(o, "attendee_id") == call.customer_attendee; }, Duration::s(10)),
             "the agent's roster");
  EXPECT_EQ(remove(world, world.agent(), call.meeting, call.customer_user), (Refusal{200, ""})) << "removed already";
  EXPECT_EQ(close_code(world, call.customer_join), 4403) << "the token opens nothing any more";
  EXPECT_EQ(join_data(world, call).status, 404) << "nor is it handed out";
  // Also after a restart: the row says so, not the room.
  world.kill_server();
  world.start_server();
  EXPECT_EQ(close_code(world, call.customer_join), 4403);

  const bj::object meeting{{"externalMeetingId", call.meeting},
                           {"meetingAttendees",
                            {{{"attendeeName", "Alice Agent"}, {"isOwner", true}},
                             {{"attendeeName", "Carl Customer"}, {"externalUserId", call.customer_user}, {"isOwner", false}}}}};
  const auto again = world.need(world.agent().expect(200, "POST", "/api/chime/meeting", &meeting), "the second Start");
  EXPECT_EQ(member(*json::object_at(again.data(), "JoinInfo"), "Attendee", "JoinToken"), member(call.agent_join, "Attendee", "JoinToken"));
  EXPECT_EQ(invitations(world, call), 2) << "the first was withdrawn";
  const auto invited = join_data(world, call);
  ASSERT_EQ(invited.status, 200) << invited.body;
  const auto body = json::parse_object(invited.body).value();
  const bj::object& join_info = *json::object_at(*json::object_at(body, "data"), "JoinInfo");
  EXPECT_NE(member(join_info, "Attendee", "AttendeeId"), call.customer_attendee);
  EXPECT_EQ(member(join_info, "Attendee", "ExternalUserId"), call.customer_user);
  EXPECT_EQ(close_code(world, call.customer_join), 4403) << "the old one stays out";
  call.customer_device = world.join(join_info, "Carl Customer", 1);
  call.customer_attendee = member(join_info, "Attendee", "AttendeeId");
  world.need(call.customer_device->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "connected"; }, Duration::s(20)), "the customer's joining");
  world.expect_media(call, Duration::s(30));
}

// Of somebody in the call, as a side is told.
std::string role(World& world, const std::string& route, const std::string& token, const std::string& meeting, const std::string& user) {
  net::HttpClient http;
  const auto answer = world.need(http.send({"GET", world.url() + route + "?externalMeetingId=" + meeting + "&attendeeExternalUserId=" + user,
                                            {{"authorization", "Bearer " + token}}, {}}),
                                 route);
  const auto body = json::parse_object(answer.body);
  const bj::object* data = body ? json::object_at(*body, "data") : nullptr;
  return data != nullptr ? json::text_or(*data, "role") : std::to_string(answer.status);
}

// acceptance: 50
TEST(Removal, WhoMayNotAndWhoCannotBe) {
  World world;
  Call call = world.begin_call();
  EXPECT_EQ(remove(world, world.agent(), "no-such-meeting", call.customer_user), (Refusal{404, "no_such_meeting"}));
  EXPECT_EQ(remove(world, world.agent(), call.meeting, "there-is-nobody"), (Refusal{404, "no_such_attendee"}));
  EXPECT_EQ(remove(world, world.agent(), call.meeting, "x"), (Refusal{400, "bad_request"}));
  EXPECT_EQ(remove(world, world.agent(), call.meeting, member(call.agent_join, "Attendee", "ExternalUserId")), (Refusal{409, "attendee_is_owner"}));
  demo::ApiClient nobody = world.client();
  EXPECT_EQ(remove(world, nobody, call.meeting, call.customer_user).status, 401);
  EXPECT_EQ(remove(world, world.supervisor(), call.meeting, call.customer_user).status, 403) << "has no meetings";
  // Another agent, who has the permission and not the meeting.
  world.admin("user.add", {{"username", "bob@example.com"}, {"email", "bob@example.com"}, {"password", "bobs-password-1"}, {"name", "Bob"}, {"security-profile", bj::array{"Agent"}}});
  demo::ApiClient bob = world.client();
  world.need(bob.log_in("bob@example.com", "bobs-password-1"), "Bob's log-in");
  EXPECT_EQ(remove(world, bob, call.meeting, call.customer_user), (Refusal{403, "not_owner"}));
  // RECORDING is known by its role: its external id is the recording's, its name could be anything.
  ASSERT_EQ(world.start_recording(call), 200);
  const std::string recording = json::text_or(world.recording(call), "recordingId");
  ASSERT_FALSE(recording.empty());
  EXPECT_EQ(remove(world, world.agent(), call.meeting, recording), (Refusal{409, "attendee_is_recording"}));
  const bj::object namesake{{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", "RECORDING"}, {"attendeeName", "RECORDING"}};
  world.need(world.agent().expect(200, "POST", "/api/chime/attendee", &namesake), "somebody of that name");
  for (const auto& [route, token] : {std::pair<std::string, std::string>{"/api/chime/attendee", world.agent().token()}, {"/api/meeting/attendee", call.participant_token}}) {
    SCOPED_TRACE(route);
    EXPECT_EQ(role(world, route, token, call.meeting, recording), "recording");
    EXPECT_EQ(role(world, route, token, call.meeting, "RECORDING"), "other");
    EXPECT_EQ(role(world, route, token, call.meeting, call.customer_user), "customer");
    EXPECT_EQ(role(world, route, token, call.meeting, member(call.agent_join, "Attendee", "ExternalUserId")), "owner");
  }
  EXPECT_EQ(remove(world, world.agent(), call.meeting, "RECORDING"), (Refusal{200, ""}));
  // Nobody was disturbed by any of this.
  world.expect_media(call, Duration::s(20));
  ASSERT_EQ(world.stop_recording(call), 200);
  world.wait_stored(call);
  ASSERT_EQ(world.end_meeting(call), 200);
  EXPECT_EQ(remove(world, world.agent(), call.meeting, call.customer_user), (Refusal{409, "meeting_ended"}));
}

TEST(Removal, AnAgentWhoseAccountIsSwitchedOffIsOutOfTheCallAtOnce) {
  World world;
  Call call = world.begin_call();
  const auto ended_with = [](demo::LineProcess& device, World& in) {
    return number_at(in.need(device.wait_for([](const bj::object& o) { return json::text_at(o, "event") == "ended"; }, Duration::s(10)), "the end"), "status");
  };
  world.admin("user.disable", {{"username", "alice@example.com"}});
  EXPECT_EQ(ended_with(*call.agent_device, world), 411) << "the server closes, whatever the page does";
  EXPECT_EQ(close_code(world, call.agent_join), 4403) << "the token opens nothing any more";
  world.need(call.customer_device->wait_for(
                 [&](const bj::object& o) { return json::text_at(o, "event") == "roster_left" && json::text_at(o, "attendee_id") == call.agent_attendee; }, Duration::s(10)),
             "the customer's roster");

  // Switched on again: the meeting is still hers, with a place and a token that are new.
  world.admin("user.enable", {{"username", "alice@example.com"}});
  EXPECT_EQ(close_code(world, call.agent_join), 4403) << "the old token stays refused";
  world.need(world.agent().log_in("alice@example.com", world.agent_password()), "the log-in");
  const bj::object meeting{{"externalMeetingId", call.meeting}, {"meetingAttendees", {{{"attendeeName", "Alice Agent"}, {"isOwner", true}}}}};
  const auto again = world.need(world.agent().expect(200, "POST", "/api/chime/meeting", &meeting), "the second Start");
  const bj::object& join_info = *json::object_at(again.data(), "JoinInfo");
  EXPECT_NE(member(join_info, "Attendee", "AttendeeId"), call.agent_attendee);
  call.agent_device = world.join(join_info, "Alice Agent", 0);
  call.agent_attendee = member(join_info, "Attendee", "AttendeeId");
  world.need(call.agent_device->wait_for([](const bj::object& o) { return json::text_at(o, "event") == "connected"; }, Duration::s(20)), "joining again");
  world.expect_media(call, Duration::s(30));

  // Switched off while no server runs: the next one does not let her in either.
  world.kill_server();
  world.need(cli::admin_call(world.data_dir(), "user.disable", {{"username", "alice@example.com"}}), "the command without a server");
  world.start_server();
  EXPECT_EQ(close_code(world, join_info), 4403);
}

}  // namespace
}  // namespace upcall::story
