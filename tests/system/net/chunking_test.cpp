// What a peer sends means the same however the network cuts it: streams of WebSocket frames and of HTTP requests, right and
// wrong ones, from seeds, sent at once and in pieces. Frames are also judged by a small reading of RFC 6455 of their own.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

#include "base/rng.hpp"
#include "io/net/http_server.hpp"
#include "raw_socket.hpp"

namespace upcall::net {
namespace {

using test::RawSocket;

constexpr std::size_t kMessageMost = 4096;

// What one connection brought.
struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> messages;
  std::optional<std::uint16_t> closed;
};

class Listener final : public wire::WebSocketHandler {
 public:
  explicit Listener(std::shared_ptr<Heard> heard) : heard_(std::move(heard)) {}
  void on_open(std::shared_ptr<wire::WebSocketConnection>) override {}
  void on_message(Bytes message, bool is_text) override {
    const std::lock_guard lock(heard_->mutex);
    heard_->messages.push_back((is_text ? "t" : "b") + std::string(as_text(message)));
  }
  void on_close(std::uint16_t code) override {
    const std::lock_guard lock(heard_->mutex);
    heard_->closed = code;
    heard_->changed.notify_all();
  }

 private:
  std::shared_ptr<Heard> heard_;
};

void send_in_pieces(RandomSource& random, const std::string& bytes, RawSocket& socket) {
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t n = std::min<std::size_t>(bytes.size() - at, 1 + random.below(random.chance(0.5) ? 3 : 700));
    // A server that has heard enough may be gone.
    if (!socket.send(std::string_view(bytes).substr(at, n))) break;
    at += n;
  }
}

std::string frame(RandomSource& random, std::uint8_t first, std::string_view payload, bool masked = true) {
  std::string out(1, static_cast<char>(first));
  const auto bit = static_cast<std::uint8_t>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(bit | payload.size()));
  } else if (payload.size() < 65536) {
    out.push_back(static_cast<char>(bit | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size()));
  } else {
    out.push_back(static_cast<char>(bit | 127));
    for (int i = 7; i >= 0; --i) out.push_back(static_cast<char>(std::uint64_t(payload.size()) >> (8 * i)));
  }
  if (!masked) return out.append(payload);
  std::uint8_t mask[4];
  random.fill(mask);
  for (const std::uint8_t m : mask) out.push_back(static_cast<char>(m));
  for (std::size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(static_cast<std::uint8_t>(payload[i]) ^ mask[i % 4]));
  return out;
}

std::string words(RandomSource& random, std::size_t most) {
  std::string out(random.below(most + 1), 'a');
  for (char& c : out) c = static_cast<char>('a' + random.below(26));
  return out;
}

struct Frames {
  std::string bytes;
  std::vector<std::string> messages;   // that are to be heard
  std::uint16_t code = 0;              // the server's reason to close
};

// Messages, whole and in fragments with pings between them, then one end: a close, or a breach of RFC 6455.
Frames frames_of(RandomSource& random) {
  Frames out;
  const auto ping = [&] {
    if (random.chance(0.3)) out.bytes += frame(random, 0x89, words(random, 125));
  };
  for (std::uint64_t n = random.below(6); n > 0; --n) {
    const bool text = random.chance(0.5);
    const std::string whole = words(random, random.chance(0.2) ? 3000 : 200);
    out.messages.push_back((text ? "t" : "b") + whole);
    const std::size_t fragments = random.chance(0.5) ? 1 : 2 + random.below(4);
    std::size_t at = 0;
    for (std::size_t i = 0; i < fragments; ++i) {
      ping();
      const bool last = i + 1 == fragments;
      const std::size_t size = last ? whole.size() - at : random.below(whole.size() - at + 1);
      const auto first = static_cast<std::uint8_t>((last ? 0x80 : 0) | (i > 0 ? 0 : text ? 1 : 2));
      out.bytes += frame(random, first, std::string_view(whole).substr(at, size));
      at += size;
    }
    ping();
  }
  switch (random.below(9)) {
    case 0:
    case 1: out.bytes += frame(random, 0x88, std::string("\x03\xe8", 2)), out.code = 1000; break;
    case 2: out.bytes += frame(random, 0x82, words(random, 100), false), out.code = 1002; break;               // §5.1: not masked
    case 3: out.bytes += frame(random, static_cast<std::uint8_t>(0x83 + random.below(5)), "x"), out.code = 1002; break;   // §5.2: no such frame
    case 4: out.bytes += frame(random, static_cast<std::uint8_t>(0x82 | 0x10 << random.below(3)), "x"), out.code = 1002; break;   // §5.2: reserved bits
    case 5: out.bytes += frame(random, 0x89, std::string(126, 'p')), out.code = 1002; break;                     // §5.5: a long ping
    case 6: out.bytes += frame(random, 0x80, "goes on"), out.code = 1002; break;                                // §5.4: with nothing
    case 7: out.bytes += frame(random, 0x81, "\xc3\x28"), out.code = 1007; break;                               // §8.1: no UTF-8
    case 8: out.bytes += frame(random, 0x82, std::string(kMessageMost + 1, 'x')), out.code = 1009; break;
  }
  return out;
}

