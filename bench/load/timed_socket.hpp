// A UDP socket that tells when the kernel put a datagram into its queue, and how many found no room there: neither is
// then blamed on whoever sent it. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "io/udp/udp_socket.hpp"

namespace upcall::bench {

class TimedSocket {
 public:
  static Result<TimedSocket> bind(const NetAddress& address, int buffer_bytes);

  struct Received {
    NetAddress from;
    MutBytes datagram;
    std::int64_t arrival_ns = 0;   // CLOCK_REALTIME
  };
  static constexpr std::size_t kBatch = 32;
  // Shared by the sockets of a thread; views live until the next call.
  struct Memory {
    std::array<std::array<std::uint8_t, udp::UdpSocket::kDatagramMax>, kBatch> bytes;
    std::array<sockaddr_storage, kBatch> names;
    struct alignas(cmsghdr) Control {
      std::array<std::uint8_t, 96> bytes;
    };
    std::array<Control, kBatch> controls;
    std::array<Received, kBatch> received;
  };
  std::span<Received> receive(Memory& memory);
  // How many the kernel did not take.
  std::size_t send(std::span<const udp::UdpSocket::Item> items) { return socket_.send(items); }

  int fd() const { return socket_.fd(); }
  NetAddress local() const { return socket_.local(); }
  // Datagrams that found the queue full, since the beginning; known with the next one that came.
  std::uint32_t dropped() const { return dropped_; }

 private:
  explicit TimedSocket(udp::UdpSocket socket) : socket_(std::move(socket)) {}
  udp::UdpSocket socket_;
  std::uint32_t dropped_ = 0;
};

// CLOCK_REALTIME.
std::int64_t real_ns();

}  // namespace upcall::bench
