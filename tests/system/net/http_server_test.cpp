#include "io/net/http_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "io/net/http_client.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::eventually;
using test::RawSocket;
using wire::HttpRequest;
using wire::HttpResponse;

// Byte i of the body is a function of i: any range can be checked without keeping it.
class PatternSource final : public wire::BodySource {
 public:
  explicit PatternSource(std::uint64_t size) : size_(size) {}
  static std::uint8_t at(std::uint64_t i) { return static_cast<std::uint8_t>((i * 2654435761u) >> 13); }
  std::uint64_t size() const override { return size_; }
  Result<std::size_t> read(std::uint64_t offset, MutBytes out) override {
    reads.fetch_add(1);
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size_ - offset));
    for (std::size_t i = 0; i < n; ++i) out[i] = at(offset + i);
    return n;
  }
  std::atomic<std::uint64_t> reads{0};

 private:
  std::uint64_t size_;
};

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    router_.add("GET", "/hello/{name}", [](const HttpRequest& r) {
      HttpResponse out;
      out.set("content-type", "text/plain");
      out.body = "hello " + std::string(r.route_value("name")) + " " + std::string(r.query_value("q").value_or("-"));
      return out;
    });
    router_.add("GET", "/origin", [](const HttpRequest& r) {
      HttpResponse out;
      out.body = r.own_origin;
      return out;
    });
    router_.add("POST", "/echo", [](const HttpRequest& r) {
      HttpResponse out;
      out.body = r.body;
      return out;
    });
    router_.add("GET", "/split", [](const HttpRequest&) {
      HttpResponse out;
      out.set("x-bad", "a\r\nx-injected: 1").set("x-good", "yes").set("content-length", "999");
      out.body = "ok";
      return out;
    });
    router_.add("GET", "/throws", [](const HttpRequest&) -> HttpResponse { throw std::bad_alloc(); });
    router_.add("GET", "/file", [this](const HttpRequest&) {
      HttpResponse out;
      out.source = source_;
      out.source_offset = 1000;
      out.source_length = source_->size() - 1000;
      out.status = 206;
      return out;
    });
    router_.add("GET", "/blocked", [this](const HttpRequest& r) {
      std::unique_lock lock(mutex_);
      ++blocked_;
      changed_.wait(lock, [this] { return released_; });
      HttpResponse out;
      out.body = r.request_id;
      return out;
    });
  }
  void start(HttpServerOptions options = {}) {
    SeededRandom random(7);
    auto made = HttpServer::start(std::move(options), router_, random);
    ASSERT_TRUE(made) << made.error().message;
    server_ = std::move(*made);
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  int blocked() {
    const std::lock_guard lock(mutex_);
    return blocked_;
  }

  wire::Router router_;
  std::shared_ptr<PatternSource> source_ = std::make_shared<PatternSource>(64 << 20);
  std::mutex mutex_;
  std::condition_variable changed_;
  bool released_ = false;
  int blocked_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersWithRequestIdAndDecodedRoute) {
  start();
  HttpClient client;
  const auto answer = client.get(server_->url() + "/hello/a%20b?q=1%2B1");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello a b 1+1");
  EXPECT_EQ(answer->header("x-request-id")->size(), 36u);
  EXPECT_EQ(answer->header("date")->size(), 29u);
  EXPECT_EQ(client.get(server_->url() + "/nowhere")->status, 404);
}

