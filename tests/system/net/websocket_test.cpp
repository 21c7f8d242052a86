#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "io/net/http_server.hpp"
#include "io/net/websocket_client.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::eventually;
using test::RawSocket;

struct Seen {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<wire::WebSocketConnection> connection;
  std::vector<std::uint16_t> closes;
  int messages = 0;
  std::atomic<int> inside{0};
  std::atomic<bool> overlapped{false};

  bool wait(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(15), condition);
  }
  std::shared_ptr<wire::WebSocketConnection> opened() {
    wait([this] { return connection != nullptr; });
    const std::lock_guard lock(mutex);
    return connection;
  }
  bool wait_for_close(std::chrono::seconds within) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, within, [this] { return !closes.empty(); });
  }
  std::uint16_t closed() {
    wait([this] { return !closes.empty(); });
    const std::lock_guard lock(mutex);
    return closes.empty() ? 0 : closes.front();
  }
};

class EchoHandler final : public wire::WebSocketHandler {
 public:
  explicit EchoHandler(Seen& seen) : seen_(seen) {}
  void on_open(std::shared_ptr<wire::WebSocketConnection> connection) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.connection = connection_ = std::move(connection);
    seen_.changed.notify_all();
  }
  void on_message(Bytes message, bool is_text) override {
    if (seen_.inside.fetch_add(1) != 0) seen_.overlapped = true;
    if (as_text(message) == "close-4503") {
      connection_->send_text("last words");
      connection_->close(4503, "draining");
    } else if (is_text) {
      connection_->send_text(as_text(message));
    } else {
      connection_->send_binary(message);
    }
    const std::lock_guard lock(seen_.mutex);
    ++seen_.messages;
    seen_.changed.notify_all();
    seen_.inside.fetch_sub(1);
  }
  void on_close(std::uint16_t code) override {
    const std::lock_guard lock(seen_.mutex);
    seen_.closes.push_back(code);
    seen_.changed.notify_all();
  }

 private:
  Seen& seen_;
  std::shared_ptr<wire::WebSocketConnection> connection_;
};

