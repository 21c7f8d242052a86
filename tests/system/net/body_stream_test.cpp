// Bodies that are too large for memory, and answers whose length nobody knows.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "crypto/random.hpp"
#include "io/net/http_server.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::RawSocket;
using wire::HttpRequest;
using wire::HttpResponse;

class Collected final : public wire::BodySink {
 public:
  explicit Collected(std::size_t room) : room_(room) {}
  bool write(Bytes piece) override {
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return text.size() <= room_;
  }
  std::string text;

 private:
  std::size_t room_;
};

// "one ", nothing for a while, "two", then the end or a failure.
class Slow final : public wire::BodyStream {
 public:
  explicit Slow(bool fails) : fails_(fails) {}
  Result<Piece> read(MutBytes out) override {
    const int at = step_++;
    if (at == 0) return put(out, "one ");
    if (at < 4) return Piece{};
    if (at == 4) return put(out, "two");
    if (fails_) return fail(ErrorCode::unavailable, "broken");
    return Piece{0, true};
  }

 private:
  static Piece put(MutBytes out, std::string_view text) {
    std::copy(text.begin(), text.end(), out.begin());
    return {text.size(), false};
  }
  bool fails_;
  int step_ = 0;
};

class BodyStreamTest : public ::testing::Test {
 protected:
  BodyStreamTest() {
    router.add("POST", "/gated/{what}", [this](const HttpRequest& r) {
      handled.fetch_add(1);
      HttpResponse out;
      const auto* sink = dynamic_cast<const Collected*>(r.body_sink.get());
      out.body = sink != nullptr ? std::to_string(sink->text.size()) + " " + std::to_string(r.body.size()) : "no sink";
      return out;
    });
    for (const bool fails : {false, true}) {
      router.add("GET", fails ? "/broken" : "/slow", [fails](const HttpRequest&) {
        HttpResponse out;
        out.stream = std::make_shared<Slow>(fails);
        return out;
      });
    }
    HttpServerOptions options;
    options.max_body_bytes = 1000;
    options.gated_prefix = "/gated/";
    options.body_gate = [this](const HttpRequest& r) -> std::optional<wire::BodyGate> {
      asked.fetch_add(1);
      wire::BodyGate gate;
      if (r.path == "/gated/refused") {
        gate.refusal = wire::error_response(401, "who are you?", r.request_id);
        return gate;
      }
      gate.max_bytes = 3 << 20;
      gate.sink = std::make_shared<Collected>(r.path == "/gated/small" ? 300'000 : SIZE_MAX);
      return gate;
    };
    server = std::move(*HttpServer::start(std::move(options), router, random));
  }
  std::string ask(const std::string& request) {
    RawSocket socket(server->port());
    EXPECT_TRUE(socket.connected());
    (void)socket.send(request);
    (void)socket.read_until([](const std::string&) { return false; });
    return socket.seen();
  }
  static std::string post(const std::string& path, std::size_t size) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
  }

  crypto::SystemRandom random;
  wire::Router router;
  std::atomic<int> asked{0}, handled{0};
  std::unique_ptr<HttpServer> server;
};

TEST_F(BodyStreamTest, AGatedBodyGoesToItsSinkAndNotIntoMemory) {
  const std::string answer = ask(post("/gated/fine", 2'000'001));
  EXPECT_NE(answer.find("200 OK"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("2000001 0")) << answer;
}

TEST_F(BodyStreamTest, ChunksAreTakenToo) {
  std::string request = "POST /gated/fine HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i) request += "4000\r\n" + std::string(0x4000, 'y') + "\r\n";
  EXPECT_TRUE(ask(request + "0\r\n\r\n").ends_with(std::to_string(40 * 0x4000) + " 0"));
}

TEST_F(BodyStreamTest, ARefusalComesBeforeTheBody) {
  // No byte of the body is sent: the answer must come all the same.
  const std::string answer = ask("POST /gated/refused HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
  EXPECT_NE(answer.find("401 Unauthorized"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("100 Continue"), std::string::npos);
  EXPECT_EQ(handled, 0);
}

TEST_F(BodyStreamTest, ItsOwnLimitCounts) {
  EXPECT_NE(ask("POST /gated/fine HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n").find("413 "), std::string::npos);
  EXPECT_NE(ask(post("/other", 2000)).find("413 "), std::string::npos) << "elsewhere the limit is what it was";
  EXPECT_EQ(handled, 0);
}

TEST_F(BodyStreamTest, NoRoomIsSaid) {
  EXPECT_NE(ask(post("/gated/small", 2'000'000)).find("507 Insufficient Storage"), std::string::npos);
  EXPECT_EQ(handled, 0);
}

TEST_F(BodyStreamTest, AStreamIsSentInChunksWhileItIsMade) {
  const std::string answer = ask("GET /slow HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("transfer-encoding: chunked"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("content-length"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")) << answer;
}

TEST_F(BodyStreamTest, AStreamThatFailsHasNoEnd) {
  const std::string answer = ask("GET /broken HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("3\r\ntwo\r\n"), std::string::npos);
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n"));
}

TEST_F(BodyStreamTest, OldClientsWithoutChunksAreTold) {
  EXPECT_NE(ask("GET /slow HTTP/1.0\r\n\r\n").find("505 "), std::string::npos);
}

}  // namespace
}  // namespace upcall::net
