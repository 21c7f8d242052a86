// A TCP connection for tests that misbehave on purpose: exact bytes, exact timing, no protocol.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace upcall::test {

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }
  RawSocket(RawSocket&& o) noexcept : fd_(std::exchange(o.fd_, -1)), connected_(o.connected_), seen_(std::move(o.seen_)) {}
  ~RawSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  bool connected() const { return connected_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // Closes with RST, as a process that died with unread data.
  void reset() {
    const linger hard{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    ::close(std::exchange(fd_, -1));
  }
  // Reads until `done(all bytes so far)`, the peer's end, or 10 s; true when done.
  bool read_until(const std::function<bool(const std::string&)>& done) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!done(seen_)) {
      pollfd wait{fd_, POLLIN, 0};
      if (std::chrono::steady_clock::now() > end) return false;
      if (::poll(&wait, 1, 100) <= 0) continue;
      char chunk[64 << 10];
      const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
      if (n <= 0) {
        ended_ = true;
        return done(seen_);
      }
      seen_.append(chunk, static_cast<std::size_t>(n));
    }
    return true;
  }
  bool read_to_end() {
    read_until([](const std::string&) { return false; });
    return ended_;
  }
  // One whole response with content-length; what follows stays.
  std::string response() {
    std::size_t total = 0;
    const bool got = read_until([&total](const std::string& all) {
      const std::size_t head = all.find("\r\n\r\n");
      if (head == std::string::npos) return false;
      const std::size_t at = all.find("content-length: ");
      total = head + 4 + (at < head ? std::stoul(all.substr(at + 16)) : 0);
      return all.size() >= total;
    });
    if (!got) return {};
    std::string out = seen_.substr(0, total);
    seen_.erase(0, total);
    return out;
  }
  const std::string& seen() const { return seen_; }

 private:
  int fd_;
  bool connected_ = false;
  bool ended_ = false;
  std::string seen_;
};

// Waits for a condition that another thread makes true.
inline bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace upcall::test
