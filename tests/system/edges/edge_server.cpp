#include "edge_server.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include <gtest/gtest.h>

#include "../../support/free_port.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"
#include "wire/http.hpp"

namespace upcall::edges {

namespace {

template <class T>
T need(Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

EdgeServer::EdgeServer(std::optional<std::size_t> connections_per_peer) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-edges-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  dir_ = pattern;
  server::ServerOptions options;
  options.data_dir = dir_;
  options.listen = "127.0.0.1:0";
  options.media_addresses = {"127.0.0.1"};
  options.media_port = test::free_port(SOCK_DGRAM);
  options.demo_routing = true;
  options.log_file = dir_ + "/server.log";
  options.connections_per_peer = connections_per_peer;
  options.clock = [this] {
    Now now = system_now();
    const Duration moved = Duration::ms(offset_ms_.load());
    now.mono = now.mono + moved;
    now.wall = now.wall + moved;
    return now;
  };
  server_ = need(server::Server::start(options), "the server's start");
  flow_ = json::text_or(admin("instance.show", {}), "defaultContactFlowId");
}

EdgeServer::~EdgeServer() {
  server_.reset();
  std::error_code ignored;
  if (!::testing::Test::HasFailure()) std::filesystem::remove_all(dir_, ignored);
}

std::uint16_t EdgeServer::port() const { return static_cast<std::uint16_t>(std::stoi(url().substr(url().rfind(':') + 1))); }

net::HttpClientResponse EdgeServer::send(const std::string& method, const std::string& path, Headers headers, std::string body) {
  return need(http_.send({method, url() + path, std::move(headers), std::move(body)}), method + " " + path);
}

bj::object EdgeServer::admin(const std::string& command, bj::object arguments) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}});
  const auto answer = need(net::admin_call(dir_ + "/admin.sock", line, kSoon), command);
  auto parsed = json::parse_object(answer);
  const bj::object* result = parsed ? json::object_at(*parsed, "result") : nullptr;
  if (result == nullptr) throw std::runtime_error(command + " answered " + answer);
  return *result;
}

void EdgeServer::add_user(const std::string& name, bj::array profiles) {
  admin("user.add", {{"username", name}, {"email", name}, {"password", "Password-1-" + name}, {"name", name}, {"security-profile", std::move(profiles)}});
}

net::HttpClientResponse EdgeServer::token(const std::string& form) {
  return send("POST", "/oauth2/token", {{"content-type", "application/x-www-form-urlencoded"}}, form);
}

Tokens EdgeServer::log_in(const std::string& name) {
  const auto answer = token("grant_type=password&username=" + wire::percent_encode(name) + "&password=" + wire::percent_encode("Password-1-" + name));
  if (answer.status != 200) throw std::runtime_error("log-in: " + answer.body);
  const bj::object body = object(answer);
  return {json::text_or(body, "access_token"), json::text_or(body, "id_token"), json::text_or(body, "refresh_token")};
}

net::HttpClientResponse EdgeServer::refresh(const std::string& refresh_token) {
  return token("grant_type=refresh_token&refresh_token=" + wire::percent_encode(refresh_token));
}

Chat EdgeServer::start_chat() {
  const bj::object body{{"ContactFlowId", flow_},
                        {"ParticipantDetails", {{"DisplayName", "Carl Customer"}}},
                        {"Attributes", {{"customerEmailAddress", "carl@example.com"}, {"videoReferenceId", ""}}}};
  const auto answer = send("POST", "/api/chat/start", {}, bj::serialize(body));
  if (answer.status != 200) throw std::runtime_error("start of the chat: " + answer.body);
  const bj::object result = object(answer).at("data").at("startChatResult").as_object();
  return {json::text_or(result, "ContactId"), json::text_or(result, "ParticipantToken"), {}, {}};
}

net::HttpClientResponse EdgeServer::participant(const std::string& operation, const std::string& bearer_token, const std::string& body) {
  return send("POST", "/aws/participant/participant/" + operation, {{"content-type", "application/json"}, {"x-amz-bearer", bearer_token}}, body);
}

void EdgeServer::connect(Chat& chat) {
  const auto answer = participant("connection", chat.participant_token, R"({"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"],"ConnectParticipant":true})");
  if (answer.status != 200) throw std::runtime_error("connection: " + answer.body);
  const bj::object body = object(answer);
  chat.socket_url = json::text_or(body.at("Websocket").as_object(), "Url");
  chat.connection_token = json::text_or(body.at("ConnectionCredentials").as_object(), "ConnectionToken");
}

Result<std::unique_ptr<net::WebSocketClient>> EdgeServer::open(const std::string& socket_url, std::vector<std::string> subprotocols) {
  net::WebSocketClientOptions options;
  options.url = socket_url;
  options.subprotocols = std::move(subprotocols);
  return net::WebSocketClient::connect(std::move(options));
}

bj::object object(const net::HttpClientResponse& response) {
  auto parsed = json::parse_object(response.body);
  EXPECT_TRUE(parsed.has_value()) << response.status << " " << response.body;
  return parsed ? *parsed : bj::object{};
}

void expect_error(const net::HttpClientResponse& response, int status, const std::string& what) {
  EXPECT_EQ(response.status, status) << what << ": " << response.body;
  const bj::object body = object(response);
  EXPECT_FALSE(json::text_or(body, "message").empty()) << what << ": " << response.body;
  EXPECT_FALSE(json::text_or(body, "reqId").empty()) << what << ": " << response.body;
  if (status == 401) {
    EXPECT_EQ(response.header("www-authenticate"), "Bearer") << what;
  }
}

void expect_aws_error(const net::HttpClientResponse& response, int status, const std::string& type, const std::string& what) {
  EXPECT_EQ(response.status, status) << what << ": " << response.body;
  const bj::object body = object(response);
  EXPECT_EQ(json::text_or(body, "__type"), type) << what << ": " << response.body;
  EXPECT_FALSE(json::text_or(body, "Message").empty()) << what << ": " << response.body;
  EXPECT_EQ(response.header("x-amzn-errortype"), type) << what;
  EXPECT_TRUE(response.header("x-amzn-requestid").has_value()) << what;
}

}  // namespace upcall::edges
