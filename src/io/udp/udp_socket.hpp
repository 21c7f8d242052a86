// A UDP socket that moves datagrams in batches. Owned by one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.hpp"
#include "base/net_address.hpp"
#include "base/result.hpp"

namespace upcall::udp {

sockaddr_storage to_sockaddr(const NetAddress& address, socklen_t& size);
NetAddress from_sockaddr(const sockaddr_storage& address);

class UdpSocket {
 public:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kDatagramMax = 1600;
  // What a media worker takes before it sends on: a call costs as much with 8 as with 64 datagrams, and those behind
  // wait less.
  static constexpr std::size_t kTurnBatch = 8;

  static Result<UdpSocket> bind(const NetAddress& address, int buffer_bytes);
  UdpSocket(UdpSocket&& other) noexcept;
  UdpSocket& operator=(UdpSocket&& other) noexcept;
  ~UdpSocket();

  int fd() const { return fd_; }
  NetAddress local() const;

  struct Received {
    NetAddress from;
    MutBytes datagram;
  };
  // What is there, without waiting; views live until the next call. `memory` is shared by the sockets of a thread.
  struct ReceiveMemory {
    std::array<std::array<std::uint8_t, kDatagramMax>, kBatch> bytes;
    std::array<sockaddr_storage, kBatch> names;
    std::array<Received, kBatch> received;
  };
  std::span<Received> receive(ReceiveMemory& memory, std::size_t at_most = kBatch);

  struct Item {
    NetAddress to;
    Bytes datagram;
  };
  // Sends what the kernel takes; returns how many were not taken (they are lost, as on a full wire). Neighbours of one
  // destination and one length go as one message where the kernel can cut it up (UDP_SEGMENT, Linux 4.18): the parts of
  // a picture then cost one way through the kernel instead of one each.
  std::size_t send(std::span<const Item> items);

 private:
  explicit UdpSocket(int fd) : fd_(fd) {}
  int fd_ = -1;
  bool segments_ = true;   // until the kernel or the way to somebody refuses them
};

}  // namespace upcall::udp
