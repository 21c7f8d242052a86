// Connections of one peer: how many, how it is told, and that a place is given back however a connection ends.
#include <gtest/gtest.h>

#include "io/net/http_server.hpp"
#include "io/net/tls_identity.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::eventually;
using test::RawSocket;

constexpr std::string_view kRequest = "GET /ok HTTP/1.1\r\nHost: a\r\n\r\n";

class PeerLimit : public ::testing::Test {
 protected:
  PeerLimit() {
    router_.add("GET", "/ok", [](const wire::HttpRequest&) {
      wire::HttpResponse out;
      out.body = "ok";
      return out;
    });
    router_.set_finisher([](const wire::HttpRequest&, wire::HttpResponse& r) { r.set("x-dressed", "yes"); });
  }
  void start(HttpServerOptions options) {
    SeededRandom random(7);
    auto made = HttpServer::start(std::move(options), router_, random);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
  }
  // A connection that has had an answer.
  std::optional<RawSocket> served() {
    RawSocket socket(server_->port());
    if (!socket.send(kRequest) || !socket.response().starts_with("HTTP/1.1 200")) return std::nullopt;
    return socket;
  }

  wire::Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(PeerLimit, TheNextOneIsToldAndPlacesAreGivenBack) {
  HttpServerOptions options;
  options.max_connections_per_peer = 3;
  options.limit_loopback = true;
  options.net_threads = 2;
  start(std::move(options));
  std::vector<RawSocket> held;
  for (int i = 0; i < 3; ++i) {
    auto socket = served();
    ASSERT_TRUE(socket) << i;
    held.push_back(std::move(*socket));
  }
  RawSocket beyond(server_->port());
  // It may have sent its request already: the answer is not lost by that.
  ASSERT_TRUE(beyond.send(kRequest));
  const std::string answer = beyond.response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_NE(answer.find("x-dressed: yes"), std::string::npos) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos) << answer;
  EXPECT_TRUE(beyond.read_to_end());
  EXPECT_EQ(server_->counters().refused_of_peer, 1u);
  EXPECT_EQ(server_->counters().refused, 0u);
  EXPECT_EQ(server_->counters().open, 3u);
  // Those who are in are not disturbed, however many knock.
  for (int i = 0; i < 200; ++i) RawSocket knock(server_->port());
  EXPECT_TRUE(eventually([&] { return server_->counters().refused_of_peer >= 201; }));
  for (RawSocket& socket : held) {
    ASSERT_TRUE(socket.send(kRequest));
    EXPECT_TRUE(socket.response().starts_with("HTTP/1.1 200"));
  }
  // Ends of all kinds: an orderly close, a reset, nonsense.
  held.pop_back();
  EXPECT_TRUE(eventually([&] { return served().has_value(); }));
  held.back().reset();
  held.pop_back();
  EXPECT_TRUE(eventually([&] { return served().has_value(); }));
  ASSERT_TRUE(held.back().send("nonsense\r\n\r\n"));
  EXPECT_TRUE(held.back().read_to_end());
  held.clear();
  EXPECT_TRUE(eventually([&] { return server_->counters().open == 0; }));
  for (int i = 0; i < 3; ++i) {
    auto socket = served();
    ASSERT_TRUE(socket) << i;
    held.push_back(std::move(*socket));
  }
}

TEST_F(PeerLimit, LoopbackIsExemptUnlessToldOtherwise) {
  HttpServerOptions options;
  options.max_connections_per_peer = 2;
  start(std::move(options));
  std::vector<RawSocket> held;
  for (int i = 0; i < 20; ++i) {
    auto socket = served();
    ASSERT_TRUE(socket) << i;
    held.push_back(std::move(*socket));
  }
  EXPECT_EQ(server_->counters().refused_of_peer, 0u);
}

TEST_F(PeerLimit, LoopbackIsRecognisedBehindADualStackSocket) {
  HttpServerOptions options;
  options.address = "::";
  options.max_connections_per_peer = 2;
  SeededRandom random(7);
  auto made = HttpServer::start(options, router_, random);
  if (!made) GTEST_SKIP() << "no IPv6 here";
  server_ = std::move(*made);
  std::vector<RawSocket> held;
  for (int i = 0; i < 5; ++i) {
    auto socket = served();
    ASSERT_TRUE(socket) << i;
    held.push_back(std::move(*socket));
  }
  held.clear();
  server_.reset();
  options.limit_loopback = true;
  server_ = std::move(*HttpServer::start(options, router_, random));
  for (int i = 0; i < 2; ++i) {
    auto socket = served();
    ASSERT_TRUE(socket) << i;
    held.push_back(std::move(*socket));
  }
  EXPECT_FALSE(served());
}

TEST_F(PeerLimit, WithTlsTheNextOneIsClosedAtOnce) {
  HttpServerOptions options;
  options.max_connections_per_peer = 1;
  options.limit_loopback = true;
  options.tls = *make_self_signed({"127.0.0.1"}, WallTime::from_unix_ms(1'800'000'000'000));
  start(std::move(options));
  RawSocket held(server_->port());
  EXPECT_TRUE(eventually([&] { return server_->counters().open == 1; }));
  RawSocket beyond(server_->port());
  EXPECT_TRUE(beyond.read_to_end());
  EXPECT_TRUE(beyond.seen().empty());
  EXPECT_EQ(server_->counters().refused_of_peer, 1u);
}

TEST_F(PeerLimit, StoppingDoesNotWaitForThoseBeingTurnedAway) {
  HttpServerOptions options;
  options.max_connections_per_peer = 1;
  options.limit_loopback = true;
  start(std::move(options));
  auto held = served();
  ASSERT_TRUE(held);
  std::vector<RawSocket> away;
  for (int i = 0; i < 10; ++i) away.emplace_back(server_->port());
  EXPECT_TRUE(eventually([&] { return server_->counters().refused_of_peer == 10; }));
  server_->stop(Duration::s(5));
  server_.reset();
  for (RawSocket& socket : away) EXPECT_TRUE(socket.read_to_end());
}

}  // namespace
}  // namespace upcall::net
