// The participant interface and its socket with wrong JSON types in every field: the vendor's error, nothing disturbed.
#include <gtest/gtest.h>

#include <functional>

#include "edge_server.hpp"

namespace upcall::edges {
namespace {

struct Field {
  const char* operation;
  const char* good;                // a body that is accepted
  std::vector<const char*> names;  // "A" or "A.B"
};

void set_field(bj::object& body, std::string_view path, const bj::value& value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) body[path] = value;
  else set_field(body[path.substr(0, dot)].as_object(), path.substr(dot + 1), value);
}

const bj::value* field_at(const bj::object& body, std::string_view path) {
  const std::size_t dot = path.find('.');
  const bj::value* member = body.if_contains(path.substr(0, dot));
  return dot == std::string_view::npos || member == nullptr ? member : field_at(member->as_object(), path.substr(dot + 1));
}

// The next frame for which `wanted` holds: the chat itself speaks too (places in the queue). Empty: none came.
std::string next_frame(net::WebSocketClient& socket, const std::function<bool(const std::string&)>& wanted) {
  for (;;) {
    auto frame = socket.receive(kSoon);
    if (!frame) return {};
    if (wanted(frame->bytes)) return frame->bytes;
  }
}
bool is_message(const std::string& frame) { return frame.find(R"(\"Type\":\"MESSAGE\")") != std::string::npos; }
bool is_answer(const std::string& frame) { return frame.find("aws/chat\",\"contentType") == std::string::npos; }

TEST(ParticipantFields, AWrongTypeIsAValidationExceptionAndChangesNothing) {
  EdgeServer server;
  Chat chat = server.start_chat();
  server.connect(chat);
  ASSERT_EQ(server.participant("message", chat.connection_token, R"({"ContentType":"text/plain","Content":"before"})").status, 200);
  auto socket = server.open(chat.socket_url);
  ASSERT_TRUE(socket.has_value()) << socket.error().message;
  ASSERT_TRUE((*socket)->send_text(R"({"topic":"aws/subscribe","content":{"topics":["aws/chat"]}})"));
  ASSERT_TRUE((*socket)->receive(kSoon).has_value()) << "subscribed";
  const auto transcript = [&] {
    return bj::serialize(object(server.participant("transcript", chat.connection_token, R"({"MaxResults":100})"))["Transcript"]);
  };
  const std::string before = transcript();

  const std::vector<Field> fields{
      {"connection", R"({"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true})", {"Type", "ConnectParticipant"}},
      {"message", R"({"ContentType":"text/plain","Content":"x","ClientToken":"t"})", {"ContentType", "Content", "ClientToken"}},
      {"event", R"({"ContentType":"application/vnd.amazonaws.connect.event.typing","Content":"","ClientToken":"t"})", {"ContentType", "Content", "ClientToken"}},
      {"transcript",
       R"({"ContactId":"","MaxResults":5,"NextToken":"","ScanDirection":"BACKWARD","SortOrder":"ASCENDING","StartPosition":{"Id":"","AbsoluteTime":"","MostRecent":1}})",
       {"ContactId", "MaxResults", "NextToken", "ScanDirection", "SortOrder", "StartPosition", "StartPosition.Id", "StartPosition.AbsoluteTime", "StartPosition.MostRecent"}},
      {"disconnect", R"({"ClientToken":"t"})", {"ClientToken"}},
  };
  const bj::value wrong[] = {true, 5, -1.5, 18446744073709551615u, "a text", bj::array{1}, bj::object{{"a", 1}}};
  int tried = 0;
  for (const Field& f : fields) {
    const std::string& token = std::string(f.operation) == "connection" ? chat.participant_token : chat.connection_token;
    for (const char* name : f.names) {
      for (const bj::value& value : wrong) {
        bj::object body = *json::parse_object(f.good);
        const bj::value* right = field_at(body, name);
        ASSERT_NE(right, nullptr) << name;
        // 5 is an integer's right type; a text of another content is checked below.
        if (right->kind() == value.kind()) continue;
        set_field(body, name, value);
        server.pass(Duration::s(1));  // within the rate of one participant
        expect_aws_error(server.participant(f.operation, token, bj::serialize(body)), 400, "ValidationException",
                         std::string(f.operation) + " " + name + "=" + bj::serialize(value));
        ++tried;
      }
    }
    for (const char* body : {"[]", "{\"a\":", "5", "\"x\"", "\xff\xfe"}) {
      server.pass(Duration::s(1));
      expect_aws_error(server.participant(f.operation, token, body), 400, "ValidationException", std::string(f.operation) + " with " + body);
    }
  }
  EXPECT_GT(tried, 100);
  const std::pair<const char*, const char*> contents[] = {
      {"connection", R"({"Type":["HTTP2"]})"},          {"connection", R"({"Type":[5]})"},
      {"connection", R"({"Type":[]})"},                 {"connection", "{}"},
      {"message", R"({"ContentType":"text/plain"})"},   {"message", R"({"ContentType":"text/plain","Content":""})"},
      {"message", R"({"ContentType":"text/html","Content":"x"})"},
      {"event", R"({"ContentType":"text/plain"})"},     {"transcript", R"({"MaxResults":101})"},
      {"transcript", R"({"MaxResults":-1})"},           {"transcript", R"({"NextToken":"x9"})"},
      {"transcript", R"({"NextToken":"b"})"},           {"transcript", R"({"SortOrder":"UPWARDS"})"},
      {"transcript", R"({"ScanDirection":"LEFT"})"},    {"transcript", R"({"StartPosition":{"Id":"nobody-has-this"}})"}};
  for (const auto& [operation, body] : contents) {
    const std::string& token = std::string(operation) == "connection" ? chat.participant_token : chat.connection_token;
    server.pass(Duration::s(1));
    expect_aws_error(server.participant(operation, token, body), 400, "ValidationException", std::string(operation) + " " + body);
  }
  // null is absent, as the vendor's clients mean it.
  EXPECT_EQ(server.participant("transcript", chat.connection_token, R"({"MaxResults":null,"StartPosition":null})").status, 200);

