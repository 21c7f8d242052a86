#include "io/net/server_session_internal.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/websocket/rfc6455.hpp>

#include "base/ids.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::net {

namespace http = beast::http;
using wire::HttpRequest;
using wire::HttpResponse;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (!item.empty()) out.emplace_back(item);
  }
  return out;
}

// Handlers give no exceptions; what the standard library throws (memory) must not take the server down.
template <class F>
auto guarded(ServerShared& shared, F&& f, const HttpRequest& request) {
  try {
    return f();
  } catch (const std::exception&) {
    count(shared.counters.handler_failures);
    decltype(f()) failed{};
    HttpResponse answer = wire::error_response(500, "the server failed to answer", request.request_id);
    if constexpr (std::is_same_v<decltype(f()), HttpResponse>) {
      failed = std::move(answer);
    } else {
      failed.emplace().refusal = std::move(answer);
    }
    return failed;
  }
}

std::string own_origin(const tcp::socket& socket, bool tls) {
  error_code ec;
  const tcp::endpoint endpoint = socket.local_endpoint(ec);
  if (ec) return {};  // it has gone already
  auto address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return (tls ? "https://" : "http://") + host + ":" + std::to_string(endpoint.port());
}

}  // namespace

bool ServerShared::enter_peer(std::uint64_t peer) {
  const std::lock_guard lock(mutex);
  std::size_t& count = open_of_peer[peer];
  if (count >= options.max_connections_per_peer) return false;
  ++count;
  return true;
}

void ServerShared::leave_peer(std::uint64_t peer) {
  const auto at = open_of_peer.find(peer);
  if (at != open_of_peer.end() && --at->second == 0) open_of_peer.erase(at);
}

Session::Session(ServerShared& shared, NetThread& thread, tcp::socket socket, std::uint64_t peer, bool counted)
    : shared_(shared), thread_(thread), peer_(peer), own_origin_(shared.options.tell_own_origin ? own_origin(socket, shared.options.tls.has_value()) : ""), counted_(counted), transport_(std::move(socket)),
      buffer_(shared.options.max_header_bytes + (64 << 10)) {
  thread_.sessions.insert(this);
}

Session::~Session() {
  stop_idling();
  thread_.sessions.erase(this);
  // Notified under the lock: stop() may destroy the condition as soon as it sees the last one gone.
  const std::lock_guard lock(shared_.mutex);
  if (counted_) shared_.leave_peer(peer_);
  --shared_.open;
  shared_.changed.notify_all();
}

void Session::drain() {
  if (const auto websocket = websocket_.lock()) websocket->close(1001, "the server is going away");
  if (idle_) transport_.close();
}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
  if (self->shared_.options.tls) {
    {
      const std::lock_guard lock(self->shared_.mutex);
      self->tls_ = self->shared_.tls;
    }
    self->transport_.enable_tls(*self->tls_);
    self->transport_.expires_after(self->shared_.options.header_timeout);
    auto [ec] = co_await self->transport_.tls()->async_handshake(asio::ssl::stream_base::server, kAwait);
    if (ec) {
      count(self->shared_.counters.failed_handshakes);
      co_return;
    }
  }
  for (;;) {
    const bool more = co_await self->serve_one();
    if (!more) break;
  }
}

// Everything but the body. False: not a request that HTTP allows.
bool Session::take_head(Parser& parser, HttpRequest& request) const {
  const auto& message = parser.get();
  request.method = std::string(message.method_string());
  std::string_view target(message.target().data(), message.target().size());
  // RFC 9112 §3.2.2: the absolute form is for proxies, but every server must take it.
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const std::size_t path = target.find_first_of("/?", scheme.size());
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
    break;
  }
  request.target = std::string(target);
  std::size_t hosts = 0;
  for (const auto& field : message) {
    std::string name = lower(std::string_view(field.name_string().data(), field.name_string().size()));
    hosts += name == "host";
    request.headers.emplace_back(std::move(name), std::string(field.value().data(), field.value().size()));
  }
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) return false;  // RFC 9112 §3.2
  return wire::parse_target(request);
}