// A host with several addresses is told by none of them but the one that the client has found.
TEST_F(HttpServerTest, TellsByWhichOfItsAddressesAClientCame) {
  HttpServerOptions options;
  options.address = "0.0.0.0";
  options.tell_own_origin = true;
  start(std::move(options));
  const std::string port = std::to_string(server_->port());
  HttpClient client;
  for (const std::string address : {"127.0.0.1", "127.0.0.2"}) {
    const auto answer = client.get("http://" + address + ":" + port + "/origin");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, "http://" + address + ":" + port);
  }
  RawSocket liar(server_->port());
  ASSERT_TRUE(liar.send("GET /origin HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(liar.response().ends_with("\r\n\r\nhttp://127.0.0.1:" + port));
}

TEST_F(HttpServerTest, OwnAddressesAreToldOnlyWhenAsked) {
  start();
  HttpClient client;
  EXPECT_EQ(client.get(server_->url() + "/origin")->body, "");
}

TEST_F(HttpServerTest, OneRequestCutAtEveryByteBoundary) {
  start();
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    RawSocket socket(server_->port());
    ASSERT_TRUE(socket.send(request.substr(0, cut)));
    ASSERT_TRUE(socket.send(request.substr(cut)));
    const std::string response = socket.response();
    ASSERT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << cut << ": " << response;
    ASSERT_TRUE(response.ends_with("\r\n\r\nhello world")) << cut << ": " << response;
    ASSERT_TRUE(socket.read_to_end());
  }
  RawSocket slow(server_->port());
  for (const char c : request) ASSERT_TRUE(slow.send(std::string_view(&c, 1)));
  EXPECT_TRUE(slow.response().ends_with("hello world"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  start();
  RawSocket socket(server_->port());
  std::string all;
  for (int i = 0; i < 20; ++i) all += "GET /hello/" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  ASSERT_TRUE(socket.send(all));
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(socket.response().ends_with("hello " + std::to_string(i) + " -")) << i;
  }
  EXPECT_EQ(server_->counters().accepted, 1u);
}

TEST_F(HttpServerTest, HundredKeepAliveConnectionsInParallel) {
  HttpServerOptions options;
  options.net_threads = 2;
  start(std::move(options));
  std::vector<RawSocket> sockets;
  for (int i = 0; i < 100; ++i) sockets.emplace_back(server_->port());
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(sockets[i].send("GET /hello/" + std::to_string(i * 10 + round) + " HTTP/1.1\r\nHost: x\r\n\r\n"));
    }
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(sockets[i].response().ends_with("hello " + std::to_string(i * 10 + round) + " -")) << i;
    }
  }
  EXPECT_EQ(server_->counters().open, 100u);
  EXPECT_TRUE(eventually([this] { return server_->counters().requests == 500; }));
}