class Chunking : public testing::Test {
 protected:
  Chunking() {
    router_.add_websocket("/frames", [this](const wire::HttpRequest&, const std::vector<std::string>&) {
      wire::WebSocketAnswer answer;
      answer.handler = std::make_shared<Listener>(heard_);
      return answer;
    });
    router_.add("POST", "/echo", [](const wire::HttpRequest& r) {
      wire::HttpResponse out;
      out.body = r.body;
      return out;
    });
    HttpServerOptions options;
    options.max_message_bytes = kMessageMost;
    SeededRandom random(7);
    auto made = HttpServer::start(std::move(options), router_, random);
    if (!made) throw std::runtime_error(made.error().message);
    server_ = std::move(*made);
  }
  // What the server heard of it, and why it ended.
  std::pair<std::vector<std::string>, std::uint16_t> heard_of(const std::string& bytes, RandomSource* pieces) {
    heard_ = std::make_shared<Heard>();
    RawSocket socket(server_->port());
    socket.send("GET /frames HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    EXPECT_TRUE(socket.response().starts_with("HTTP/1.1 101 "));
    if (pieces != nullptr) send_in_pieces(*pieces, bytes, socket);
    else socket.send(bytes);
    std::unique_lock lock(heard_->mutex);
    EXPECT_TRUE(heard_->changed.wait_for(lock, std::chrono::seconds(15), [this] { return heard_->closed.has_value(); })) << "still open";
    return {heard_->messages, heard_->closed.value_or(0)};
  }
  // Status codes of all answers to it, and their bodies.
  std::string answered(const std::string& bytes, RandomSource* pieces) {
    RawSocket socket(server_->port());
    if (pieces != nullptr) send_in_pieces(*pieces, bytes, socket);
    else socket.send(bytes);
    std::string out;
    for (std::string one = socket.response(); !one.empty(); one = socket.response()) {
      out += one.substr(9, 3) + ":";
      // Errors name their request.
      if (one.starts_with("HTTP/1.1 200")) out += one.substr(one.find("\r\n\r\n") + 4);
      out += "\n";
    }
    return out;
  }

  std::shared_ptr<Heard> heard_;
  wire::Router router_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Chunking, FramesMeanTheSameHoweverTheyAreCut) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    const Frames sent = frames_of(random);
    const auto at_once = heard_of(sent.bytes, nullptr);
    EXPECT_EQ(at_once.first, sent.messages);
    EXPECT_EQ(at_once.second, sent.code);
    EXPECT_EQ(heard_of(sent.bytes, &random), at_once);
    if (HasFailure()) return;
  }
}

// Requests one behind the other, then one that is wrong or asks to close.
std::string requests_of(RandomSource& random) {
  std::string out;
  const auto head = [&](const char* more) { return std::string("POST /echo HTTP/1.1\r\nHost: x\r\n") + more; };
  for (std::uint64_t n = random.below(4); n > 0; --n) {
    const std::string body = words(random, 600);
    if (random.chance(0.5)) {
      out += head("") + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
      continue;
    }
    out += head("Transfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min<std::size_t>(body.size() - at, 1 + random.below(200));
      char length[40];
      std::snprintf(length, sizeof length, random.chance(0.5) ? "%zx\r\n" : "%zX;name=value\r\n", size);
      out += length + body.substr(at, size) + "\r\n";
      at += size;
    }
    out += random.chance(0.5) ? "0\r\n\r\n" : "0\r\nX-Trailer: yes\r\n\r\n";
  }
  switch (random.below(8)) {
    case 0: out += head("Connection: close\r\nContent-Length: 2\r\n\r\nok"); break;
    case 1: out += "POST /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"; break;
    case 2: out += head("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"); break;
    case 3: out += head("Content-Length: -1\r\n\r\n"); break;
    case 4: out += head("Transfer-Encoding: chunked\r\n\r\nzz\r\n"); break;
    case 5: out += head(("X: " + std::string(20'000, 'a') + "\r\n\r\n").c_str()); break;
    case 6: out += "POST /echo HTTP/1.1\r\nHost: x\r\n folded: y\r\nbad header\r\n\r\n"; break;
    case 7: out += std::string("\x16\x03\x01\x02\x00\x01", 6) + "\r\n\r\n"; break;
  }
  return out;
}

TEST_F(Chunking, RequestsMeanTheSameHoweverTheyAreCut) {
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    const std::string sent = requests_of(random);
    const std::string at_once = answered(sent, nullptr);
    EXPECT_FALSE(at_once.empty()) << sent.substr(0, 300);
    EXPECT_EQ(answered(sent, &random), at_once);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace upcall::net
