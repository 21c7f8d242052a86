// A server that gives its listening socket away and keeps some sockets, and the one that takes over and carries upgrades to it.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "io/net/http_client.hpp"
#include "io/net/http_server.hpp"
#include "io/net/websocket_client.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::eventually;

class Echo final : public wire::WebSocketHandler {
 public:
  explicit Echo(std::string name) : name_(std::move(name)) {}
  void on_open(std::shared_ptr<wire::WebSocketConnection> connection) override { connection_ = std::move(connection); }
  void on_message(Bytes message, bool) override { connection_->send_text(name_ + " " + std::string(as_text(message))); }
  void on_close(std::uint16_t) override {}

 private:
  std::string name_;
  std::shared_ptr<wire::WebSocketConnection> connection_;
};

// One server process's worth.
struct Side {
  explicit Side(std::string name) {
    for (const char* path : {"/control/{id}", "/chat/{id}"}) {
      router.add_websocket(path, [name](const wire::HttpRequest&, const std::vector<std::string>& offered) {
        wire::WebSocketAnswer answer;
        if (!offered.empty()) answer.subprotocol = offered.front();
        answer.handler = std::make_shared<Echo>(name);
        return answer;
      });
    }
    router.add("GET", "/name", [this, name](const wire::HttpRequest&) {
      ++running;
      while (hold) std::this_thread::yield();
      --running;
      wire::HttpResponse out;
      out.body = name;
      return out;
    });
  }
  void start(HttpServerOptions options = {}) {
    SeededRandom random(7);
    auto made = HttpServer::start(std::move(options), router, random);
    ASSERT_TRUE(made) << made.error().message;
    server = std::move(*made);
  }
  wire::Router router;
  std::atomic<bool> hold{false};
  std::atomic<int> running{0};
  std::unique_ptr<HttpServer> server;
};

std::unique_ptr<WebSocketClient> open(const HttpServer& server, const std::string& path) {
  WebSocketClientOptions options;
  options.url = "ws" + server.url().substr(4) + path;
  options.subprotocols = {"_aws_wt_session", "token"};
  auto made = WebSocketClient::connect(std::move(options));
  EXPECT_TRUE(made) << made.error().message;
  return made ? std::move(*made) : nullptr;
}

std::string said(WebSocketClient& client, const std::string& text) {
  client.send_text(text);
  auto answer = client.receive(Duration::s(10));
  return answer ? answer->bytes : answer.error().message;
}

bool is_control(std::string_view path) { return path.starts_with("/control/"); }

TEST(Retire, KeepsWhatItIsToldAndEndsTheRest) {
  Side old("old");
  old.start();
  auto kept = open(*old.server, "/control/m1");
  auto chat = open(*old.server, "/chat/c1");
  test::RawSocket idle(old.server->port());
  idle.send("GET /name HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(idle.response().ends_with("old"));
  const int listener = old.server->listener();
  ASSERT_GE(listener, 0);
  old.server->retire(is_control, Duration::s(5));
  EXPECT_EQ(chat->wait_closed(Duration::s(10)), 1001);
  EXPECT_EQ(said(*kept, "still here"), "old still here");
  // Nobody accepts, nobody is turned away: who comes now waits for the next server.
  test::RawSocket early(old.server->port());
  early.send("GET /name HTTP/1.1\r\nHost: a\r\n\r\n");
  Side next("next");
  HttpServerOptions options;
  options.listener = listener;
  next.start(std::move(options));
  EXPECT_EQ(next.server->port(), old.server->port());
  EXPECT_TRUE(early.response().ends_with("next"));
  EXPECT_EQ(said(*kept, "and here"), "old and here");
  kept->close();
  EXPECT_TRUE(kept->wait_closed(Duration::s(10)).has_value());
  EXPECT_TRUE(eventually([&] { return old.server->counters().open == 0; }));
}

TEST(Retire, ARequestUnderWayIsAnsweredAndALongOneIsCut) {
  Side old("old");
  old.start();
  test::RawSocket asking(old.server->port());
  old.hold = true;
  asking.send("GET /name HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return old.running == 1; }));
  std::thread retiring([&] { old.server->retire(is_control, Duration::s(20)); });
  old.hold = false;
  EXPECT_TRUE(asking.response().ends_with("old"));
  retiring.join();
  EXPECT_EQ(old.running, 0);
  // Again is nothing.
  old.server->retire(is_control, Duration());
}

TEST(Retire, ARequestThatItIsToldToKeepEndsLater) {
  Side old("old");
  old.start();
  test::RawSocket asking(old.server->port());
  old.hold = true;
  asking.send("GET /name HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return old.running == 1; }));
  old.server->retire([](std::string_view path) { return path == "/name"; }, Duration::s(5));
  EXPECT_EQ(old.running, 1);
  EXPECT_EQ(old.server->counters().open, 1u);
  old.hold = false;
  EXPECT_TRUE(asking.response().ends_with("old"));
  EXPECT_TRUE(eventually([&] { return old.server->counters().open == 0; })) << "it was the last of its connection";
}

TEST(Relay, CarriesAnUpgradeThereAndBack) {
  Side old("old"), next("next");
  old.start();
  std::atomic<std::uint16_t> port{old.server->port()};
  HttpServerOptions options;
  options.relay = [&](const wire::HttpRequest& request) -> std::optional<std::uint16_t> {
    if (request.path != "/control/m1") return std::nullopt;
    return port.load();
  };
  next.start(std::move(options));
  auto there = open(*next.server, "/control/m1");
  auto here = open(*next.server, "/control/m2");
  ASSERT_TRUE(there && here);
  EXPECT_EQ(there->subprotocol(), "_aws_wt_session");
  EXPECT_EQ(said(*there, "one"), "old one");
  EXPECT_EQ(said(*here, "one"), "next one");
  const std::string large(200'000, 'x');
  EXPECT_EQ(said(*there, large), "old " + large);
  EXPECT_EQ(next.server->counters().relayed, 1u);
  // Either end takes the other with it.
  there->abort();
  EXPECT_TRUE(eventually([&] { return old.server->counters().open == 0; }));
  auto again = open(*next.server, "/control/m1");
  old.server->stop(Duration::ms(100));
  EXPECT_TRUE(again->wait_closed(Duration::s(10)).has_value());
  // Nobody there any more: the client is told to come again.
  WebSocketClientOptions late;
  late.url = "ws" + next.server->url().substr(4) + "/control/m1";
  EXPECT_FALSE(WebSocketClient::connect(std::move(late)));
  EXPECT_EQ(said(*here, "two"), "next two");
}

}  // namespace
}  // namespace upcall::net
