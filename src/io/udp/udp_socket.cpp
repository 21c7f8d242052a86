#include "io/udp/udp_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace upcall::udp {

sockaddr_storage to_sockaddr(const NetAddress& address, socklen_t& size) {
  sockaddr_storage out{};
  if (address.is_ipv6) {
    auto& in6 = reinterpret_cast<sockaddr_in6&>(out);
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    std::memcpy(&in6.sin6_addr, address.ip.data(), 16);
    size = sizeof(sockaddr_in6);
  } else {
    auto& in4 = reinterpret_cast<sockaddr_in&>(out);
    in4.sin_family = AF_INET;
    in4.sin_port = htons(address.port);
    std::memcpy(&in4.sin_addr, address.ip.data(), 4);
    size = sizeof(sockaddr_in);
  }
  return out;
}

NetAddress from_sockaddr(const sockaddr_storage& address) {
  NetAddress out;
  if (address.ss_family == AF_INET6) {
    const auto& in6 = reinterpret_cast<const sockaddr_in6&>(address);
    out.is_ipv6 = true;
    out.port = ntohs(in6.sin6_port);
    std::memcpy(out.ip.data(), &in6.sin6_addr, 16);
  } else {
    const auto& in4 = reinterpret_cast<const sockaddr_in&>(address);
    out.port = ntohs(in4.sin_port);
    std::memcpy(out.ip.data(), &in4.sin_addr, 4);
  }
  return out;
}

Result<UdpSocket> UdpSocket::bind(const NetAddress& address, int buffer_bytes) {
  const int fd = ::socket(address.is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fail(ErrorCode::unavailable, std::string("no UDP socket: ") + std::strerror(errno));
  UdpSocket out(fd);
  if (address.is_ipv6) {
    const int only = 1;
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  // Best effort: the kernel's limits may be lower.
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
  socklen_t size = 0;
  const sockaddr_storage name = to_sockaddr(address, size);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&name), size) != 0) {
    return fail(ErrorCode::unavailable, "cannot receive media on UDP port " + std::to_string(address.port) + ": " +
                                            std::strerror(errno) + " (choose another with --media-port)");
  }
  return out;
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}
UdpSocket::~UdpSocket() {
  if (fd_ >= 0) ::close(fd_);
}

NetAddress UdpSocket::local() const {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  ::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size);
  return from_sockaddr(name);
}

std::span<UdpSocket::Received> UdpSocket::receive(ReceiveMemory& memory, std::size_t at_most) {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> vectors;
  at_most = std::min(at_most, kBatch);
  for (std::size_t i = 0; i < at_most; ++i) {
    vectors[i] = {memory.bytes[i].data(), kDatagramMax};
    headers[i].msg_hdr.msg_iov = &vectors[i];
    headers[i].msg_hdr.msg_iovlen = 1;
    headers[i].msg_hdr.msg_name = &memory.names[i];
    headers[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
  }
  const int count = ::recvmmsg(fd_, headers.data(), static_cast<unsigned>(at_most), MSG_DONTWAIT, nullptr);
  if (count <= 0) return {};
  std::size_t kept = 0;
  for (int i = 0; i < count; ++i) {
    const auto& header = headers[static_cast<std::size_t>(i)];
    if (header.msg_hdr.msg_flags & MSG_TRUNC) continue;
    memory.received[kept++] = {from_sockaddr(memory.names[static_cast<std::size_t>(i)]),
                               MutBytes(memory.bytes[static_cast<std::size_t>(i)]).first(header.msg_len)};
  }
  return std::span(memory.received).first(kept);
}

std::size_t UdpSocket::send(std::span<const Item> items) {
  std::size_t lost = 0;
  while (!items.empty()) {
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> vectors;
    std::array<sockaddr_storage, kBatch> names;
    const std::size_t n = std::min(items.size(), kBatch);
    for (std::size_t i = 0; i < n; ++i) {
      vectors[i] = {const_cast<std::uint8_t*>(items[i].datagram.data()), items[i].datagram.size()};
      socklen_t size = 0;
      names[i] = to_sockaddr(items[i].to, size);
      headers[i].msg_hdr.msg_iov = &vectors[i];
      headers[i].msg_hdr.msg_iovlen = 1;
      headers[i].msg_hdr.msg_name = &names[i];
      headers[i].msg_hdr.msg_namelen = size;
    }
    std::size_t at = 0;
    while (at < n) {
      const int sent = ::sendmmsg(fd_, headers.data() + at, static_cast<unsigned>(n - at), MSG_DONTWAIT);
      if (sent > 0) {
        at += static_cast<std::size_t>(sent);
        continue;
      }
      if (sent < 0 && errno == EINTR) continue;
      ++lost;  // this one; the next may go to somebody reachable
      ++at;
      if (errno == EAGAIN || errno == ENOBUFS) {
        lost += n - at;
        at = n;
      }
    }
    items = items.subspan(n);
  }
  return lost;
}

}  // namespace upcall::udp