class WebSocketTest : public ::testing::Test {
 protected:
  WebSocketTest() {
    router_.add_websocket("/control/{id}", [this](const wire::HttpRequest& request, const std::vector<std::string>& offered) {
      wire::WebSocketAnswer answer;
      if (request.route_value("id") == "secret") {
        answer.refusal = wire::error_response(403, "not yours", request.request_id);
        return answer;
      }
      // The client offers its token as a second protocol; only the first may be echoed.
      for (const std::string& name : offered) {
        if (name == "_aws_wt_session") answer.subprotocol = name;
      }
      answer.handler = std::make_shared<EchoHandler>(seen_);
      return answer;
    });
  }
  void start(HttpServerOptions options = {}) {
    SeededRandom random(7);
    auto made = HttpServer::start(std::move(options), router_, random);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
  }
  std::unique_ptr<WebSocketClient> connect(WebSocketClientOptions options = {}) {
    options.url = "ws" + server_->url().substr(4) + "/control/m1";
    auto made = WebSocketClient::connect(std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : nullptr;
  }
  // A raw connection past the handshake, for frames that no library would send.
  RawSocket raw(int receive_buffer = 0) {
    RawSocket socket(server_->port(), receive_buffer);
    socket.send("GET /control/m1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    const std::string head = socket.response();
    EXPECT_TRUE(head.starts_with("HTTP/1.1 101 ")) << head;
    // RFC 6455 §1.3's own example.
    EXPECT_NE(head.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos);
    return socket;
  }
  // A masked client frame with mask zero.
  static std::string frame(std::uint8_t first, std::string_view payload) {
    std::string out(1, static_cast<char>(first));
    if (payload.size() < 126) {
      out.push_back(static_cast<char>(0x80 | payload.size()));
    } else {
      out.push_back(static_cast<char>(0x80 | 127));
      for (int i = 7; i >= 0; --i) out.push_back(static_cast<char>(std::uint64_t(payload.size()) >> (8 * i)));
    }
    out.append(4, '\0');
    return out.append(payload);
  }

  Seen seen_;
  wire::Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(WebSocketTest, EchoesTextAndBinaryInOrder) {
  start();
  WebSocketClientOptions options;
  options.subprotocols = {"_aws_wt_session", "a-join-token"};
  const auto client = connect(options);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->subprotocol(), "_aws_wt_session");
  for (int i = 0; i < 500; ++i) {
    const std::string text = std::to_string(i);
    ASSERT_TRUE(i % 2 ? client->send_text(text) : client->send_binary(as_bytes(text)));
    if (i % 100 != 99) continue;
    for (int k = i - 99; k <= i; ++k) {
      const auto got = client->receive(Duration::s(10));
      ASSERT_TRUE(got) << got.error().message;
      EXPECT_EQ(got->bytes, std::to_string(k));
      EXPECT_EQ(got->is_text, k % 2 == 1);
    }
  }
  EXPECT_FALSE(seen_.overlapped);
  client->close(4001, "bye");
  EXPECT_EQ(client->wait_closed(Duration::s(10)), 4001);
  EXPECT_EQ(seen_.closed(), 4001);
  EXPECT_EQ(client->receive(Duration::ms(1)).error().code, ErrorCode::gone);
  EXPECT_FALSE(seen_.opened()->send_text("too late"));
}

TEST_F(WebSocketTest, ServerClosesAfterWhatItQueued) {
  start();
  const auto client = connect();
  ASSERT_TRUE(client->send_text("close-4503"));
  const auto last = client->receive(Duration::s(10));
  ASSERT_TRUE(last);
  EXPECT_EQ(last->bytes, "last words");
  EXPECT_EQ(client->wait_closed(Duration::s(10)), 4503);
  EXPECT_EQ(seen_.closed(), 4503);
}

TEST_F(WebSocketTest, AbruptLossIs1006AndCloseWithoutCodeIs1005) {
  start();
  {
    const auto client = connect();
    ASSERT_TRUE(seen_.opened());
    client->abort();
    EXPECT_EQ(seen_.closed(), 1006);
  }
  seen_.closes.clear();
  RawSocket reset = raw();
  reset.reset();
  EXPECT_EQ(seen_.closed(), 1006);
  seen_.closes.clear();
  RawSocket plain = raw();
  ASSERT_TRUE(plain.send(frame(0x88, "")));
  EXPECT_EQ(seen_.closed(), 1005);
  EXPECT_TRUE(plain.read_to_end());
  const std::lock_guard lock(seen_.mutex);
  EXPECT_EQ(seen_.closes.size(), 1u);
}

TEST_F(WebSocketTest, FragmentsBecomeOneMessage) {
  start();
  RawSocket socket = raw();
  const std::string all = frame(0x02, "ab") + frame(0x89, "ping") + frame(0x00, "cd") + frame(0x80, "ef");
  for (const char c : all) ASSERT_TRUE(socket.send(std::string_view(&c, 1)));
  EXPECT_TRUE(socket.read_until([](const std::string& s) {
    return s.find("\x8a\x04ping") != std::string::npos && s.find("\x82\x06"
                                                                "abcdef") != std::string::npos;
  }));
}

TEST_F(WebSocketTest, OversizeMalformedAndUnmaskedAreClosedWithTheirCode) {
  start();
  const auto code_for = [this](const std::string& bytes) {
    {
      const std::lock_guard lock(seen_.mutex);
      seen_.closes.clear();
    }
    RawSocket socket = raw();
    socket.send(bytes);
    EXPECT_TRUE(socket.read_to_end());
    const std::uint16_t told = seen_.closed();
    const std::size_t at = socket.seen().find('\x88');
    if (at == std::string::npos || at + 4 > socket.seen().size()) return std::pair<int, int>(told, 0);
    return std::pair<int, int>(told, static_cast<unsigned char>(socket.seen()[at + 2]) << 8 |
                                         static_cast<unsigned char>(socket.seen()[at + 3]));
  };
  EXPECT_EQ(code_for(frame(0x82, std::string((256 << 10) + 1, 'x'))), std::pair(1009, 1009));
  // Many small fragments count as their sum.
  std::string fragments = frame(0x02, std::string(100'000, 'x'));
  for (int i = 0; i < 3; ++i) fragments += frame(0x00, std::string(100'000, 'x'));
  EXPECT_EQ(code_for(fragments), std::pair(1009, 1009));
  EXPECT_EQ(code_for(frame(0x81, "\xff\xfe")), std::pair(1007, 1007));
  EXPECT_EQ(code_for(std::string("\x82\x02", 2) + "ab"), std::pair(1002, 1002));
  EXPECT_EQ(code_for(frame(0x83, "reserved")), std::pair(1002, 1002));
  EXPECT_EQ(code_for(frame(0xc2, "compressed")), std::pair(1002, 1002));
  EXPECT_EQ(seen_.messages, 0);
  EXPECT_TRUE(connect());
}

TEST_F(WebSocketTest, ASlowReaderIsCutAndNothingElseWaits) {
  HttpServerOptions options;
  options.max_queued_messages = 64;
  start(std::move(options));
  RawSocket slow = raw(16 << 10);
  const auto connection = seen_.opened();
  const std::string big(100 << 10, 'x');
  bool refused = false;
  ASSERT_TRUE(eventually([&] { return refused = !connection->send_text(big); }));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(seen_.closed(), 1006);  // it never took the 1013
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
  EXPECT_TRUE(eventually([this] { return server_->counters().open == 0; }));
}

// Half a mebibyte is no more than the queue takes; that it is still there two seconds later is.
TEST_F(WebSocketTest, ASlowReaderHoldsMuchForAMomentOnly) {
  HttpServerOptions options;
  options.reader_floor_bytes_per_s = 1 << 30;
  start(std::move(options));
  RawSocket slow = raw(16 << 10);
  const auto connection = seen_.opened();
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(connection->send_text(std::string(64 << 10, 'x')));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(seen_.closed(), 1006);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, std::chrono::milliseconds(1500));
  EXPECT_LT(took, std::chrono::seconds(8));
  EXPECT_TRUE(eventually([this] { return server_->counters().open == 0; }));
}

// What one who joins late is sent at once (tests/unit/signaling: Burst), read by somebody who takes it as it comes; and then
// a little that waits for long.
TEST_F(WebSocketTest, TheLargestBurstOfGoodWillFits) {
  HttpServerOptions options;
  options.websocket_silence = Duration::s(60);
  start(std::move(options));
  const auto client = connect();
  const auto connection = seen_.opened();
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 38; ++i) ASSERT_TRUE(connection->send_text(piece)) << i;
  for (int i = 0; i < 38; ++i) ASSERT_TRUE(client->receive(Duration::s(10))) << i;
  RawSocket slow = raw(16 << 10);
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(seen_.mutex);
    return seen_.connection != connection;
  }));
  const auto other = seen_.opened();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(other->send_text(piece));
  EXPECT_FALSE(seen_.wait_for_close(std::chrono::seconds(4))) << "it is within what may wait";
}

TEST_F(WebSocketTest, AReaderThatComesBackSees1013) {
  HttpServerOptions options;
  options.max_queued_bytes = 1 << 20;
  start(std::move(options));
  std::mutex gate;
  std::unique_lock hold(gate);
  WebSocketClientOptions stuck;
  stuck.on_message = [&gate](Bytes, bool) { const std::lock_guard wait(gate); };
  const auto client = connect(std::move(stuck));
  const auto connection = seen_.opened();
  // One message beyond the queue's bytes at once: refused without any socket being full.
  EXPECT_FALSE(connection->send_text(std::string((1 << 20) + 1, 'x')));
  hold.unlock();
  EXPECT_EQ(client->wait_closed(Duration::s(10)), 1013);
}

TEST_F(WebSocketTest, HalfOpenConnectionsAreDetectedAndLivingOnesKept) {
  HttpServerOptions options;
  options.websocket_silence = Duration::ms(600);
  start(std::move(options));
  RawSocket dead = raw();  // reads nothing, answers no ping
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(seen_.closed(), 1006);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, std::chrono::milliseconds(300));
  EXPECT_LT(took, std::chrono::seconds(5));
  {
    const std::lock_guard lock(seen_.mutex);
    seen_.closes.clear();
  }
  // A client that only answers pings lives on for three times the silence.
  const auto client = connect();
  EXPECT_FALSE(client->wait_closed(Duration::ms(1800)).has_value());
  ASSERT_TRUE(client->send_text("still here"));
  EXPECT_EQ(client->receive(Duration::s(10))->bytes, "still here");
}

