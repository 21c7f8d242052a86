// The participant interface in full: receipts, transcript pages, reconnects, idle and duration limits, bad input.
#include <algorithm>
#include <set>

#include "customer.hpp"

#include "io/store/parameter_repository.hpp"

namespace upcall::test {
namespace {

constexpr const char* kEvent = "application/vnd.amazonaws.connect.event.";

struct Chat {
  explicit Chat(bj::object attributes = {}) : jane(in, std::move(attributes)) {
    in.add_user("ann@example.com");
    as_ann = in.bearer(in.log_in("ann@example.com"));
    jane.connect();
    EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
    path = "/api/agent/contacts/" + jane.contact_id;
    EXPECT_EQ(in.send("POST", path + "/accept", "", as_ann).status, 200);
    // Agents have a participant of their own.
    agent = in.service->get<std::string>([&](const contact::Centre& c) { return c.contact(jane.contact_id)->participants.back().id; });
  }
  std::string say(const std::string& words) {
    auto answer = jane.call("message", jane.connection, {{"ContentType", "text/plain"}, {"Content", words}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(Installation::body(answer).at("Id"));
  }
  std::string agent_says(const std::string& words) {
    auto answer = in.send("POST", path + "/items", bj::serialize(bj::object{{"content", words}}), as_ann);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return text(Installation::body(answer).at("data").at("id"));
  }
  int event(const std::string& type, const std::string& content = "", const std::string& token = "") {
    bj::object body{{"ContentType", kEvent + type}};
    if (!content.empty()) body["Content"] = content;
    if (!token.empty()) body["ClientToken"] = token;
    return jane.call("event", jane.connection, body).status;
  }
  bool is_there() {
    return in.service->get<bool>([&](const contact::Centre& c) { return c.contact(jane.contact_id) != nullptr && c.contact(jane.contact_id)->live(); });
  }
  Installation in;
  Customer jane;
  Installation::Headers as_ann;
  std::string path, agent;
};

// Clients send one and the same ClientToken with every receipt; none may be swallowed.
TEST(Chat, EveryReceiptIsPassedOnAndKept) {
  Chat chat;
  auto events = chat.in.open("/api/agent/events", chat.as_ann);
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(chat.agent_says("message " + std::to_string(i)));
  for (const std::string& id : ids) {
    EXPECT_EQ(chat.event("message.delivered", R"({"messageId":")" + id + R"("})", "INCOMING_DELIVERED_RECEIPT"), 200);
    EXPECT_EQ(chat.event("message.read", R"({"messageId":")" + id + R"("})", "INCOMING_READ_RECEIPT"), 200);
  }
  for (const std::string& id : ids) {
    for (const char* stamp : {"DeliveredTimestamp", "ReadTimestamp"}) {
      const auto frame = events.connection->take([](const bj::object& f) { return f.at("type") == "item" && f.at("item").at("Type") == "MESSAGEMETADATA"; }, stamp);
      const auto& item = frame.at("item").as_object();
      EXPECT_EQ(text(item.at("Id")), id);
      EXPECT_EQ(text(item.at("ContentType")), std::string(kEvent) + "message.metadata");
      EXPECT_EQ(text(item.at("MessageMetadata").at("MessageId")), id);
      const auto& receipt = item.at("MessageMetadata").at("Receipts").at(0).as_object();
      EXPECT_TRUE(receipt.contains(stamp)) << bj::serialize(receipt);
      EXPECT_EQ(text(receipt.at("RecipientParticipantId")), chat.jane.participant_id);
    }
  }
  // A page that is loaded later finds them on the messages.
  int with = 0;
  const auto items = chat.jane.transcript();
  for (const auto& item : items) {
    if (!item.as_object().contains("MessageMetadata")) continue;
    ++with;
    const auto& receipt = item.at("MessageMetadata").at("Receipts").at(0).as_object();
    EXPECT_TRUE(receipt.contains("DeliveredTimestamp") && receipt.contains("ReadTimestamp"));
  }
  EXPECT_EQ(with, 3);
  EXPECT_EQ(chat.event("message.read", R"({"messageId":"0b7f1f0e-0000-4000-8000-000000000000"})"), 200);
  EXPECT_EQ(chat.in.store->read([](store::Database& db) { return db.one("select count(*) from chat_receipts", [](store::Row& r) { return r.i64(0); }); })->value(), 3)
      << "nothing is kept of a message that is not there";
  EXPECT_EQ(chat.event("typing"), 200);
  const auto typing = events.connection->take([](const bj::object& f) { return f.at("type") == "item" && text(f.at("item").at("ContentType")).ends_with(".typing"); }, "typing");
  EXPECT_EQ(text(typing.at("item").at("ParticipantRole")), "CUSTOMER");
}

TEST(Chat, TranscriptPagesAreWhole) {
  Chat chat;
  std::vector<std::string> said;
  for (int i = 0; i < 23; ++i) {
    chat.in.pass(Duration::s(1));
    said.push_back(chat.say("m" + std::to_string(i)));
  }
  std::vector<std::string> all;
  const auto whole = chat.jane.transcript();
  for (const auto& item : whole) all.push_back(text(item.at("Id")));
  ASSERT_TRUE(std::equal(said.begin(), said.end(), all.end() - 23));
  const auto page = [&](bj::object query) {
    auto answer = chat.jane.call("transcript", chat.jane.connection, std::move(query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer);
  };
  const auto ids = [](const bj::object& body) {
    std::vector<std::string> out;
    for (const auto& item : body.at("Transcript").as_array()) out.push_back(text(item.at("Id")));
    return out;
  };
  // Defaults: ten, from the end, newest first.
  auto first = page({});
  auto expected = std::vector<std::string>(all.rbegin(), all.rbegin() + 10);
  EXPECT_EQ(ids(first), expected);
  // Both ways, in both orders, any page size: joined, the pages are the chat.
  for (const char* order : {"ASCENDING", "DESCENDING"}) {
    for (const int size : {1, 7, 100}) {
      for (const bool backward : {true, false}) {
        bj::object query{{"MaxResults", size}, {"SortOrder", order}, {"ScanDirection", backward ? "BACKWARD" : "FORWARD"}};
        if (!backward) query["StartPosition"] = bj::object{{"Id", all.front()}};
        std::vector<std::string> joined;
        for (;;) {
          const auto body = page(query);
          auto part = ids(body);
          if ((std::string(order) == "ASCENDING") == backward) std::reverse(part.begin(), part.end());
          joined.insert(joined.end(), part.begin(), part.end());
          if (!body.contains("NextToken")) break;
          query["NextToken"] = body.at("NextToken");
        }
        if (backward) std::reverse(joined.begin(), joined.end());
        EXPECT_EQ(joined, all) << order << " " << size << " " << backward;
      }
    }
  }
  // Where a page begins, in the three documented ways.
  const std::string at = text(whole.at(whole.size() - 5).at("AbsoluteTime"));
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"StartPosition", {{"AbsoluteTime", at}}}})), std::vector<std::string>(all.end() - 5, all.end()));
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"ScanDirection", "BACKWARD"}, {"MaxResults", 2}, {"StartPosition", {{"AbsoluteTime", at}}}})), std::vector<std::string>(all.end() - 6, all.end() - 4));
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"StartPosition", {{"MostRecent", 3}}}})), std::vector<std::string>(all.end() - 3, all.end()));
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"MaxResults", 100}, {"StartPosition", {{"MostRecent", 100}}}})), all) << "fewer than that";
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"MaxResults", 2}, {"StartPosition", {{"Id", said[20]}}}})), std::vector<std::string>(said.begin() + 20, said.begin() + 22));
  EXPECT_TRUE(ids(page({{"StartPosition", {{"AbsoluteTime", "2030-01-01T00:00:00.000Z"}}}})).empty()) << "nothing after that";
  EXPECT_EQ(ids(page({{"SortOrder", "ASCENDING"}, {"MaxResults", 100}, {"StartPosition", bj::object{}}})), all);
}

