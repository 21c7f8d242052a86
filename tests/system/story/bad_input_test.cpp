// What strangers, broken clients and people without the right may send: the right status, and nothing disturbed.
#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "harness.hpp"
#include "io/net/websocket_client.hpp"

namespace upcall::story {
namespace {

net::HttpClientResponse raw(World& world, const std::string& method, const std::string& path, const std::string& bearer, std::string body) {
  net::HttpClient client;
  net::HttpClientRequest request{method, world.url() + path, {{"content-type", "application/json"}}, std::move(body)};
  if (!bearer.empty()) request.headers.emplace_back("authorization", "Bearer " + bearer);
  return world.need(client.send(request), method + " " + path);
}

// {"message", "reqId"} and nothing of the inside.
void expect_error(const net::HttpClientResponse& r, int status, const std::string& what) {
  EXPECT_EQ(r.status, status) << what << ": " << r.body;
  const auto body = json::parse_object(r.body);
  ASSERT_TRUE(body.has_value()) << what << ": " << r.body;
  EXPECT_FALSE(json::text_or(*body, "message").empty()) << what << ": " << r.body;
  for (const char* word : {"sqlite", "SQL", "boost", "exception", "src/"}) EXPECT_EQ(r.body.find(word), std::string::npos) << what << ": " << r.body;
}

struct Route {
  const char *method, *path;
  bj::object good;                       // with all fields
  std::vector<std::string> fields;       // "a" or "a.b" or "a.0.b": each is given wrong types
};

void set_field(bj::value& at, std::string_view path, const bj::value& value) {
  const std::size_t dot = path.find('.');
  const std::string name(path.substr(0, dot));
  bj::value& member = at.is_array() ? at.as_array().at(static_cast<std::size_t>(std::stoi(name))) : at.as_object()[name];
  if (dot == std::string_view::npos) member = value;
  else set_field(member, path.substr(dot + 1), value);
}

TEST(BadInput, EveryFieldOfEveryRouteIsChecked) {
  World world;
  Call call = world.begin_call();
  const std::string token = world.agent().token();
  const bj::object attendee{{"attendeeName", "A"}, {"attendeeEmail", "a@example.com"}, {"externalUserId", "user-2"}, {"isOwner", true}};
  const std::vector<Route> routes{
      {"POST", "/api/chime/meeting",
       {{"externalMeetingId", "other-1"}, {"meetingTitle", "t"}, {"meetingRegion", "r"}, {"meetingAttendees", bj::array{attendee}}},
       {"externalMeetingId", "meetingTitle", "meetingRegion", "meetingAttendees", "meetingAttendees.0", "meetingAttendees.0.attendeeName",
        "meetingAttendees.0.attendeeEmail", "meetingAttendees.0.externalUserId", "meetingAttendees.0.isOwner"}},
      {"DELETE", "/api/chime/meeting", {{"externalMeetingId", call.meeting}}, {"externalMeetingId"}},
      {"POST", "/api/chime/attendee",
       {{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", "user-9"}, {"attendeeName", "N"}, {"attendeeEmail", "n@example.com"}},
       {"externalMeetingId", "attendeeExternalUserId", "attendeeName", "attendeeEmail"}},
      {"DELETE", "/api/chime/attendee", {{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", "user-9"}},
       {"externalMeetingId", "attendeeExternalUserId"}},
      {"POST", "/api/recording/recording", {{"externalMeetingId", call.meeting}, {"connectContactId", call.contact}}, {"externalMeetingId", "connectContactId"}},
      {"DELETE", "/api/recording/recording", {{"externalMeetingId", call.meeting}}, {"externalMeetingId"}},
      {"PUT", "/api/agent/status", {{"status", "available"}}, {"status"}},
      {"PUT", "attributes", {{"attributes", {{"note", "x"}}}}, {"attributes", "attributes.note"}},
      {"POST", "items", {{"content", "hello"}, {"contentType", "text/plain"}, {"clientToken", "t-1"}}, {"content"}},
  };
  const std::string of_contact = "/api/agent/contacts/" + call.contact + "/";
  const bj::value wrong[] = {5, -1.5, bj::array{1}, bj::object{{"a", 1}}, nullptr, "\x01 \x7f\n"};
  for (const Route& route : routes) {
    const std::string path = route.path[0] == '/' ? route.path : of_contact + route.path;
    for (const std::string& field : route.fields) {
      for (const bj::value& value : wrong) {
        // An object of any content is what these fields take; a text with control characters is one for none of them.
        if (field == "attributes" && value.is_object()) continue;
        bj::value body = route.good;
        set_field(body, field, value);
        expect_error(raw(world, route.method, path, token, bj::serialize(body)), 400,
                     std::string(route.method) + " " + path + " " + field + "=" + bj::serialize(value));
      }
    }
    expect_error(raw(world, route.method, path, token, "{\"externalMeetingId\": "), 400, path + " with half a JSON");
    expect_error(raw(world, route.method, path, token, "[]"), 400, path + " with a list");
    expect_error(raw(world, route.method, path, token, "{}"), 400, path + " with nothing");
    expect_error(raw(world, route.method, path, token, "{\"x\":\"" + std::string(70'000, 'x') + "\"}"), 413, path + " with 70 kB");
    expect_error(raw(world, route.method, path, token, std::string(2 << 20, ' ')), 413, path + " with 2 MB");
    expect_error(raw(world, route.method, path, "", bj::serialize(route.good)), 401, path + " without a token");
    expect_error(raw(world, route.method, path, token.substr(0, token.size() - 6) + "AAAAAA", bj::serialize(route.good)), 401, path + " with a forged token");
    expect_error(raw(world, route.method, path, call.participant_token, bj::serialize(route.good)), 401, path + " with the customer's token");
  }
  // Nothing of all this has changed anything.
  const auto summary = world.supervisor().call("GET", "/api/recording/recording-summary?externalMeetingId=" + call.meeting);
  ASSERT_TRUE(summary.has_value());
  EXPECT_EQ(summary->status, 404) << "a recording was started";
  world.expect_media(call, Duration::s(10));
}

// acceptance: 15
TEST(BadInput, StartChatChecksItsBody) {
  World world;
  const std::string flow = json::text_or(world.admin("instance.show", {}).as_object(), "defaultContactFlowId");
  const bj::object good{{"ContactFlowId", flow},
                        {"ParticipantDetails", {{"DisplayName", "C"}}},
                        {"Attributes", {{"customerEmailAddress", "c@example.com"}, {"videoExternalMeetingId", "m-1"}, {"videoReferenceId", ""}}}};
  // The limit of chats of one peer is 20 at once.
  const std::pair<const char*, bj::value> cases[] = {{"ContactFlowId", 5}, {"ContactFlowId", "someother"}, {"ParticipantDetails", "x"},
      {"ParticipantDetails.DisplayName", bj::array{}}, {"ParticipantDetails.DisplayName", ""}, {"ParticipantDetails.DisplayName", bj::value(std::string(300, 'n'))},
      {"Attributes", 1}, {"Attributes.customerEmailAddress", 1}, {"Attributes.customerEmailAddress", "nobody"},
      {"Attributes.videoExternalMeetingId", 17}, {"Attributes.videoExternalMeetingId", "a/../b"}, {"Attributes.videoReferenceId", 12345678}};
  for (const auto& [field, value] : cases) {
    bj::value body = good;
    set_field(body, field, value);
    expect_error(raw(world, "POST", "/api/chat/start", "", bj::serialize(body)), 400, std::string(field) + "=" + bj::serialize(value));
  }
  expect_error(raw(world, "POST", "/api/chat/start", "", "{"), 400, "half a JSON");
  expect_error(raw(world, "POST", "/api/chat/start", "", "{\"x\":\"" + std::string(70'000, 'x') + "\"}"), 413, "70 kB");
  EXPECT_EQ(raw(world, "POST", "/api/chat/start", "", bj::serialize(good)).status, 200);
  int last = 0;
  for (int i = 0; i < 30 && last != 429; ++i) last = raw(world, "POST", "/api/chat/start", "", "{").status;
  EXPECT_EQ(last, 429);
}

// acceptance: 45, 46, 52
TEST(BadInput, WhoMayWhat) {
  World world;
  Call call = world.begin_call(false);
  Call other = [&] {
    // A second meeting of the same agent, without a contact: the customer's token opens nothing of it.
    Call out;
    out.meeting = "solo-meeting";
    const bj::object body{{"externalMeetingId", out.meeting}, {"meetingAttendees", bj::array{bj::object{{"attendeeName", "A"}, {"isOwner", true}, {"externalUserId", "solo-user"}}}}};
    world.need(world.agent().expect(200, "POST", "/api/chime/meeting", &body), "second meeting");
    return out;
  }();
  const std::string mine = "externalMeetingId=" + call.meeting;
  const auto join_data = [&](const std::string& query, const std::string& token) { return raw(world, "GET", "/api/meeting/attendee-join-data?" + query, token, ""); };
  EXPECT_EQ(join_data(mine + "&attendeeExternalUserId=" + call.customer_user, call.participant_token).status, 200);
  expect_error(join_data(mine, call.participant_token), 400, "no attendee");
  expect_error(join_data("attendeeExternalUserId=x", call.participant_token), 400, "no meeting");
  expect_error(join_data(mine + "&attendeeExternalUserId=" + call.customer_user, ""), 401, "no token");
  expect_error(join_data(mine + "&attendeeExternalUserId=" + call.customer_user, "nonsense"), 401, "wrong token");
  expect_error(join_data(mine + "&attendeeExternalUserId=" + call.customer_user, world.agent().token()), 401, "the agent's token");
  // Of others: the same answer, whether they exist or not.
  const std::string owner_user = json::text_or(*json::object_at(call.agent_join, "Attendee"), "ExternalUserId");
  const auto without_id = [](const net::HttpClientResponse& r) {
    auto body = json::parse_object(r.body).value();
    body.erase("reqId");
    return std::to_string(r.status) + bj::serialize(body);
  };
  const auto existing = join_data(mine + "&attendeeExternalUserId=" + owner_user, call.participant_token);
  expect_error(existing, 403, "the agent's join data");
  EXPECT_EQ(without_id(existing), without_id(join_data(mine + "&attendeeExternalUserId=there-is-nobody", call.participant_token)));
  const auto foreign = join_data("externalMeetingId=" + other.meeting + "&attendeeExternalUserId=solo-user", call.participant_token);
  expect_error(foreign, 403, "another meeting");
  EXPECT_EQ(without_id(foreign), without_id(join_data("externalMeetingId=no-such&attendeeExternalUserId=solo-user", call.participant_token)));
  // Staff without the permission, and not the owner.
  const bj::object body{{"externalMeetingId", call.meeting}};
  for (const char* path : {"/api/chime/meeting", "/api/recording/recording"}) {
    expect_error(raw(world, "DELETE", path, world.supervisor().token(), bj::serialize(body)), 403, path);
  }
  expect_error(raw(world, "GET", "/internal/meetings/" + call.meeting, world.agent().token(), ""), 403, "internal state");
  expect_error(raw(world, "PUT", "/api/agent/status", world.supervisor().token(), "{\"status\":\"available\"}"), 403, "not an agent");
  // Unknown things.
  const bj::object unknown{{"externalMeetingId", "no-such-meeting"}};
  for (const char* method : {"POST", "DELETE"}) expect_error(raw(world, method, "/api/recording/recording", world.agent().token(), bj::serialize(unknown)), 404, "unknown meeting");
  expect_error(raw(world, "DELETE", "/api/chime/meeting", world.agent().token(), bj::serialize(unknown)), 404, "unknown meeting");
  expect_error(raw(world, "GET", "/api/chime/attendee-name?" + mine + "&attendeeExternalUserId=nobody", world.agent().token(), ""), 404, "unknown attendee");
  expect_error(raw(world, "GET", "/api/recording/recording-summary", world.supervisor().token(), ""), 400, "no meeting named");
  expect_error(raw(world, "GET", "/api/recording/recording-summary?externalMeetingId=no-such", world.supervisor().token(), ""), 404, "no recordings");
  expect_error(raw(world, "GET", "/api/recording/recording-summary?externalMeetingId=no-such", world.agent().token(), ""), 403, "no profile");
  expect_error(raw(world, "GET", "/api/no/such/route", "", ""), 404, "unknown route");
  expect_error(raw(world, "POST", "/api/agent/contacts/no-such/accept", world.agent().token(), ""), 404, "unknown contact");
  expect_error(raw(world, "PATCH", "/api/chime/meeting", world.agent().token(), "{}"), 405, "unknown method");
}

std::optional<std::uint16_t> control_close_code(World& world, const std::string& meeting_id, std::vector<std::string> subprotocols) {
  net::WebSocketClientOptions options;
  options.url = "ws" + world.url().substr(4) + "/control/" + meeting_id;
  options.subprotocols = std::move(subprotocols);
  auto socket = world.need(net::WebSocketClient::connect(std::move(options)), "a signalling socket (it is never refused by a status)");
  return socket->wait_closed(Duration::s(10));
}

TEST(BadInput, SignallingSocketsDisturbNobody) {
  World world;
  Call call = world.begin_call();
  const std::string meeting_id = json::text_or(*json::object_at(call.agent_join, "Meeting"), "MeetingId");
  const std::string good = json::text_or(*json::object_at(call.customer_join, "Attendee"), "JoinToken");
  EXPECT_EQ(control_close_code(world, meeting_id, {"_aws_wt_session", "wrong-token"}), 4403);
  EXPECT_EQ(control_close_code(world, meeting_id, {"_aws_wt_session"}), 4403);
  EXPECT_EQ(control_close_code(world, meeting_id, {}), 4403);
  EXPECT_EQ(control_close_code(world, "no-such-meeting", {"_aws_wt_session", good}), 4403);
  EXPECT_EQ(control_close_code(world, make_uuid(*std::make_unique<crypto::SystemRandom>()), {"_aws_wt_session", good}), 4403);
  // Malformed frames on a socket of a third attendee that may join.
  const bj::object third{{"externalMeetingId", call.meeting}, {"attendeeExternalUserId", "third-user"}, {"attendeeName", "Third"}};
  const auto added = world.need(world.agent().expect(200, "POST", "/api/chime/attendee", &third), "createAttendee");
  EXPECT_EQ(world.need(world.agent().call("POST", "/api/chime/attendee", &third), "again").status, 409);
  crypto::SystemRandom random;
  for (int round = 0; round < 20; ++round) {
    net::WebSocketClientOptions options;
    options.url = "ws" + world.url().substr(4) + "/control/" + meeting_id;
    options.subprotocols = {"_aws_wt_session", json::text_or(added.data(), "JoinToken")};
    auto socket = world.need(net::WebSocketClient::connect(std::move(options)), "the third attendee's socket");
    for (int i = 0; i < 20; ++i) {
      ByteVector junk(random.below(round < 18 ? 200 : 60'000));
      random.fill(junk);
      if (!junk.empty()) junk[0] = static_cast<std::uint8_t>(random.below(8));
      if (!socket->send_binary(junk)) break;
    }
    socket->send_text("{\"not\":\"binary\"}");
    if (round % 2 == 0) socket->abort();
    else socket->close();
  }
  net::WebSocketClientOptions large;
  large.url = "ws" + world.url().substr(4) + "/control/" + meeting_id;
  large.subprotocols = {"_aws_wt_session", json::text_or(added.data(), "JoinToken")};
  auto socket = world.need(net::WebSocketClient::connect(std::move(large)), "a socket");
  socket->send_binary(ByteVector(3 << 20));
  EXPECT_TRUE(socket->wait_closed(Duration::s(10)).has_value());
  world.expect_media(call, Duration::s(10), 20);
  EXPECT_EQ(number_at(world.device_facts(*call.agent_device), "reconnects"), 0);
  EXPECT_EQ(number_at(world.device_facts(*call.customer_device), "reconnects"), 0);
  EXPECT_EQ(world.ready_status(), 200);
}

}  // namespace
}  // namespace upcall::story