TEST_F(WebSocketTest, RefusalsKeepTheirStatus) {
  start();
  WebSocketClientOptions options;
  options.url = "ws" + server_->url().substr(4) + "/control/secret";
  EXPECT_EQ(WebSocketClient::connect(options).error().code, ErrorCode::forbidden);
  options.url = "ws" + server_->url().substr(4) + "/elsewhere";
  EXPECT_EQ(WebSocketClient::connect(options).error().code, ErrorCode::not_found);
  options.url = "ws://127.0.0.1:1/";
  EXPECT_EQ(WebSocketClient::connect(options).error().code, ErrorCode::unavailable);
}

TEST_F(WebSocketTest, StopClosesWith1001) {
  start();
  const auto client = connect();
  ASSERT_TRUE(seen_.opened());
  server_->stop(Duration::s(10));
  EXPECT_EQ(client->wait_closed(Duration::s(10)), 1001);
  EXPECT_EQ(seen_.closed(), 1001);
}

TEST_F(WebSocketTest, ManySendersOneConnection) {
  HttpServerOptions options;
  options.max_queued_messages = 100'000;
  start(std::move(options));
  const auto client = connect();
  const auto connection = seen_.opened();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&connection, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string text = std::to_string(t) + ":" + std::to_string(i);
        ASSERT_TRUE(connection->send_text(text));
      }
    });
  }
  int next[4] = {};
  for (int i = 0; i < 2000; ++i) {
    const auto got = client->receive(Duration::s(10));
    ASSERT_TRUE(got) << i;
    const int t = got->bytes[0] - '0';
    ASSERT_EQ(got->bytes.substr(2), std::to_string(next[t]++));
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(WebSocketTest, OverTls) {
  const auto identity = make_self_signed({"127.0.0.1"}, WallTime::from_unix_ms(std::int64_t(std::time(nullptr)) * 1000));
  ASSERT_TRUE(identity);
  HttpServerOptions options;
  options.tls = *identity;
  start(std::move(options));
  WebSocketClientOptions trusting;
  trusting.ca_pem = identity->certificate_pem;
  const auto client = connect(trusting);
  ASSERT_TRUE(client);
  const std::string big(200 << 10, 'y');
  ASSERT_TRUE(client->send_binary(as_bytes(big)));
  const auto got = client->receive(Duration::s(10));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->bytes, big);
  client->close();
  EXPECT_EQ(seen_.closed(), 1000);
}

}  // namespace
}  // namespace upcall::net
