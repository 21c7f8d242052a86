// A customer with a chat: starts it, connects, reads its socket.
#pragma once

#include "harness.hpp"

namespace upcall::test {

class Customer {
 public:
  Customer(Installation& in, bj::object attributes = {}) : in_(in) {
    auto started = in.send("POST", "/api/chat/start", in.start_body(std::move(attributes)), {{"content-type", "text/plain;charset=UTF-8"}});
    EXPECT_EQ(started.status, 200) << started.body;
    const auto result = Installation::body(started).at("data").at("startChatResult").as_object();
    contact_id = text(result.at("ContactId"));
    participant_id = text(result.at("ParticipantId"));
    token = text(result.at("ParticipantToken"));
  }
  // Somebody else of a chat that is there, by their token.
  Customer(Installation& in, std::string contact, std::string participant_token) : in_(in), contact_id(std::move(contact)), token(std::move(participant_token)) {}
  wire::HttpResponse call(const std::string& operation, const std::string& bearer, bj::object body) {
    // Clients sign with empty keys: the header must be ignored.
    return in_.send("POST", "/aws/participant/participant/" + operation, bj::serialize(body),
                    {{"x-amz-bearer", bearer}, {"authorization", "AWS4-HMAC-SHA256 Credential=/20261122/us-east-1/execute-api/aws4_request"}, {"content-type", "application/json"}});
  }
  void connect() {
    auto answer = call("connection", token, {{"Type", {"WEBSOCKET", "CONNECTION_CREDENTIALS"}}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    const auto body = Installation::body(answer);
    connection = text(body.at("ConnectionCredentials").at("ConnectionToken"));
    const std::string url = text(body.at("Websocket").at("Url"));
    ASSERT_TRUE(url.starts_with("wss://upcall.example/aws/participant/socket?ticket=")) << url;
    socket = in_.open(url.substr(std::string("wss://upcall.example").size()));
    ASSERT_TRUE(socket.handler);
    socket.say(R"({"topic":"aws/ping"})");
    socket.say(R"({"topic":"aws/heartbeat"})");
    socket.say(R"({"topic":"aws/subscribe","content":{"topics":["aws/chat"]}})");
    socket.connection->take([](const bj::object& f) { return f.at("topic") == "aws/ping" && f.at("statusCode") == 200; }, "ping");
    socket.connection->take([](const bj::object& f) { return f.at("topic") == "aws/heartbeat"; }, "heartbeat");
    socket.connection->take([](const bj::object& f) { return f.at("topic") == "aws/subscribe" && f.at("content").at("status") == "success"; }, "subscribed");
  }
  bj::object take_item(const std::string& content_type, const std::string& content = "") {
    bj::object item;
    socket.connection->take(
        [&](const bj::object& f) {
          if (f.at("topic") != "aws/chat") return false;
          item = *json::parse_object(text(f.at("content")));
          return text(item.at("ContentType")) == content_type && (content.empty() || text(item.at("Content")) == content);
        },
        (content_type + " " + content).c_str());
    return item;
  }
  bj::array transcript(bj::object query = {{"MaxResults", 100}, {"ScanDirection", "BACKWARD"}, {"SortOrder", "ASCENDING"}, {"StartPosition", bj::object{}}}) {
    auto answer = call("transcript", connection, std::move(query));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer).at("Transcript").as_array();
  }

  Installation& in_;
  std::string contact_id, participant_id, token, connection;
  OpenSocket socket;
};

}  // namespace upcall::test
