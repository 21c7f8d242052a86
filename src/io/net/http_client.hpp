// A blocking HTTP/1.1 client for the object store, the command line, the demo and tests: one request at a time, the
// connection to the last origin is kept. Redirects are never followed, no proxy, no cookies.
//
// Threads: one at a time. Everything happens on the calling thread.
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

namespace upcall::net {

struct HttpClientOptions {
  Duration timeout = Duration::s(30);    // to connect, and for each piece of up to 64 KiB sent or received
  std::string ca_pem;                    // trusted instead of the system's authorities when not empty
  bool insecure = false;                 // accept any certificate (a server that made its own)
  bool public_only = false;              // refuse (forbidden) hosts with an address that is_public() is false for
  std::size_t max_body_bytes = 64 << 20; // of an answer that is kept in memory
};

struct HttpClientRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // host, content-length and connection are made here
  std::string body;
  Bytes body_view = {};             // sent instead of `body` when not empty; the caller's memory, until the call returns
  Duration total = Duration::max(); // for the whole request, on top of the time-out of each piece
};

// Why the last call was `unavailable`.
enum class HttpFault : std::uint8_t {
  none,
  connection,  // no name, refused, reset, cut
  time_out,
  tls,         // the handshake failed: most often a certificate that is not trusted or for another name
};

struct HttpClientResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::optional<std::string_view> header(std::string_view lower_name) const;
};

class HttpClient {
 public:
  explicit HttpClient(HttpClientOptions options = {});
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Errors: invalid_argument (URL, header), unavailable (no connection, lost, timeout), too_large, corrupt (not HTTP).
  // An answer with an error status is an answer, not an error.
  Result<HttpClientResponse> send(const HttpClientRequest& request);
  // The body of a 2xx answer goes to `sink` piece by piece (false ends it: invalid_argument); other bodies are kept.
  Result<HttpClientResponse> download(const HttpClientRequest& request, const std::function<bool(Bytes)>& sink);

  // From another thread: a running request ends soon with `unavailable`, and so does every later one.
  void cancel();
  HttpFault fault() const;

  Result<HttpClientResponse> get(std::string url) { return send({"GET", std::move(url), {}, {}}); }
  Result<HttpClientResponse> post_json(std::string url, std::string json) {
    return send({"POST", std::move(url), {{"content-type", "application/json"}}, std::move(json)});
  }

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::net
