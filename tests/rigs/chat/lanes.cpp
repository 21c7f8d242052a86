#include "lanes.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

namespace upcall::chat_rig {

namespace http = beast::http;

namespace {

constexpr std::chrono::seconds kConnectWithin{5}, kAnswerWithin{15};

asio::awaitable<bool> connect(beast::tcp_stream& stream, const Way& way) {
  boost::system::error_code error;
  stream.socket().open(tcp::v4(), error);
  if (!error) stream.socket().bind(tcp::endpoint(way.source, 0), error);
  if (error) co_return false;
  stream.expires_after(kConnectWithin);
  const auto [failed] = co_await stream.async_connect(way.server, kAwait);
  if (!failed) stream.socket().set_option(tcp::no_delay(true), error);
  co_return !failed;
}

std::string host_of(const Way& way) { return way.server.address().to_string() + ":" + std::to_string(way.server.port()); }

}  // namespace

asio::awaitable<Answer> HttpLane::call(std::string method, std::string target, Headers headers, std::string body) {
  if (!stream_) {
    auto fresh = std::make_unique<beast::tcp_stream>(io_);
    if (!co_await connect(*fresh, way_)) co_return Answer{};
    stream_ = std::move(fresh);
    buffer_.clear();
  }
  http::request<http::string_body> request(http::string_to_verb(method), target, 11);
  request.set(http::field::host, host_of(way_));
  for (const auto& [name, value] : headers) request.set(name, value);
  if (!body.empty()) request.set(http::field::content_type, "application/json");
  request.body() = std::move(body);
  request.prepare_payload();
  http::response<http::string_body> response;
  stream_->expires_after(kAnswerWithin);
  const auto [write_failed, written] = co_await http::async_write(*stream_, request, kAwait);
  static_cast<void>(written);
  bool fine = !write_failed;
  if (fine) {
    const auto [read_failed, read] = co_await http::async_read(*stream_, buffer_, response, kAwait);
    static_cast<void>(read);
    fine = !read_failed;
  }
  if (!fine) {
    stream_.reset();
    co_return Answer{};
  }
  stream_->expires_never();
  if (!response.keep_alive()) stream_.reset();
  co_return Answer{static_cast<int>(response.result_int()), std::move(response.body())};
}

asio::awaitable<bool> SocketLane::open(std::string target, std::string subprotocols) {
  auto fresh = std::make_unique<Stream>(io_);
  if (!co_await connect(beast::get_lowest_layer(*fresh), way_)) co_return false;
  beast::get_lowest_layer(*fresh).expires_never();
  fresh->set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::client));
  fresh->set_option(beast::websocket::stream_base::decorator([subprotocols](beast::websocket::request_type& request) {
    if (!subprotocols.empty()) request.set(http::field::sec_websocket_protocol, subprotocols);
  }));
  const auto [failed] = co_await fresh->async_handshake(host_of(way_), target, kAwait);
  if (failed) co_return false;
  fresh->text(true);
  stream_ = std::move(fresh);
  buffer_.clear();
  co_return true;
}

asio::awaitable<bool> SocketLane::send(std::string text) {
  if (!stream_) co_return false;
  const auto [failed, n] = co_await stream_->async_write(asio::buffer(text), kAwait);
  static_cast<void>(n);
  co_return !failed;
}

asio::awaitable<bool> SocketLane::read(std::string& text) {
  if (!stream_) co_return false;
  const auto [failed, n] = co_await stream_->async_read(buffer_, kAwait);
  static_cast<void>(n);
  if (failed) co_return false;
  text = beast::buffers_to_string(buffer_.data());
  buffer_.consume(buffer_.size());
  co_return true;
}

void SocketLane::drop() {
  if (!stream_) return;
  boost::system::error_code ignored;
  beast::get_lowest_layer(*stream_).socket().shutdown(tcp::socket::shutdown_both, ignored);
}

asio::awaitable<void> wait_for(std::chrono::milliseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  const auto [ignored] = co_await timer.async_wait(kAwait);
  static_cast<void>(ignored);
}

}  // namespace upcall::chat_rig
