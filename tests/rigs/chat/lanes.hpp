// Connections of a crowd of clients, thousands on one thread: keep-alive HTTP and WebSockets as Asio coroutines. Each
// client has a loopback address of its own, as customers of a real site have.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace upcall::chat_rig {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

struct Way {
  tcp::endpoint server;
  asio::ip::address_v4 source;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;  // 0: none came
  std::string body;
};

// One request at a time.
class HttpLane {
 public:
  HttpLane(asio::io_context& io, Way way) : io_(io), way_(way) {}
  asio::awaitable<Answer> call(std::string method, std::string target, Headers headers, std::string body);

 private:
  asio::io_context& io_;
  const Way way_;
  std::unique_ptr<beast::tcp_stream> stream_;
  beast::flat_buffer buffer_;
};

// Open until the peer or the network ends it.
class SocketLane {
 public:
  SocketLane(asio::io_context& io, Way way) : io_(io), way_(way) {}
  // False: not opened.
  asio::awaitable<bool> open(std::string target, std::string subprotocols);
  asio::awaitable<bool> send(std::string text);
  // The next text; false when the socket has ended.
  asio::awaitable<bool> read(std::string& text);
  void drop();

 private:
  using Stream = beast::websocket::stream<beast::tcp_stream>;
  asio::io_context& io_;
  const Way way_;
  std::unique_ptr<Stream> stream_;
  beast::flat_buffer buffer_;
};

asio::awaitable<void> wait_for(std::chrono::milliseconds span);

}  // namespace upcall::chat_rig
