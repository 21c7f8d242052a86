// One chat from the customer's and the agent's side, through the routes, across a restart.
#include "customer.hpp"

#include <latch>

#include "api/centre/contact_lookup.hpp"

#include "io/store/centre_repository.hpp"

namespace upcall::test {
namespace {

bj::object take(OpenSocket& socket, const std::string& type, const std::string& state = "") {
  return socket.connection->take([&](const bj::object& f) { return text(f.at("type")) == type && (state.empty() || text(f.at("state")) == state); }, (type + " " + state).c_str());
}

TEST(ChatStory, FromStartToClearedWithARestartInTheMiddle) {
  Installation in;
  const std::string ann = in.add_user("ann@example.com");
  const std::string token = in.log_in("ann@example.com");
  const auto as_ann = in.bearer(token);

  Customer jane(in, {{"videoExternalMeetingId", "meeting-1"}, {"videoAttendeeExternalUserId", "attendee-1"}});
  jane.connect();
  auto events = in.open("/api/agent/events", {}, {"upcall.events", "bearer." + token});
  ASSERT_TRUE(events.handler);
  EXPECT_EQ(events.subprotocol, "upcall.events");
  const auto snapshot = take(events, "snapshot");
  EXPECT_EQ(text(snapshot.at("agent").at("status")), "offline");

  EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
  const auto offer = take(events, "contact", "connecting");
  EXPECT_EQ(text(offer.at("contactId")), jane.contact_id);
  EXPECT_EQ(text(offer.at("contact").at("attributes").at("customerName")), "Jane");
  EXPECT_EQ(text(offer.at("contact").at("attributes").at("videoRecordingStartStopEnabled")), "true");
  const std::string contact = "/api/agent/contacts/" + jane.contact_id;
  EXPECT_EQ(in.send("POST", contact + "/accept", "", as_ann).status, 200);
  take(events, "contact", "connected");
  jane.take_item("application/vnd.amazonaws.connect.event.participant.joined");

  auto sent = jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "hello"}, {"ClientToken", "c1"}});
  ASSERT_EQ(sent.status, 200) << sent.body;
  const std::string item_id = text(Installation::body(sent).at("Id"));
  EXPECT_EQ(text(jane.take_item("text/plain", "hello").at("Id")), item_id) << "the sender sees its own message with the same id";
  const auto to_agent = events.connection->take([](const bj::object& f) { return f.at("type") == "item" && f.at("item").as_object().if_contains("Content") && f.at("item").at("Content") == "hello"; }, "hello");
  EXPECT_EQ(text(to_agent.at("item").at("ParticipantRole")), "CUSTOMER");
  EXPECT_EQ(text(Installation::body(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "hello"}, {"ClientToken", "c1"}})).at("Id")), item_id);
  EXPECT_EQ(in.send("POST", contact + "/items", R"({"content":"good day"})", as_ann).status, 200);
  const auto reply = jane.take_item("text/plain", "good day");
  EXPECT_EQ(text(reply.at("ParticipantRole")), "AGENT");
  EXPECT_EQ(text(reply.at("InitialContactId")), jane.contact_id);

  // The invitation, its repeat, and the transcript that a reloaded page finds it in.
  auto invited = in.service->call(contact::InviteToVideo{jane.contact_id, "meeting-1", "attendee-1"});
  ASSERT_FALSE(invited.error);
  const std::string invitation = invited.reply.id;
  EXPECT_EQ(text(jane.take_item("application/vnd.upcall.event.video.invitation").at("Id")), invitation);
  in.pass(Duration::s(3));
  EXPECT_EQ(text(jane.take_item("application/vnd.upcall.event.video.invitation").at("Id")), invitation);

  // The server goes down and comes back; nothing that was answered is lost.
  events.handler->on_close(1006);
  jane.socket.handler->on_close(1006);
  const auto before = jane.transcript();
  in.stop();
  in.start();
  jane.connect();
  const auto after = jane.transcript();
  EXPECT_EQ(after, before);
  EXPECT_EQ(text(after.back().at("Id")), invitation);
  in.pass(Duration::s(3));
  jane.take_item("application/vnd.upcall.event.video.invitation");
  EXPECT_EQ(jane.call("event", jane.connection, {{"ContentType", "application/vnd.upcall.event.video.invitation.acknowledged"}, {"Content", R"({"invitationId":")" + invitation + R"("})"}}).status, 200);
  EXPECT_TRUE(in.service->get<bool>([&](const contact::Centre& c) { return c.contact(jane.contact_id)->invitation->acknowledged; }));
  auto again = in.open("/api/agent/events?epoch=" + text(snapshot.at("epoch")) + "&after=3", as_ann);
  const auto fresh = take(again, "snapshot");
  ASSERT_EQ(fresh.at("contacts").as_array().size(), 1u) << "the old numbers mean nothing after a restart";
  EXPECT_EQ(text(fresh.at("contacts").at(0).at("state")), "connected");

  EXPECT_EQ(in.send("POST", contact + "/end", "", as_ann).status, 200);
  jane.take_item("application/vnd.amazonaws.connect.event.chat.ended");
  EXPECT_EQ(jane.socket.connection->wait_closed(), 1000);
  EXPECT_EQ(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "late"}}).status, 403);
  auto closed = jane.call("connection", jane.token, {{"Type", {"WEBSOCKET"}}});
  EXPECT_EQ(closed.status, 403) << "how clients learn that a chat ended in the background";
  EXPECT_EQ(text(Installation::body(closed).at("__type")), "AccessDeniedException");
  take(again, "contact", "ended");
  EXPECT_EQ(in.send("POST", contact + "/clear", "", as_ann).status, 200);
  take(again, "contact", "none");
  EXPECT_EQ(in.send("POST", contact + "/clear", "", as_ann).status, 404);
  EXPECT_EQ(in.store->read([&](store::Database& db) { return store::centre::find_contact(db, jane.contact_id); })->value().state, "ended");
}

