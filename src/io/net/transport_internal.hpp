// Internal to io/net (includes Asio and Beast): one byte stream, plain TCP or TLS, chosen at run time, so that the
// HTTP and WebSocket templates of Beast are instantiated once and not once a kind of stream.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "base/time.hpp"
#include "io/net/work_pool.hpp"

namespace upcall::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using boost::system::error_code;

// Every await gives its error as a value: nothing in io/net is steered by exceptions.
inline constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);

inline std::chrono::nanoseconds to_chrono(Duration d) { return std::chrono::nanoseconds(d.ns()); }

// Lives in one place (TLS refers to the TCP stream beside it); one thread.
class Transport {
 public:
  using executor_type = asio::any_io_executor;

  explicit Transport(tcp::socket socket) : tcp_(std::move(socket)) {}
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  void enable_tls(asio::ssl::context& context) { tls_.emplace(tcp_, context); }
  asio::ssl::stream<beast::tcp_stream&>* tls() { return tls_ ? &*tls_ : nullptr; }
  beast::tcp_stream& tcp_layer() { return tcp_; }
  executor_type get_executor() { return tcp_.get_executor(); }

  // The deadline of everything that is started from now on; passing it closes the socket.
  void expires_after(Duration d) { tcp_.expires_after(to_chrono(d)); }
  void expires_never() { tcp_.expires_never(); }
  void close() {
    error_code ignored;
    tcp_.socket().close(ignored);
  }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Handler>(handler));
    return tcp_.async_read_some(buffers, std::forward<Handler>(handler));
  }
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Handler>(handler));
    return tcp_.async_write_some(buffers, std::forward<Handler>(handler));
  }

 private:
  beast::tcp_stream tcp_;
  std::optional<asio::ssl::stream<beast::tcp_stream&>> tls_;
};

// Found by Beast's WebSocket code by argument-dependent look-up.
inline void beast_close_socket(Transport& transport) { transport.close(); }
inline void teardown(beast::role_type role, Transport& transport, error_code& ec) {
  beast::websocket::teardown(role, transport.tcp_layer().socket(), ec);
}
// The close handshake is over: nothing more is sent, and that is all. Waiting for the peer's end as well (Beast's own
// teardown) would turn a clean close into a lost connection whenever the peer is slow to leave; the server lingers after
// it has told the handler. With TLS too, the close frames have said that nothing more comes: no truncation to fear.
template <class Handler>
void async_teardown(beast::role_type, Transport& transport, Handler&& handler) {
  error_code ignored;
  transport.tcp_layer().socket().shutdown(tcp::socket::shutdown_send, ignored);
  asio::post(transport.get_executor(), beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
}

// Runs `work` on `pool` and resumes here with its value; nothing when the pool refused. `Always` is for work of which
// there is at most one piece a connection. The coroutine stays suspended meanwhile, so `work` may refer to its locals.
template <class R>
asio::awaitable<std::optional<R>> on_pool(WorkPool& pool, bool always, std::move_only_function<R()> work) {
  auto start = [](auto handler, WorkPool* to, bool anyway, std::move_only_function<R()> job) {
    auto executor = asio::get_associated_executor(handler);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto run = [shared, executor, job = std::move(job)]() mutable {
      std::optional<R> value(job());
      // Moved along: the last reference must die on the executor's thread.
      asio::post(executor, [shared = std::move(shared), value = std::move(value)]() mutable {
        (*shared)(std::move(value));
      });
    };
    const bool accepted = anyway ? to->submit_always(std::move(run)) : to->submit(std::move(run));
    if (!accepted) {
      asio::post(executor, [shared = std::move(shared)]() mutable { (*shared)(std::optional<R>()); });
    }
  };
  WorkPool* const target = &pool;
  std::optional<R> out = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::optional<R>)>(
      start, asio::use_awaitable, target, always, std::move(work));
  co_return out;
}

}  // namespace upcall::net
