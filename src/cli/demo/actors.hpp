// The people and programs of the demo's story, each a thin client of the public interfaces: nothing here knows the
// server from inside. Include it in .cpp files only (Boost.JSON). One thread.
#pragma once

#include <boost/json/object.hpp>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/net/http_client.hpp"
#include "io/net/websocket_client.hpp"
#include "io/process/child_process.hpp"

namespace upcall::demo {

// JSON over HTTP with a credential.
class ApiClient {
 public:
  // `insecure`: any certificate is fine (a server that made its own).
  ApiClient(std::string base_url, bool insecure = false) : base_(std::move(base_url)), http_({.insecure = insecure}) {}
  void set_bearer(std::string token) { authorization_ = "Bearer " + token; }
  void set_participant(std::string token) { amz_bearer_ = std::move(token); }

  struct Answer {
    int status = 0;
    boost::json::object body;
    // The member "data" of an /api answer.
    const boost::json::object& data() const;
  };
  Result<Answer> call(const std::string& method, const std::string& path, const boost::json::object* body = nullptr,
                      const std::vector<std::pair<std::string, std::string>>& headers = {});
  // The same, and any other status than `wanted` is an error with the server's sentence.
  Result<Answer> expect(int wanted, const std::string& method, const std::string& path, const boost::json::object* body = nullptr);
  Result<void> log_in(const std::string& username, const std::string& password);
  net::HttpClient& http() { return http_; }
  const std::string& token() const { return token_; }

 private:
  std::string base_, authorization_, amz_bearer_, token_;
  net::HttpClient http_;
};

// A socket that speaks JSON texts.
class EventSocket {
 public:
  static Result<EventSocket> open(const std::string& url, std::vector<std::string> subprotocols = {});
  bool send(const boost::json::object& message);
  // The first message (of those not yet taken) for which `wanted` is true; others are kept for later calls.
  Result<boost::json::object> wait_for(const std::function<bool(const boost::json::object&)>& wanted, Duration timeout);

 private:
  explicit EventSocket(std::unique_ptr<net::WebSocketClient> socket) : socket_(std::move(socket)) {}
  std::unique_ptr<net::WebSocketClient> socket_;
  std::deque<boost::json::object> kept_;
};

// A program that is talked to by JSON lines (upcall-attendee), or that says a line when it is ready (upcall serve).
class LineProcess {
 public:
  static Result<LineProcess> start(process::ChildHost& host, const std::string& program, std::vector<std::string> arguments);
  LineProcess(LineProcess&&) noexcept;
  LineProcess& operator=(LineProcess&&) noexcept;
  ~LineProcess();

  Result<void> send(const boost::json::object& line);
  // The next line for which `wanted` is true.
  Result<std::string> wait_line(const std::function<bool(const std::string&)>& wanted, Duration timeout);
  Result<boost::json::object> wait_for(const std::function<bool(const boost::json::object&)>& wanted, Duration timeout);
  process::ChildProcess& child() { return *child_; }
  // CPU time of the process so far, without its children.
  Duration cpu_time() const;

 private:
  LineProcess() = default;
  std::unique_ptr<process::ChildProcess> child_;
  int in_ = -1, out_ = -1;
  std::string buffer_;
  std::deque<std::string> kept_;
};

}  // namespace upcall::demo