TEST_F(HttpServerTest, SlowHeaderIsCutAndOthersAreServed) {
  HttpServerOptions options;
  options.header_timeout = Duration::ms(300);
  start(std::move(options));
  RawSocket slow(server_->port());
  ASSERT_TRUE(slow.send("GET /hello/x HTTP/1.1\r\nHost: x\r\nX-A: "));
  HttpClient client;
  EXPECT_EQ(client.get(server_->url() + "/hello/y")->status, 200);
  // Each byte on its own must not lengthen the deadline.
  const auto begin = std::chrono::steady_clock::now();
  std::thread drip([&slow] {
    for (int i = 0; i < 200 && slow.send("a"); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  EXPECT_TRUE(slow.read_to_end());
  const auto took = std::chrono::steady_clock::now() - begin;
  drip.join();
  EXPECT_LT(took, std::chrono::seconds(3));
  EXPECT_EQ(slow.seen(), "");
  EXPECT_TRUE(eventually([this] { return server_->counters().timed_out == 1; }));
}

TEST_F(HttpServerTest, BodyBelowTheRateFloorIsCut) {
  HttpServerOptions options;
  options.body_grace = Duration::ms(300);
  start(std::move(options));
  RawSocket slow(server_->port());
  ASSERT_TRUE(slow.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"));
  EXPECT_TRUE(slow.read_to_end());
  // The timer closes the socket first and the coroutine counts it then.
  EXPECT_TRUE(eventually([this] { return server_->counters().timed_out == 1; }));
}

TEST_F(HttpServerTest, OversizeBodyIsRefusedBeforeItIsRead) {
  HttpServerOptions options;
  options.body_limit = [](std::string_view, std::string_view path) -> std::optional<std::size_t> {
    return path == "/echo" ? std::optional<std::size_t>(1000) : std::nullopt;
  };
  start(std::move(options));
  RawSocket declared(server_->port());
  ASSERT_TRUE(declared.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"));
  const std::string refused = declared.response();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 413 ")) << refused;
  EXPECT_NE(refused.find("connection: close"), std::string::npos);

  RawSocket chunked(server_->port());
  const std::string chunk = "1f4\r\n" + std::string(500, 'x') + "\r\n";
  ASSERT_TRUE(chunked.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + chunk));
  EXPECT_TRUE(chunked.response().starts_with("HTTP/1.1 413 "));

  RawSocket fits(server_->port());
  ASSERT_TRUE(fits.send("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n"));
  EXPECT_TRUE(fits.response().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(eventually([this] { return server_->counters().too_large == 2; }));
}

TEST_F(HttpServerTest, HostileHeadsAreRefused) {
  start();
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"GET /hello/x HTTP/1.1\r\n\r\n", "400"},                                   // no host
      {"GET /hello/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"},             // two hosts
      {"GET hello HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /hello/%00 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zzzzzzzzzzzzzzzz", "400"},    // TLS to a plain port
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: magic\r\n\r\nabc", "417"},
      {"GET /hello/x HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", "431"},
      {"GET /hello/x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n", "404"},
  };
  for (const auto& [bytes, status] : cases) {
    RawSocket socket(server_->port());
    socket.send(bytes);
    const std::string response = socket.response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 " + status + " ")) << bytes.substr(0, 60) << " -> " << response;
    EXPECT_TRUE(socket.read_to_end());
  }
  RawSocket absolute(server_->port());
  ASSERT_TRUE(absolute.send("GET http://elsewhere/hello/x?q=2 HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(absolute.response().ends_with("hello x 2"));
}

TEST_F(HttpServerTest, ResponsesCannotBeSplitAndFailuresStayInside) {
  start();
  HttpClient client;
  const auto split = client.get(server_->url() + "/split");
  ASSERT_TRUE(split);
  EXPECT_FALSE(split->header("x-injected"));
  EXPECT_FALSE(split->header("x-bad"));
  EXPECT_EQ(*split->header("x-good"), "yes");
  EXPECT_EQ(*split->header("content-length"), "2");
  const auto broken = client.get(server_->url() + "/throws");
  ASSERT_TRUE(broken);
  EXPECT_EQ(broken->status, 500);
  EXPECT_EQ(broken->body.find("bad_alloc"), std::string::npos);
  EXPECT_EQ(client.get(server_->url() + "/hello/z")->status, 200);
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
  start();
  RawSocket socket(server_->port());
  ASSERT_TRUE(socket.send("HEAD /hello/x HTTP/1.1\r\nHost: a\r\n\r\nHEAD /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  ASSERT_TRUE(socket.read_to_end());
  const std::string& all = socket.seen();
  EXPECT_NE(all.find("content-length: 9\r\n"), std::string::npos);
  EXPECT_NE(all.find("content-length: " + std::to_string((64 << 20) - 1000) + "\r\n"), std::string::npos);
  EXPECT_TRUE(all.ends_with("\r\n\r\n"));
  EXPECT_EQ(source_->reads, 0u);
}

TEST_F(HttpServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  start();
  RawSocket socket(server_->port());
  ASSERT_TRUE(socket.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_EQ(socket.response(), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(socket.send("body"));
  EXPECT_TRUE(socket.response().ends_with("body"));
}

TEST_F(HttpServerTest, StreamsALargeSourceExactly) {
  start();
  HttpClient client;
  std::uint64_t at = 1000;
  bool same = true;
  const auto answer = client.download({"GET", server_->url() + "/file", {}, {}}, [&](Bytes piece) {
    for (const std::uint8_t b : piece) same = same && b == PatternSource::at(at++);
    return true;
  });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 206);
  EXPECT_EQ(at, 64u << 20);
  EXPECT_TRUE(same);
  // Still usable for the next request.
  EXPECT_EQ(client.get(server_->url() + "/hello/x")->status, 200);
  EXPECT_EQ(server_->counters().accepted, 1u);
}

TEST_F(HttpServerTest, AReaderThatStopsHoldsTheSourceBack) {
  start();
  RawSocket socket(server_->port(), 64 << 10);
  ASSERT_TRUE(socket.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(eventually([this] { return source_->reads > 0; }));
  // Reads stop once the socket buffers are full: far from the 512 that the whole file takes.
  std::uint64_t last = 0;
  auto since = std::chrono::steady_clock::now();
  ASSERT_TRUE(eventually([&] {
    const std::uint64_t now = source_->reads;
    if (now != last) since = std::chrono::steady_clock::now();
    last = now;
    return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(300);
  }));
  EXPECT_LT(last, 200u);
}

TEST_F(HttpServerTest, AFullPoolAnswers503AndRecovers) {
  HttpServerOptions options;
  options.handler_threads = 2;
  options.handler_queue = 1;
  start(std::move(options));
  const std::string request = "GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n";
  std::vector<RawSocket> busy;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(busy.emplace_back(server_->port()).send(request));
    ASSERT_TRUE(eventually([&] { return blocked() == i + 1; }));
  }
  // Both threads are taken: of the next two, one waits in the queue, the other is refused at once.
  std::vector<RawSocket> late;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(late.emplace_back(server_->port()).send(request));
  ASSERT_TRUE(eventually([this] { return server_->counters().overloaded == 1; }));
  release();
  int ok = 0, refused = 0;
  for (RawSocket& socket : late) {
    const std::string answer = socket.response();
    ok += answer.starts_with("HTTP/1.1 200 ");
    refused += answer.starts_with("HTTP/1.1 503 ") && answer.find("retry-after: ") != std::string::npos;
  }
  EXPECT_EQ(ok, 1);
  EXPECT_EQ(refused, 1);
  for (RawSocket& socket : busy) EXPECT_TRUE(socket.response().starts_with("HTTP/1.1 200 "));
}

// Whoever is in the middle of something keeps its place, and the one too many is told.
TEST_F(HttpServerTest, ConnectionsBeyondTheCapAreToldSo) {
  HttpServerOptions options;
  options.max_connections = 3;
  start(std::move(options));
  std::vector<RawSocket> held;
  for (int i = 0; i < 3; ++i) {
    held.emplace_back(server_->port());
    ASSERT_TRUE(held.back().send("GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(eventually([&] { return blocked() == i + 1; }));
  }
  RawSocket more(server_->port());
  ASSERT_TRUE(more.send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string answer = more.response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("retry-after: "), std::string::npos);
  EXPECT_EQ(server_->counters().refused, 1u);
  release();
  for (RawSocket& socket : held) EXPECT_TRUE(socket.response().starts_with("HTTP/1.1 200 "));
}

// Connections that say nothing keep nobody out: the one that has been silent longest makes room.
TEST_F(HttpServerTest, BeyondTheCapWhoIsIdleLongestMakesRoom) {
  HttpServerOptions options;
  options.max_connections = 3;
  start(std::move(options));
  std::vector<RawSocket> held;
  for (std::uint64_t i = 0; i < 3; ++i) {
    held.emplace_back(server_->port());
    ASSERT_TRUE(held.back().send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_TRUE(held.back().response().starts_with("HTTP/1.1 200 "));
  }
  // The first has spoken last.
  ASSERT_TRUE(held[0].send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(held[0].response().starts_with("HTTP/1.1 200 "));
  RawSocket more(server_->port());
  ASSERT_TRUE(more.send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(more.response().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(held[1].read_to_end());
  for (const std::size_t i : {0u, 2u}) {
    ASSERT_TRUE(held[i].send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
    EXPECT_TRUE(held[i].response().starts_with("HTTP/1.1 200 ")) << i;
  }
  EXPECT_EQ(server_->counters().made_room, 1u);
  EXPECT_EQ(server_->counters().refused, 0u);
  EXPECT_TRUE(eventually([this] { return server_->counters().open == 3; }));
}

TEST_F(HttpServerTest, StopLetsARunningRequestEndAndClosesIdleOnes) {
  start();
  RawSocket idle(server_->port());
  ASSERT_TRUE(idle.send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_FALSE(idle.response().empty());
  RawSocket running(server_->port());
  ASSERT_TRUE(running.send("GET /blocked HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(eventually([this] { return blocked() == 1; }));
  std::thread stopper([this] { server_->stop(Duration::s(20)); });
  EXPECT_TRUE(idle.read_to_end());
  release();
  const std::string answer = running.response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos);
  stopper.join();
  EXPECT_FALSE(RawSocket(server_->port()).connected());
}

TEST_F(HttpServerTest, StopWhileStreamingCutsAtTheDeadline) {
  start();
  RawSocket socket(server_->port(), 64 << 10);
  ASSERT_TRUE(socket.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_TRUE(eventually([this] { return source_->reads > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  server_->stop(Duration::ms(200));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(server_->counters().open, 0u);
  EXPECT_TRUE(socket.read_to_end());
  EXPECT_LT(socket.seen().size(), 64u << 20);
}

TEST_F(HttpServerTest, TlsWithItsOwnCertificate) {
  const auto identity = make_self_signed({"localhost", "127.0.0.1"}, WallTime::from_unix_ms(std::int64_t(std::time(nullptr)) * 1000));
  ASSERT_TRUE(identity);
  HttpServerOptions options;
  options.tls = *identity;
  options.header_timeout = Duration::ms(500);
  start(std::move(options));
  ASSERT_TRUE(server_->url().starts_with("https://"));
  HttpClientOptions trusting;
  trusting.ca_pem = identity->certificate_pem;
  HttpClient client(trusting);
  const auto answer = client.get(server_->url() + "/hello/tls");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "hello tls -");
  HttpClientOptions careless;
  careless.insecure = true;
  EXPECT_TRUE(HttpClient(careless).get(server_->url() + "/hello/x"));
  const auto refused = HttpClient().get(server_->url() + "/hello/x");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  // A large answer through TLS, and a peer that never shakes hands.
  std::uint64_t bytes = 0;
  ASSERT_TRUE(client.download({"GET", server_->url() + "/file", {}, {}}, [&](Bytes b) { bytes += b.size(); return true; }));
  EXPECT_EQ(bytes, (64u << 20) - 1000);
  RawSocket mute(server_->port());
  EXPECT_TRUE(mute.read_to_end());
}

TEST_F(HttpServerTest, StartRefusesWhatCannotWork) {
  start();
  SeededRandom random(1);
  HttpServerOptions taken;
  taken.port = server_->port();
  EXPECT_EQ(HttpServer::start(taken, router_, random).error().code, ErrorCode::unavailable);
  HttpServerOptions name;
  name.address = "localhost";
  EXPECT_EQ(HttpServer::start(name, router_, random).error().code, ErrorCode::invalid_argument);
  HttpServerOptions tls;
  tls.tls = TlsIdentity{"nonsense", "nonsense"};
  EXPECT_EQ(HttpServer::start(tls, router_, random).error().code, ErrorCode::invalid_argument);
}

// Soak in small: connections of every kind come and go, then nothing is left.
TEST_F(HttpServerTest, ManyShortConnectionsLeaveNothingBehind) {
  HttpServerOptions options;
  options.net_threads = 2;
  start(std::move(options));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 60; ++i) {
        RawSocket socket(server_->port());
        switch ((i + t) % 5) {
          case 0: socket.send("GET /hello/x HTTP/1.1\r\nHost: a\r\n\r\n"); EXPECT_FALSE(socket.response().empty()); break;
          case 1: socket.send("GET /file HTTP/1.1\r\nHost: a\r\n\r\n"); socket.reset(); break;
          case 2: socket.send("GET /hello/"); break;
          case 3: socket.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"); socket.reset(); break;
          default: break;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  // Both at once: connections that were closed while they waited to be accepted are none of the open ones yet.
  EXPECT_TRUE(eventually([this] {
    const auto counters = server_->counters();
    return counters.accepted == 240 && counters.open == 0;
  })) << server_->counters().accepted << " accepted, " << server_->counters().open << " open";
}

}  // namespace
}  // namespace upcall::net
