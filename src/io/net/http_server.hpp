// HTTP/1.1 and WebSocket server (RFC 9110, 9112, 6455), plain or TLS, in front of a wire::Router.
//
// Threads: connections live on `net_threads` threads of their own and never block them. HTTP handlers run on a bounded
// pool (`handler_threads`, `handler_queue`; overflow answers 503 with Retry-After) and may block. WebSocket callbacks
// run on a second pool, reads of BodySource and writes to BodySink on a third, reads of BodyStream on a fourth, so that neither a slow handler stops a playback nor a slow
// object store a call; those of one connection never run at the same time, and a message is not read before the one
// before it was handled.
// Nothing is logged here: counters() tells what happened.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "io/net/tls_identity.hpp"
#include "wire/http.hpp"

namespace upcall::net {

struct HttpServerOptions {
  std::string address = "127.0.0.1";  // a numeric address; "0.0.0.0" and "::" listen on all
  std::uint16_t port = 0;             // 0: the system chooses, port() tells
  std::optional<TlsIdentity> tls;
  // A socket that listens already, from the server before this one (HttpServer::listener()); it is this one's from start()
  // on, whatever start() answers. -1: one of our own.
  int listener = -1;

  bool tell_own_origin = false;       // fills HttpRequest::own_origin

  std::size_t net_threads = 1;
  std::size_t handler_threads = 4;
  std::size_t handler_queue = 256;
  std::size_t event_threads = 4;
  std::size_t body_threads = 4;
  std::size_t stream_threads = 2;

  // Beyond, the connection that has waited longest for a request is closed for the new one; where none waits: 503 on plain
  // TCP, closed at once with TLS.
  std::size_t max_connections = 30'000;
  // Of one peer (an IPv4 address, an IPv6 /64); 0: no limit. Beyond: 503 on plain TCP, closed at once with TLS. An office
  // behind one address holds some six connections a person. Loopback is exempt unless told otherwise: what comes from
  // there is this host itself, or a proxy that speaks for everybody.
  std::size_t max_connections_per_peer = 512;
  bool limit_loopback = false;
  std::size_t max_header_bytes = 16 << 10;    // beyond: 431
  std::size_t max_body_bytes = 1 << 20;       // beyond: 413, before anything is buffered
  // A route's own limit in bytes, asked once the header is there; nothing: max_body_bytes.
  std::function<std::optional<std::size_t>(std::string_view method, std::string_view path)> body_limit;

  // Asked before anything of a body is read, for paths that begin with `gated_prefix`: whether it may come, how long it may
  // be, and where it goes. Nothing: as everywhere else. Runs where handlers run and may block.
  std::string gated_prefix;
  std::function<std::optional<wire::BodyGate>(const wire::HttpRequest&)> body_gate;

  Duration header_timeout = Duration::s(5);   // from a request's first byte to its whole header; TLS handshake too
  Duration idle_timeout = Duration::s(60);    // between requests
  Duration body_grace = Duration::s(5);       // a body may take this long, plus a second for each of the next:
  std::size_t body_floor_bytes_per_s = 16 << 10;
  Duration write_timeout = Duration::s(30);   // for each piece of up to 256 KiB that the peer has to take

  std::size_t max_message_bytes = 256 << 10;  // WebSocket
  // Of a WebSocket, not yet taken by its peer; beyond: closed with 1013. The largest burst of good will is what a client of
  // signalling gets that joins late: 1024 kept data messages (2.3 MiB) behind the roster of 250 people. An agent's channel
  // sends less (CentreService::listen_agent).
  std::size_t max_queued_messages = 2048;
  std::size_t max_queued_bytes = 2560 << 10;
  // What may wait for long; a peer that has more has to take `reader_floor_bytes_per_s`, two seconds to begin left out.
  std::size_t max_resting_bytes = 256 << 10;
  std::size_t reader_floor_bytes_per_s = 64 << 10;
  Duration websocket_silence = Duration::s(20);

  // Asked for each upgrade before its route is; an answer refuses it (and is finished as the router's are). Runs where
  // handlers run and may block.
  std::function<std::optional<wire::HttpResponse>(const wire::HttpRequest&)> websocket_guard;
  // Which upgrades another process of this host serves: the port on loopback to which their bytes go, both ways and as
  // they are. Asked after the guard, where handlers run.
  std::function<std::optional<std::uint16_t>(const wire::HttpRequest&)> relay;

  // What a request takes for now (HttpRequest::now): expiry and rate limits hang on it. Empty: the system's clock. Called
  // from all net threads; timeouts of connections do not use it.
  std::function<Now()> clock;
  // Of the keyed hash that stands for peers' addresses (HttpRequest::peer_key). Empty: a random one at each start.
  std::optional<std::array<std::uint8_t, 16>> peer_key;
};

struct HttpServerCounters {
  std::uint64_t accepted = 0, open = 0;                // connections
  std::uint64_t refused = 0, refused_of_peer = 0;      // beyond max_connections; beyond max_connections_per_peer
  std::uint64_t made_room = 0;                         // closed for others, beyond max_connections
  std::uint64_t requests = 0, websockets = 0, relayed = 0;
  std::uint64_t overloaded = 0;                        // 503 because the pool was full
  std::uint64_t malformed = 0, too_large = 0, timed_out = 0, failed_handshakes = 0, handler_failures = 0;
};

class HttpServer {
 public:
  // Listens when it returns. `router` must outlive the server; `random` is used during the call only.
  // Errors: invalid_argument (address, certificate), unavailable (port taken, no descriptors).
  static Result<std::unique_ptr<HttpServer>> start(HttpServerOptions options, const wire::Router& router,
                                                   RandomSource& random);
  ~HttpServer();  // stop() with a deadline of nothing
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;
  // "http://127.0.0.1:8080"
  std::string url() const;
  HttpServerCounters counters() const;
  // Another certificate for connections that come from now on; those that are open keep theirs. Any thread.
  // Errors: invalid_argument (it cannot be used, or this server has no TLS); the old one stays.
  Result<void> set_tls(const TlsIdentity& identity);

  // Another descriptor of the listening socket, the caller's; -1 after the end. Who connects while nobody accepts waits in
  // the kernel.
  int listener() const;
  // Accepts nothing more and ends every connection, as stop() does, but for the WebSockets and the requests under way whose path
  // `keep` names: they go on until they or this server end. When it returns no handler of any other path runs or will.
  void retire(const std::function<bool(std::string_view path)>& keep, Duration deadline);

  // Refuses new connections, closes idle ones, lets requests under way end (WebSockets are closed with 1001) until
  // `deadline` is over, then cuts. Returns when no handler runs any more. Idempotent; not from a handler.
  void stop(Duration deadline);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::net
