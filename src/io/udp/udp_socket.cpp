#include "io/udp/udp_socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netinet/udp.h>
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

namespace {

constexpr std::size_t kSegmentsMax = 32;      // the kernel's limit is 64, and 64 KiB in all
constexpr std::size_t kSegmentBytes = 1232;   // fits into any path of IPv6 (RFC 8200 §5); segments are never fragmented

// How many of the first items are one message: one destination, one length, only the last may be shorter.
std::size_t run_length(std::span<const UdpSocket::Item> items) {
  const std::size_t size = items.front().datagram.size();
  if (size == 0 || size > kSegmentBytes) return 1;
  std::size_t n = 1;
  while (n < items.size() && n < kSegmentsMax) {
    const UdpSocket::Item& next = items[n];
    if (next.datagram.empty() || next.datagram.size() > size || next.to != items.front().to) break;
    ++n;
    if (next.datagram.size() < size) break;
  }
  return n;
}

}  // namespace

std::size_t UdpSocket::send(std::span<const Item> items) {
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
  };
  std::size_t lost = 0;
  while (!items.empty()) {
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> vectors;
    std::array<sockaddr_storage, kBatch> names;
    std::array<Control, kBatch> controls;
    const std::size_t n = std::min(items.size(), kBatch);
    std::size_t messages = 0;
    for (std::size_t i = 0; i < n; ++messages) {
      const std::size_t run = segments_ ? run_length(items.subspan(i, n - i)) : 1;
      msghdr& header = headers[messages].msg_hdr;
      socklen_t size = 0;
      names[messages] = to_sockaddr(items[i].to, size);
      header.msg_name = &names[messages];
      header.msg_namelen = size;
      header.msg_iov = &vectors[i];
      header.msg_iovlen = run;
      if (run > 1) {
        header.msg_control = controls[messages].bytes.data();
        header.msg_controllen = controls[messages].bytes.size();
        cmsghdr* segment = CMSG_FIRSTHDR(&header);
        segment->cmsg_level = SOL_UDP;
        segment->cmsg_type = UDP_SEGMENT;
        segment->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
        const auto bytes = static_cast<std::uint16_t>(items[i].datagram.size());
        std::memcpy(CMSG_DATA(segment), &bytes, sizeof bytes);
      }
      for (const std::size_t end = i + run; i < end; ++i) vectors[i] = {const_cast<std::uint8_t*>(items[i].datagram.data()), items[i].datagram.size()};
    }
    std::size_t at = 0;
    const auto datagrams = [&headers](std::size_t message) { return headers[message].msg_hdr.msg_iovlen; };
    while (at < messages) {
      const int sent = ::sendmmsg(fd_, headers.data() + at, static_cast<unsigned>(messages - at), MSG_DONTWAIT);
      if (sent > 0) {
        at += static_cast<std::size_t>(sent);
        continue;
      }
      if (sent < 0 && errno == EINTR) continue;
      if (datagrams(at) > 1 && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
        // Is it the segments, or whom they are for? The first of them, by itself, tells.
        std::size_t done = 0;
        for (std::size_t i = 0; i < at; ++i) done += datagrams(i);
        const Item& first = items[done];
        if (::sendto(fd_, first.datagram.data(), first.datagram.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&names[at]), headers[at].msg_hdr.msg_namelen) >= 0) {
          segments_ = false;
          return lost + send(items.subspan(done + 1));
        }
      }
      const bool full = errno == EAGAIN || errno == ENOBUFS;
      lost += datagrams(at);  // this one; the next may go to somebody reachable
      ++at;
      for (; full && at < messages; ++at) lost += datagrams(at);
    }
    items = items.subspan(n);
  }
  return lost;
}

}  // namespace upcall::udp