asio::awaitable<bool> Session::serve_one() {
  path_.clear();
  const HttpServerOptions& options = shared_.options;
  if (buffer_.size() == 0) {
    buffer_.shrink_to_fit();  // an idle connection holds next to nothing
    if (thread_.draining) co_return false;
    begin_idling();
    transport_.expires_after(options.idle_timeout);
    const auto room = buffer_.prepare(4096);
    auto [ec, size] = co_await transport_.async_read_some(room, kAwait);
    stop_idling();
    if (ec) co_return false;
    buffer_.commit(size);
  }

  Parser parser;
  parser.header_limit(static_cast<std::uint32_t>(options.max_header_bytes));
  parser.body_limit(boost::none);  // set below, when the route is known
  transport_.expires_after(options.header_timeout);
  HttpRequest request;
  request.request_id = make_uuid(thread_.request_ids);
  request.peer_key = peer_;
  request.own_origin = own_origin_;
  {
    auto [ec, size] = co_await http::async_read_header(transport_, buffer_, parser, kAwait);
    if (ec == http::error::header_limit || ec == http::error::buffer_overflow) {
      count(shared_.counters.too_large);
      co_return co_await refuse(request, 431, "the request's header is too large");
    }
    if (ec == beast::error::timeout) {
      count(shared_.counters.timed_out);
      co_return false;
    }
    if (ec == http::error::end_of_stream || ec == http::error::partial_message) co_return false;
    if (ec.category() == http::make_error_code(http::error::bad_method).category()) {
      count(shared_.counters.malformed);
      co_return co_await refuse(request, 400, "this is not an HTTP request");
    }
    if (ec) co_return false;
  }
  request.now = options.clock();
  if (!take_head(parser, request)) {
    count(shared_.counters.malformed);
    co_return co_await refuse(request, 400, "the request's target or host is malformed");
  }
  path_ = request.path;
  count(shared_.counters.requests);

  if (beast::websocket::is_upgrade(parser.get())) {
    co_await serve_websocket(parser, std::move(request));
    co_return false;
  }

  chunks_known_ = parser.get().version() >= 11;
  std::size_t limit = options.body_limit
                                ? options.body_limit(request.method, request.path).value_or(options.max_body_bytes)
                                : options.max_body_bytes;
  const bool in_body = !parser.is_done();
  if (in_body && options.body_gate && std::string_view(request.path).starts_with(options.gated_prefix)) {
    using Gate = std::optional<wire::BodyGate>;
    transport_.expires_never();
    std::move_only_function<Gate()> ask = [this, &request]() -> Gate {
      return guarded(shared_, [&]() -> Gate {
        Gate gate = shared_.options.body_gate(request);
        if (gate && gate->refusal) shared_.router.finish(request, *gate->refusal);
        return gate;
      }, request);
    };
    std::optional<Gate> asked = co_await on_pool<Gate>(shared_.handlers, false, std::move(ask));
    if (!asked) {
      unread_ = true;
      co_return co_await refuse_busy(request, false);
    }
    if (*asked && (*asked)->refusal) {
      unread_ = true;
      HttpResponse refusal = std::move(*(*asked)->refusal);
      co_return co_await respond(request, std::move(refusal), false);
    }
    if (*asked) {
      limit = (*asked)->max_bytes;
      request.body_sink = (*asked)->sink;
    }
  }
  if (const auto length = parser.content_length(); length && *length > limit) {
    count(shared_.counters.too_large);
    co_return co_await refuse(request, 413, "the request's body is too large");
  }
  if (const auto expect = request.header("expect"); expect && in_body) {
    if (lower(*expect) != "100-continue") co_return co_await refuse(request, 417, "only 100-continue is known");
    const bool sent = co_await send_all("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return false;
  }
  if (in_body) {
    const bool whole = co_await read_body(parser, limit, request.body_sink.get());
    if (!whole) {
      if (bad_body_) co_return co_await refuse(request, 400, "the chunks of the request's body are malformed");
      if (no_room_) co_return co_await refuse(request, 507, "there is no room for the request's body");
      if (!unread_) co_return false;
      co_return co_await refuse(request, 413, "the request's body is too large");
    }
    request.body = std::move(parser.get().body());
  }
  const bool keep_alive = parser.keep_alive();

  transport_.expires_never();  // the handler takes the time it takes
  std::move_only_function<HttpResponse()> work = [this, &request] {
    return guarded(shared_, [&] { return shared_.router.dispatch(request); }, request);
  };
  std::optional<HttpResponse> response = co_await on_pool<HttpResponse>(shared_.handlers, false, std::move(work));
  if (!response) co_return co_await refuse_busy(request, keep_alive);
  co_return co_await respond(request, std::move(*response), keep_alive);
}

// False with unread_ set: over the limit; false without: lost or too slow.
asio::awaitable<bool> Session::read_body(Parser& parser, std::size_t limit, wire::BodySink* sink) {
  const HttpServerOptions& options = shared_.options;
  parser.body_limit(limit);
  const Instant start = system_now().mono;
  std::uint64_t received = 0;
  while (!parser.is_done()) {
    // The whole body against one line: grace + received / floor. A trickle of single bytes falls behind it.
    const Duration allowed =
        options.body_grace + Duration::ns(static_cast<std::int64_t>(received * 1'000'000'000 / options.body_floor_bytes_per_s));
    const Duration spent = system_now().mono - start;
    if (spent >= allowed) {
      count(shared_.counters.timed_out);
      co_return false;
    }
    transport_.expires_after(allowed - spent);
    auto [ec, size] = co_await http::async_read_some(transport_, buffer_, parser, kAwait);
    received += size;
    if (ec == http::error::body_limit) {
      count(shared_.counters.too_large);
      unread_ = true;
      co_return false;
    }
    if (ec == beast::error::timeout) count(shared_.counters.timed_out);
    if (ec) {
      if (ec.category() == http::make_error_code(http::error::bad_chunk).category()) count(shared_.counters.malformed);
      // An end before the body's says enough; whoever is still there is told.
      bad_body_ = ec == http::error::bad_chunk || ec == http::error::bad_chunk_extension || ec == http::error::bad_field ||
                  ec == http::error::bad_value || ec == http::error::bad_line_ending || ec == http::error::header_limit;
      unread_ = unread_ || bad_body_;
      co_return false;
    }
    if (sink != nullptr && (parser.is_done() || parser.get().body().size() >= 256u << 10)) {
      const bool taken = co_await flush_body(parser, *sink);
      if (!taken) co_return false;
    }
  }
  co_return true;
}

asio::awaitable<bool> Session::flush_body(Parser& parser, wire::BodySink& sink) {
  transport_.expires_never();
  std::string& piece = parser.get().body();
  std::move_only_function<bool()> write = [&piece, &sink] { return sink.write(as_bytes(piece)); };
  const std::optional<bool> taken = co_await on_pool<bool>(shared_.bodies, true, std::move(write));
  piece.clear();
  no_room_ = !taken.value_or(false);
  co_return !no_room_;
}

asio::awaitable<void> Session::serve_websocket(Parser& parser, HttpRequest request) {
  // RFC 6455 §4.1: nothing may follow the request before our answer, and the request has no body.
  if (!parser.is_done() || buffer_.size() != 0) {
    count(shared_.counters.malformed);
    (void)co_await refuse(request, 400, "data follows the upgrade request");
    co_return;
  }
  std::vector<std::string> offered;
  for (const auto& [name, value] : request.headers) {
    if (name != "sec-websocket-protocol") continue;
    for (std::string& item : split_list(value)) offered.push_back(std::move(item));
  }
  transport_.expires_never();
  using Answer = std::optional<wire::WebSocketAnswer>;
  std::optional<std::uint16_t> elsewhere;
  std::move_only_function<Answer()> ask = [this, &request, &offered, &elsewhere]() -> Answer {
    return guarded(shared_, [&]() -> Answer {
      const auto& guard = shared_.options.websocket_guard;
      auto refused = guard ? guard(request) : std::nullopt;
      if (!refused && shared_.options.relay) elsewhere = shared_.options.relay(request);
      if (elsewhere) return wire::WebSocketAnswer{};
      if (!refused) return shared_.router.dispatch_websocket(request, offered);
      shared_.router.finish(request, *refused);
      return wire::WebSocketAnswer{nullptr, {}, std::move(*refused)};
    }, request);
  };
  std::optional<Answer> asked = co_await on_pool<Answer>(shared_.handlers, false, std::move(ask));
  if (!asked) {
    (void)co_await refuse_busy(request, false);
    co_return;
  }
  if (elsewhere) {
    co_await relay(request, *elsewhere);
    co_return;
  }
  if (!*asked) {
    (void)co_await refuse(request, 404, "no WebSocket lives at this address");
    co_return;
  }
  wire::WebSocketAnswer answer = std::move(**asked);
  if (!answer.handler) {
    (void)co_await respond(request, std::move(answer.refusal), false);
    co_return;
  }
  const HttpServerOptions& o = shared_.options;
  WebSocketLimits limits;
  limits.message_bytes = o.max_message_bytes;
  limits.queued_messages = o.max_queued_messages;
  limits.queued_bytes = o.max_queued_bytes;
  limits.resting_bytes = o.max_resting_bytes;
  limits.reader_floor_bytes_per_s = o.reader_floor_bytes_per_s;
  // The kernel's own queue of it, which may grow to megabytes, is part of what a slow reader costs.
  const int unsent = 64 << 10;
  ::setsockopt(transport_.tcp_layer().socket().native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  limits.silence = o.websocket_silence;
  const auto socket = std::make_shared<WebSocketCore>(shared_from_this(), transport_, limits);
  const error_code failed = co_await socket->accept(parser.get(), answer.subprotocol, request.request_id);
  std::shared_ptr<wire::WebSocketHandler> handler = std::move(answer.handler);
  // A handler that was made is always told how it ended, even when it never opened.
  std::uint16_t code = 1006;
  if (!failed) {
    count(shared_.counters.websockets);
    websocket_ = socket;
    std::move_only_function<bool()> open = [&handler, &socket] {
      handler->on_open(socket);
      return true;
    };
    (void)co_await on_pool<bool>(shared_.events, true, std::move(open));
    if (thread_.draining) socket->close(1001, "the server is going away");
    WebSocketCore::Deliver deliver = [this, &handler](Bytes message, bool is_text) -> asio::awaitable<void> {
      wire::WebSocketHandler* const target = handler.get();
      std::move_only_function<bool()> job = [target, message, is_text] {
        target->on_message(message, is_text);
        return true;
      };
      return [](ServerShared& shared, std::move_only_function<bool()> work) -> asio::awaitable<void> {
        (void)co_await on_pool<bool>(shared.events, true, std::move(work));
      }(shared_, std::move(job));
    };
    code = co_await socket->read_all(std::move(deliver));
  }
  std::move_only_function<bool()> over = [&handler, code] {
    handler->on_close(code);
    handler.reset();  // its destructor may do as much as a callback
    return true;
  };
  (void)co_await on_pool<bool>(shared_.events, true, std::move(over));
  if (code != 1006) {
    unread_ = true;
    co_await say_goodbye();
  }
  transport_.close();  // a write that is stuck ends with it
}

}  // namespace upcall::net
