// A WebSocket client (RFC 6455), ws:// and wss://, with a thread of its own.
//
// Two ways to read: give `on_message` (called on the client's thread, one at a time) or call receive(), which waits.
// Threads: everything but the destructor from any thread; the destructor not from a callback.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::net {

struct WebSocketClientOptions {
  std::string url;
  std::vector<std::string> subprotocols;  // offered, in order
  std::vector<std::pair<std::string, std::string>> headers;
  Duration timeout = Duration::s(10);     // to connect and shake hands
  Duration silence = Duration::s(20);     // nothing heard for this long: lost (1006); a ping goes out at half of it
  std::size_t max_message_bytes = 4 << 20;
  std::size_t max_waiting = 4096;         // messages not yet received; then no further one is read from the socket
  std::string ca_pem;
  bool insecure = false;

  std::function<void(Bytes message, bool is_text)> on_message;
  std::function<void(std::uint16_t code)> on_close;  // once, last; codes as in wire/http.hpp
};

struct WebSocketMessage {
  std::string bytes;
  bool is_text = false;
};

class WebSocketClient {
 public:
  // Open when it returns. An HTTP refusal gives the error of its status (401 unauthenticated, 403 forbidden, …).
  static Result<std::unique_ptr<WebSocketClient>> connect(WebSocketClientOptions options);
  ~WebSocketClient();  // drops the connection when it is still open
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;

  const std::string& subprotocol() const;  // the server's choice, may be empty
  // False when closed or when the send queue is full (then it is closed with 1013).
  bool send_binary(Bytes message);
  bool send_text(std::string_view message);
  // The next message; `gone` when the connection has ended and nothing is left, `unavailable` when none came in time.
  Result<WebSocketMessage> receive(Duration timeout);
  void close(std::uint16_t code = 1000, std::string_view reason = {});
  // Drops the TCP connection without a close frame, as a lost network does.
  void abort();
  // The close code once the connection has ended; waits for that up to `timeout`.
  std::optional<std::uint16_t> wait_closed(Duration timeout);

 private:
  struct Impl;
  explicit WebSocketClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::net
