#include "io/net/http_server.hpp"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "io/net/response_head.hpp"
#include "io/net/server_session_internal.hpp"

namespace upcall::net {

namespace {

NetAddress to_net_address(const tcp::endpoint& endpoint) {
  NetAddress out;
  out.port = endpoint.port();
  out.is_ipv6 = endpoint.address().is_v6();
  if (out.is_ipv6) {
    out.ip = endpoint.address().to_v6().to_bytes();
  } else {
    const auto bytes = endpoint.address().to_v4().to_bytes();
    std::copy(bytes.begin(), bytes.end(), out.ip.begin());
  }
  return out;
}

// The only protocol spoken here; a client that offers others must not believe that it got HTTP/2 (RFC 7301).
int choose_alpn(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in, unsigned int in_size,
                void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kHttp11, 9, in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

Result<std::shared_ptr<asio::ssl::context>> make_tls(const TlsIdentity& identity) {
  auto made = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  asio::ssl::context& context = *made;
  error_code ec;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1 | asio::ssl::context::no_compression,
                      ec);
  if (!ec) context.use_certificate_chain(asio::buffer(identity.certificate_pem), ec);
  if (!ec) context.use_private_key(asio::buffer(identity.private_key_pem), asio::ssl::context::pem, ec);
  if (ec) return fail(ErrorCode::invalid_argument, "the TLS certificate or key cannot be used");
  SSL_CTX_set_alpn_select_cb(context.native_handle(), choose_alpn, nullptr);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_RENEGOTIATION);
  return made;
}

constexpr std::size_t kTurnedAwayMax = 64;  // at the same time; further ones are closed without a word

struct Peer {
  std::uint64_t key = 0;
  bool counted = false;
};

// Sessions end, and thus leave the set, while the set is walked: over a copy, each kept alive.
void each_session(NetThread& thread, const std::function<void(Session&)>& what) {
  std::vector<std::shared_ptr<Session>> all;
  for (Session* session : thread.sessions) all.push_back(session->shared_from_this());
  for (const auto& session : all) what(*session);
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions options, const wire::Router& router) : shared(std::move(options), router) {}

  asio::awaitable<void> accept_all();
  void begin(NetThread& thread, tcp::socket socket, Peer who);
  asio::awaitable<void> turn_away(tcp::socket socket, std::string_view why);  // `why`: a literal
  // Empty: this peer has as many connections as it may.
  std::optional<Peer> admit(const tcp::socket& socket);
  void stop_accepting();
  void on_every_thread(const std::function<void(NetThread&)>& what);

  ServerShared shared;
  std::atomic<std::size_t> turned_away{0};  // being told so at this moment
  std::vector<std::unique_ptr<NetThread>> nets;
  std::optional<tcp::acceptor> acceptor;  // on the first thread
  std::optional<asio::steady_timer> pause;
  std::uint16_t port = 0;
  std::vector<std::thread> threads;
  std::mutex stop_mutex;
  bool stopped = false, retired = false;
};

asio::awaitable<void> HttpServer::Impl::accept_all() {
  for (std::size_t next = 0;; next = (next + 1) % nets.size()) {
    NetThread& thread = *nets[next];
    tcp::socket socket(thread.context);
    auto [ec] = co_await acceptor->async_accept(socket, kAwait);
    if (!acceptor->is_open()) co_return;
    if (ec) {
      // Out of descriptors or a peer that left already: one breath instead of a loop that burns a core.
      pause->expires_after(std::chrono::milliseconds(20));
      auto [ignored] = co_await pause->async_wait(kAwait);
      (void)ignored;
      continue;
    }
    const auto peer = admit(socket);
    if (!peer) {
      count(shared.counters.refused_of_peer);
      // TLS would cost a handshake to say it in.
      if (shared.options.tls || turned_away >= kTurnedAwayMax) continue;
      ++turned_away;
      asio::co_spawn(thread.context, turn_away(std::move(socket), "too many connections from this address"), asio::detached);
      continue;
    }
    auto session = [this, &thread, taken = std::move(socket), who = *peer]() mutable { begin(thread, std::move(taken), who); };
    asio::dispatch(thread.context, std::move(session));
  }
}

// On the connection's thread. When there are as many as may be, the one that has waited longest for a request gives its place:
// its client may connect again (RFC 9112 §9.5), and nobody keeps others out with connections that say nothing.
void HttpServer::Impl::begin(NetThread& thread, tcp::socket socket, Peer who) {
  {
    std::unique_lock lock(shared.mutex);
    if (shared.open >= shared.options.max_connections && thread.idle.empty()) {
      if (who.counted) shared.leave_peer(who.key);
      lock.unlock();
      count(shared.counters.refused);
      if (shared.options.tls || turned_away >= kTurnedAwayMax) return;
      ++turned_away;
      asio::co_spawn(thread.context, turn_away(std::move(socket), "the server has as many connections as it may"), asio::detached);
      return;
    }
    if (shared.open >= shared.options.max_connections) {
      count(shared.counters.made_room);
      thread.idle.front()->make_room();
    }
    ++shared.open;
  }
  count(shared.counters.accepted);
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto made = std::make_shared<Session>(shared, thread, std::move(socket), who.key, who.counted);
  asio::co_spawn(thread.context, Session::run(std::move(made)), asio::detached);
}

