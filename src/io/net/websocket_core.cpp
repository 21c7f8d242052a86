#include "io/net/websocket_core_internal.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "io/clock/system_clock.hpp"

namespace upcall::net {

namespace ws = beast::websocket;
namespace http = beast::http;

struct WebSocketCore::Live {
  Live(std::shared_ptr<void> keep, Transport& t)
      : keep_alive(std::move(keep)), transport(t), stream(t), closing_timer(t.get_executor()), reader_timer(t.get_executor()) {}
  std::shared_ptr<void> keep_alive;
  Transport& transport;
  ws::stream<Transport&, false> stream;  // false: no permessage-deflate, so no compression bombs
  asio::steady_timer closing_timer;
  asio::steady_timer reader_timer;
  bool we_closed = false;  // our close handshake went through
};

namespace {

ws::stream_base::timeout timeouts(const WebSocketLimits& limits) {
  ws::stream_base::timeout out;
  out.handshake_timeout = to_chrono(limits.handshake);
  out.idle_timeout = to_chrono(limits.silence);
  out.keep_alive_pings = true;
  return out;
}

// The code that RFC 6455 §7.4 gives for what the peer did wrong, 1006 for a lost connection.
std::uint16_t code_of(const error_code& ec) {
  if (ec == ws::error::message_too_big) return 1009;
  if (ec == ws::error::bad_frame_payload) return 1007;
  if (ec == ws::condition::protocol_violation) return 1002;
  return 1006;
}

}  // namespace

WebSocketCore::WebSocketCore(std::shared_ptr<void> keep_alive, Transport& transport, WebSocketLimits limits)
    : limits_(limits),
      executor_(transport.get_executor()),
      live_(std::make_shared<Live>(std::move(keep_alive), transport)) {
  transport.expires_never();  // Beast's WebSocket stream has timers of its own
  live_->stream.set_option(timeouts(limits_));
  live_->stream.read_message_max(limits_.message_bytes);
  live_->stream.auto_fragment(false);
}

WebSocketCore::~WebSocketCore() = default;

asio::awaitable<error_code> WebSocketCore::accept(const http::request<http::string_body>& request,
                                                  std::string subprotocol, std::string request_id) {
  const std::shared_ptr<Live> live = live_;
  live->stream.set_option(ws::stream_base::decorator(
      [subprotocol = std::move(subprotocol), request_id = std::move(request_id)](ws::response_type& response) {
        response.erase(http::field::server);
        response.set("x-request-id", request_id);
        if (!subprotocol.empty()) response.set(http::field::sec_websocket_protocol, subprotocol);
      }));
  auto [ec] = co_await live->stream.async_accept(request, kAwait);
  const std::lock_guard lock(mutex_);
  open_ = !ec;
  co_return ec;
}

asio::awaitable<WebSocketCore::ConnectAnswer> WebSocketCore::connect(
    std::string authority, std::string target, std::vector<std::pair<std::string, std::string>> headers) {
  const std::shared_ptr<Live> live = live_;
  live->stream.set_option(ws::stream_base::decorator([headers = std::move(headers)](ws::request_type& request) {
    request.erase(http::field::user_agent);
    for (const auto& [name, value] : headers) request.insert(name, value);
  }));
  ws::response_type response;
  auto [ec] = co_await live->stream.async_handshake(response, authority, target, kAwait);
  ConnectAnswer answer;
  answer.error = ec;
  answer.status = static_cast<int>(response.result_int());
  answer.subprotocol = std::string(response[http::field::sec_websocket_protocol]);
  if (ec) {
    live->transport.close();
    live_.reset();
  }
  const std::lock_guard lock(mutex_);
  open_ = !ec;
  co_return answer;
}

asio::awaitable<std::uint16_t> WebSocketCore::read_all(Deliver deliver) {
  const std::shared_ptr<Live> live = live_;
  beast::flat_buffer buffer;
  error_code ec;
  for (;;) {
    auto [error, size] = co_await live->stream.async_read(buffer, kAwait);
    ec = error;
    if (ec) break;
    const auto data = buffer.cdata();
    co_await deliver(Bytes(static_cast<const std::uint8_t*>(data.data()), data.size()), live->stream.got_text());
    buffer.clear();
    if (buffer.capacity() > 16 << 10) buffer.shrink_to_fit();  // one large message must not be paid for ever
  }
  bool we_asked = false;
  {
    const std::lock_guard lock(mutex_);
    open_ = false;
    we_asked = closing_;
    queue_.clear();
    queued_bytes_ = 0;
  }
  std::uint16_t code = code_of(ec);
  const bool clean = ec == ws::error::closed || (we_asked && live->we_closed);
  if (clean) {
    code = live->stream.reason().code;
    if (code == ws::close_code::none) code = 1005;
  }
  live->closing_timer.cancel();
  live->reader_timer.cancel();
  // After a close frame the owner may linger, so that the peer gets to read it.
  if (code == 1006) live->transport.close();
  live_.reset();
  co_return code;
}

bool WebSocketCore::send(std::string bytes, bool is_text) {
  const std::lock_guard lock(mutex_);
  if (!open_ || closing_) return false;
  if (queue_.size() >= limits_.queued_messages || queued_bytes_ + bytes.size() > limits_.queued_bytes) {
    cut_slow_reader();
    return false;
  }
  queued_bytes_ += bytes.size();
  if (burst_began_ != Instant::never()) {
    burst_bytes_ += bytes.size();
  } else if (queued_bytes_ > limits_.resting_bytes) {
    burst_bytes_ = queued_bytes_;
    burst_began_ = system_now().mono;
    asio::post(executor_, [self = shared_from_this()] { self->watch_reader(); });
  }
  queue_.push_back({std::move(bytes), is_text});
  if (!writing_) {
    writing_ = true;
    asio::post(executor_, [self = shared_from_this()] {
      if (self->live_) asio::co_spawn(self->executor_, write_all(self, self->live_), asio::detached);
    });
  }
  return true;
}

// What is queued would be stale, and the memory is needed by the others.
void WebSocketCore::cut_slow_reader() {
  for (const Message& message : queue_) queued_bytes_ -= message.bytes.size();
  std::deque<Message>().swap(queue_);
  closing_ = true;
  close_code_ = 1013;
  close_reason_ = "too slow";
  asio::post(executor_, [self = shared_from_this()] {
    self->start_closing_timer(std::min(Duration::s(1), self->limits_.closing));
    self->wake_writer();
  });
}

// The whole burst against one line, as bodies of requests are judged: grace + bytes / floor.
void WebSocketCore::watch_reader() {
  if (!live_) return;
  const std::lock_guard lock(mutex_);
  if (burst_began_ == Instant::never() || closing_) return;
  const auto seconds = static_cast<double>(burst_bytes_) / static_cast<double>(limits_.reader_floor_bytes_per_s);
  const Duration left = burst_began_ + limits_.reader_grace + Duration::ms(static_cast<std::int64_t>(1000 * seconds)) - system_now().mono;
  if (left <= Duration()) return cut_slow_reader();
  live_->reader_timer.expires_after(to_chrono(left));
  live_->reader_timer.async_wait([self = weak_from_this()](const error_code& ec) {
    if (ec) return;
    if (const auto still = self.lock()) still->watch_reader();
  });
}

void WebSocketCore::close(std::uint16_t code, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  if (!open_ || closing_) return;
  closing_ = true;
  close_code_ = code;
  close_reason_ = std::string(reason.substr(0, 123));  // RFC 6455 §5.5: a control frame holds 125 bytes
  asio::post(executor_, [self = shared_from_this()] {
    self->start_closing_timer(self->limits_.closing);
    self->wake_writer();
  });
}

void WebSocketCore::abort() {
  const std::lock_guard lock(mutex_);
  if (!open_) return;
  asio::post(executor_, [self = shared_from_this()] {
    if (self->live_) self->live_->transport.close();
  });
}

void WebSocketCore::wake_writer() {
  {
    const std::lock_guard lock(mutex_);
    if (writing_) return;
    writing_ = true;
  }
  if (live_) asio::co_spawn(executor_, write_all(shared_from_this(), live_), asio::detached);
}

void WebSocketCore::start_closing_timer(Duration deadline) {
  if (!live_) return;
  live_->closing_timer.expires_after(to_chrono(deadline));
  live_->closing_timer.async_wait([live = std::weak_ptr<Live>(live_)](const error_code& ec) {
    if (ec) return;
    if (const auto still = live.lock()) still->transport.close();
  });
}

// Sends what is queued in order, then the close frame when one was asked for. Ends when there is nothing to do.
asio::awaitable<void> WebSocketCore::write_all(std::shared_ptr<WebSocketCore> self, std::shared_ptr<Live> live) {
  for (;;) {
    Message message;
    bool close_now = false;
    ws::close_reason reason;
    {
      const std::lock_guard lock(self->mutex_);
      if (!self->queue_.empty()) {
        message = std::move(self->queue_.front());
        self->queue_.pop_front();
      } else if (self->closing_) {
        close_now = true;  // writing_ stays set: nothing follows a close frame
        reason = ws::close_reason(static_cast<ws::close_code>(self->close_code_), self->close_reason_);
      } else {
        self->writing_ = false;
        co_return;
      }
    }
    if (close_now) {
      auto [ec] = co_await live->stream.async_close(reason, kAwait);
      live->we_closed = !ec;
      // A failed close (the peer is silent, the socket gone) still has to end the reader.
      if (ec) live->transport.close();
      co_return;
    }
    live->stream.text(message.is_text);
    const auto view = asio::buffer(message.bytes);
    auto [ec, size] = co_await live->stream.async_write(view, kAwait);
    if (ec) {
      live->transport.close();
      co_return;
    }
    const std::lock_guard lock(self->mutex_);
    self->queued_bytes_ -= std::min(self->queued_bytes_, message.bytes.size());
    if (self->queued_bytes_ <= self->limits_.resting_bytes) self->burst_began_ = Instant::never();
  }
}

}  // namespace upcall::net
