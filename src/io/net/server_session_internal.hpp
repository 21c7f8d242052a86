// Internal to io/net: what the server's threads share, and one connection.
#pragma once

#include <atomic>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include <functional>
#include <string_view>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "io/clock/system_clock.hpp"
#include "io/net/http_server.hpp"
#include "io/net/peer_key.hpp"
#include "io/net/transport_internal.hpp"
#include "io/net/websocket_core_internal.hpp"
#include "io/net/work_pool.hpp"

namespace upcall::net {

struct ServerCounters {
  std::atomic<std::uint64_t> accepted{0}, refused{0}, refused_of_peer{0}, made_room{0}, requests{0}, websockets{0}, relayed{0}, overloaded{0}, malformed{0},
      too_large{0}, timed_out{0}, failed_handshakes{0}, handler_failures{0};
};

inline void count(std::atomic<std::uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

// Shared by all sessions; outlives them.
struct ServerShared {
  ServerShared(HttpServerOptions o, const wire::Router& r)
      : options(std::move(o)),
        router(r),
        handlers(options.handler_threads, options.handler_queue),
        events(options.event_threads, SIZE_MAX),
        bodies(options.body_threads, SIZE_MAX),
        streams(options.stream_threads, SIZE_MAX) {
    if (!options.clock) options.clock = system_now;
  }

  HttpServerOptions options;  // not changed after construction
  const wire::Router& router;
  SipKey peer_hash_key{};
  ServerCounters counters;
  WorkPool handlers;
  WorkPool events;
  WorkPool bodies;
  WorkPool streams;

  // Connections that are alive, with their sum for the cap and for stop().
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t open = 0;
  // Exchanged as a whole; under `mutex`. A session keeps the one that it began with. Empty without options.tls.
  std::shared_ptr<asio::ssl::context> tls;
  std::unordered_map<std::uint64_t, std::size_t> open_of_peer;  // by peer key; only peers that are counted

  // False: the peer has as many as it may. Each true needs a leave_peer.
  bool enter_peer(std::uint64_t peer);
  void leave_peer(std::uint64_t peer);  // with mutex held
};

class Session;

// One thread with its own io_context: a connection lives and dies on one thread, so that it needs no lock.
struct NetThread {
  explicit NetThread(std::uint64_t seed) : context(1), request_ids(seed) {}
  asio::io_context context;
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  // What follows is used on this thread only.
  std::unordered_set<Session*> sessions;
  std::list<Session*> idle;  // those that wait for a request, the longest first
  SeededRandom request_ids;  // told to the peer, not secret
  bool draining = false;
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `counted`: enter_peer was called for it.
  Session(ServerShared& shared, NetThread& thread, tcp::socket socket, std::uint64_t peer, bool counted);
  ~Session();

  // All on the session's thread.
  static asio::awaitable<void> run(std::shared_ptr<Session> self);
  void drain();
  void abort() { transport_.close(); }
  // Another needs its place.
  void make_room() {
    stop_idling();
    transport_.close();
  }
  // It serves a path which `keep` names: a WebSocket, or a request that is under way.
  bool is_kept(const std::function<bool(std::string_view)>& keep) const { return !path_.empty() && keep(path_); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  // False: the connection is over.
  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> read_body(Parser& parser, std::size_t limit, wire::BodySink* sink);
  asio::awaitable<bool> flush_body(Parser& parser, wire::BodySink& sink);
  asio::awaitable<void> serve_websocket(Parser& parser, wire::HttpRequest request);
  asio::awaitable<void> relay(const wire::HttpRequest& request, std::uint16_t port);   // upgrade_relay.cpp
  asio::awaitable<bool> respond(const wire::HttpRequest& request, wire::HttpResponse response, bool keep_alive);
  asio::awaitable<bool> refuse(const wire::HttpRequest& request, int status, std::string_view message);
  asio::awaitable<bool> refuse_busy(const wire::HttpRequest& request, bool keep_alive);
  asio::awaitable<bool> send_source(const wire::HttpResponse& response);
  asio::awaitable<bool> send_stream(wire::BodyStream& stream);
  asio::awaitable<bool> send_all(std::string_view bytes);
  asio::awaitable<void> say_goodbye();

  void begin_idling() {
    idle_ = true;
    idle_at_ = thread_.idle.insert(thread_.idle.end(), this);
  }
  void stop_idling() {
    if (std::exchange(idle_, false)) thread_.idle.erase(idle_at_);
  }
  bool take_head(Parser& parser, wire::HttpRequest& request) const;

  ServerShared& shared_;
  NetThread& thread_;
  const std::uint64_t peer_;
  const std::string own_origin_;
  const bool counted_;
  std::shared_ptr<asio::ssl::context> tls_;  // outlives transport_
  Transport transport_;
  boost::beast::flat_buffer buffer_;
  std::weak_ptr<WebSocketCore> websocket_;
  std::string path_;     // of the request under way, or of the WebSocket that came of it
  bool idle_ = false;
  std::list<Session*>::iterator idle_at_;  // in thread_.idle, while idle_ is set
  bool unread_ = false;  // the peer may still be sending what we will not read
  bool bad_body_ = false;  // its chunks or trailers cannot be read
  bool no_room_ = false;  // the sink did not take a piece of the body
  bool chunks_known_ = true;  // HTTP/1.0 has none
};

}  // namespace upcall::net
