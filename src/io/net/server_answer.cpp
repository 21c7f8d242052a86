// How a session answers: responses with their bodies, refusals, and the end of a connection.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>

#include "io/clock/system_clock.hpp"
#include "io/net/response_head.hpp"
#include "io/net/server_session_internal.hpp"

namespace upcall::net {

using wire::HttpRequest;
using wire::HttpResponse;

namespace {

constexpr std::size_t kPiece = 128 << 10;  // of a streamed body: two of these fit a gigabit's round trip of 2 ms

// What the finisher gets on a network thread: without an Origin it does not block (wire::Router::set_finisher).
HttpRequest without_headers(const HttpRequest& request) {
  HttpRequest out;
  out.method = request.method;
  out.path = request.path;
  out.request_id = request.request_id;
  out.now = request.now;
  return out;
}

}  // namespace

asio::awaitable<bool> Session::refuse(const HttpRequest& request, int status, std::string_view message) {
  unread_ = true;
  HttpResponse response = wire::error_response(status, message, request.request_id);
  shared_.router.finish(without_headers(request), response);
  co_return co_await respond(request, std::move(response), false);
}

asio::awaitable<bool> Session::refuse_busy(const HttpRequest& request, bool keep_alive) {
  count(shared_.counters.overloaded);
  HttpResponse response = wire::error_response(503, "the server is busy", request.request_id);
  response.set("retry-after", "1");
  shared_.router.finish(without_headers(request), response);
  co_return co_await respond(request, std::move(response), keep_alive);
}

asio::awaitable<bool> Session::respond(const HttpRequest& request, HttpResponse response, bool keep_alive) {
  const bool head_only = request.method == "HEAD";
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  std::uint64_t length = response.source ? response.source_length : response.body.size();
  if (head_only && !response.source && response.body.empty()) {
    // A HEAD handler of its own knows the length without making the body.
    for (const auto& [name, value] : response.headers) {
      if (name == "content-length") length = std::strtoull(value.c_str(), nullptr, 10);
    }
  }
  if (thread_.draining) keep_alive = false;
  if (response.stream && !chunks_known_) {
    response = wire::error_response(505, "this answer needs HTTP/1.1", request.request_id);
    length = response.body.size();
    keep_alive = false;
  }
  const auto told = response.stream ? std::nullopt : std::optional<std::uint64_t>(length);
  std::string head = response_head(response, told, keep_alive, request.request_id, system_now().wall);
  const bool send_body = !head_only && !bodiless;
  if (send_body && !response.source && !response.stream) head += response.body;
  bool sent = co_await send_all(head);
  if (sent && send_body && response.stream) {
    sent = co_await send_stream(*response.stream);
  } else if (sent && send_body && response.source) {
    sent = co_await send_source(response);
  }
  if (!sent) co_return false;
  if (!keep_alive) co_await say_goodbye();
  co_return keep_alive;
}

asio::awaitable<bool> Session::send_source(const HttpResponse& response) {
  std::string piece;
  std::uint64_t at = response.source_offset;
  std::uint64_t left = response.source_length;
  wire::BodySource* const source = response.source.get();
  while (left > 0) {
    piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, kPiece)));
    std::move_only_function<std::size_t()> read = [source, at, &piece, this]() -> std::size_t {
      try {
        return source->read(at, MutBytes(reinterpret_cast<std::uint8_t*>(piece.data()), piece.size())).value_or(0);
      } catch (const std::exception&) {
        count(shared_.counters.handler_failures);
        return 0;
      }
    };
    transport_.expires_never();
    const std::optional<std::size_t> got = co_await on_pool<std::size_t>(shared_.bodies, true, std::move(read));
    // The length is promised already: a source that fails can only be told by cutting the connection.
    if (!got || *got == 0) co_return false;
    const bool sent = co_await send_all(std::string_view(piece).substr(0, *got));
    if (!sent) co_return false;
    at += *got;
    left -= *got;
  }
  co_return true;
}

asio::awaitable<bool> Session::send_stream(wire::BodyStream& stream) {
  std::string piece(kPiece, '\0');
  for (;;) {
    using Read = Result<wire::BodyStream::Piece>;
    std::move_only_function<Read()> read = [&stream, &piece, this]() -> Read {
      try {
        return stream.read(MutBytes(reinterpret_cast<std::uint8_t*>(piece.data()), piece.size()));
      } catch (const std::exception&) {
        count(shared_.counters.handler_failures);
        return fail(ErrorCode::internal, "");
      }
    };
    transport_.expires_never();
    const std::optional<Read> got = co_await on_pool<Read>(shared_.streams, true, std::move(read));
    if (!got || !*got) co_return false;
    if ((*got)->size > 0) {
      std::array<char, 24> size{};
      std::snprintf(size.data(), size.size(), "%zx\r\n", (*got)->size);
      const std::string chunk = size.data() + piece.substr(0, (*got)->size) + "\r\n";
      const bool sent = co_await send_all(chunk);
      if (!sent) co_return false;
    }
    if ((*got)->over) break;
  }
  co_return co_await send_all("0\r\n\r\n");
}

asio::awaitable<bool> Session::send_all(std::string_view bytes) {
  std::size_t left_of_piece = 0;
  while (!bytes.empty()) {
    if (left_of_piece == 0) {
      left_of_piece = 256 << 10;
      transport_.expires_after(shared_.options.write_timeout);
    }
    const auto view = asio::buffer(bytes.data(), std::min(bytes.size(), left_of_piece));
    auto [ec, size] = co_await transport_.async_write_some(view, kAwait);
    if (ec) {
      if (ec == beast::error::timeout) count(shared_.counters.timed_out);
      co_return false;
    }
    bytes.remove_prefix(size);
    left_of_piece -= size;
  }
  co_return true;
}

// Ends the connection so that the peer gets the whole answer: closing with unread input would reset it (RFC 9112 §9.6).
asio::awaitable<void> Session::say_goodbye() {
  transport_.expires_after(Duration::s(1));
  if (transport_.tls() != nullptr && !unread_) {
    auto [ec] = co_await transport_.tls()->async_shutdown(kAwait);
    (void)ec;
  }
  error_code ec;
  transport_.tcp_layer().socket().shutdown(tcp::socket::shutdown_send, ec);
  if (!unread_ || ec) co_return;
  std::array<char, 4096> bin;
  for (std::size_t dropped = 0; dropped < 4u << 20;) {
    const auto view = asio::buffer(bin);
    auto [error, size] = co_await transport_.tcp_layer().async_read_some(view, kAwait);
    if (error) break;
    dropped += size;
  }
}

}  // namespace upcall::net