  EXPECT_EQ(transcript(), before) << "nothing was written";
  ASSERT_EQ(server.participant("message", chat.connection_token, R"({"ContentType":"text/plain","Content":"after"})").status, 200);
  const std::string frame = next_frame(**socket, is_message);
  EXPECT_NE(frame.find("after"), std::string::npos) << "the first message that the socket hears is the first that was accepted: " << frame;
}

TEST(ParticipantFields, TheSocketTakesOddFramesAndGoesOn) {
  EdgeServer server;
  Chat chat = server.start_chat();
  server.connect(chat);
  auto socket = server.open(chat.socket_url);
  ASSERT_TRUE(socket.has_value()) << socket.error().message;
  // Objects with members of the wrong type are passed over.
  for (const char* frame : {"{}", R"({"topic":5})", R"({"topic":null})", R"({"topic":["aws/ping"]})", R"({"topic":"aws/unknown"})",
                            R"({"topic":"aws/subscribe"})", R"({"topic":"aws/subscribe","content":7})", R"({"topic":"aws/subscribe","content":{"topics":"aws/chat"}})",
                            R"({"topic":"aws/subscribe","content":{"topics":[5,null,{"a":1}]}})"}) {
    ASSERT_TRUE((*socket)->send_text(frame)) << frame;
  }
  ASSERT_TRUE((*socket)->send_text(R"({"topic":"aws/heartbeat"})"));
  EXPECT_EQ(next_frame(**socket, is_answer), R"({"topic":"aws/heartbeat"})") << "no odd frame has an answer";
  ASSERT_TRUE((*socket)->send_text(R"({"topic":"aws/subscribe","content":{"topics":["aws/other","aws/chat"]}})"));
  const std::string accepted = next_frame(**socket, is_answer), refused = next_frame(**socket, is_answer);
  EXPECT_NE(accepted.find("success"), std::string::npos) << accepted;
  EXPECT_NE(refused.find("failure"), std::string::npos) << refused;
  // What is no frame at all ends this socket, and only this one.
  auto witness = server.open(chat.socket_url);
  ASSERT_TRUE(witness.has_value());
  for (const std::string& nonsense : {std::string("[]"), std::string("5"), std::string("{\"topic\":"), "{\"x\":\"" + std::string(20'000, 'x') + "\"}"}) {
    auto broken = server.open(chat.socket_url);
    ASSERT_TRUE(broken.has_value());
    ASSERT_TRUE((*broken)->send_text(nonsense));
    EXPECT_EQ((*broken)->wait_closed(kSoon), 1008) << nonsense.substr(0, 20);
  }
  auto binary = server.open(chat.socket_url);
  ASSERT_TRUE(binary.has_value());
  ASSERT_TRUE((*binary)->send_binary(as_bytes("{}")));
  EXPECT_EQ((*binary)->wait_closed(kSoon), 1008);
  ASSERT_TRUE((*witness)->send_text(R"({"topic":"aws/ping"})"));
  EXPECT_NE(next_frame(**witness, is_answer).find("200"), std::string::npos);
}

}  // namespace
}  // namespace upcall::edges
