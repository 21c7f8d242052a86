// A proxy in front of the S3 server that makes it fail as told: for one request in a row or for several, before or after
// the server has done what it was asked. Everything else passes, byte by byte.
//
// Threads: one a connection; fail_with() and the rest from any. A connection carries one request.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace upcall::test {

struct SeenRequest {
  std::string method, target;
  bool asks(std::string_view wanted_method, std::string_view in_target) const {
    return method == wanted_method && target.find(in_target) != std::string::npos;
  }
};

struct Fault {
  enum class Kind : std::uint8_t {
    answer,        // `text` instead of asking the server
    answer_after,  // the server does it, `text` is what the client hears
    reset_in_body, // after `at` bytes of the request's body
    reset_after,   // the server does it, the client hears nothing
    cut_answer,    // the server does it, half of its answer comes
    hang,          // no answer until release()
    replace,       // the server does it; in its answer the first `text` becomes `by`
  };
  Kind kind = Kind::answer;
  std::function<bool(const SeenRequest&)> matches;
  int times = 1;
  std::string text, by;
  std::size_t at = 0;
};

// "HTTP/1.1 503 x" with an XML error in the body, dated now.
std::string error_answer(int status, const std::string& code);

class FaultProxy {
 public:
  // `upstream`: "http://127.0.0.1:7480".
  explicit FaultProxy(const std::string& upstream);
  ~FaultProxy();
  FaultProxy(const FaultProxy&) = delete;

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void fail_with(Fault fault);
  void clear();
  // Ends every hang, those that come too, until the next fail_with().
  void release();
  // How often a fault has struck since the last clear().
  int struck() const { return struck_.load(); }
  // Requests for which `wanted` is true, since the beginning.
  int count(const std::function<bool(const SeenRequest&)>& wanted) const;

 private:
  void accept_loop();
  void serve(int client);
  bool take_fault(const SeenRequest& request, Fault& out);

  std::uint16_t port_ = 0, upstream_port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<int> struck_{0};
  mutable std::mutex mutex_;
  std::condition_variable released_;
  std::list<Fault> faults_;
  std::vector<SeenRequest> seen_;
  bool released_now_ = false;
  std::list<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace upcall::test