// Any sequence of lost and doubled sockets: what a client joins from its sockets and its transcript is the chat.
TEST(Chat, ReconnectsLoseAndDoubleNothing) {
  Chat chat;
  SeededRandom dice(11);
  std::vector<std::string> seen;
  std::set<std::string> known;
  const auto take = [&](const bj::object& item) {
    const std::string id = text(item.at("Id"));
    if (text(item.at("Type")) != "MESSAGE" || !known.insert(id).second) return;
    seen.push_back(id);
  };
  std::vector<OpenSocket> sockets{chat.jane.socket};
  const auto drain = [&](OpenSocket& socket) {
    std::set<std::string> on_this;
    const auto frames = socket.connection->all();
    for (const bj::object& f : frames) {
      if (f.at("topic") != "aws/chat") continue;
      const auto item = *json::parse_object(text(f.at("content")));
      if (text(item.at("Type")) == "MESSAGE") {
        EXPECT_TRUE(on_this.insert(text(item.at("Id"))).second) << "twice on one socket";
      }
      take(item);
    }
  };
  std::vector<std::string> said;
  int lost = 0, doubled = 0;
  for (int i = 0; i < 200; ++i) {
    switch (dice.below(6)) {
      case 0:
        if (sockets.size() > 1 || dice.chance(0.5)) {
          const std::size_t which = dice.below(sockets.size());
          if (sockets.empty()) break;
          drain(sockets[which]);
          sockets[which].handler->on_close(1006);
          sockets.erase(sockets.begin() + static_cast<std::ptrdiff_t>(which));
          ++lost;
        }
        break;
      case 1: {
        if (sockets.size() >= 2) break;
        doubled += sockets.empty() ? 0 : 1;
        chat.jane.connect();
        sockets.push_back(chat.jane.socket);
        // Nothing is replayed on a new socket: clients ask for the transcript after subscribing.
        const auto items = chat.jane.transcript();
        for (const auto& item : items) take(item.as_object());
        break;
      }
      default:
        chat.in.pass(Duration::ms(400));
        said.push_back(dice.chance(0.5) ? chat.say("c" + std::to_string(i)) : chat.agent_says("a" + std::to_string(i)));
    }
    if (said.size() >= 90) break;  // one page of the transcript
  }
  chat.jane.connect();
  sockets.push_back(chat.jane.socket);
  for (OpenSocket& s : sockets) drain(s);
  const auto items = chat.jane.transcript();
  for (const auto& item : items) take(item.as_object());
  EXPECT_GT(lost, 5);
  EXPECT_GT(doubled, 3);
  std::vector<std::string> messages;
  for (const std::string& id : seen) {
    if (std::find(said.begin(), said.end(), id) != said.end()) messages.push_back(id);
  }
  std::sort(messages.begin(), messages.end());
  std::sort(said.begin(), said.end());
  EXPECT_EQ(messages, said);
}

