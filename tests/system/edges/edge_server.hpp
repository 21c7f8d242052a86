// A whole server in this process, on a port of loopback and a data directory of its own, whose requests live on a clock
// that the test moves: tokens expire without anybody waiting. Everything else is as in `upcall serve`. One thread.
#pragma once

#include <boost/json.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/net/http_client.hpp"
#include "io/net/websocket_client.hpp"
#include "json/json.hpp"
#include "server/serve/server.hpp"

namespace upcall::edges {

namespace bj = boost::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

inline constexpr Duration kSoon = Duration::s(20);

struct Tokens {
  std::string access, id, refresh;
};

// What a chat's customer holds.
struct Chat {
  std::string contact, participant_token, connection_token, socket_url;
};

class EdgeServer {
 public:
  explicit EdgeServer(std::optional<std::size_t> connections_per_peer = std::nullopt);
  ~EdgeServer();

  // Moves the time of requests.
  void pass(Duration span) { offset_ms_ += span.ms(); }
  const std::string& url() const { return server_->url(); }
  std::uint16_t port() const;
  std::string web_socket_url(const std::string& path) const { return "ws" + url().substr(4) + path; }

  net::HttpClientResponse send(const std::string& method, const std::string& path, Headers headers = {}, std::string body = {});
  bj::object admin(const std::string& command, bj::object arguments);
  // A user with the password "Password-1-<name>".
  void add_user(const std::string& name, bj::array profiles);
  net::HttpClientResponse token(const std::string& form);
  Tokens log_in(const std::string& name);
  net::HttpClientResponse refresh(const std::string& refresh_token);

  Chat start_chat();
  // POST /aws/participant/participant/<operation> with this X-Amz-Bearer.
  net::HttpClientResponse participant(const std::string& operation, const std::string& bearer, const std::string& body);
  // Fills connection_token and socket_url.
  void connect(Chat& chat);
  Result<std::unique_ptr<net::WebSocketClient>> open(const std::string& socket_url, std::vector<std::string> subprotocols = {});

 private:
  std::string dir_, flow_;
  std::atomic<std::int64_t> offset_ms_{0};
  std::unique_ptr<server::Server> server_;
  net::HttpClient http_;
};

bj::object object(const net::HttpClientResponse& response);
inline Headers bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }

// Fails the test unless this is the API's error shape, or the participant interface's.
void expect_error(const net::HttpClientResponse& response, int status, const std::string& what);
void expect_aws_error(const net::HttpClientResponse& response, int status, const std::string& type, const std::string& what);

}  // namespace upcall::edges
