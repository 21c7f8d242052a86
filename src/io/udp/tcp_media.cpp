#include "io/udp/tcp_media.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/udp/udp_socket.hpp"
#include "rtc/framing/stream_deframer.hpp"

namespace upcall::udp {

namespace {
constexpr int kBacklog = 128;
constexpr int kAcceptsPerTurn = 64;
constexpr int kSendBufferBytes = 128 * 1024;   // what waits in the kernel is latency
}  // namespace

struct TcpMedia::Connection {
  int fd = -1;
  ice::Path path;
  Instant carried_at;                // last known to carry somebody; first: when it came
  rtc::StreamDeframer in;
  ByteVector out;                    // from out_at on: not taken by the kernel yet
  std::size_t out_at = 0;
  bool waits_for_room = false, dirty = false;
  std::size_t queued() const { return out.size() - out_at; }
};

TcpMedia::TcpMedia(int epoll) : epoll_(epoll) {}

TcpMedia::~TcpMedia() {
  for (const int fd : listeners_) ::close(fd);
  for (const auto& [number, connection] : connections_) ::close(connection->fd);
}

Result<void> TcpMedia::listen(const NetAddress& address) {
  const int fd = ::socket(address.is_ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("no TCP socket: ") + std::strerror(errno));
  const int on = 1;
  // A server that was killed leaves connections that the kernel still waits for.
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.is_ipv6) ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  socklen_t size = 0;
  const sockaddr_storage name = to_sockaddr(address, size);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), size) != 0 || ::listen(fd, kBacklog) != 0) {
    const int why = errno;
    ::close(fd);
    return fail(ErrorCode::unavailable, "cannot receive media on TCP port " + std::to_string(address.port) + ": " + std::strerror(why));
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = kListenerBit | static_cast<std::uint32_t>(listeners_.size());
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  listeners_.push_back(fd);
  return {};
}

void TcpMedia::watch_listeners(bool on) {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    epoll_event event{};
    event.events = on ? static_cast<std::uint32_t>(EPOLLIN) : 0u;
    event.data.u32 = kListenerBit | static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, listeners_[i], &event);
  }
  paused_ = !on;
}

void TcpMedia::accept(Instant now, std::size_t listener) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    const int fd = ::accept4(listeners_[listener], reinterpret_cast<sockaddr*>(&name), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // Without descriptors the connection stays and would wake us for ever: look again at the next sweep.
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) watch_listeners(false);
      return;
    }
    NetAddress peer = from_sockaddr(name);
    const NetAddress host = peer_of(peer);
    std::size_t& of_peer = of_peer_[host];
    if (connections_.size() >= kConnectionsMax || of_peer >= kConnectionsOfPeerMax) {
      if (of_peer == 0) of_peer_.erase(host);
      ++counters_.refused;
      ::close(fd);
      continue;
    }
    ++of_peer;
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
    const std::uint32_t number = kTcpPathBit | next_number_++ % (kTcpPathBit - 1);   // never the loop's own number, all ones
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    connection->path = {number, peer};
    connection->carried_at = now;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = number;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    connections_[number] = std::move(connection);
    ++counters_.accepted;
    counters_.open = connections_.size();
  }
}

void TcpMedia::close(std::uint32_t number) {
  const auto at = connections_.find(number);
  if (at == connections_.end()) return;
  const NetAddress host = peer_of(at->second->path.remote);
  if (const auto of_peer = of_peer_.find(host); of_peer != of_peer_.end() && --of_peer->second == 0) of_peer_.erase(of_peer);
  ::close(at->second->fd);   // leaves the epoll set with it
  connections_.erase(at);
  counters_.open = connections_.size();
}

void TcpMedia::event(Instant now, std::uint32_t event_number, std::uint32_t events, const OnDatagram& on_datagram) {
  if ((event_number & kTcpPathBit) == 0) {
    const std::size_t listener = event_number & ~kListenerBit;
    if (listener < listeners_.size()) accept(now, listener);
    return;
  }
  const auto at = connections_.find(event_number);
  if (at == connections_.end()) return;
  Connection& c = *at->second;
  if ((events & EPOLLOUT) != 0) write(event_number, c);
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  std::array<std::uint8_t, 16 * 1024> piece;
  for (std::size_t taken = 0; taken < kReadBytesMax;) {
    const ssize_t got = ::recv(c.fd, piece.data(), piece.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return close(event_number);
    taken += static_cast<std::size_t>(got);
    const auto fed = c.in.feed(Bytes(piece).first(static_cast<std::size_t>(got)), [&](MutBytes datagram) { on_datagram(c.path, datagram); });
    if (!fed) {
      ++counters_.malformed;
      return close(event_number);
    }
    if (static_cast<std::size_t>(got) < piece.size()) return;
  }
}

bool TcpMedia::send(const ice::Path& path, Bytes datagram) {
  const auto at = connections_.find(path.local_index);
  if (at == connections_.end()) return false;
  Connection& c = *at->second;
  if (c.queued() + rtc::kFrameHeaderSize + datagram.size() > kQueueBytesMax || datagram.size() > 0xffff) {
    ++counters_.dropped;
    return false;
  }
  if (c.out_at > 0 && c.out_at == c.out.size()) {
    c.out.clear();
    c.out_at = 0;
  }
  c.out.push_back(static_cast<std::uint8_t>(datagram.size() >> 8));
  c.out.push_back(static_cast<std::uint8_t>(datagram.size()));
  c.out.insert(c.out.end(), datagram.begin(), datagram.end());
  if (!c.dirty) {
    c.dirty = true;
    dirty_.push_back(path.local_index);
  }
  return true;
}

void TcpMedia::flush() {
  for (const std::uint32_t number : dirty_) {
    const auto at = connections_.find(number);
    if (at == connections_.end()) continue;
    at->second->dirty = false;
    if (!at->second->waits_for_room) write(number, *at->second);
  }
  dirty_.clear();
}

void TcpMedia::write(std::uint32_t number, Connection& c) {
  while (c.queued() > 0) {
    const ssize_t sent = ::send(c.fd, c.out.data() + c.out_at, c.queued(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;   // no room, or broken: then reading tells, and ends it
    c.out_at += static_cast<std::size_t>(sent);
  }
  if (c.out_at > kQueueBytesMax / 2) {
    c.out.erase(c.out.begin(), c.out.begin() + static_cast<std::ptrdiff_t>(c.out_at));
    c.out_at = 0;
  }
  const bool waits = c.queued() > 0;
  if (waits == c.waits_for_room) return;
  c.waits_for_room = waits;
  epoll_event event{};
  event.events = EPOLLIN | (waits ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
  event.data.u32 = number;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
}

void TcpMedia::sweep(Instant now, const std::function<bool(const ice::Path&)>& carries) {
  if (paused_) watch_listeners(true);
  std::vector<std::uint32_t> idle;
  for (const auto& [number, connection] : connections_) {
    if (carries(connection->path)) {
      connection->carried_at = now;
    } else if (now - connection->carried_at >= kProveWithin) {
      idle.push_back(number);
    }
  }
  counters_.idle += idle.size();
  for (const std::uint32_t number : idle) close(number);
}

}  // namespace upcall::udp