TEST(Chat, SilenceIsToldAndEndsTheChat) {
  Installation in;
  ASSERT_TRUE(in.store->write([](store::Database& db) -> Result<void> {
    for (const auto& [name, value] : {std::pair("chatCustomerIdleMinutes", "2"), std::pair("chatCustomerDisconnectMinutes", "1"), std::pair("chatAgentIdleMinutes", "30")}) {
      if (auto set = store::parameters::set(db, name, value); !set) return set;
    }
    return {};
  }));
  ASSERT_TRUE(in.service->reload());
  in.add_user("ann@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  Customer jane(in);
  jane.connect();
  in.pass(Duration::s(600));
  EXPECT_EQ(in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann).status, 200);
  EXPECT_EQ(in.send("POST", "/api/agent/contacts/" + jane.contact_id + "/accept", "", as_ann).status, 200) << "who waits is not idle";
  in.pass(Duration::s(120));
  EXPECT_EQ(text(jane.take_item(std::string(kEvent) + "participant.idle").at("ParticipantId")), jane.participant_id);
  in.pass(Duration::s(30));
  EXPECT_EQ(jane.call("event", jane.connection, {{"ContentType", std::string(kEvent) + "typing"}}).status, 200);
  jane.take_item(std::string(kEvent) + "participant.returned");
  in.pass(Duration::s(120));
  jane.take_item(std::string(kEvent) + "participant.idle");
  in.pass(Duration::s(59));
  EXPECT_TRUE(in.service->get<bool>([&](const contact::Centre& c) { return c.contact(jane.contact_id)->live(); }));
  in.pass(Duration::s(1));
  jane.take_item(std::string(kEvent) + "participant.autodisconnection");
  jane.take_item(std::string(kEvent) + "participant.left");
  jane.take_item(std::string(kEvent) + "chat.ended");
  EXPECT_EQ(jane.socket.connection->wait_closed(), 1000);
}

