// Internal to io/net: the part of an open WebSocket that server and client share (RFC 6455): a bounded send queue that
// any thread may fill, one writer, one reader, keep-alive, and closing with a deadline.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <boost/beast/websocket/stream_fwd.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "io/net/transport_internal.hpp"
#include "wire/http.hpp"

namespace upcall::net {

struct WebSocketLimits {
  std::size_t message_bytes = 256 << 10;     // larger ones from the peer: close 1009
  std::size_t queued_messages = 2048;        // beyond either: close 1013
  std::size_t queued_bytes = 2560 << 10;
  // What may wait for long. A burst may be more, as long as the peer takes so much a second, and a moment to begin; else 1013.
  std::size_t resting_bytes = 256 << 10;
  std::size_t reader_floor_bytes_per_s = 64 << 10;
  Duration reader_grace = Duration::s(2);
  Duration silence = Duration::s(20);        // nothing heard for this long: lost; a ping goes out at half of it
  Duration handshake = Duration::s(5);
  Duration closing = Duration::s(3);         // how long a peer may take to answer our close frame
};

// Threads: send_*, close and abort from any thread; the rest on the transport's thread only.
class WebSocketCore final : public wire::WebSocketConnection, public std::enable_shared_from_this<WebSocketCore> {
 public:
  // `keep_alive` owns `transport`; it is kept until reader and writer have ended.
  WebSocketCore(std::shared_ptr<void> keep_alive, Transport& transport, WebSocketLimits limits);
  ~WebSocketCore() override;

  asio::awaitable<error_code> accept(const beast::http::request<beast::http::string_body>& request,
                                     std::string subprotocol, std::string request_id);
  // Client. `refused_status`: the HTTP status when the server answered something else than 101.
  struct ConnectAnswer {
    error_code error;
    int status = 0;
    std::string subprotocol;
  };
  asio::awaitable<ConnectAnswer> connect(std::string authority, std::string target,
                                         std::vector<std::pair<std::string, std::string>> headers);

  // Reads until the connection ends. `deliver` is awaited for each message before the next one is read: that is the
  // back-pressure. Gives the close code as wire/http.hpp defines it; unless that is 1006, the caller has to close the
  // transport, of which only the sending half is closed by then.
  using Deliver = std::function<asio::awaitable<void>(Bytes message, bool is_text)>;
  asio::awaitable<std::uint16_t> read_all(Deliver deliver);

  bool send_binary(Bytes message) override { return send(std::string(as_text(message)), false); }
  bool send_text(std::string_view message) override { return send(std::string(message), true); }
  void close(std::uint16_t code, std::string_view reason) override;
  // Drops the TCP connection at once.
  void abort();

 private:
  struct Live;
  struct Message {
    std::string bytes;
    bool is_text;
  };
  bool send(std::string bytes, bool is_text);
  void cut_slow_reader();                    // with mutex_ held
  void watch_reader();                       // on the transport's thread
  void wake_writer();
  void start_closing_timer(Duration deadline);
  static asio::awaitable<void> write_all(std::shared_ptr<WebSocketCore> self, std::shared_ptr<Live> live);

  const WebSocketLimits limits_;
  const asio::any_io_executor executor_;
  std::shared_ptr<Live> live_;  // transport's thread only; reset when the reader ends

  std::mutex mutex_;  // guards what follows
  std::deque<Message> queue_;
  std::size_t queued_bytes_ = 0;             // with the one that is being written
  // Since more than resting_bytes wait: all that has to be taken, and until when.
  std::size_t burst_bytes_ = 0;
  Instant burst_began_ = Instant::never();
  bool open_ = false;
  bool closing_ = false;
  bool writing_ = false;
  std::uint16_t close_code_ = 0;
  std::string close_reason_;
};

}  // namespace upcall::net