// Whoever got no answer sends once more: the message had been taken, then the server died.
TEST(ChatStory, ARepeatIsKnownAfterARestart) {
  Installation in;
  Customer jane(in);
  jane.connect();
  const auto send = [&](const char* token, const char* words) {
    const auto answer = jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", words}, {"ClientToken", token}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(Installation::body(answer).at("Id"));
  };
  const std::string first = send("token-1", "hello");
  const std::string second = send("token-2", "hello");
  EXPECT_NE(first, second) << "the same words twice are two messages";
  const auto before = jane.transcript();

  jane.socket.handler->on_close(1006);
  in.stop();
  in.start();
  jane.connect();
  EXPECT_EQ(send("token-2", "hello"), second);
  EXPECT_EQ(send("token-1", "hello"), first);
  EXPECT_EQ(jane.transcript(), before);
  EXPECT_NE(send("token-1", "something else"), first);
}

// Whoever reads much still gets to speak.
TEST(ChatStory, ReceiptsCostNoMessages) {
  Installation in;
  Customer jane(in);
  jane.connect();
  const auto say = [&](const char* operation, std::string_view type, const std::string& content) {
    return jane.call(operation, jane.connection, {{"ContentType", type}, {"Content", content}}).status;
  };
  const std::string own = text(Installation::body(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "hello"}})).at("Id"));
  int receipts = 0, messages = 0;
  for (int i = 0; i < 60; ++i) receipts += say("event", contact::content::kRead, R"({"messageId":")" + own + R"("})") == 200;
  EXPECT_EQ(receipts, 30) << "they have a limit of their own";
  for (int i = 0; i < 60; ++i) messages += say("message", "text/plain", "again") == 200;
  EXPECT_EQ(messages, 29);
}

TEST(ChatStory, EventsResumeByNumber) {
  Installation in;
  in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  auto first = in.open("/api/agent/events", as_ann);
  const auto snapshot = take(first, "snapshot");
  in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann);
  const auto seen = take(first, "agent");
  first.handler->on_close(1006);
  first.handler.reset();
  in.send("PUT", "/api/agent/status", R"({"status":"offline"})", as_ann);
  auto second = in.open("/api/agent/events?epoch=" + text(snapshot.at("epoch")) + "&after=" + std::to_string(seen.at("seq").as_int64()), as_ann);
  const auto missed = second.connection->take([](const bj::object&) { return true; }, "the missed event");
  EXPECT_EQ(text(missed.at("type")), "agent");
  EXPECT_EQ(missed.at("seq").as_int64(), seen.at("seq").as_int64() + 1);
  EXPECT_EQ(text(missed.at("agent").at("status")), "offline");
}