TEST(Chat, AChatHasItsTime) {
  Installation in;
  auto body = *json::parse_object(in.start_body());
  body["ChatDurationInMinutes"] = 60;
  auto started = in.send("POST", "/api/chat/start", bj::serialize(body));
  ASSERT_EQ(started.status, 200) << started.body;
  const std::string id = text(Installation::body(started).at("data").at("startChatResult").at("ContactId"));
  const std::string token = text(Installation::body(started).at("data").at("startChatResult").at("ParticipantToken"));
  ASSERT_EQ(in.send("POST", "/aws/participant/participant/connection", R"({"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true})", {{"x-amz-bearer", token}}).status, 200);
  const auto live = [&] { return in.service->get<bool>([&](const contact::Centre& c) { return c.contact(id) != nullptr && c.contact(id)->live(); }); };
  in.pass(Duration::s(3'599));
  EXPECT_TRUE(live());
  in.pass(Duration::s(1));
  EXPECT_FALSE(live());
}

TEST(Chat, WhatAChatTakesIsSettledAtItsStart) {
  Installation in;
  const auto start = [&](bj::value types) {
    auto body = *json::parse_object(in.start_body());
    body["SupportedMessagingContentTypes"] = std::move(types);
    in.peer++;
    return in.send("POST", "/api/chat/start", bj::serialize(body));
  };
  for (bj::value wrong : std::initializer_list<bj::value>{7, "text/plain", bj::array{}, bj::array{"text/markdown"}, bj::array{"text/plain", "text/html"}, bj::array{"text/plain", 5},
                                                          bj::array{"text/plain", "text/plain", "text/plain", "text/plain", "text/plain"}}) {
    auto answer = start(wrong);
    EXPECT_EQ(answer.status, 400) << bj::serialize(wrong);
    EXPECT_NE(answer.body.find("SupportedMessagingContentTypes"), std::string::npos);
  }
  for (bj::value wrong : std::initializer_list<bj::value>{"60", 59, 10'081, 60.5, true}) {
    auto body = *json::parse_object(in.start_body());
    body["ChatDurationInMinutes"] = wrong;
    in.peer++;
    auto answer = in.send("POST", "/api/chat/start", bj::serialize(body));
    EXPECT_EQ(answer.status, 400) << bj::serialize(wrong);
    EXPECT_NE(answer.body.find("ChatDurationInMinutes"), std::string::npos);
  }
  Customer plain(in);
  plain.connect();
  const auto send = [&](Customer& who, const std::string& type, const std::string& content) { return who.call("message", who.connection, {{"ContentType", type}, {"Content", content}}).status; };
  EXPECT_EQ(send(plain, "text/plain", "hi"), 200);
  EXPECT_EQ(send(plain, "text/markdown", "*hi*"), 400);
  auto answer = start({"text/plain", "text/markdown", "application/json"});
  ASSERT_EQ(answer.status, 200);
  Customer rich(in);
  rich.token = text(Installation::body(answer).at("data").at("startChatResult").at("ParticipantToken"));
  rich.connect();
  EXPECT_EQ(send(rich, "text/markdown", "*hi*"), 200);
  EXPECT_EQ(send(rich, "application/json", R"({"a":1})"), 200);
  EXPECT_EQ(send(rich, "application/json", "{"), 400);
  EXPECT_EQ(send(rich, "application/json", "{\"a\":\"" + std::string(12'000, 'x') + "\"}"), 400);
  EXPECT_EQ(send(rich, "application/vnd.amazonaws.connect.message.interactive.response", "{}"), 400);
}

TEST(Chat, EveryFieldIsChecked) {
  Chat chat;
  const std::string message = chat.say("hello");
  struct Case {
    const char* operation;
    std::string body;
    const char* says;
  };
  const std::string big(16'385, 'x');
  const Case cases[] = {
      {"connection", "[]", ""},
      {"connection", "{}", "Type"},
      {"connection", R"({"Type":"WEBSOCKET"})", "Type"},
      {"connection", R"({"Type":["TELEPHONE"]})", "Type"},
      {"connection", R"({"Type":[7]})", "Type"},
      {"connection", R"({"Type":["WEBSOCKET"],"ConnectParticipant":"true"})", "ConnectParticipant"},
      {"message", R"({"ContentType":"text/plain"})", "Content"},
      {"message", R"({"Content":"x"})", "ContentType"},
      {"message", R"({"ContentType":7,"Content":"x"})", "ContentType"},
      {"message", R"({"ContentType":"text/html","Content":"x"})", "ContentType"},
      {"message", R"({"ContentType":")" + std::string(101, 't') + R"(","Content":"x"})", "ContentType"},
      {"message", R"({"ContentType":"text/plain","Content":["x"]})", "Content"},
      {"message", R"({"ContentType":"text/plain","Content":""})", "Content"},
      {"message", R"({"ContentType":"text/plain","Content":")" + big + R"("})", "Content"},
      {"message", R"({"ContentType":"text/plain","Content":"a\u0000b"})", "Content"},
      {"message", "{\"ContentType\":\"text/plain\",\"Content\":\"\xff\"}", ""},
      {"message", R"({"ContentType":"text/plain","Content":"x","ClientToken":")" + std::string(501, 'x') + R"("})", "ClientToken"},
      {"message", R"({"ContentType":"text/plain","Content":"x","ClientToken":5})", "ClientToken"},
      {"event", R"({"ContentType":"application/vnd.amazonaws.connect.event.chat.ended"})", "ContentType"},
      {"event", R"({"ContentType":"application/vnd.amazonaws.connect.event.message.read"})", "Content"},
      {"event", R"({"ContentType":"application/vnd.amazonaws.connect.event.message.read","Content":"{\"messageId\":\"x\"}"})", "Content"},
      {"transcript", R"({"MaxResults":101})", "MaxResults"},
      {"transcript", R"({"MaxResults":-1})", "MaxResults"},
      {"transcript", R"({"MaxResults":"10"})", "MaxResults"},
      {"transcript", R"({"SortOrder":"UP"})", "SortOrder"},
      {"transcript", R"({"ScanDirection":"SIDEWAYS"})", "ScanDirection"},
      {"transcript", R"({"NextToken":"x1"})", "NextToken"},
      {"transcript", R"({"NextToken":"b"})", "NextToken"},
      {"transcript", R"({"NextToken":"b1x"})", "NextToken"},
      {"transcript", R"({"NextToken":"b99999999999999999999"})", "NextToken"},
      {"transcript", R"({"StartPosition":5})", "StartPosition"},
      {"transcript", R"({"StartPosition":{"Id":7}})", "Id"},
      {"transcript", R"({"StartPosition":{"Id":"nothing"}})", "StartPosition.Id"},
      {"transcript", R"({"StartPosition":{"Id":")" + std::string(257, 'x') + R"("}})", "StartPosition.Id"},
      {"transcript", R"({"StartPosition":{"AbsoluteTime":"yesterday"}})", "StartPosition.AbsoluteTime"},
      {"transcript", R"({"StartPosition":{"MostRecent":101}})", "StartPosition.MostRecent"},
      {"transcript", R"({"StartPosition":{"MostRecent":1,"Id":")" + message + R"("}})", "StartPosition"},
      {"disconnect", R"({"ClientToken":7})", "ClientToken"},
      {"disconnect", R"({"ClientToken":")" + std::string(501, 'x') + R"("})", "ClientToken"},
  };
  for (const Case& c : cases) {
    chat.in.pass(Duration::s(1));  // not too many at once
    const std::string bearer = std::string(c.operation) == "connection" ? chat.jane.token : chat.jane.connection;
    auto answer = chat.in.send("POST", "/aws/participant/participant/" + std::string(c.operation), c.body, {{"x-amz-bearer", bearer}});
    EXPECT_EQ(answer.status, 400) << c.operation << " " << c.body.substr(0, 200);
    if (answer.status != 400) continue;
    EXPECT_EQ(text(Installation::body(answer).at("__type")), "ValidationException") << c.body.substr(0, 200);
    EXPECT_NE(answer.body.find(c.says), std::string::npos) << c.operation << " " << c.body.substr(0, 200) << ": " << answer.body;
  }
  EXPECT_TRUE(chat.is_there()) << "none of it did harm";
  EXPECT_EQ(chat.jane.call("transcript", chat.jane.connection, {{"ContactId", "another"}}).status, 403);
}

}  // namespace
}  // namespace upcall::test
