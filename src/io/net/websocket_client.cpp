#include "io/net/websocket_client.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include <boost/beast/websocket/error.hpp>

#include "io/net/client_connect_internal.hpp"
#include "io/net/websocket_core_internal.hpp"

namespace upcall::net {

namespace {

Error refusal(int status) {
  const std::string text = "the server refused the WebSocket with status " + std::to_string(status);
  switch (status) {
    case 400: return {ErrorCode::invalid_argument, text};
    case 401: return {ErrorCode::unauthenticated, text};
    case 403: return {ErrorCode::forbidden, text};
    case 404: return {ErrorCode::not_found, text};
    case 409: return {ErrorCode::conflict, text};
    case 410: return {ErrorCode::gone, text};
    case 429: return {ErrorCode::exhausted, text};
    default: return {ErrorCode::unavailable, text};
  }
}

}  // namespace

struct WebSocketClient::Impl {
  explicit Impl(WebSocketClientOptions o) : options(std::move(o)) {}

  asio::awaitable<void> live(wire::Url url);
  asio::awaitable<void> deliver(Bytes message, bool is_text);
  void opened(Result<void> result);

  WebSocketClientOptions options;
  std::shared_ptr<asio::ssl::context> tls;
  asio::io_context context{1};
  std::shared_ptr<Transport> transport;
  std::shared_ptr<WebSocketCore> core;
  std::string subprotocol;
  asio::steady_timer room{context};  // cancelled when receive() made room
  std::thread thread;

  std::mutex mutex;  // guards what follows
  std::condition_variable changed;
  std::optional<Result<void>> open_result;
  std::deque<WebSocketMessage> waiting;
  std::optional<std::uint16_t> close_code;
  bool leaving = false;
};

void WebSocketClient::Impl::opened(Result<void> result) {
  const std::lock_guard lock(mutex);
  open_result = std::move(result);
  changed.notify_all();
}

asio::awaitable<void> WebSocketClient::Impl::deliver(Bytes message, bool is_text) {
  if (options.on_message) {
    options.on_message(message, is_text);
    co_return;
  }
  for (;;) {
    {
      const std::lock_guard lock(mutex);
      if (leaving) co_return;
      if (waiting.size() < options.max_waiting) {
        waiting.push_back({std::string(as_text(message)), is_text});
        changed.notify_all();
        co_return;
      }
      room.expires_at(asio::steady_timer::time_point::max());
    }
    auto [ignored] = co_await room.async_wait(kAwait);
    (void)ignored;
  }
}

asio::awaitable<void> WebSocketClient::Impl::live(wire::Url url) {
  auto connected =
      co_await connect_to(context.get_executor(), url, tls.get(), {!options.insecure, false}, options.timeout);
  if (!connected) {
    opened(tl::unexpected(connected.error()));
    co_return;
  }
  transport = std::move(*connected);
  WebSocketLimits limits;
  limits.message_bytes = options.max_message_bytes;
  limits.silence = options.silence;
  limits.handshake = options.timeout;
  core = std::make_shared<WebSocketCore>(transport, *transport, limits);
  std::vector<std::pair<std::string, std::string>> headers = options.headers;
  std::string offered;
  for (const std::string& name : options.subprotocols) offered += (offered.empty() ? "" : ", ") + name;
  if (!offered.empty()) headers.emplace_back("Sec-WebSocket-Protocol", offered);
  const WebSocketCore::ConnectAnswer answer = co_await core->connect(url.authority(), url.target, std::move(headers));
  if (answer.error) {
    const bool refused = answer.status != 0 && answer.error == beast::websocket::error::upgrade_declined;
    opened(tl::unexpected(refused ? refusal(answer.status)
                                  : Error{ErrorCode::unavailable, "the WebSocket handshake failed"}));
    co_return;
  }
  subprotocol = answer.subprotocol;
  opened({});
  WebSocketCore::Deliver sink = [this](Bytes message, bool is_text) { return deliver(message, is_text); };
  const std::uint16_t code = co_await core->read_all(std::move(sink));
  transport->close();
  if (options.on_close) options.on_close(code);
  const std::lock_guard lock(mutex);
  close_code = code;
  changed.notify_all();
}

WebSocketClient::WebSocketClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<WebSocketClient>> WebSocketClient::connect(WebSocketClientOptions options) {
  auto url = wire::parse_url(options.url);
  if (!url) return fail(ErrorCode::invalid_argument, "the WebSocket's URL cannot be used");
  auto impl = std::make_unique<Impl>(std::move(options));
  if (url->tls) {
    auto tls = make_client_tls({impl->options.ca_pem, impl->options.insecure});
    if (!tls) return tl::unexpected(tls.error());
    impl->tls = std::move(*tls);
  }
  asio::co_spawn(impl->context, impl->live(std::move(*url)), asio::detached);
  impl->thread = std::thread([raw = impl.get()] { raw->context.run(); });
  std::unique_ptr<WebSocketClient> client(new WebSocketClient(std::move(impl)));
  Impl& state = *client->impl_;
  std::unique_lock lock(state.mutex);
  state.changed.wait(lock, [&state] { return state.open_result.has_value(); });
  const Result<void> result = *state.open_result;
  lock.unlock();
  if (!result) return tl::unexpected(result.error());
  return client;
}

WebSocketClient::~WebSocketClient() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->leaving = true;
  }
  asio::post(impl_->context, [impl = impl_.get()] {
    impl->room.cancel();
    if (impl->core) impl->core->abort();
  });
  impl_->thread.join();
}

const std::string& WebSocketClient::subprotocol() const { return impl_->subprotocol; }
bool WebSocketClient::send_binary(Bytes message) { return impl_->core->send_binary(message); }
bool WebSocketClient::send_text(std::string_view message) { return impl_->core->send_text(message); }
void WebSocketClient::close(std::uint16_t code, std::string_view reason) { impl_->core->close(code, reason); }
void WebSocketClient::abort() { impl_->core->abort(); }

Result<WebSocketMessage> WebSocketClient::receive(Duration timeout) {
  Impl& state = *impl_;
  std::unique_lock lock(state.mutex);
  state.changed.wait_for(lock, to_chrono(timeout), [&] { return !state.waiting.empty() || state.close_code; });
  if (state.waiting.empty()) {
    if (state.close_code) {
      return fail(ErrorCode::gone, "the WebSocket was closed with code " + std::to_string(*state.close_code));
    }
    return fail(ErrorCode::unavailable, "no message came in time");
  }
  WebSocketMessage out = std::move(state.waiting.front());
  state.waiting.pop_front();
  if (state.waiting.size() + 1 == state.options.max_waiting) {
    asio::post(state.context, [&state] { state.room.cancel(); });
  }
  return out;
}

std::optional<std::uint16_t> WebSocketClient::wait_closed(Duration timeout) {
  Impl& state = *impl_;
  std::unique_lock lock(state.mutex);
  state.changed.wait_for(lock, to_chrono(timeout), [&state] { return state.close_code.has_value(); });
  return state.close_code;
}

}  // namespace upcall::net
