// HTTP and WebSocket as data: the seam between the network shell (io/net) and the routes (api). No Beast, no sockets.
//
// Threads: a Handler runs on the API pool and may block on the store. WebSocket callbacks of one connection never run
// at the same time; send() and close() may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::wire {

// Where the body of a request goes while it arrives, piece by piece, instead of into HttpRequest::body: for bodies that are
// too large for memory. Used by one thread at a time.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // False: there is no room for it; the request is refused with 507.
  virtual bool write(Bytes piece) = 0;
};

struct HttpRequest {
  std::string method;       // upper case
  std::string target;       // as received, path and query still encoded (SigV4 needs it)
  std::string path;         // before '?', still percent-encoded
  std::vector<std::string> segments;                        // path split on '/', each decoded; "/" gives none
  std::vector<std::pair<std::string, std::string>> query;   // decoded, in order, repeats kept
  std::vector<std::pair<std::string, std::string>> headers; // names in lower case, in order
  std::string body;
  std::shared_ptr<BodySink> body_sink;  // set by the server's body gate: has the body, and `body` is empty
  std::string request_id;   // made by the server, returned in x-request-id and in error bodies
  // "https://192.0.2.7:8443": by which of our own addresses this connection came; empty where one public URL stands for
  // all. Taken from the socket, never from a Host header.
  std::string own_origin;
  std::uint64_t peer_key = 0;  // keyed hash of the peer's address: for rate limits, never the address itself
  Now now;

  std::optional<std::string_view> header(std::string_view lower_name) const;
  std::optional<std::string_view> query_value(std::string_view name) const;
  // Values of `{name}` places in the route's pattern, filled by the router.
  std::vector<std::pair<std::string, std::string>> route_values;
  std::string_view route_pattern;  // the router's own text of it, as long as the router lives
  std::string_view route_value(std::string_view name) const;
};

// A large body that is read in pieces while it is sent (recordings). Used by one thread at a time.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual std::uint64_t size() const = 0;
  // Fills as much of `out` as there is from `offset`; 0 only at the end.
  virtual Result<std::size_t> read(std::uint64_t offset, MutBytes out) = 0;
};

// A body that is sent while it is made, its length not known before (chunks, RFC 9112 §7.1). Used by one thread at a time.
class BodyStream {
 public:
  struct Piece {
    std::size_t size = 0;  // bytes written to `out`; 0 and not over: nothing yet
    bool over = false;
  };
  virtual ~BodyStream() = default;
  // Waits at most a quarter of a second. An error cuts the connection, so that the peer does not take the body for whole.
  virtual Result<Piece> read(MutBytes out) = 0;
};

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  // When set, `body` is ignored and [source_offset, source_offset + source_length) of it is sent.
  std::shared_ptr<BodySource> source;
  std::uint64_t source_offset = 0;
  std::uint64_t source_length = 0;
  std::shared_ptr<BodyStream> stream;  // when set, this is the body, and neither `body` nor `source`

  HttpResponse& set(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
};

// What is decided about a body before any of it is read.
struct BodyGate {
  std::optional<HttpResponse> refusal;
  std::size_t max_bytes = 0;
  std::shared_ptr<BodySink> sink;  // null: HttpRequest::body
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

// One accepted WebSocket, as seen by its owner.
class WebSocketConnection {
 public:
  virtual ~WebSocketConnection() = default;
  // Queues a message; false when the bounded queue is full (the connection is then closed with 1013) or it is closed.
  virtual bool send_binary(Bytes message) = 0;
  virtual bool send_text(std::string_view message) = 0;
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

class WebSocketHandler {
 public:
  virtual ~WebSocketHandler() = default;
  virtual void on_open(std::shared_ptr<WebSocketConnection> connection) = 0;
  virtual void on_message(Bytes message, bool is_text) = 0;
  // Exactly once, last call. code 1005: closed without a code, 1006: the TCP connection was lost.
  virtual void on_close(std::uint16_t code) = 0;
};

// The answer to an upgrade request: a handler (with the chosen subprotocol, empty: none) or a refusal.
struct WebSocketAnswer {
  std::shared_ptr<WebSocketHandler> handler;
  std::string subprotocol;
  HttpResponse refusal;  // sent when handler is null
};

// `subprotocols`: those offered, in order.
using WebSocketRoute =
    std::function<WebSocketAnswer(const HttpRequest&, const std::vector<std::string>& subprotocols)>;

// Routes by method and pattern: "/api/meeting/attendee-name", "/recording/{id}", "/static/{rest...}" (rest of path).
// Built once at start, then read from any thread.
class Router {
 public:
  void add(std::string method, std::string pattern, HttpHandler handler);
  void add_websocket(std::string pattern, WebSocketRoute route);
  // Called for every answer, a refused upgrade's too (security headers, CORS); may change it. It may block only for a
  // request that carries an Origin header.
  void set_finisher(std::function<void(const HttpRequest&, HttpResponse&)> finisher) { finisher_ = std::move(finisher); }

  // 404 for an unknown path, 405 with Allow for a known path with another method. HEAD falls back to GET.
  HttpResponse dispatch(HttpRequest& request) const;
  // For answers that no handler made: refusals of the connection itself.
  void finish(const HttpRequest& request, HttpResponse& response) const {
    if (finisher_) finisher_(request, response);
  }
  // Empty when no WebSocket lives at this path. A refusal is finished.
  std::optional<WebSocketAnswer> dispatch_websocket(HttpRequest& request, const std::vector<std::string>& subprotocols) const;
  // (method, pattern) of every route, for the OpenAPI test and the permission matrix.
  std::vector<std::pair<std::string, std::string>> routes() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> parts;
    HttpHandler handler;
    WebSocketRoute websocket;
  };
  static bool match(const Route& route, HttpRequest& request);
  std::vector<Route> routes_;
  std::function<void(const HttpRequest&, HttpResponse&)> finisher_;
};

// Fills path, segments and query from `target`. False: not a valid origin-form target.
bool parse_target(HttpRequest& request);

// {"message": ..., "reqId": ...} as the /api routes answer errors; `message` must not hold internals.
HttpResponse error_response(int status, std::string_view message, std::string_view request_id);
int http_status(ErrorCode code);

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode(std::string_view text);
// JSON string literal with quotes (for the few places that write JSON without a library).
std::string json_quote(std::string_view text);

}  // namespace upcall::wire