TEST(ChatStory, TwoSocketsOfOneCustomerBothGetEverything) {
  Installation in;
  Customer jane(in);
  jane.connect();
  OpenSocket old = jane.socket;
  jane.connect();
  EXPECT_EQ(jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", "x"}}).status, 200);
  jane.take_item("text/plain", "x");
  std::swap(old, jane.socket);
  jane.take_item("text/plain", "x");
}

TEST(ChatStory, TranscriptPages) {
  Installation in;
  Customer jane(in);
  jane.connect();
  for (int i = 0; i < 5; ++i) jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", std::to_string(i)}});
  const auto all = jane.transcript();
  ASSERT_GE(all.size(), 7u);
  std::vector<std::string> ids;
  bj::object query{{"MaxResults", 3}, {"ScanDirection", "BACKWARD"}, {"SortOrder", "ASCENDING"}, {"StartPosition", bj::object{}}};
  for (int pages = 0; pages < 10; ++pages) {
    const auto body = Installation::body(jane.call("transcript", jane.connection, query));
    std::vector<std::string> page;
    for (const auto& item : body.at("Transcript").as_array()) page.push_back(text(item.at("Id")));
    ids.insert(ids.begin(), page.begin(), page.end());
    if (!body.contains("NextToken")) break;
    query["NextToken"] = body.at("NextToken");
  }
  std::vector<std::string> expected;
  for (const auto& item : all) expected.push_back(text(item.at("Id")));
  EXPECT_EQ(ids, expected);
  // From an item on, forwards, the item included.
  const auto from = Installation::body(jane.call("transcript", jane.connection, {{"StartPosition", {{"Id", expected[2]}}}, {"SortOrder", "ASCENDING"}, {"MaxResults", 2}}));
  EXPECT_EQ(text(from.at("Transcript").at(0).at("Id")), expected[2]);
  EXPECT_EQ(text(from.at("Transcript").at(1).at("Id")), expected[3]);
  for (const char* bad : {R"({"MaxResults":101})", R"({"NextToken":"zz"})", R"({"NextToken":"b99999999999999999999999"})", R"({"StartPosition":{"Id":"nope"}})"}) {
    EXPECT_EQ(in.send("POST", "/aws/participant/participant/transcript", bad, {{"x-amz-bearer", jane.connection}}).status, 400) << bad;
  }
  // Another chat's items are not reachable with this token.
  Customer eve(in);
  EXPECT_EQ(jane.call("transcript", jane.connection, {{"ContactId", eve.contact_id}}).status, 403);
}

TEST(ChatStory, WrongTokensAreDeniedAlike) {
  Installation in;
  Customer jane(in);
  jane.connect();
  for (const char* operation : {"message", "event", "transcript", "disconnect"}) {
    EXPECT_EQ(jane.call(operation, "wrong", {}).status, 403) << operation;
    EXPECT_EQ(jane.call(operation, jane.token, {}).status, 403) << operation << ": the participant token opens connections only";
    EXPECT_EQ(in.send("POST", std::string("/aws/participant/participant/") + operation, "{}").status, 403) << operation;
  }
  EXPECT_EQ(jane.call("connection", jane.connection, {{"Type", {"WEBSOCKET"}}}).status, 403);
  EXPECT_EQ(jane.call("connection", jane.token, {{"Type", {"WEBRTC_CONNECTION"}}}).status, 400);
  EXPECT_EQ(in.open("/aws/participant/socket?ticket=wrong").refusal.status, 403);
  EXPECT_EQ(in.open("/aws/participant/socket").refusal.status, 403);
  // A ticket dies after 100 seconds.
  auto answer = jane.call("connection", jane.token, {{"Type", {"WEBSOCKET"}}});
  const std::string url = text(Installation::body(answer).at("Websocket").at("Url")).substr(std::string("wss://upcall.example").size());
  in.pass(Duration::s(101));
  EXPECT_FALSE(in.open(url).handler);
  EXPECT_EQ(jane.call("disconnect", jane.connection, {}).status, 200);
  EXPECT_EQ(jane.call("disconnect", jane.connection, {}).status, 403);
}

// A phone that has reached this host by one of its addresses may know no other.
TEST(ChatStory, SocketIsWhereTheCustomerCameIn) {
  Installation in;
  Customer jane(in);
  auto request = in.request("POST", "/aws/participant/participant/connection", R"({"Type":["WEBSOCKET"]})", {{"x-amz-bearer", jane.token}});
  request.own_origin = "https://192.0.2.9:8443";
  const auto answer = in.router->dispatch(request);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const std::string url = text(Installation::body(answer).at("Websocket").at("Url"));
  EXPECT_TRUE(url.starts_with("wss://192.0.2.9:8443/aws/participant/socket?ticket=")) << url;
}

// acceptance: 15
TEST(ChatStory, StartChatChecksWhatItTakes) {
  Installation in;
  const auto start = [&](const bj::value& body) {
    ++in.peer;
    return in.send("POST", "/api/chat/start", bj::serialize(body)).status;
  };
  bj::object good = *json::parse_object(in.start_body());
  EXPECT_EQ(start(good), 200);
  EXPECT_EQ(start(bj::array{}), 400);
  const auto with = [&](const char* name, bj::value v) {
    bj::object o = good;
    o[name] = std::move(v);
    return o;
  };
  EXPECT_EQ(start(with("ContactFlowId", nullptr)), 400);
  EXPECT_EQ(start(with("ContactFlowId", "another")), 400);
  EXPECT_EQ(start(with("ParticipantDetails", nullptr)), 400);
  EXPECT_EQ(start(with("ParticipantDetails", {{"DisplayName", ""}})), 400);
  EXPECT_EQ(start(with("ParticipantDetails", {{"DisplayName", 7}})), 400);
  EXPECT_EQ(start(with("ParticipantDetails", {{"DisplayName", std::string(257, 'x')}})), 400);
  EXPECT_EQ(start(with("Attributes", bj::object{})), 400);
  EXPECT_EQ(start(with("Attributes", {{"customerEmailAddress", "no"}})), 400);
  EXPECT_EQ(start(with("Attributes", {{"customerEmailAddress", "a@b"}})), 200);
  EXPECT_EQ(start(with("Attributes", {{"customerEmailAddress", "a@b"}, {"videoExternalMeetingId", "../x"}})), 400);
  EXPECT_EQ(start(with("Attributes", {{"customerEmailAddress", "a@b"}, {"videoExternalMeetingId", 12}})), 400);
  EXPECT_EQ(in.send("POST", "/api/chat/start", std::string(70'000, ' ')).status, 413);
  EXPECT_EQ(in.send("POST", "/api/chat/start", "{").status, 400);
}

TEST(ChatStory, TheServerAloneDecidesWhatSteersRouting) {
  Installation in;
  in.add_user("ann@example.com");
  Customer jane(in, {{"videoRouteToAgent", "ann@example.com"}, {"videoRecordingPlaybackURL", "https://evil.example"}, {"videoRecordingAutoStartEnabled", "true"}});
  Customer demo(in, {{"customerEmailAddress", "ann@example.com"}});
  Customer reference(in, {{"videoReferenceId", "not-a-number"}});
  in.service->ask([&](const contact::Centre& c) {
    const auto& attributes = c.contact(jane.contact_id)->attributes;
    EXPECT_EQ(attributes.at("videoRouteToAgent"), "");
    EXPECT_FALSE(attributes.contains("videoRecordingPlaybackURL"));
    EXPECT_EQ(attributes.at("videoRecordingAutoStartEnabled"), "false");
    EXPECT_TRUE(c.contact(jane.contact_id)->queue.agent_id.empty());
    EXPECT_FALSE(c.contact(demo.contact_id)->queue.agent_id.empty()) << "demo routing goes by the typed address";
    EXPECT_TRUE(c.contact(reference.contact_id) == nullptr || c.contact(reference.contact_id)->end_reason == "flow_disconnect") << "a reference that is not one is refused, number or not";
  });
}

TEST(ChatStory, StartingChatsIsLimitedPerPeer) {
  Installation in;
  int refused = 0;
  for (int i = 0; i < 30; ++i) refused += in.send("POST", "/api/chat/start", in.start_body()).status == 429;
  EXPECT_EQ(refused, 10);
  in.peer = 2;
  EXPECT_EQ(in.send("POST", "/api/chat/start", in.start_body()).status, 200);
}

// The store refuses for a while: nothing that was done is lost, and a repeated send gives the first item.
TEST(ChatStory, AStoreThatFailsForAWhileLosesNothing) {
  Installation in(2);
  Customer jane(in);
  jane.connect();
  // The writer is held and its queue filled, so that the service's next write is refused.
  std::latch held(1), gate(1);
  auto hold = in.store->write_async([&](store::Database&) -> Result<void> {
    held.count_down();
    gate.wait();
    return {};
  });
  held.wait();
  auto fill_1 = in.store->write_async([](store::Database&) -> Result<void> { return {}; });
  auto fill_2 = in.store->write_async([](store::Database&) -> Result<void> { return {}; });
  const contact::SendItem send{jane.contact_id, jane.participant_id, "", contact::ItemType::message, "text/plain", "hello", "token"};
  auto refused = in.service->call(send);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, ErrorCode::unavailable);
  gate.count_down();
  hold.get();
  fill_1.get();
  fill_2.get();
  in.pass(Duration::s(1));
  const auto item = jane.take_item("text/plain", "hello");
  auto again = in.service->call(send);
  ASSERT_FALSE(again.error);
  EXPECT_EQ(again.reply.id, text(item.at("Id")));
  int seen = 0;
  for (const auto& i : jane.transcript()) seen += i.as_object().if_contains("Content") != nullptr && text(i.at("Content")) == "hello";
  EXPECT_EQ(seen, 1);
}

TEST(ChatStory, ADamagedContactIsClosedAndTheOthersGoOn) {
  Installation in;
  Customer jane(in), eve(in);
  in.service->ask([](const contact::Centre&) {});
  ASSERT_TRUE(in.store->write([&](store::Database& db) { return db.run("update contacts set snapshot='{' where id=?1", eve.contact_id); }));
  in.stop();
  in.start();
  EXPECT_TRUE(in.service->get<bool>([&](const contact::Centre& c) { return c.contact(jane.contact_id) != nullptr && c.contact(eve.contact_id) == nullptr; }));
  EXPECT_EQ(in.store->read([&](store::Database& db) { return store::centre::find_contact(db, eve.contact_id); })->value().state, "ended");
  jane.connect();
  EXPECT_EQ(eve.call("connection", eve.token, {{"Type", {"WEBSOCKET"}}}).status, 403);
}

TEST(ChatStory, AMissedContactShowsOnlyItsState) {
  Installation in;
  in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann);
  Customer jane(in);
  const auto contacts = [&] { return Installation::body(in.send("GET", "/api/agent/state", "", as_ann)).at("data").at("contacts").as_array(); };
  EXPECT_TRUE(contacts().at(0).as_object().contains("attributes"));
  in.pass(Duration::s(20));
  EXPECT_EQ(text(contacts().at(0).at("state")), "missed");
  EXPECT_FALSE(contacts().at(0).as_object().contains("attributes")) << "it may be somebody else's now";
}

TEST(ChatStory, OtherRoutesFindTheContactOfACustomerAndOfAMeeting) {
  Installation in;
  const std::string ann = in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann);
  Customer jane(in, {{"videoExternalMeetingId", "meeting-1"}});
  jane.connect();
  EXPECT_FALSE(api::contact_for_meeting(*in.centre_api, ann, "meeting-1")) << "not accepted yet";
  in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/accept", "", as_ann);
  EXPECT_EQ(api::contact_for_meeting(*in.centre_api, ann, "meeting-1")->contact_id, jane.contact_id);
  EXPECT_FALSE(api::contact_for_meeting(*in.centre_api, "another", "meeting-1"));
  const auto who = [&](const std::string& token) { return api::authenticate_customer(*in.centre_api, in.request("GET", "/api/meeting/attendee-join-data", "", in.bearer(token))); };
  ASSERT_TRUE(who(jane.token));
  EXPECT_EQ(who(jane.token)->contact.attributes.at("videoExternalMeetingId"), "meeting-1");
  EXPECT_EQ(who(jane.connection).error().code, ErrorCode::unauthenticated);
  EXPECT_EQ(who("x").error().code, ErrorCode::unauthenticated);
  jane.call("disconnect", jane.connection, {});
  EXPECT_EQ(who(jane.token)->contact.state, contact::ContactState::wrap_up);
  in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/clear", "", as_ann);
  EXPECT_EQ(who(jane.token)->contact.state, contact::ContactState::ended);
  EXPECT_EQ(who(jane.token)->contact.agent_id, ann);
  EXPECT_TRUE(api::set_contact_attribute(*in.centre_api, jane.contact_id, "videoRecordingPlaybackURL", "u"));
  EXPECT_EQ((*api::contact_facts(*in.centre_api, jane.contact_id))->attributes.at("videoRecordingPlaybackURL"), "u");
  EXPECT_FALSE(api::set_contact_attribute(*in.centre_api, "none", "a", "b"));
}

}  // namespace
}  // namespace upcall::test