std::optional<Peer> HttpServer::Impl::admit(const tcp::socket& socket) {
  error_code ec;
  const tcp::endpoint endpoint = socket.remote_endpoint(ec);
  if (ec) return Peer{};  // it has gone already; its session sees that
  Peer out;
  out.key = peer_key(shared.peer_hash_key, to_net_address(endpoint));
  const auto& address = endpoint.address();
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  const bool local = mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback() : address.is_loopback();
  out.counted = shared.options.max_connections_per_peer > 0 && (shared.options.limit_loopback || !local);
  if (out.counted && !shared.enter_peer(out.key)) return std::nullopt;
  return out;
}

// Says why, then waits a moment for the peer to read it: closing on unread input would destroy the answer.
asio::awaitable<void> HttpServer::Impl::turn_away(tcp::socket socket, std::string_view why) {
  const std::shared_ptr<void> gone(nullptr, [this](void*) { --turned_away; });
  Transport transport(std::move(socket));
  transport.expires_after(Duration::s(1));
  wire::HttpRequest nobody;
  wire::HttpResponse response = wire::error_response(503, why, "");
  response.set("retry-after", "5");
  shared.router.finish(nobody, response);
  const std::string answer =
      response_head(response, response.body.size(), false, "", system_now().wall) + response.body;
  const auto all = asio::buffer(answer);
  auto [ec, size] = co_await transport.async_write_some(all, kAwait);
  if (ec || size < answer.size()) co_return;
  error_code ignored;
  transport.tcp_layer().socket().shutdown(tcp::socket::shutdown_send, ignored);
  std::array<char, 4096> bin;
  for (std::size_t dropped = 0; dropped < 64u << 10;) {
    const auto view = asio::buffer(bin);
    auto [error, read] = co_await transport.async_read_some(view, kAwait);
    if (error) co_return;
    dropped += read;
  }
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop(Duration()); }

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpServerOptions options, const wire::Router& router,
                                                      RandomSource& random) {
  error_code ec;
  const int inherited = options.listener;
  const auto close_it = [](const int* fd) { ::close(*fd); };
  std::unique_ptr<const int, decltype(close_it)> mine(inherited >= 0 ? &inherited : nullptr, close_it);
  const auto address = asio::ip::make_address(options.address, ec);
  if (ec) return fail(ErrorCode::invalid_argument, "the listening address is not a numeric address");
  if (options.net_threads == 0 || options.handler_threads == 0 || options.event_threads == 0) {
    return fail(ErrorCode::invalid_argument, "the HTTP server needs at least one thread of each kind");
  }
  auto impl = std::make_unique<Impl>(std::move(options), router);
  ServerShared& shared = impl->shared;
  random.fill(shared.peer_hash_key);
  if (shared.options.peer_key) shared.peer_hash_key = *shared.options.peer_key;
  if (shared.options.tls) {
    auto context = make_tls(*shared.options.tls);
    if (!context) return tl::unexpected(context.error());
    shared.tls = std::move(*context);
  }
  for (std::size_t i = 0; i < shared.options.net_threads; ++i) {
    impl->nets.push_back(std::make_unique<NetThread>(random.u64()));
  }
  NetThread& first = *impl->nets.front();
  const tcp::endpoint endpoint(address, shared.options.port);
  tcp::acceptor& acceptor = impl->acceptor.emplace(first.context);
  if (inherited >= 0) {
    acceptor.assign(endpoint.protocol(), inherited, ec);
    if (!ec) mine.release();
  } else {
    acceptor.open(endpoint.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address(true), ec);
    if (!ec) acceptor.bind(endpoint, ec);
    if (!ec) acceptor.listen(1024, ec);
  }
  if (ec) {
    const std::string listening = "cannot listen on port " + std::to_string(shared.options.port);
    if (ec == asio::error::address_in_use) return fail(ErrorCode::unavailable, listening + ": another program has it. Stop that one, or choose another port with --listen");
    if (ec == asio::error::access_denied) return fail(ErrorCode::unavailable, listening + ": ports below 1024 need a right (the packages' unit has it). Choose another port with --listen");
    if (ec == boost::system::errc::address_not_available) return fail(ErrorCode::unavailable, listening + ": this host does not have the address. Correct --listen");
    return fail(ErrorCode::unavailable, listening + ": " + ec.message());
  }
  impl->port = acceptor.local_endpoint(ec).port();
  impl->pause.emplace(first.context);
  asio::co_spawn(first.context, impl->accept_all(), asio::detached);
  for (auto& net : impl->nets) {
    impl->threads.emplace_back([thread = net.get()] { thread->context.run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const { return impl_->port; }

std::string HttpServer::url() const {
  const std::string& address = impl_->shared.options.address;
  return std::string(impl_->shared.options.tls ? "https://" : "http://") +
         (address.find(':') != std::string::npos ? "[" + address + "]" : address) + ":" + std::to_string(port());
}

HttpServerCounters HttpServer::counters() const {
  ServerShared& s = impl_->shared;
  HttpServerCounters out;
  out.accepted = s.counters.accepted;
  out.refused = s.counters.refused;
  out.refused_of_peer = s.counters.refused_of_peer;
  out.made_room = s.counters.made_room;
  out.requests = s.counters.requests;
  out.websockets = s.counters.websockets;
  out.relayed = s.counters.relayed;
  out.overloaded = s.counters.overloaded;
  out.malformed = s.counters.malformed;
  out.too_large = s.counters.too_large;
  out.timed_out = s.counters.timed_out;
  out.failed_handshakes = s.counters.failed_handshakes;
  out.handler_failures = s.counters.handler_failures;
  const std::lock_guard lock(s.mutex);
  out.open = s.open;
  return out;
}

int HttpServer::listener() const {
  Impl& impl = *impl_;
  const std::lock_guard once(impl.stop_mutex);
  if (impl.stopped) return -1;
  return ::fcntl(impl.acceptor->native_handle(), F_DUPFD_CLOEXEC, 0);
}

void HttpServer::Impl::stop_accepting() {
  asio::post(nets.front()->context, [this] {
    // Not close(): where another process has the socket too, the kernel would go on telling this one's epoll about it.
    error_code ec;
    const int fd = acceptor->release(ec);
    if (!ec) ::close(fd);
    pause->cancel();
  });
}

void HttpServer::Impl::on_every_thread(const std::function<void(NetThread&)>& what) {
  for (auto& net : nets) {
    asio::post(net->context, [what, thread = net.get()] { what(*thread); });
  }
}

void HttpServer::retire(const std::function<bool(std::string_view path)>& keep, Duration deadline) {
  Impl& impl = *impl_;
  const std::lock_guard once(impl.stop_mutex);
  if (impl.stopped || impl.retired) return;
  impl.retired = true;
  impl.stop_accepting();
  const Instant end = system_now().mono + deadline;
  // Round after round: who was in a request when it began comes to a wait later.
  for (bool first = true;; first = false) {
    const bool cut = system_now().mono >= end;
    std::vector<std::future<std::size_t>> rounds;
    for (auto& net : impl.nets) {
      auto ended = std::make_shared<std::promise<std::size_t>>();
      rounds.push_back(ended->get_future());
      asio::post(net->context, [thread = net.get(), &keep, first, cut, ended] {
        thread->draining = true;
        std::size_t left = 0;
        each_session(*thread, [&](Session& session) {
          if (session.is_kept(keep)) return;
          ++left;
          if (first) session.drain();
          if (cut) session.abort();
        });
        ended->set_value(left);
      });
    }
    std::size_t left = 0;
    for (auto& round : rounds) left += round.get();
    if (left == 0) return;
    std::unique_lock lock(impl.shared.mutex);
    impl.shared.changed.wait_for(lock, std::chrono::milliseconds(10));
  }
}

Result<void> HttpServer::set_tls(const TlsIdentity& identity) {
  ServerShared& shared = impl_->shared;
  if (!shared.options.tls) return fail(ErrorCode::invalid_argument, "this server has no TLS");
  auto context = make_tls(identity);
  if (!context) return tl::unexpected(context.error());
  const std::lock_guard lock(shared.mutex);
  shared.tls = std::move(*context);
  return {};
}

void HttpServer::stop(Duration deadline) {
  Impl& impl = *impl_;
  const std::lock_guard once(impl.stop_mutex);
  if (impl.stopped) return;
  impl.stopped = true;
  ServerShared& shared = impl.shared;
  impl.stop_accepting();
  impl.on_every_thread([](NetThread& thread) {
    thread.draining = true;
    each_session(thread, [](Session& session) { session.drain(); });
  });
  {
    std::unique_lock lock(shared.mutex);
    shared.changed.wait_for(lock, to_chrono(deadline), [&shared] { return shared.open == 0; });
  }
  // Again and again: a handler that was running may have brought its session to one more wait.
  for (bool gone = false; !gone;) {
    impl.on_every_thread([](NetThread& thread) { each_session(thread, [](Session& session) { session.abort(); }); });
    std::unique_lock lock(shared.mutex);
    gone = shared.changed.wait_for(lock, std::chrono::milliseconds(50), [&shared] { return shared.open == 0; });
  }
  shared.handlers.stop();
  shared.events.stop();
  shared.bodies.stop();
  shared.streams.stop();
  for (auto& net : impl.nets) {
    net->work.reset();
    net->context.stop();
  }
  for (std::thread& thread : impl.threads) thread.join();
  impl.pause.reset();
  impl.acceptor.reset();
}

}  // namespace upcall::net
