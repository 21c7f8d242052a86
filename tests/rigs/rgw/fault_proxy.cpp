#include "fault_proxy.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace upcall::test {

namespace {

constexpr std::size_t kHeadMax = 64 << 10;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  return name;
}

struct Socket {
  int fd = -1;
  explicit Socket(int f) : fd(f) {}
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
  Socket(const Socket&) = delete;

  bool send_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Appends what comes; false at the end or after an error.
  bool receive(std::string& out) const {
    char piece[64 << 10];
    const ssize_t n = ::recv(fd, piece, sizeof piece, 0);
    if (n > 0) out.append(piece, static_cast<std::size_t>(n));
    return n > 0;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd);
    fd = -1;
  }
};

std::size_t content_length(std::string head) {
  std::transform(head.begin(), head.end(), head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::size_t at = head.find("\r\ncontent-length:");
  return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 17, nullptr, 10);
}

// In head or body; what the head says of the body's length stays true.
void replace_in(std::string& answer, const std::string& text, const std::string& by) {
  const std::size_t at = answer.find(text);
  if (at == std::string::npos) return;
  answer.replace(at, text.size(), by);
  const std::size_t end = answer.find("\r\n\r\n"), length = answer.find("Content-Length: ");
  if (at < end || length > end || text.size() == by.size()) return;
  const std::size_t line = answer.find("\r\n", length);
  answer.replace(length, line - length, "Content-Length: " + std::to_string(answer.size() - end - 4));
}

}  // namespace

std::string error_answer(int status, const std::string& code) {
  const std::string body = "<?xml version=\"1.0\"?><Error><Code>" + code + "</Code><Message>as the test asked</Message></Error>";
  char date[64];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return "HTTP/1.1 " + std::to_string(status) + " x\r\nDate: " + date + "\r\nContent-Type: application/xml\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

FaultProxy::FaultProxy(const std::string& upstream) {
  upstream_port_ = static_cast<std::uint16_t>(std::atoi(upstream.c_str() + upstream.rfind(':') + 1));
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name = loopback(0);
  socklen_t size = sizeof name;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 || ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
    throw std::runtime_error("the fault proxy cannot listen");
  }
  port_ = ntohs(name.sin_port);
  acceptor_ = std::thread([this] { accept_loop(); });
}

FaultProxy::~FaultProxy() {
  stop_ = true;
  release();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (std::thread& t : threads_) t.join();
}

void FaultProxy::fail_with(Fault fault) {
  const std::lock_guard lock(mutex_);
  released_now_ = false;
  faults_.push_back(std::move(fault));
}

void FaultProxy::clear() {
  const std::lock_guard lock(mutex_);
  faults_.clear();
  struck_ = 0;
}

void FaultProxy::release() {
  const std::lock_guard lock(mutex_);
  released_now_ = true;
  released_.notify_all();
}

int FaultProxy::count(const std::function<bool(const SeenRequest&)>& wanted) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::count_if(seen_.begin(), seen_.end(), wanted));
}

void FaultProxy::accept_loop() {
  while (!stop_) {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) break;
    const timeval limit{20, 0};  // nothing of a test takes longer; a client that is gone must not hold the end up
    ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    threads_.emplace_back([this, client] { serve(client); });
  }
}

bool FaultProxy::take_fault(const SeenRequest& request, Fault& out) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(request);
  for (auto at = faults_.begin(); at != faults_.end(); ++at) {
    if (!at->matches(request)) continue;
    out = *at;
    if (--at->times <= 0) faults_.erase(at);
    ++struck_;
    return true;
  }
  return false;
}

void FaultProxy::serve(int client_fd) {
  Socket client(client_fd);
  std::string bytes;
  std::size_t end = std::string::npos;
  while ((end = bytes.find("\r\n\r\n")) == std::string::npos) {
    if (bytes.size() > kHeadMax || !client.receive(bytes)) return;
  }
  std::string head = bytes.substr(0, end + 2);
  std::string body = bytes.substr(end + 4);
  const std::size_t length = content_length(head);
  SeenRequest request;
  request.method = head.substr(0, head.find(' '));
  request.target = head.substr(request.method.size() + 1, head.find(' ', request.method.size() + 1) - request.method.size() - 1);
  Fault fault;
  const bool strikes = take_fault(request, fault);
  while (body.size() < length) {
    if (strikes && fault.kind == Fault::Kind::reset_in_body && body.size() >= fault.at) return client.reset();
    if (!client.receive(body)) return;
  }
  if (strikes && fault.kind == Fault::Kind::reset_in_body) return client.reset();
  if (strikes && fault.kind == Fault::Kind::answer) {
    client.send_all(fault.text);
    return;
  }
  if (strikes && fault.kind == Fault::Kind::hang) {
    std::unique_lock lock(mutex_);
    released_.wait(lock, [this] { return released_now_; });
    return;
  }
  // The signature covers the Host that the client used: it goes on as it came. One answer a connection.
  Socket upstream(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in name = loopback(upstream_port_);
  if (::connect(upstream.fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return client.reset();
  // A server that refuses early does not take all of it, but answers.
  if (upstream.send_all(head + "Connection: close\r\n\r\n")) upstream.send_all(body);
  std::string answer;
  while (upstream.receive(answer)) {}
  if (answer.empty()) return client.reset();
  if (strikes) {
    switch (fault.kind) {
      case Fault::Kind::answer_after: answer = fault.text; break;
      case Fault::Kind::reset_after: return client.reset();
      case Fault::Kind::cut_answer: answer.resize(answer.size() / 2); break;
      case Fault::Kind::replace:
        replace_in(answer, fault.text, fault.by);
        break;
      default: break;
    }
  }
  client.send_all(answer);
}

}  // namespace upcall::test
