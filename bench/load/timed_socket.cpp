#include "timed_socket.hpp"

#include <cstring>

#include <time.h>

namespace upcall::bench {

std::int64_t real_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * std::int64_t(1'000'000'000) + now.tv_nsec;
}

Result<TimedSocket> TimedSocket::bind(const NetAddress& address, int buffer_bytes) {
  auto socket = udp::UdpSocket::bind(address, buffer_bytes);
  if (!socket) return tl::unexpected(socket.error());
  const int on = 1;
  if (::setsockopt(socket->fd(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::setsockopt(socket->fd(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on) != 0) {
    return fail(ErrorCode::unavailable, "the kernel gives no arrival times");
  }
  return TimedSocket(std::move(*socket));
}

std::span<TimedSocket::Received> TimedSocket::receive(Memory& memory) {
  std::array<mmsghdr, kBatch> headers;
  std::array<iovec, kBatch> vectors;
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {memory.bytes[i].data(), memory.bytes[i].size()};
    headers[i].msg_hdr = {.msg_name = &memory.names[i], .msg_namelen = sizeof(sockaddr_storage), .msg_iov = &vectors[i], .msg_iovlen = 1,
                          .msg_control = memory.controls[i].bytes.data(), .msg_controllen = memory.controls[i].bytes.size(), .msg_flags = 0};
    headers[i].msg_len = 0;
  }
  const int count = ::recvmmsg(fd(), headers.data(), kBatch, MSG_DONTWAIT, nullptr);
  if (count <= 0) return {};
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    Received& r = memory.received[i];
    r = {udp::from_sockaddr(memory.names[i]), MutBytes(memory.bytes[i]).first(headers[i].msg_len), 0};
    msghdr& header = headers[i].msg_hdr;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level != SOL_SOCKET) continue;
      if (c->cmsg_type == SCM_TIMESTAMPNS) {
        timespec at{};
        std::memcpy(&at, CMSG_DATA(c), sizeof at);
        r.arrival_ns = at.tv_sec * std::int64_t(1'000'000'000) + at.tv_nsec;
      } else if (c->cmsg_type == SO_RXQ_OVFL) {
        std::memcpy(&dropped_, CMSG_DATA(c), sizeof dropped_);
      }
    }
    if (r.arrival_ns == 0) r.arrival_ns = real_ns();
  }
  return std::span(memory.received).first(static_cast<std::size_t>(count));
}

}  // namespace upcall::bench
