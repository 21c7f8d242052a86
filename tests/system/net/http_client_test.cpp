// The client's promises to callers that retry: what a fault was, and how long a request may take.
#include "io/net/http_client.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "base/rng.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/http_server.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

// Holds whoever reads from it until it is opened.
class Gate final : public wire::BodySource {
 public:
  std::uint64_t size() const override { return 4; }
  Result<std::size_t> read(std::uint64_t, MutBytes out) override {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
    std::fill(out.begin(), out.end(), std::uint8_t{'x'});
    return out.size();
  }
  bool wait_for(int waiting) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= waiting; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class HttpClientTest : public ::testing::Test {
 protected:
  HttpClientTest() {
    router_.add("POST", "/echo", [](const wire::HttpRequest& r) {
      wire::HttpResponse out;
      out.body = r.body;
      return out;
    });
    router_.add("GET", "/gate", [this](const wire::HttpRequest&) {
      wire::HttpResponse out;
      out.source = gate_;
      out.source_length = 4;
      return out;
    });
  }
  ~HttpClientTest() override { gate_->open(); }
  void start() {
    SeededRandom random(7);
    HttpServerOptions options;
    options.max_body_bytes = 2 << 20;
    auto made = HttpServer::start(std::move(options), router_, random);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
  }

  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  wire::Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpClientTest, ABodyOfTheCallersMemoryArrivesWhole) {
  start();
  HttpClient client;
  for (const std::size_t size : {std::size_t{1}, std::size_t{64 << 10}, std::size_t{(64 << 10) + 1}, std::size_t{1 << 20}}) {
    ByteVector body(size);
    SeededRandom(size).fill(body);
    HttpClientRequest request{"POST", server_->url() + "/echo", {}, {}};
    request.body_view = body;
    const auto answer = client.send(request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_TRUE(answer->body == as_text(body)) << size;
  }
  EXPECT_EQ(client.fault(), HttpFault::none);
  EXPECT_EQ(server_->counters().accepted, 1u);
}

TEST_F(HttpClientTest, AServerThatAnswersTooLateIsATimeOut) {
  start();
  HttpClientOptions options;
  options.timeout = Duration::ms(200);
  HttpClient client(options);
  const auto late = client.get(server_->url() + "/gate");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::unavailable);
  EXPECT_EQ(client.fault(), HttpFault::time_out);
  gate_->open();
  EXPECT_TRUE(client.get(server_->url() + "/gate"));
  EXPECT_EQ(client.fault(), HttpFault::none);
}

TEST_F(HttpClientTest, TheWholeRequestHasALimitToo) {
  start();
  HttpClient client;  // 30 s for each piece
  HttpClientRequest request{"GET", server_->url() + "/gate", {}, {}};
  request.total = Duration::ms(200);
  const Instant begun = system_now().mono;
  EXPECT_FALSE(client.send(request));
  EXPECT_EQ(client.fault(), HttpFault::time_out);
  EXPECT_LT(system_now().mono - begun, Duration::s(10));
}

TEST_F(HttpClientTest, RefusedAndUntrustedAreFaultsOfTheirOwn) {
  start();
  HttpClient client;
  EXPECT_FALSE(client.get("https" + server_->url().substr(4) + "/echo"));
  EXPECT_EQ(client.fault(), HttpFault::tls) << "a server without TLS";
  const std::string url = server_->url();
  server_.reset();
  EXPECT_FALSE(client.get(url + "/echo"));
  EXPECT_EQ(client.fault(), HttpFault::connection);
}

// A store that hangs under many viewers must not stop the sockets of calls and chats.
TEST_F(HttpClientTest, BodiesThatDoNotComeHoldUpNobodyElse) {
  struct Echo final : wire::WebSocketHandler {
    std::shared_ptr<wire::WebSocketConnection> connection;
    void on_open(std::shared_ptr<wire::WebSocketConnection> c) override { connection = std::move(c); }
    void on_message(Bytes message, bool) override { connection->send_binary(message); }
    void on_close(std::uint16_t) override {}
  };
  router_.add_websocket("/echo", [](const wire::HttpRequest&, const std::vector<std::string>&) {
    wire::WebSocketAnswer answer;
    answer.handler = std::make_shared<Echo>();
    return answer;
  });
  start();
  std::vector<test::RawSocket> viewers;
  for (int i = 0; i < 16; ++i) {
    viewers.emplace_back(server_->port());
    ASSERT_TRUE(viewers.back().send("GET /gate HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  ASSERT_TRUE(gate_->wait_for(4)) << "every thread for bodies is held";
  test::RawSocket socket(server_->port());
  ASSERT_TRUE(socket.send("GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));
  EXPECT_TRUE(socket.response().starts_with("HTTP/1.1 101 "));
  ASSERT_TRUE(socket.send(std::string("\x82\x82\0\0\0\0hi", 8)));
  EXPECT_TRUE(socket.read_until([](const std::string& seen) { return seen.ends_with(std::string("\x82\x02hi", 4)); }));
  HttpClient client;
  EXPECT_EQ(client.send({"POST", server_->url() + "/echo", {}, "x"})->body, "x");
  gate_->open();
}

}  // namespace
}  // namespace upcall::net
